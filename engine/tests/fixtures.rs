//! Directories that were written by earlier versions of the format open and read as they did then.
//!
//! `FANFOLD_UPDATE=1 cargo test -p fanfold-engine --test fixtures` writes the newest one anew, which
//! is right only while its format is unreleased.

#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(clippy::disallowed_methods, reason = "fixtures are no live database")]

mod common;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use common::{play, query, users};
use fanfold_engine::testing::model::Model;
use fanfold_engine::testing::workload::Workload;
use fanfold_engine::{
    Action, Clock, Command, Engine, ManualClock, Options, PostId, SEGMENT_BYTES_MIN, Timestamp,
    check, view_layout,
};

const USERS: u64 = 6;

/// Each with every kind of file: plain and packed segments, all view files, a manifest.
const FIXTURES: [&str; 1] = ["v1"];

fn place(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn options() -> Options {
    let clock = Arc::new(ManualClock::new(Timestamp(1_790_000_000_000)));
    Options {
        segment_bytes: SEGMENT_BYTES_MIN,
        followees_max: 5,
        flush_records: 120,
        cold_after: Duration::from_secs(3_600),
        clock: clock as Arc<dyn Clock>,
        ..Options::default()
    }
}

/// What is read from a directory.
fn read(engine: &Engine) -> String {
    let mut text = format!("{:?}\n{:?}\n", engine.position().unwrap(), engine.digests().unwrap());
    for user in users(USERS) {
        let page = engine.home(&query(user)).unwrap();
        let _ = write!(text, "home of {user}:");
        for post in &page.posts {
            let _ = write!(text, " {}:{}", post.id, String::from_utf8_lossy(&post.text));
        }
        let _ = writeln!(text);
    }
    text
}

fn update(name: &str) {
    let _ = std::fs::remove_dir_all(place(name));
    let data = place(name).join("data");
    let mut model = Model::new(5);
    let mut workload = Workload::new(5, USERS);
    workload.text_bytes_max = 20;
    for round in 0..3 {
        let engine = Engine::open(&data, options()).unwrap();
        play(&engine, &mut model, &mut workload, 180);
        revise(&engine, &mut model);
        moderate(&engine, &mut model);
        play(&engine, &mut model, &mut workload, 20);
        end_oldest(&engine, &mut model);
        if round == 1 {
            // Deleted posts of the first rounds are erased: their segments are packed.
            engine.retain().unwrap();
        }
        engine.close().unwrap();
    }
    std::fs::remove_file(data.join("LOCK")).unwrap();
    let expected = read(&Engine::open(copied(name).path(), options()).unwrap());
    std::fs::write(place(name).join("expected.txt"), expected).unwrap();
}

/// Revises the newest posts that say something, so that every kind of view has something.
fn revise(engine: &Engine, model: &mut Model) {
    let alive = model.posts.iter().rev().filter(|(id, post)| model.stands(**id) && !post.bare);
    let newest: Vec<_> = alive.take(3).map(|(id, post)| (PostId(*id), post.revision)).collect();
    for (post, revision) in newest {
        let command =
            Command::new(Action::Revise { post, revision, text: "revised".into(), meta: None });
        let receipt = engine.write(command.clone()).unwrap();
        model.apply(&command, receipt.position.sequence.0);
    }
}

/// Suspends somebody and hides the newest post of somebody else.
fn moderate(engine: &Engine, model: &mut Model) {
    let mut alive = model.posts.iter().rev().filter(|(id, it)| model.stands(**id) && !it.bare);
    let newest = alive.next().map(|(id, _)| PostId(*id));
    let user = *users(USERS).get(1).unwrap();
    let hide = newest.map(|post| Action::Hide { post });
    for action in hide.into_iter().chain([Action::Suspend { user }]) {
        let command = Command::new(action);
        let receipt = engine.write(command.clone()).unwrap();
        if receipt.changed {
            model.apply(&command, receipt.position.sequence.0);
        }
    }
}

/// Deletes old posts, which are in files by then, and leave graves.
fn end_oldest(engine: &Engine, model: &mut Model) {
    let alive = model.posts.iter().filter(|(id, post)| model.stands(**id) && !post.bare);
    let oldest: Vec<_> = alive.take(5).map(|(id, _)| PostId(*id)).collect();
    for post in oldest {
        let command = Command::delete(post);
        let receipt = engine.write(command.clone()).unwrap();
        model.apply(&command, receipt.position.sequence.0);
    }
}

/// A copy of the fixture: opening writes.
fn copied(name: &str) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(place(name).join("data")).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
    }
    copy
}

#[test]
fn every_fixture_opens_and_reads_as_it_did() {
    if std::env::var_os("FANFOLD_UPDATE").is_some() {
        update(FIXTURES.last().unwrap());
    }
    for name in FIXTURES {
        let copy = copied(name);
        let report = check(copy.path()).unwrap();
        assert!(report.is_clean(), "{name}: {:?}", report.damage);
        let expected = std::fs::read_to_string(place(name).join("expected.txt")).unwrap();
        let engine = Engine::open(copy.path(), options()).unwrap();
        assert!(engine.recovery().rebuilt.is_none(), "{name}: {:?}", engine.recovery());
        assert_eq!(read(&engine), expected, "{name}");
        // And out of the log alone.
        engine.close().unwrap();
        drop(engine);
        for entry in std::fs::read_dir(copy.path()).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "view") {
                std::fs::remove_file(path).unwrap();
            }
        }
        let engine = Engine::open(copy.path(), options()).unwrap();
        assert!(engine.recovery().rebuilt.is_some(), "{name}");
        assert_eq!(read(&engine), expected, "{name} without its view files");
    }
}

#[test]
fn the_fixture_has_every_kind_of_file() {
    let names: Vec<String> = std::fs::read_dir(place("v1").join("data"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    for kind in [
        "MANIFEST",
        "log-",
        "users-",
        "outbox-",
        "graph-",
        "receipts-",
        "graves-",
        "groups-",
        "responses-",
        "reposts-",
        "notices-",
        "marks-",
        "revisions-",
        "broadcasts-",
        "moderation-",
        "requests-",
    ] {
        assert!(names.iter().any(|name| name.starts_with(kind)), "{kind} of {names:?}");
    }
    let _every_kind_of_view_is_named_above: u8 = view_layout::view_kind::MODERATION;
    let is_packed = |name: &&String| {
        let file = std::fs::read(place("v1").join("data").join(name)).unwrap();
        file.get(10) == Some(&fanfold_engine::layout::FILE_KIND_PACKED)
    };
    let segments: Vec<&String> = names.iter().filter(|name| name.starts_with("log-")).collect();
    let packed = segments.iter().filter(|name| is_packed(name)).count();
    assert!(0 < packed && packed < segments.len(), "{packed} of {segments:?} are packed");
}
