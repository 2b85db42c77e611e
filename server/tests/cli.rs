//! The command line of the real binary: exit codes, and messages that say what to do.
//!
//! Each failing command must leave exactly one line that starts with `fanfoldd: `, and the parts of
//! it that help: the thing, the value, the way out.

use std::net::TcpListener;
use std::path::Path;

use crate::support::converse;
use crate::support::daemon::{Daemon, Ended, command, ended, run};

/// The one line a failing command must leave, and its exit code.
#[track_caller]
fn fails(ended: &Ended, code: i32, parts: &[&str]) {
    assert_eq!(ended.code, Some(code), "{ended:?}");
    let complaints: Vec<&str> =
        ended.stderr.lines().filter(|line| line.starts_with("fanfoldd: ")).collect();
    assert_eq!(complaints.len(), 1, "{ended:?}");
    for part in parts {
        assert!(complaints[0].contains(part), "`{part}` is missing: {}", complaints[0]);
    }
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// `serve` on a fresh directory, all doors off but for what `flags` say.
fn serve(flags: &[&str]) -> Ended {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let mut arguments = vec!["serve", "--data", path(&data)];
    arguments.extend(flags);
    run(&arguments)
}

#[test]
fn a_port_in_use_names_address_and_flag() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for door in ["listen", "http", "debug"] {
        let flag = format!("--{door}");
        let any = "127.0.0.1:0";
        let mut flags = vec!["--listen", any, "--http", any, "--debug", any];
        let at = flags.iter().position(|word| *word == flag).unwrap();
        flags[at + 1] = &address;
        fails(&serve(&flags), 1, &[&address, "the port is in use", &flag]);
    }
}

#[test]
fn an_address_of_another_machine_is_called_so() {
    let any = "127.0.0.1:0";
    let flags = ["--insecure", "--listen", "192.0.2.1:4000", "--http", any, "--debug", any];
    fails(&serve(&flags), 1, &["192.0.2.1:4000", "no such address"]);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a file that is not ours")]
fn a_data_directory_may_be_the_top_of_a_file_system_but_no_file() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::create_dir(directory.path().join("lost+found")).unwrap();
    let daemon = Daemon::serve(directory.path());
    assert_eq!(converse(daemon.address("debug"), b"PING\n"), "PONG\n");
    let file = directory.path().join("file");
    std::fs::write(&file, "text").unwrap();
    let any = "127.0.0.1:0";
    let flags = ["--data", path(&file), "--listen", any, "--http", any, "--debug", any];
    fails(&run(&flags), 2, &["is a file, not a directory"]);
}

#[test]
fn a_port_in_use_leaves_no_directory_behind() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let off = ["--http", "off", "--debug", "off"];
    let mut arguments = vec!["--data", path(&data), "--listen", &address];
    arguments.extend(off);
    fails(&run(&arguments), 1, &["the port is in use"]);
    assert!(!data.exists());
}

#[test]
fn a_directory_in_use_names_its_holder() {
    let directory = tempfile::tempdir().unwrap();
    let first = Daemon::serve(directory.path());
    let any = "127.0.0.1:0";
    let second =
        run(&["--data", path(directory.path()), "--listen", any, "--http", any, "--debug", any]);
    fails(&second, 1, &[path(directory.path()), &first.id().to_string()]);
    assert_eq!(converse(first.address("debug"), b"PING\n"), "PONG\n");
    fails(&run(&["check", path(directory.path())]), 1, &[&first.id().to_string()]);
    let json = run(&["check", "--json", path(directory.path())]);
    let report: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert!(report["error"].as_str().unwrap().contains(&first.id().to_string()), "{report}");
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the test plays somebody else's program")]
fn a_foreign_directory_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let diary = directory.path().join("diary.txt");
    std::fs::write(&diary, "dear diary").unwrap();
    let any = "127.0.0.1:0";
    let refused =
        run(&["--data", path(directory.path()), "--listen", any, "--http", any, "--debug", any]);
    fails(&refused, 1, &[path(directory.path())]);
    assert_eq!(std::fs::read_to_string(&diary).unwrap(), "dear diary");
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
    fails(&run(&["check", path(directory.path())]), 1, &[path(directory.path())]);
}

#[test]
fn an_exposed_address_needs_insecure() {
    let exposed = serve(&["--listen", "0.0.0.0:0", "--http", "off", "--debug", "off"]);
    fails(&exposed, 2, &["--listen = 0.0.0.0:0", "other machines", "--insecure"]);
    let exposed = serve(&["--listen", "off", "--http", "[::]:0", "--debug", "off"]);
    fails(&exposed, 2, &["http = [::]:0", "--insecure"]);
    let config = run(&["--check-config", "--listen", "0.0.0.0:7717", "--insecure"]);
    assert_eq!(config.code, Some(0), "{config:?}");
}

#[test]
fn mistakes_on_the_command_line_end_with_2() {
    fails(&run(&["--lisen", "off"]), 2, &["--lisen", "--listen"]);
    fails(&run(&["serv"]), 2, &["serv"]);
    fails(&run(&["check"]), 2, &["not provided: <DIR>"]);
    fails(&serve(&["--listen", "7717"]), 2, &["--listen = `7717`: ", "ADDR:PORT"]);
    fails(&serve(&["--durability", "maybe"]), 2, &["--durability = `maybe`", "fsync"]);
    fails(&serve(&["--segment-bytes", "7"]), 2, &["256K to 1G"]);
    fails(&serve(&["--max-followees", "0"]), 2, &["--max-followees = `0`"]);
    fails(&run(&["check", "/nonexistent/directory"]), 2, &["/nonexistent/directory"]);
    fails(&run(&["inspect", "/nonexistent/file"]), 2, &["/nonexistent/file"]);
    fails(&run(&["--config", "/nonexistent.toml"]), 2, &["/nonexistent.toml"]);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a configuration file is no data of the database")]
fn a_bad_configuration_file_names_file_and_line() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("fanfold.toml");
    std::fs::write(&file, "data = \"x\"\n\nlistten = \"off\"\n").unwrap();
    let place = format!("{}:3: unknown key `listten`", file.display());
    fails(&run(&["--config", path(&file)]), 2, &[&place, "`listen`"]);
    let by_environment = ended(command(&[]).env("FANFOLD_CONFIG", &file));
    fails(&by_environment, 2, &[&place]);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a configuration file is no data of the database")]
fn check_config_shows_every_value_and_its_origin() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("fanfold.toml");
    std::fs::write(&file, "max_followees = 500\nhttp = \"off\"\n").unwrap();
    let mut command =
        command(&["--check-config", "--debug", "127.0.0.1:9", "--config", path(&file)]);
    let shown = ended(command.env("FANFOLD_MAX_FOLLOWEES", "600"));
    assert_eq!(shown.code, Some(0), "{shown:?}");
    let line = |name: &str| {
        let found = shown.stdout.lines().find(|line| line.starts_with(name));
        found.unwrap().split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(line("debug"), "debug = 127.0.0.1:9 (from --debug)");
    assert_eq!(line("max_followees"), "max_followees = 600 (from FANFOLD_MAX_FOLLOWEES)");
    assert_eq!(line("http"), format!("http = off (from {}:2)", file.display()));
    assert_eq!(line("durability"), "durability = fsync (default)");
}

#[test]
fn a_misspelt_variable_is_warned_about() {
    let with = |name: &str| {
        let shown = ended(command(&["--check-config"]).env(name, "off"));
        assert_eq!(shown.code, Some(0), "{shown:?}");
        shown.stderr
    };
    let near = with("FANFOLD_LISTN");
    assert!(near.starts_with("warning: unknown variable FANFOLD_LISTN;"), "{near}");
    assert!(near.ends_with("did you mean FANFOLD_LISTEN?\n"), "{near}");
    assert_eq!(near.lines().count(), 1);
    let far = with("FANFOLD_FROBNICATE");
    assert!(far.contains("FANFOLD_FROBNICATE") && far.contains("--help"), "{far}");
    for known in ["FANFOLD_DATA", "FANFOLD_LISTEN", "FANFOLD_URL", "FANFOLDER"] {
        assert_eq!(with(known), "", "{known}");
    }
}

#[test]
fn help_and_version() {
    let short = run(&["-h"]);
    let long = run(&["--help"]);
    assert_eq!((short.code, long.code), (Some(0), Some(0)));
    assert!(short.stdout.lines().count() < long.stdout.lines().count());
    for command in ["serve", "quickstart", "check", "inspect"] {
        assert!(long.stdout.contains(&format!("\n  {command} ")), "{}", long.stdout);
    }
    let version = run(&["--version"]);
    assert_eq!(version.stdout, concat!("fanfoldd ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn help_says_what_is_true_of_the_command() {
    let help = |command: &str| run(&[command, "--help"]).stdout;
    let (serve, quickstart) = (help("serve"), help("quickstart"));
    assert!(serve.contains("[default: ./fanfold-data]"), "{serve}");
    assert!(serve.contains("[default: info]"), "{serve}");
    assert!(quickstart.contains("[default: a temporary directory]"), "{quickstart}");
    assert!(quickstart.contains("[default: warn]"), "{quickstart}");
    assert!(quickstart.contains("[default: 127.0.0.1:7717]"), "{quickstart}");
    assert!(!quickstart.contains("./fanfold-data"), "{quickstart}");
    let codes = run(&["--help"]).stdout;
    assert!(codes.contains("somebody else's"), "{codes}");
}

#[test]
fn the_quickstart_logs_as_much_as_it_is_told() {
    let log = |flags: &[&str]| {
        let mut daemon = Daemon::start(&[&["quickstart"], flags].concat());
        daemon.signal("TERM");
        daemon.wait();
        daemon.errors()
    };
    assert_eq!(log(&[]), "");
    assert!(log(&["--log-level", "info"]).contains("listening"));
}

#[test]
fn quickstart_serves_the_sample_and_cleans_up() {
    let mut daemon = Daemon::start(&["quickstart"]);
    let home = converse(daemon.address("debug"), b"HOME 101 3\nINFO views\n");
    assert!(home.contains("(3 entries, more: HOME 101 3 BEFORE "), "{home}");
    assert!(home.contains("\nposts:3603\n"), "{home}");
    let data = daemon.ready.split_once("data=").unwrap().1.to_owned();
    assert!(Path::new(&data).is_dir());
    daemon.signal("INT");
    assert_eq!(daemon.wait().code(), Some(0));
    assert!(!Path::new(&data).exists());
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the test plays somebody else's program")]
fn quickstart_fills_only_a_fresh_directory() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("something"), "").unwrap();
    let data = path(directory.path());
    fails(&run(&["quickstart", "--data", data]), 2, &[data, "not empty"]);
    let fresh = directory.path().join("fresh");
    std::fs::create_dir_all(fresh.join("lost+found")).unwrap();
    let mut daemon = Daemon::start(&["quickstart", "--data", path(&fresh)]);
    daemon.signal("TERM");
    assert_eq!(daemon.wait().code(), Some(0));
    let checked = run(&["check", path(&fresh)]);
    assert_eq!(checked.code, Some(0), "{checked:?}");
    assert!(checked.stdout.starts_with("clean: "), "{checked:?}");
    let json = run(&["check", "--json", path(&fresh)]);
    let report: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(report["clean"], true);
    assert_eq!(report["sequence"], 13_139);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the test plays the rot")]
fn damage_is_found_and_named() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let mut daemon = Daemon::serve(&data);
    converse(daemon.address("debug"), b"PUBLISH 1 first\nPUBLISH 1 second\n");
    daemon.signal("TERM");
    assert_eq!(daemon.wait().code(), Some(0));
    let segment = segment(&data);
    let shown = run(&["inspect", path(&segment)]);
    assert_eq!(shown.code, Some(0), "{shown:?}");
    assert!(shown.stdout.contains("second"), "{shown:?}");
    let mut bytes = std::fs::read(&segment).unwrap();
    let at = bytes.windows(5).position(|window| window == b"first").unwrap();
    bytes[at] ^= 1;
    std::fs::write(&segment, &bytes).unwrap();
    let name = segment.file_name().unwrap().to_str().unwrap();
    let checked = run(&["check", path(&data)]);
    fails(&checked, 1, &["damaged in 1 place", "inspect"]);
    let line = checked.stdout.lines().next().unwrap();
    assert!(line.contains(name) && line.contains("at offset "), "{checked:?}");
    let json = run(&["check", "--json", path(&data)]);
    assert_eq!(json.code, Some(1));
    let report: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    let damage = report["damage"].as_array().unwrap();
    assert_eq!(damage.len(), 1);
    assert_eq!(damage[0]["file"], name);
    assert!(0 < damage[0]["offset"].as_u64().unwrap());
    assert!(damage[0]["what"].as_str().unwrap().contains("checksum"), "{report}");
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the test plays whoever deletes files")]
fn a_missing_segment_is_one_damage_with_the_expected_file() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let mut daemon = Daemon::start(&["serve", "--data", path(&data), "--segment-bytes", "256K"]);
    let line = format!("PUBLISH 1 {}\n", "x".repeat(60_000));
    converse(daemon.address("debug"), line.repeat(20).as_bytes());
    daemon.signal("TERM");
    assert_eq!(daemon.wait().code(), Some(0));
    let found = segments(&data);
    assert!(3 < found.len(), "{found:?}");
    for missing in [&found[0], &found[1], found.last().unwrap()] {
        let bytes = std::fs::read(missing).unwrap();
        std::fs::remove_file(missing).unwrap();
        let json = run(&["check", "--json", path(&data)]);
        fails(&json, 1, &["damaged in 1 place"]);
        let report: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
        let damage = &report["damage"][0];
        assert_eq!(damage["file"], missing.file_name().unwrap().to_str().unwrap(), "{report}");
        assert_eq!(damage["offset"], 0);
        let what = damage["what"].as_str().unwrap();
        assert!(what.starts_with("a segment is missing: "), "{what}");
        assert!(!what.contains("at offset"), "the place has its own fields: {what}");
        std::fs::write(missing, bytes).unwrap();
    }
    assert_eq!(run(&["check", path(&data)]).code, Some(0));
}

#[test]
fn check_prints_an_object_also_if_it_cannot_look() {
    let json = run(&["check", "--json", "/nonexistent/directory"]);
    fails(&json, 2, &["/nonexistent/directory"]);
    let report: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert!(report["error"].as_str().unwrap().contains("/nonexistent/directory"), "{report}");
}

/// The only log segment of a database.
fn segment(data: &Path) -> std::path::PathBuf {
    let mut found = segments(data);
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

/// The log segments of a database, in the order of the log.
fn segments(data: &Path) -> Vec<std::path::PathBuf> {
    let mut folders = vec![data.to_owned()];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "seg") {
                found.push(path);
            }
        }
    }
    found.sort_unstable();
    found
}
