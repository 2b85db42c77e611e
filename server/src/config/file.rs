//! The TOML file: key, value as text, and the line it stands on.
//!
//! Values stay text here, so that file, environment and flags are read by the same rules. An unknown
//! key is an error with file and line, because a misspelt setting that is silently ignored is found
//! at the worst moment.

use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::settings::{SETTINGS, Setting};
use crate::exit::Failure;
use crate::suggest::nearest;

/// One line of the file that sets something.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) setting: &'static Setting,
    pub(super) text: String,
    pub(super) number: usize,
}

/// Reads and checks the keys of `path`.
pub(super) fn read(path: &Path) -> Result<Vec<Line>, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        Failure::mistake(format!("cannot read the configuration {}: {error}", path.display()))
    })?;
    parse(&text)
        .map_err(|(number, what)| Failure::mistake(format!("{}:{number}: {what}", path.display())))
}

type Wrong = (usize, String);

fn parse(text: &str) -> Result<Vec<Line>, Wrong> {
    let table = DeTable::parse(text).map_err(|error| {
        let offset = error.span().map_or(0, |span| span.start);
        (line_at(text, offset), error.message().replace('\n', "; "))
    })?;
    let mut lines = Vec::new();
    for (key, value) in table.get_ref() {
        collect(text, key.get_ref(), key.span().start, value, &mut lines)?;
    }
    lines.sort_by_key(|line| line.number);
    Ok(lines)
}

/// A value, or the values of a table that settings have in their names.
fn collect(
    text: &str,
    key: &str,
    offset: usize,
    value: &Spanned<DeValue<'_>>,
    lines: &mut Vec<Line>,
) -> Result<(), Wrong> {
    match value.get_ref() {
        DeValue::Table(table) if is_table(key) => table.iter().try_for_each(|(inner, value)| {
            let whole = format!("{key}.{}", inner.get_ref());
            collect(text, &whole, inner.span().start, value, lines)
        }),
        _ => {
            lines.push(line(text, key, offset, value)?);
            Ok(())
        }
    }
}

fn is_table(key: &str) -> bool {
    let keys = SETTINGS.map(|setting| setting.key());
    keys.iter().any(|known| known.split_once('.').is_some_and(|(table, _)| table == key))
}

fn line(text: &str, key: &str, offset: usize, value: &Spanned<DeValue<'_>>) -> Result<Line, Wrong> {
    let number = line_at(text, offset);
    let setting = Setting::by_key(key).ok_or_else(|| (number, unknown(key)))?;
    let text = plain(value.get_ref()).ok_or_else(|| {
        let kind = value.get_ref().type_str();
        (number, format!("{key} is {kind}; give a string, a decimal number, or true or false"))
    })?;
    Ok(Line { setting, text, number })
}

fn plain(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) if number.radix() == 10 => Some(number.as_str().to_owned()),
        DeValue::Boolean(switch) => Some(switch.to_string()),
        DeValue::Integer(_)
        | DeValue::Float(_)
        | DeValue::Datetime(_)
        | DeValue::Array(_)
        | DeValue::Table(_) => None,
    }
}

fn unknown(key: &str) -> String {
    let keys = SETTINGS.map(|setting| setting.key());
    match nearest(key, keys.iter().map(String::as_str)) {
        Some(near) => format!("unknown key `{key}`; did you mean `{near}`?"),
        None => format!("unknown key `{key}`; the keys are {}", keys.join(", ")),
    }
}

fn line_at(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(text: &str) -> Result<Vec<(String, String, usize)>, Wrong> {
        let lines = parse(text)?.into_iter();
        Ok(lines.map(|line| (line.setting.key(), line.text, line.number)).collect())
    }

    #[test]
    fn values_are_text_with_a_line() {
        let text = "# ours\nmax_followees = 3_000\n\ninsecure = true\ndata = \"/srv/feeds\"\n";
        let expected =
            [("max_followees", "3000", 2), ("insecure", "true", 4), ("data", "/srv/feeds", 5)];
        let found = summary(text).unwrap();
        assert_eq!(found, expected.map(|(key, text, line)| (key.into(), text.into(), line)));
    }

    #[test]
    fn a_table_is_written_either_way() {
        for text in ["\nmemory.budget = \"1G\"\n", "[memory]\nbudget = \"1G\"\n"] {
            assert_eq!(summary(text).unwrap(), [("memory.budget".into(), "1G".into(), 2)]);
        }
        let (line, what) = summary("[memory]\nbuget = 3\n").unwrap_err();
        let expected = "unknown key `memory.buget`; did you mean `memory.budget`?";
        assert_eq!((line, what.as_str()), (2, expected));
    }

    #[test]
    fn an_unknown_key_is_named_with_its_line() {
        let (line, what) = summary("data = \"x\"\nlisen = \"off\"\n").unwrap_err();
        assert_eq!((line, what.as_str()), (2, "unknown key `lisen`; did you mean `listen`?"));
    }

    #[test]
    fn bad_syntax_and_bad_types_have_a_line() {
        assert_eq!(summary("data = \"x\"\nhttp = = 3\n").unwrap_err().0, 2);
        let (line, what) = summary("\n\n[listen]\nport = 3\n").unwrap_err();
        assert_eq!(line, 3);
        assert!(what.starts_with("listen is table"), "{what}");
    }
}
