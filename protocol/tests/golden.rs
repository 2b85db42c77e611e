//! Every kind of frame as commented hex under `golden/`: the bytes that other clients and servers
//! rely on. Changing one is a change of the protocol.
//!
//! The comments are made by walking through the bytes with the tables of `PROTOCOL.md`, not with
//! the crate's decoder, so a table that does not describe the bytes fails here too.
//!
//! `FANFOLD_UPDATE=1 cargo test -p fanfold-protocol --test golden` writes the files anew.

mod samples;
mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Once;

use fanfold_protocol::Frame;
use samples::{Sample, decode, samples};
use support::hex;
use support::markdown::tables;
use support::spec::{Spec, TEXT};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn path(sample: &Sample) -> PathBuf {
    folder().join(format!("{}.hex", sample.name))
}

fn text(spec: &Spec, sample: &Sample) -> String {
    let walked = spec.annotate(&sample.encode());
    let body = walked.unwrap_or_else(|error| panic!("{} by PROTOCOL.md: {error}", sample.name));
    format!("# {}\n{body}", sample.name)
}

#[expect(clippy::disallowed_methods, reason = "golden files are no data of a database")]
fn update() {
    let spec = Spec::read();
    for sample in samples() {
        fs::write(path(&sample), text(&spec, &sample)).expect("golden/ is writable");
    }
}

/// The text of the golden file, written anew before the first one is read if that is asked for.
fn golden(sample: &Sample) -> String {
    static ONCE: Once = Once::new();
    if std::env::var_os("FANFOLD_UPDATE").is_some() {
        ONCE.call_once(update);
    }
    let path = path(sample);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn encoding_gives_the_golden_bytes() {
    let spec = Spec::read();
    for sample in samples() {
        assert_eq!(hex::parse(&golden(&sample)), sample.encode(), "{}", sample.name);
        assert_eq!(golden(&sample), text(&spec, &sample), "comments of {}", sample.name);
    }
}

#[test]
fn decoding_the_golden_bytes_gives_the_message() {
    for sample in samples() {
        let frame = decode(&hex::parse(&golden(&sample)));
        assert_eq!(frame.request_id, sample.request_id, "{}", sample.name);
        assert_eq!(frame.generation, sample.generation, "{}", sample.name);
        assert_eq!(sample.message.load(&frame), Ok(sample.message.clone()), "{}", sample.name);
    }
}

#[test]
fn every_kind_has_a_golden_file_and_every_file_a_sample() {
    let kinds: BTreeSet<u8> = samples().iter().map(|it| decode(&it.encode()).kind).collect();
    assert_eq!(kinds, Spec::read().kinds().keys().copied().collect());

    let listed = fs::read_dir(folder()).expect("golden/ is there");
    let files: BTreeSet<PathBuf> = listed.map(|entry| entry.expect("an entry").path()).collect();
    assert_eq!(files, samples().iter().map(path).collect());
}

#[test]
fn every_truncation_is_an_error_that_names_a_field_of_the_specification() {
    let fields = documented_fields();
    for sample in samples() {
        let whole = decode(&hex::parse(&golden(&sample)));
        for bytes in 0..whole.body.len() {
            let cut = Frame { body: whole.body.slice(..bytes), ..whole.clone() };
            let error = sample.message.load(&cut).expect_err(sample.name);
            assert!(fields.contains(error.field()), "{} at {bytes}: {error}", sample.name);
            assert!(error.at() <= bytes, "{} at {bytes}: {error}", sample.name);
        }
    }
}

fn documented_fields() -> BTreeSet<String> {
    let tables = tables(TEXT).into_iter().filter(|table| table.columns.contains(&"field".into()));
    tables.flat_map(|table| table.rows).filter_map(|row| row.into_iter().next()).collect()
}
