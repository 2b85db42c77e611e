//! A line of a graph file: follower, tab, followee.
//!
//! Exactly two fields. Blanks, signs and comments are refused rather than guessed about; the
//! refusal names the field.

use fanfold_client::UserId;

use super::reason::Refusal;

/// Who follows whom.
pub(crate) fn parse(line: &[u8]) -> Result<(UserId, UserId), Refusal> {
    let mut fields = line.split(|&byte| byte == b'\t');
    let (Some(follower), Some(followee), None) = (fields.next(), fields.next(), fields.next())
    else {
        return Err(Refusal::new("bad_line", "expected follower, tab, followee"));
    };
    Ok((user(follower)?, user(followee)?))
}

fn user(field: &[u8]) -> Result<UserId, Refusal> {
    let number = std::str::from_utf8(field).ok().and_then(|text| text.parse().ok());
    number.map(UserId).ok_or_else(|| {
        let shown = String::from_utf8_lossy(field);
        Refusal::new("bad_line", format!("{shown:?} is not a user id (0 to 2^64 - 1)"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_good_line_parses() {
        assert_eq!(parse(b"1\t2"), Ok((UserId(1), UserId(2))));
        let largest = parse(b"18446744073709551615\t0");
        assert_eq!(largest, Ok((UserId(u64::MAX), UserId(0))));
    }

    #[test]
    fn bad_lines_are_refused_with_the_field() {
        for line in ["", "1", "1 2", "1\t2\t3", "1\t", "-1\t2", "1\tx", "1\t18446744073709551616"] {
            assert_eq!(parse(line.as_bytes()).unwrap_err().reason, "bad_line", "{line}");
        }
        assert!(parse(b"1\tx").unwrap_err().message.contains("\"x\""));
    }
}
