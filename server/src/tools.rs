//! The commands that work on files offline: `check` and `inspect`.
//!
//! What is verified and how a file reads is the engine's matter; here it becomes text, JSON and an
//! exit code.

use std::fmt::Write;
use std::path::Path;

use fanfold_engine::{CheckReport, Damage, Repaired, Sequence};
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
        "{shown} is damaged in {places}; restore a backup with `fanfoldd restore`, or keep what is \
         provably good with `fanfoldd check --repair`; `fanfoldd inspect FILE` shows what is left"
    )))
}

/// `fanfoldd check --repair DIR`
///
/// # Errors
/// The directory is not there (a mistake), is in use, is not ours, or cannot be written.
pub fn repair(directory: &Path, as_json: bool) -> Result<(), Failure> {
    require_directory(directory)?;
    let done = fanfold_engine::repair(directory)?;
    say(if as_json { repaired_json(&done) } else { repaired_text(&done) });
    Ok(())
}

fn repaired_text(done: &Repaired) -> String {
    let mut out = String::new();
    for damage in &done.before.damage {
        let _infallible = writeln!(out, "{damage}");
    }
    for file in &done.set_aside {
        let _infallible = writeln!(out, "put aside: {file}");
    }
    for (first, last) in &done.lost {
        let _infallible = writeln!(out, "lost: sequences {first} to {last}");
    }
    let lost: u64 = done.lost.iter().map(|(first, last)| last.0 - first.0 + 1).sum();
    let _infallible = match done.before.is_clean() {
        true => write!(out, "clean: nothing to repair"),
        false => write!(
            out,
            "repaired: {} records salvaged from damaged files, {lost} lost; a new epoch begins at \
             the next start",
            done.salvaged
        ),
    };
    out
}

fn repaired_json(done: &Repaired) -> String {
    let range = |(first, last): &(Sequence, Sequence)| json!({ "first": first.0, "last": last.0 });
    let object = json!({
        "was_clean": done.before.is_clean(),
        "damage": done.before.damage.iter().map(damage).collect::<Vec<_>>(),
        "salvaged": done.salvaged,
        "lost": done.lost.iter().map(range).collect::<Vec<_>>(),
        "set_aside": done.set_aside,
    });
    object.to_string()
}

fn require_directory(directory: &Path) -> Result<(), Failure> {
    if directory.is_dir() {
        return Ok(());
    }
    let shown = directory.display();
    Err(Failure::mistake(format!("{shown} is no directory; name a data directory")))
}

fn look(directory: &Path) -> Result<CheckReport, Failure> {
    require_directory(directory)?;
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
