//! A line of a posts file: a JSON object with `author`, `at` (unix ms) and `text`; other keys are
//! ignored, but `id` is kept for the ids file.
//!
//! What the server limits is left to the server.

use std::borrow::Cow;

use fanfold_client::{Timestamp, UserId};
use serde::Deserialize;
use serde_json::error::Category;

use super::input_id::InputId;
use super::reason::Refusal;

/// A post to be imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PostLine {
    pub(crate) author: UserId,
    pub(crate) at: Timestamp,
    pub(crate) text: String,
    pub(crate) id: Option<InputId>,
}

#[derive(Deserialize)]
struct Raw<'a> {
    author: Option<u64>,
    at: Option<u64>,
    #[serde(borrow)]
    text: Option<Cow<'a, str>>,
    id: Option<InputId>,
}

pub(crate) fn parse(line: &[u8]) -> Result<PostLine, Refusal> {
    let raw: Raw<'_> = serde_json::from_slice(line).map_err(|error| match error.classify() {
        Category::Data => Refusal::new("bad_value", error.to_string()),
        Category::Io | Category::Syntax | Category::Eof => {
            Refusal::new("bad_json", error.to_string())
        }
    })?;
    Ok(PostLine {
        author: UserId(raw.author.ok_or_else(|| missing("missing_author", "author"))?),
        at: Timestamp(raw.at.ok_or_else(|| missing("missing_at", "at"))?),
        text: raw.text.ok_or_else(|| missing("missing_text", "text"))?.into_owned(),
        id: raw.id,
    })
}

fn missing(reason: &'static str, key: &str) -> Refusal {
    Refusal::new(reason, format!("the object has no {key:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_good_line_parses_and_other_keys_are_ignored() {
        let line = br#"{"id": 2, "author": 7, "at": 9, "text": "a\n\u00e9", "kind": "repost"}"#;
        let expected = PostLine {
            author: UserId(7),
            at: Timestamp(9),
            text: "a\n\u{e9}".to_owned(),
            id: Some(InputId("2".to_owned())),
        };
        assert_eq!(parse(line), Ok(expected));
        assert_eq!(parse(br#"{"author":7,"at":9,"text":""}"#).unwrap().text, "");
    }

    #[test]
    fn bad_lines_are_refused_by_reason() {
        let cases = [
            ("", "bad_json"),
            ("nonsense", "bad_json"),
            (r#"{"author":7,"at":9,"text":"x""#, "bad_json"),
            (r#"{"author":7,"at":9,"text":"x"} x"#, "bad_json"),
            (r#"{"at":9,"text":"x"}"#, "missing_author"),
            (r#"{"author":null,"at":9,"text":"x"}"#, "missing_author"),
            (r#"{"author":7,"text":"x"}"#, "missing_at"),
            (r#"{"author":7,"at":9}"#, "missing_text"),
            (r#"{"author":"7","at":9,"text":"x"}"#, "bad_value"),
            (r#"{"author":-7,"at":9,"text":"x"}"#, "bad_value"),
            (r#"{"author":7,"at":9.5,"text":"x"}"#, "bad_value"),
            (r#"[1, 2]"#, "bad_value"),
        ];
        for (line, reason) in cases {
            assert_eq!(parse(line.as_bytes()).unwrap_err().reason, reason, "{line}");
        }
    }
}
