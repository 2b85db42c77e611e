//! A line of a posts file: a JSON object with `author`, `at` (unix ms) and `text`; other keys are
//! ignored, but `id` is kept for the ids file, and who sees the post: `audience`, with `group` if it is one.
//!
//! What the server limits is left to the server.

use std::borrow::Cow;

use fanfold_client::{Audience, Timestamp, UserId};
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
    pub(crate) audience: Audience,
}

#[derive(Deserialize)]
struct Raw<'a> {
    author: Option<u64>,
    at: Option<u64>,
    #[serde(borrow)]
    text: Option<Cow<'a, str>>,
    id: Option<InputId>,
    audience: Option<Cow<'a, str>>,
    group: Option<Cow<'a, str>>,
}

pub(crate) fn parse(line: &[u8]) -> Result<PostLine, Refusal> {
    if line.trim_ascii_start().first() != Some(&b'{') {
        return Err(Refusal::new("bad_json", "the line is not a JSON object"));
    }
    let raw: Raw<'_> = serde_json::from_slice(line).map_err(|error| refusal(line, &error))?;
    Ok(PostLine {
        author: UserId(raw.author.ok_or_else(|| missing("missing_author", "author"))?),
        at: Timestamp(raw.at.ok_or_else(|| missing("missing_at", "at"))?),
        text: raw.text.ok_or_else(|| missing("missing_text", "text"))?.into_owned(),
        id: raw.id,
        audience: audience(raw.audience.as_deref(), raw.group.as_deref())?,
    })
}

/// A post is never for more people than its line says: what is no audience is refused.
fn audience(word: Option<&str>, group: Option<&str>) -> Result<Audience, Refusal> {
    let wrong = |message: String| Refusal::new("bad_audience", message);
    match (word, group) {
        (None, _) => Ok(Audience::Everybody),
        (Some("group"), Some(name)) => Ok(Audience::group(name)),
        (Some("group"), None) => {
            Err(wrong("the audience is a group, and no \"group\" says which".to_owned()))
        }
        (Some(word), _) => word.parse().map_err(|error| wrong(format!("\"audience\": {error}"))),
    }
}

/// Says in the words of the format what is wrong.
fn refusal(line: &[u8], error: &serde_json::Error) -> Refusal {
    let column = error.column();
    match error.classify() {
        Category::Data => Refusal::new("bad_value", bad_value(line)),
        Category::Eof => Refusal::new("bad_json", "the line ends inside its JSON object"),
        Category::Io | Category::Syntax => {
            Refusal::new("bad_json", format!("this is not JSON from byte {column} on"))
        }
    }
}

/// Finds the key whose value is not what it should be.
fn bad_value(line: &[u8]) -> String {
    let Ok(serde_json::Value::Object(object)) = serde_json::from_slice(line) else {
        return "the line is not a JSON object with keys that are there once".to_owned();
    };
    for key in ["author", "at"] {
        if let Some(value) = object.get(key).filter(|value| !value.is_u64() && !value.is_null()) {
            return format!("{key:?} is {value}; it must be a whole number, 0 to 2^64 - 1");
        }
    }
    if let Some(value) = object.get("text").filter(|value| !value.is_string()) {
        return format!("\"text\" is {value}; it must be a string");
    }
    "\"id\" must be a number or a string, and every key may be there but once".to_owned()
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
            audience: Audience::Everybody,
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
            (r#"[1, 2]"#, "bad_json"),
            (r#"{"author":7,"at":9,"text":"x","audience":"friends"}"#, "bad_audience"),
            (r#"{"author":7,"at":9,"text":"x","audience":"group"}"#, "bad_audience"),
            (r#"[1, 2, "x", 3]"#, "bad_json"),
        ];
        for (line, reason) in cases {
            let refusal = parse(line.as_bytes()).unwrap_err();
            assert_eq!(refusal.reason, reason, "{line}");
            for word in ["expected", "u64", "struct", "line 1", "Raw"] {
                assert!(!refusal.message.contains(word), "{line}: {}", refusal.message);
            }
        }
    }

    #[test]
    fn who_sees_a_post_is_kept() {
        let audience = |more: &str| {
            let line = format!(r#"{{"author":7,"at":9,"text":"x"{more}}}"#);
            parse(line.as_bytes()).unwrap().audience
        };
        assert_eq!(audience(""), Audience::Everybody);
        assert_eq!(audience(r#","audience":"mutual""#), Audience::Mutual);
        assert_eq!(audience(r#","audience":"self""#), Audience::Author);
        assert_eq!(audience(r#","audience":"group","group":"a""#), Audience::group("a"));
        assert_eq!(audience(r#","group":"a""#), Audience::Everybody);
    }

    #[test]
    fn a_bad_value_is_named() {
        let message = |line: &str| parse(line.as_bytes()).unwrap_err().message;
        let author = message(r#"{"author":-7,"at":9,"text":"x"}"#);
        assert_eq!(author, "\"author\" is -7; it must be a whole number, 0 to 2^64 - 1");
        let text = message(r#"{"author":7,"at":9,"text":["x"]}"#);
        assert_eq!(text, "\"text\" is [\"x\"]; it must be a string");
        assert!(message(r#"{"author":7,"at":9,"text":"x","id":[1]}"#).contains("\"id\""));
        assert!(message(r#"{"author":7,"author":8,"at":9,"text":"x"}"#).contains("but once"));
    }
}
