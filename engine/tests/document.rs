//! `engine/FORMAT.md` says what `layout.rs` says: every constant of the one is in the other, with
//! the same value.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeMap;

const FORMAT: &str = include_str!("../FORMAT.md");
const LAYOUT: &str =
    concat!(include_str!("../src/log/layout.rs"), include_str!("../src/runs/layout.rs"));

/// `module::NAME` to value, from the `pub const` lines of the source.
fn constants(source: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut module = String::new();
    for line in source.lines() {
        let code = line.trim();
        if let Some(name) = code.strip_prefix("pub mod ") {
            module = format!("{}::", name.trim_end_matches(" {"));
        } else if line == "}" {
            module.clear();
        } else if let Some(rest) = code.strip_prefix("pub const ") {
            let (name, rest) = rest.split_once(':').unwrap();
            let (_, value) = rest.split_once(" = ").unwrap();
            let value = value.trim_end_matches(';').trim_start_matches("*b").trim_matches('"');
            found.insert(format!("{module}{name}"), value.to_owned());
        }
    }
    found
}

/// `module::NAME` to value, from the rows of the document's tables.
fn rows(document: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for line in document.lines() {
        let mut cells = line.split('|').map(str::trim);
        let (Some(""), Some(name), Some(value)) = (cells.next(), cells.next(), cells.next()) else {
            continue;
        };
        let name = name.trim_matches('`');
        let is_constant = name.chars().any(|c| c.is_ascii_uppercase())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || "_:".contains(c));
        // Rows of other tables have prose in their second cell.
        if is_constant && !value.contains(' ') {
            found.insert(name.to_owned(), value.trim_matches('`').to_owned());
        }
    }
    found
}

#[test]
fn format_document_and_constants_agree() {
    let (constants, rows) = (constants(LAYOUT), rows(FORMAT));
    assert!(50 < constants.len(), "the source was parsed: {}", constants.len());
    assert_eq!(rows, constants);
}
