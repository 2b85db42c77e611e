//! Runs `tests/scripts/*` over the debug port: commands, `---`, the expected answer, a blank line.
//!
//! Each script gets a fresh server whose clock stands still. `FANFOLD_UPDATE=1` writes what was
//! answered into the scripts instead of comparing it; read the difference before you keep it.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fanfold_engine::{ManualClock, Timestamp};

use crate::support::PATIENCE;
use crate::support::running::Running;

/// 2023-11-14 22:13:20 UTC.
const NOW: Timestamp = Timestamp(1_700_000_000_000);

#[test]
fn every_script_gives_its_answers() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts");
    let entries = std::fs::read_dir(&folder).unwrap();
    let mut scripts: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    scripts.sort();
    assert!(5 <= scripts.len(), "scripts are missing from {}", folder.display());
    for script in scripts {
        let expected = std::fs::read_to_string(&script).unwrap();
        let found = replay(&expected);
        if std::env::var_os("FANFOLD_UPDATE").is_some() {
            update(&script, &found);
        } else {
            assert_eq!(found, expected, "\n{}", script.display());
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a script is a source file, not data of the database"
)]
fn update(script: &Path, text: &str) {
    std::fs::write(script, text).unwrap();
}

/// The script with the answers that were really given.
fn replay(script: &str) -> String {
    let running = Running::with(|config| {
        config.engine.clock = Arc::new(ManualClock::new(NOW));
        config.engine.followees_max = 3;
        // What is removed meanwhile would be told or not, as it happens.
        config.engine.forget_at_once = 0;
        config.engine.friends_max = 5;
    });
    let mut session = Session::connect(&running);
    let blocks: Vec<String> =
        script.trim_end().split("\n\n").map(|block| answered(&mut session, block)).collect();
    blocks.join("\n")
}

fn answered(session: &mut Session, block: &str) -> String {
    let (commands, _) = block.split_once("\n---").unwrap_or((block, ""));
    let mut out = String::new();
    for line in commands.lines() {
        let _infallible = writeln!(out, "{line}");
    }
    out.push_str("---\n");
    let asked = commands.lines().filter(|line| !line.starts_with('#'));
    out.push_str(&session.ask(asked));
    out
}

struct Session {
    socket: TcpStream,
    reader: BufReader<TcpStream>,
}

impl Session {
    fn connect(running: &Running) -> Self {
        let socket = TcpStream::connect(running.debug()).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let reader = BufReader::new(socket.try_clone().unwrap());
        Self { socket, reader }
    }

    /// Sends the lines and a `PING` behind them, and reads up to its answer.
    fn ask<'a>(&mut self, lines: impl Iterator<Item = &'a str>) -> String {
        let mut pongs = 1;
        let mut request = String::new();
        for line in lines {
            pongs += usize::from(line.trim().eq_ignore_ascii_case("ping"));
            let _infallible = writeln!(request, "{line}");
        }
        request.push_str("PING\n");
        self.socket.write_all(request.as_bytes()).unwrap();
        self.read_until(pongs)
    }

    fn read_until(&mut self, mut pongs: usize) -> String {
        let mut out = String::new();
        loop {
            let mut line = String::new();
            if self.reader.read_line(&mut line).unwrap() == 0 {
                return out;
            }
            pongs -= usize::from(line == "PONG\n");
            if pongs == 0 {
                return out;
            }
            out.push_str(&line);
        }
    }
}
