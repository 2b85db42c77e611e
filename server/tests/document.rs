//! `OPERATIONS.md` against the code: what it says about settings, commands, fields and metrics is
//! what there is, and all there is.
//!
//! Only tables are compared, by their first cells (settings: by their first four).

use std::collections::BTreeSet;

use fanfold_server::config::SETTINGS;

use crate::support::running::Running;
use crate::support::{converse, peer};

const DOCUMENT: &str = include_str!("../OPERATIONS.md");

/// The first cells, without their code marks, of the table under the heading `## title`.
fn first_cells(title: &str) -> BTreeSet<String> {
    rows(title).into_iter().map(|row| row[0].clone()).collect()
}

fn rows(title: &str) -> Vec<Vec<String>> {
    let (_, rest) = DOCUMENT.split_once(&format!("\n## {title}\n")).expect(title);
    let section = rest.split("\n## ").next().unwrap();
    let table = section.lines().filter(|line| line.starts_with('|')).skip(2);
    let cells = |line: &str| {
        let inner = line.trim_matches('|').split('|');
        inner.map(|cell| cell.trim().trim_matches('`').to_owned()).collect()
    };
    table.map(cells).collect()
}

#[test]
fn the_settings_are_documented() {
    let documented: BTreeSet<Vec<String>> =
        rows("Settings").into_iter().map(|row| row[..4].to_vec()).collect();
    let row = |setting: &fanfold_server::config::Setting| {
        vec![setting.flag(), setting.variable(), setting.key(), setting.default.to_owned()]
    };
    assert_eq!(documented, SETTINGS.iter().map(row).collect());
}

#[test]
fn the_fields_of_info_are_documented() {
    let running = Running::start();
    let mut section = String::new();
    let mut fields = BTreeSet::new();
    for line in converse(running.debug(), b"INFO\n").lines() {
        if let Some(name) = line.strip_prefix("# ") {
            section = name.to_owned();
        } else if let Some((name, _)) = line.split_once(':') {
            fields.insert(format!("{section}.{name}"));
        }
    }
    assert_eq!(first_cells("INFO"), fields);
}

#[test]
fn the_metrics_are_documented() {
    let running = Running::start();
    running.peer().send(3, &peer::outbox(1, 20));
    let request = b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let text = converse(running.http(), request);
    let family = |line: &str| {
        let (name, kind) = line.strip_prefix("# TYPE ")?.split_once(' ')?;
        Some(match kind {
            "counter" => format!("{name}_total"),
            "info" => format!("{name}_info"),
            _ => name.to_owned(),
        })
    };
    assert_eq!(first_cells("Metrics"), text.lines().filter_map(family).collect());
}

#[test]
fn the_exit_codes_are_documented() {
    let expected = ["0", "1", "2"].map(str::to_owned);
    assert_eq!(first_cells("Exit codes"), BTreeSet::from(expected));
}
