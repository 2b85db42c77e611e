//! The real programs, end to end, small: what the jobs say, how they exit, and that they notice what they are there to notice.

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

const BENCHES: &str = env!("CARGO_BIN_EXE_fanfold-benches");

/// `fanfoldd` and `fanfold`, beside the program under test; built if they are missing.
fn programs() -> &'static [PathBuf; 2] {
    static PROGRAMS: OnceLock<[PathBuf; 2]> = OnceLock::new();
    PROGRAMS.get_or_init(|| {
        let beside = Path::new(BENCHES).parent().expect("a program lies in a folder");
        let paths = ["fanfoldd", "fanfold"].map(|name| beside.join(name));
        if !paths.iter().all(|path| path.is_file()) {
            let mut cargo = Command::new(env!("CARGO"));
            cargo.args(["build", "--quiet", "-p", "fanfold-server", "-p", "fanfold-client"]);
            cargo
                .arg("--bins")
                .arg("--target-dir")
                .arg(beside.parent().expect("a folder of builds"));
            assert!(cargo.status().expect("cargo runs").success());
        }
        paths
    })
}

fn run<S: AsRef<OsStr>>(arguments: &[S]) -> Output {
    Command::new(BENCHES).args(arguments).output().expect("the program under test runs")
}

/// With the programs named, so that nothing is built meanwhile.
fn run_with_programs(arguments: &[&str]) -> Output {
    let [daemon, tool] = programs();
    let mut all: Vec<&OsStr> = arguments.iter().map(OsStr::new).collect();
    all.extend([OsStr::new("--fanfoldd"), daemon.as_ref()]);
    all.extend([OsStr::new("--fanfold"), tool.as_ref()]);
    run(&all)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[track_caller]
fn assert_succeeds(output: &Output, expected: &str) {
    let (said, complained) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{said}\n{complained}");
    assert!(said.contains(expected), "{said}\n{complained}");
}

#[track_caller]
fn assert_fails(output: &Output, code: i32, expected: &str) {
    let (said, complained) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{said}\n{complained}");
    assert!(complained.contains(expected), "{said}\n{complained}");
}

#[test]
fn the_main_job_holds_on_the_sample() {
    let output = run_with_programs(&["verify-main-job", "--users", "60", "--max-pages", "60"]);
    assert_succeeds(&output, "every compared page equals the naive merge");
    let said = text(&output.stdout);
    for when in ["after the import", "after the changes", "after the restart"] {
        assert!(said.contains(&format!("equal {when}: ")), "{said}");
    }
}

#[test]
fn nothing_acknowledged_is_lost_by_kills() {
    let output = run_with_programs(&["kill-ledger", "--rounds", "2"]);
    assert_succeeds(&output, "are there exactly once, and nothing else");
}

#[test]
fn the_audit_notices_what_is_missing() {
    let lost = ["kill-ledger", "--rounds", "1", "--negative-control"];
    for control in ["ledger", "tail"] {
        let output = run_with_programs(&[lost.as_slice(), &[control]].concat());
        assert_fails(&output, 1, "violations of the ledger");
        let complained = text(&output.stderr);
        let kept = complained.lines().find_map(|line| line.split_once("keeping ")).unwrap().1;
        std::fs::remove_dir_all(kept).unwrap();
    }
}

/// Whether this machine mounts file systems of ours; if not, it says why.
fn can_mount() -> bool {
    let output = run(&["mount-check"]);
    let (code, complained) = (output.status.code(), text(&output.stderr));
    assert!(matches!(code, Some(0 | 2)), "{complained}");
    let _closed_pipe = write!(std::io::stderr(), "{complained}");
    code == Some(0)
}

#[test]
fn nothing_acknowledged_is_lost_by_power_cuts() {
    if can_mount() {
        let output = run_with_programs(&["power-cuts", "--rounds", "6", "--life", "3"]);
        assert_succeeds(&output, "are there exactly once, and nothing else");
    }
}

#[test]
fn the_audit_notices_a_disk_that_forgets() {
    if can_mount() {
        let output = run_with_programs(&["power-cuts", "--rounds", "4", "--forget-syncs"]);
        assert_succeeds(&output, "violations of the ledger");
    }
}

#[test]
fn a_full_disk_and_a_failed_sync_lose_nothing() {
    if can_mount() {
        assert_succeeds(&run_with_programs(&["full-disk"]), "refused ones none is");
        assert_succeeds(&run_with_programs(&["failed-sync"]), "refused ones none is");
    }
}

#[test]
fn every_figure_is_measured() {
    let directory = tempfile::tempdir().unwrap();
    let json = directory.path().join("figures.jsonl");
    let arguments = ["figures", "--quick", "--runs", "1", "--users", "1000", "--json"];
    let output = run_with_programs(&[arguments.as_slice(), &[json.to_str().unwrap()]].concat());
    assert_succeeds(&output, "fanfoldd, 50 connections x 16 pipelined");
    let lines = std::fs::read_to_string(&json).unwrap();
    let figures: Vec<String> = lines
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .map(|line| line["figure"].as_str().unwrap().to_owned())
        .collect();
    for figure in ["machine", "settings", "import", "publish", "page", "engine", "reopen", "memory"]
    {
        assert!(figures.iter().any(|found| found == figure), "{figure}: {lines}");
    }
}

/// What the rows of a file of results say in `field`.
fn told(path: &Path, field: &str) -> Vec<String> {
    let lines = std::fs::read_to_string(path).expect("there are results");
    let told = |line: &str| {
        let row: serde_json::Value = serde_json::from_str(line).expect("a row");
        row.get(field).and_then(|value| value.as_str()).expect("a text").to_owned()
    };
    lines.lines().map(told).collect()
}

#[track_caller]
fn assert_holds(found: &[String], wanted: &[&str]) {
    for wanted in wanted {
        assert!(found.iter().any(|found| found == wanted), "no {wanted} in {found:?}");
    }
}

#[test]
fn limits_are_measured_and_reported() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let (rows, page) = (path("rows.jsonl"), path("page.md"));
    let small =
        ["limits", "--seconds", "0.01", "--runs", "1", "--memory-mib", "32", "--out", &rows];
    assert_succeeds(&run(&small), "synced append of 4 KiB");
    assert_holds(&told(Path::new(&rows), "system"), &["tokio echo", "huge pages", "zeroed file"]);
    assert_succeeds(&run(&["report", "--from", &rows, "--to", &page]), "");
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.contains("| copy | 4 KiB pages |") && page.contains("not measured"), "{page}");
    for plot in page.lines().filter_map(|line| line.strip_prefix("![limits](")) {
        let svg = std::fs::read_to_string(path(plot.trim_end_matches(')'))).unwrap();
        assert!(svg.starts_with("<svg "), "{plot}");
    }
}

/// Without the peers, which are not everywhere.
#[test]
fn every_measure_of_peers_has_its_rows_for_fanfold() {
    let directory = tempfile::tempdir().unwrap();
    let rows = directory.path().join("rows.jsonl");
    let arguments =
        ["peers", "--quick", "--systems", "echo,fanfold", "--out", rows.to_str().unwrap()];
    assert_succeeds(&run_with_programs(&arguments), "celebrity");
    let measures = ["pages", "fan-out", "sizes", "restart", "reader", "publish", "celebrity"];
    assert_holds(&told(&rows, "measure"), &measures);
    assert_holds(&told(&rows, "system"), &["echo", "fanfold", "fanfold, in process"]);
}

#[test]
fn worlds_of_several_sizes_are_measured() {
    let directory = tempfile::tempdir().unwrap();
    let rows = directory.path().join("rows.jsonl");
    let small = ["--users", "200,400", "--mean", "20", "--seconds", "0.02", "--runs", "1"];
    let out = ["--out", rows.to_str().unwrap()];
    let output = run(&[["growth"].as_slice(), &small, &out].concat());
    assert_succeeds(&output, "fanfold @ 400 users");
    let cases = ["pages", "publishes", "deliveries", "first page after a clean stop"];
    assert_holds(&told(&rows, "case"), &cases);
}

#[test]
fn an_open_load_is_answered_whole() {
    use std::io::BufRead;
    let [daemon, _] = programs();
    let directory = tempfile::tempdir().unwrap();
    let mut server = Command::new(daemon);
    server.args(["serve", "--listen", "127.0.0.1:0", "--http", "off", "--debug", "off", "--data"]);
    server.arg(directory.path().join("data")).stdout(std::process::Stdio::piped());
    let mut server = server.spawn().unwrap();
    let mut line = String::new();
    std::io::BufReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.split("listen=").nth(1).unwrap().split(' ').next().unwrap().trim();
    let small = ["--rate", "400", "--seconds", "0.5", "--warm-up", "0", "--users", "50"];
    let output = run(&[["load", "--address", address].as_slice(), &small].concat());
    server.kill().unwrap();
    server.wait().unwrap();
    assert_succeeds(&output, "200 due, 200 answered, 0 refused, 0 never answered");
}

#[test]
fn mistakes_exit_with_2_and_name_the_way_out() {
    let cases: [(&[&str], &str); 13] = [
        (&["verify-main-job", "--data", "/nowhere"], "--data /nowhere: there is no such directory"),
        (&["verify-main-job", "--data", "/"], "it holds neither graph.tsv.zst nor graph.tsv"),
        (&["kill-ledger", "--work", "/nowhere"], "--work /nowhere: there is no such directory"),
        (&["kill-ledger", "--rounds", "0"], "--rounds 0 kills nobody, at least 1"),
        (&["power-cuts", "--life", "0"], "--rounds 0 or --life 0 cuts no power, at least 1"),
        (&["figures", "--users", "5"], "--users 5 is too few, at least 1000"),
        (&["figures", "--fanfoldd", "/x"], "--fanfoldd /x: there is no such file"),
        (&["limits", "--runs", "0"], "--runs and --memory-mib are at least 1"),
        (&["load", "--rate", "0"], "--rate, --connections, --pipeline and --users are at least 1"),
        (&["load", "--skew", "1"], "--skew 1: from 0 to below 1"),
        (&["load", "--mix", "house=1"], "expected home, outbox, publish or follow"),
        (&["peers", "--runs", "0"], "--runs is at least 1, --seconds more than 0"),
        (&["growth", "--users", "9"], "--users 9 is too few for --mean 90"),
    ];
    for (arguments, expected) in cases {
        assert_fails(&run(arguments), 2, expected);
    }
    assert_eq!(run(&["nonsense"]).status.code(), Some(2));
}
