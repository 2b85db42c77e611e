//! Backup, restore and repair through the doors that people use: the debug port, the binary port, the
//! command line.

use fanfold_engine::{Engine, Options, UserId};
use fanfold_protocol::{Backup, Reply, Request, StatusValue};

use crate::support::converse;
use crate::support::daemon::run;
use crate::support::peer::publish;
use crate::support::running::Running;

/// Posts of user 1 in a data directory that nobody uses.
fn posts(directory: &std::path::Path) -> u64 {
    let engine = Engine::open(directory, Options::default()).unwrap();
    engine.user(UserId(1), None).unwrap().posts
}

#[test]
fn a_backup_by_either_door_is_restored_by_the_command() {
    let place = tempfile::tempdir().unwrap();
    let backups = place.path().join("backups");
    let configured = backups.clone();
    let running = Running::with(|config| config.backup_dir = Some(configured));
    let mut peer = running.peer();
    peer.send(1, &publish(1, "before both"));
    peer.written(1);
    let answer = converse(running.debug(), b"BACKUP by-debug\nBACKUP by-debug\nBACKUP ../out\n");
    let lines: Vec<&str> = answer.lines().collect();
    assert!(lines[0].starts_with("OK position=1:1 files="), "{answer}");
    assert!(lines[1].starts_with("ERR conflict ") && lines[1].contains("exists"), "{answer}");
    assert!(lines[2].starts_with("ERR invalid `../out` is no name"), "{answer}");
    peer.send(2, &publish(1, "between"));
    peer.written(2);
    peer.send(3, &Request::Backup(Backup { name: "by-protocol".into() }));
    let Some((3, Reply::Status(made))) = peer.next() else { panic!("no answer to the backup") };
    let names: Vec<&str> = made.fields().map(|(name, _)| name).collect();
    assert_eq!(names, ["directory", "files", "bytes", "copied_bytes"]);
    let is_linked = made.fields().any(|field| field == ("copied_bytes", &StatusValue::Number(0)));
    assert!(is_linked, "{made:?}");
    for (name, expected) in [("by-debug", 1), ("by-protocol", 2)] {
        let (from, into) = (backups.join(name), place.path().join(name));
        let (from, data) = (from.to_str().unwrap(), into.to_str().unwrap());
        let ended = run(&["restore", from, "--data", data, "--json"]);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert!(ended.stdout.contains(&format!("\"sequence\":{expected}")), "{ended:?}");
        let again = run(&["restore", from, "--data", data]);
        assert_eq!(again.code, Some(2), "a used directory is a mistake: {again:?}");
        assert!(again.stderr.contains("is not empty"), "{again:?}");
        assert_eq!(posts(&into), expected);
    }
    let from = backups.join("by-protocol");
    let earlier = place.path().join("earlier");
    let (from, data) = (from.to_str().unwrap(), earlier.to_str().unwrap());
    let beyond = run(&["restore", from, "--data", data, "--until", "99"]);
    assert_eq!(beyond.code, Some(2), "{beyond:?}");
    let ended = run(&["restore", from, "--data", data, "--until", "1:1"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(posts(&earlier), 1);
}

#[test]
fn without_a_place_there_is_no_backup() {
    let running = Running::start();
    let answer = converse(running.debug(), b"BACKUP x\nBACKUP\n");
    assert!(answer.contains("ERR invalid this daemon has no place for backups"), "{answer}");
    assert!(answer.contains("ERR invalid no name given; usage: BACKUP name"), "{answer}");
}

#[test]
#[expect(clippy::disallowed_methods, reason = "damage is done from outside")]
fn repair_keeps_what_is_good_and_says_what_is_not() {
    let place = tempfile::tempdir().unwrap();
    let data = place.path().join("data");
    let engine = Engine::open(&data, Options::default()).unwrap();
    for text in ["first", "second", "third"] {
        engine.write(fanfold_engine::Command::publish(UserId(1), text)).unwrap();
    }
    engine.close().unwrap();
    drop(engine);
    let segment = data.join("log-00000000000000000001.seg");
    let mut bytes = std::fs::read(&segment).unwrap();
    let at = bytes.windows(6).position(|window| window == b"second").unwrap();
    bytes[at] ^= 1;
    std::fs::write(&segment, bytes).unwrap();
    let shown = data.to_str().unwrap();
    let checked = run(&["check", shown]);
    assert_eq!(checked.code, Some(1), "{checked:?}");
    assert!(checked.stderr.contains("check --repair"), "{checked:?}");
    let repaired = run(&["check", "--repair", shown]);
    assert_eq!(repaired.code, Some(0), "{repaired:?}");
    assert!(repaired.stdout.contains("lost: sequences 2 to 2"), "{repaired:?}");
    assert!(repaired.stdout.contains("log-00000000000000000001.seg.damaged"), "{repaired:?}");
    assert_eq!(run(&["check", shown]).code, Some(0));
    assert_eq!(posts(&data), 2);
    let again = run(&["check", "--repair", "--json", shown]);
    assert!(again.stdout.contains("\"was_clean\":true"), "{again:?}");
}
