//! Text that is safe to show on a terminal: what would move the cursor, change the title of a
//! window or turn the direction of other text is shown as an escape.
//!
//! The console applies it to all that people read. What machines read is JSON and stays as it is.

/// Line feeds stay: what is shown may have several lines.
pub(crate) fn safe(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' => safe.push('\n'),
            character if is_unsafe(character) => safe.extend(character.escape_unicode()),
            character => safe.push(character),
        }
    }
    safe
}

/// Whether a character moves the cursor, ends the line, or turns the direction of what follows:
/// controls, line and paragraph separators, and the marks of bidirectional text.
fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(character, '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_acts_is_escaped_and_once_is_enough() {
        let plain = "a\n\u{e9} \u{5d0} \u{2014} \u{1f600} \\ \"";
        assert_eq!(safe(plain), plain);
        assert_eq!(safe("\u{1b}[2J\r\u{2067}"), "\\u{1b}[2J\\u{d}\\u{2067}");
        assert_eq!(safe(&safe("\u{1b}")), safe("\u{1b}"));
    }
}
