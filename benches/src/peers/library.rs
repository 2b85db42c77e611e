//! A database that is a library, in a process of its own that measures it: see [`crate::inprocess`].

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, ChildStdout, Command, Stdio};

use rustix::process::Signal;
use serde_json::Value;

use super::process::Process;
use crate::console::note;
use crate::exit::{Explain, Failure, Outcome};
use crate::programs::workspace;
use crate::world::{Scene, WorldArgs};

/// Which one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    program: PathBuf,
    arguments: Vec<&'static str>,
    /// Whether it can do without inboxes, so that a scene where all is pushed is another one.
    has_policies: bool,
}

impl Kind {
    /// Fanfold's engine, in this very program.
    pub(crate) fn engine() -> Outcome<Self> {
        let program = std::env::current_exe().explain(|| "cannot find this program".to_owned())?;
        let (name, arguments) = ("fanfold, in process", vec!["engine-driver"]);
        Ok(Self { name, program, arguments, has_policies: true })
    }

    /// RocksDB, in the program of `benches/peers`, which is built now unless it is there.
    pub(crate) fn rocksdb() -> Outcome<Self> {
        let program = build()?;
        let (name, arguments) = ("rocksdb, in process", Vec::new());
        Ok(Self { name, program, arguments, has_policies: false })
    }

    /// The scene in which deliveries are measured.
    pub(crate) fn pushed(&self) -> Scene {
        if self.has_policies { Scene::Pushed } else { Scene::World }
    }
}

/// Builds the program with RocksDB in it, beside this one.
fn build() -> Outcome<PathBuf> {
    let manifest = workspace().join("benches/peers/Cargo.toml");
    let this = std::env::current_exe().explain(|| "cannot find this program".to_owned())?;
    let beside = this.parent().unwrap_or_else(|| Path::new("."));
    let target = beside.parent().unwrap_or(beside).join("peers");
    let program = target.join("release/fanfold-peers");
    note("bringing benches/peers up to date; the first time it compiles RocksDB, for half an hour");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(cargo);
    command.args(["build", "--quiet", "--release", "--manifest-path"]).arg(manifest);
    let status = command.arg("--target-dir").arg(&target).stdin(Stdio::null()).status();
    if status.is_ok_and(|status| status.success()) && program.is_file() {
        return Ok(program);
    }
    Err(Failure::mistake(
        "benches/peers cannot be built: it needs cargo, a C++ compiler and libclang (`apt-get \
         install g++ libclang-dev`); or leave rocksdb out of --systems",
    ))
}

/// One that is running.
#[derive(Debug)]
pub(crate) struct Library {
    pub(crate) kind: Kind,
    process: Process,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Library {
    /// Starts it over a directory; it is open then, and empty unless it was used before.
    pub(crate) fn start(
        kind: &Kind,
        directory: &Path,
        scene: Scene,
        world: &WorldArgs,
    ) -> Outcome<Self> {
        let mut command = Command::new(&kind.program);
        command.args(&kind.arguments).arg("--dir").arg(directory);
        command.args(["--scene", scene.name()]);
        for (flag, value) in [
            ("--users", world.users),
            ("--mean", world.mean),
            ("--posts-each", world.posts_each),
            ("--inbox", world.inbox),
            ("--celebrity", world.celebrity),
            ("--authors", world.authors),
        ] {
            command.args([flag, &value.to_string()]);
        }
        if let Some(data) = &world.data {
            command.arg("--data").arg(data);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = Process::spawn(kind.name, &mut command)?;
        let streams = process.child.stdin.take().zip(process.child.stdout.take());
        let (input, output) =
            streams.ok_or_else(|| Failure::failed(format!("{} has no streams", kind.name)))?;
        let output = BufReader::new(output);
        let mut library = Self { kind: kind.clone(), process, input, output };
        library.hear().map(|_ready| library)
    }

    /// Asks for something and waits for the answer.
    pub(crate) fn ask(&mut self, question: &str) -> Outcome<Value> {
        let asked = writeln!(self.input, "{question}").and_then(|()| self.input.flush());
        asked.explain(|| format!("{} does not listen", self.kind.name))?;
        self.hear()
    }

    fn hear(&mut self) -> Outcome<Value> {
        let name = self.kind.name;
        let mut line = String::new();
        let bytes = self.output.read_line(&mut line).explain(|| format!("cannot hear {name}"))?;
        if bytes == 0 {
            return Err(Failure::failed(format!("{name} ended")));
        }
        let answer: Value =
            serde_json::from_str(&line).explain(|| format!("{name} says {}", line.trim_end()))?;
        match answer.get("error").and_then(Value::as_str) {
            Some(error) => Err(Failure::failed(format!("{name}: {error}"))),
            None => Ok(answer),
        }
    }

    /// An orderly stop.
    pub(crate) fn stop(mut self) -> Outcome<()> {
        self.ask("stop")?;
        self.process.stop(Signal::CONT, std::time::Duration::from_secs(60))
    }

    pub(crate) fn kill(self) {
        self.process.kill();
    }
}

/// A number of an answer.
pub(crate) fn field(answer: &Value, name: &str) -> Outcome<f64> {
    let number = answer.get(name).and_then(Value::as_f64);
    number.ok_or_else(|| Failure::failed(format!("no {name} in {answer}")))
}
