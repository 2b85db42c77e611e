//! The commands that work on files offline: `check` and `inspect`.
//!
//! What is verified and how a file reads is the engine's matter; here it becomes text, JSON and an
//! exit code.

use std::fmt::Write;
use std::path::Path;

use fanfold_engine::{CheckReport, Damage};
use serde_json::json;

use crate::console::{Printer, say};
use crate::exit::Failure;
use crate::text::count;

/// `fanfoldd check DIR`
///
/// # Errors
/// The directory is not there (a mistake), is in use, is not ours, or is damaged.
pub fn check(directory: &Path, as_json: bool) -> Result<(), Failure> {
    let report = look(directory).inspect_err(|failure| {
        if as_json {
            say(json!({ "error": failure.to_string() }));
        }
    })?;
    say(if as_json { json(&report) } else { text(&report) });
    if report.is_clean() {
        return Ok(());
    }
    let shown = directory.display();
    let places = count(report.damage.len(), "place", "places");
    Err(Failure::new(format!(
        "{shown} is damaged in {places}; restore these files from a backup, and keep the damaged \
         ones: `fanfoldd inspect FILE` shows what is left in them"
    )))
}

fn look(directory: &Path) -> Result<CheckReport, Failure> {
    if !directory.is_dir() {
        let shown = directory.display();
        return Err(Failure::mistake(format!("{shown} is no directory; name a data directory")));
    }
    Ok(fanfold_engine::check(directory)?)
}

/// `fanfoldd inspect FILE`
///
/// # Errors
/// The file is not there (a mistake), cannot be read, or is not ours.
pub fn inspect(file: &Path) -> Result<(), Failure> {
    if !file.is_file() {
        let shown = file.display();
        return Err(Failure::mistake(format!("{shown} is no file; name one of a data directory")));
    }
    let mut printer = Printer::stdout();
    let inspected = fanfold_engine::inspect(file, &mut printer);
    if printer.finish() { Ok(inspected?) } else { Ok(()) }
}

fn text(report: &CheckReport) -> String {
    let CheckReport { files, bytes, records, position, notes, damage } = report;
    let mut out = String::new();
    for damage in damage {
        let _infallible = writeln!(out, "{damage}");
    }
    for note in notes {
        let _infallible = writeln!(out, "note: {note}");
    }
    let verdict = if report.is_clean() { "clean" } else { "damaged" };
    let _infallible = write!(
        out,
        "{verdict}: {files} files, {bytes} bytes, {records} records, up to position {position}"
    );
    out
}

/// `file` and `offset` are null where the damage is not in one file.
fn damage(damage: &Damage) -> serde_json::Value {
    json!({ "file": damage.file(), "offset": damage.offset(), "what": damage.what() })
}

fn json(report: &CheckReport) -> String {
    let object = json!({
        "clean": report.is_clean(),
        "files": report.files,
        "bytes": report.bytes,
        "records": report.records,
        "epoch": report.position.epoch,
        "sequence": report.position.sequence.0,
        "notes": report.notes,
        "damage": report.damage.iter().map(damage).collect::<Vec<_>>(),
    });
    object.to_string()
}
