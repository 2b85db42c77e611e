//! The only door to standard output and standard error.
//!
//! Invariant: a closed pipe is not an error; whoever closed it does not want to read on.

use std::fmt::Display;
use std::io::Write;

/// A line of the result.
pub(crate) fn say(line: impl Display) {
    let mut out = std::io::stdout().lock();
    let _closed_pipe = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// A line beside the result: what is being done, what went wrong.
pub(crate) fn note(line: impl Display) {
    let _closed_pipe = writeln!(std::io::stderr().lock(), "fanfold-benches: {line}");
}

/// `1234567` as `1,234,567`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() * 4 / 3 + 1);
    for (at, digit) in digits.chars().enumerate() {
        if at != 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped_by_three() {
        let shown = [0, 999, 1_000, 1_234_567].map(grouped);
        assert_eq!(shown, ["0", "999", "1,000", "1,234,567"]);
    }
}
