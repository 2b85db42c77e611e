//! Text for people: times, escaped and wrapped texts, plurals; pure.
//!
//! Invariant: whatever a user published, a line stays a line and a terminal stays unharmed: every
//! control character comes out escaped.

use std::fmt::Write;

use fanfold_engine::Timestamp;

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// `2013-06-01 02:22:35`, in UTC.
pub(crate) fn time(at: Timestamp) -> String {
    let (year, month, day) = civil(at.0 / DAY_MS);
    let seconds = at.0 % DAY_MS / 1000;
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
}

/// Year, month and day of the Gregorian calendar, from days since 1970-01-01.
///
/// Years are counted from March, so that the leap day is the last of its year; see Howard Hinnant,
/// "chrono-Compatible Low-Level Date Algorithms".
fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let of_era = shifted % 146_097;
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    (year, month, day)
}

/// The text on one line: control characters and what steers a terminal come out as escapes.
pub(crate) fn escape(text: &[u8]) -> String {
    let mut line = String::with_capacity(text.len());
    for c in String::from_utf8_lossy(text).chars() {
        match c {
            '\n' => line.push_str("\\n"),
            '\r' => line.push_str("\\r"),
            '\t' => line.push_str("\\t"),
            '\\' => line.push_str("\\\\"),
            c if c.is_control() || is_steering(c) => {
                let _infallible = write!(line, "\\u{{{:x}}}", u32::from(c));
            }
            c => line.push(c),
        }
    }
    line
}

/// Line and paragraph separators, and the marks that reverse the direction of writing.
fn is_steering(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The words of `text` in lines of at most `width` characters; a longer word gets its own line.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("there is always a last line");
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + 1 + word.chars().count() <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

/// `1 post`, `2 posts`.
pub(crate) fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_utc() {
        assert_eq!(time(Timestamp(0)), "1970-01-01 00:00:00");
        assert_eq!(time(Timestamp(951_782_399_000)), "2000-02-28 23:59:59");
        assert_eq!(time(Timestamp(951_782_400_000)), "2000-02-29 00:00:00");
        assert_eq!(time(Timestamp(1_370_050_955_000)), "2013-06-01 01:42:35");
        assert_eq!(time(Timestamp(4_102_444_799_999)), "2099-12-31 23:59:59");
    }

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(escape(b"a\r\nb\tc\\"), "a\\r\\nb\\tc\\\\");
        assert_eq!(escape(b"\x1b[31mred\x07"), "\\u{1b}[31mred\\u{7}");
        assert_eq!(escape("\u{4e2d}\u{202e}x\u{85}".as_bytes()), "\u{4e2d}\\u{202e}x\\u{85}");
        assert_eq!(escape(b"\xff"), "\u{fffd}");
    }

    #[test]
    fn wrapping_keeps_words() {
        assert_eq!(wrap("one two  three\nfour", 9), ["one two", "three", "four"]);
        assert_eq!(wrap("incomprehensible word", 5), ["incomprehensible", "word"]);
        assert_eq!(wrap("", 5), [""]);
    }

    #[test]
    fn plurals() {
        assert_eq!(count(1, "entry", "entries"), "1 entry");
        assert_eq!(count(0, "entry", "entries"), "0 entries");
    }
}
