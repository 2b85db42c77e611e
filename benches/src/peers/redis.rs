//! Redis: started here on a free port, stopped here. Cached data without persistence, or, where a write has
//! to be durable, an append-only file that is synced before each answer.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::process::Process;
use super::server::{Given, Job, Server, Way};
use crate::daemon::free_port;
use crate::exit::{Explain, Failure, Outcome};
use crate::number::float;
use crate::wire::redis::{self, Redis, ask, load, texts};
use crate::wire::{Pick, plain};

const PROGRAM: &str = "redis-server";

const LISTENS_WITHIN: Duration = Duration::from_secs(30);

/// A snapshot of all it has is written before it ends.
const STOPS_WITHIN: Duration = Duration::from_secs(300);

/// Lists and posts whose memory is asked for.
const SAMPLES: u64 = 500;

/// A Redis.
#[derive(Debug)]
pub(super) struct RedisServer {
    process: Option<Process>,
    directory: PathBuf,
    port: u16,
    durable: bool,
}

/// Whether it is there, or what to install.
pub(super) fn check() -> Outcome<()> {
    let found = Command::new(PROGRAM).arg("--version").stdout(Stdio::null()).status();
    found.map(drop).map_err(|_| {
        Failure::mistake(format!(
            "{PROGRAM} is not there: `apt-get install redis-server`, or leave it out of --systems"
        ))
    })
}

impl RedisServer {
    pub(super) fn new(directory: PathBuf, durable: bool) -> Outcome<Self> {
        std::fs::create_dir_all(&directory).explain(|| "cannot make a directory".to_owned())?;
        let mut server = Self { process: None, directory, port: free_port()?, durable };
        server.start()?;
        server.wait()?;
        Ok(server)
    }

    fn wait(&mut self) -> Outcome<()> {
        let begun = Instant::now();
        while begun.elapsed() < LISTENS_WITHIN {
            let pong = plain(self.address()).and_then(|mut stream| ask(&mut stream, &[&"PING"]));
            if pong.is_ok() {
                return Ok(());
            }
            if let Some(process) = &mut self.process
                && process.has_ended()?
            {
                break;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let log = self.directory.join("redis.log");
        Err(Failure::failed(format!("redis-server does not listen; see {}", log.display())))
    }

    /// The mean of `MEMORY USAGE` over some keys.
    fn usage(&self, keys: impl Iterator<Item = String>) -> Outcome<f64> {
        let mut stream = plain(self.address())?;
        let (mut total, mut count) = (0, 0);
        for key in keys {
            // The reply is a number, which is no string: a script makes one of it.
            let script = "return tostring(redis.call('MEMORY','USAGE',KEYS[1],'SAMPLES','0') or 0)";
            let reply = ask(&mut stream, &[&"EVAL", &script, &1, &key])?;
            let bytes = reply.first().and_then(|text| std::str::from_utf8(text).ok()?.parse().ok());
            total += bytes.unwrap_or(0_u64);
            count += 1;
        }
        Ok(float(total) / float(u64::max(count, 1)))
    }
}

impl Server for RedisServer {
    fn name(&self) -> &'static str {
        "redis"
    }

    fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    fn load(&mut self, given: &Given) -> Outcome<()> {
        load(self.address(), &given.world)
    }

    fn ways(&self, job: Job, given: &Given) -> Vec<Way> {
        let users = Pick::anybody(given.world.users());
        let (world, next) = (given.world.clone(), given.next.clone());
        match job {
            Job::Page => vec![
                Way::new("redis, one script", Redis::ScriptedPage(users)),
                Way::new("redis, two calls", Redis::Page(users)),
            ],
            Job::Merged => {
                let user = world.users();
                vec![Way::new("redis, merged by the client", Redis::Merged { world, user })]
            }
            Job::Deliver => [(1, 16), (2, 8)]
                .into_iter()
                .map(|(connections, depth)| {
                    let name = match connections {
                        1 => "redis, 1 connection",
                        _ => "redis, 2 connections",
                    };
                    let dialect = Redis::Deliver { world: world.clone(), next: next.clone() };
                    Way { shape: (connections, depth), ..Way::new(name, dialect) }
                })
                .collect(),
            Job::Publish => vec![Way::new("redis", Redis::Publish { world, next })],
        }
    }

    fn texts(&self, user: u64) -> Outcome<Vec<Vec<u8>>> {
        texts(self.address(), user)
    }

    fn sizes(&self, given: &Given) -> Outcome<Vec<(String, f64)>> {
        let world = &given.world;
        let users = || (1..=world.users()).step_by(step(world.users()));
        let entries: u64 = users().map(|user| world.inbox(user).len() as u64).sum();
        let lists = float(users().count() as u64);
        let of_a_list = self.usage(users().map(redis::inbox_key))?;
        let posts = (1..=world.posts()).step_by(step(world.posts()));
        let of_a_post = self.usage(posts.map(|id| id.to_string()))?;
        Ok(vec![
            ("memory, an inbox entry".to_owned(), of_a_list * lists / float(entries.max(1))),
            ("memory, a post".to_owned(), of_a_post),
        ])
    }

    fn stop(&mut self) -> Outcome<()> {
        let Some(process) = self.process.take() else { return Ok(()) };
        let mut stream = plain(self.address())?;
        // It answers only if it cannot.
        let how = if self.durable { "NOSAVE" } else { "SAVE" };
        if let Ok(refused) = ask(&mut stream, &[&"SHUTDOWN", &how]) {
            return Err(Failure::failed(format!("Redis does not shut down: {refused:?}")));
        }
        process.stop(Signal::CONT, STOPS_WITHIN)
    }

    fn kill(&mut self) {
        if let Some(process) = self.process.take() {
            process.kill();
        }
    }

    fn start(&mut self) -> Outcome<()> {
        let mut command = command(&self.directory, self.port);
        if self.durable {
            command.args(["--appendonly", "yes", "--appendfsync", "always"]);
            // A rewriting of the file would be measured with it.
            command.args(["--auto-aof-rewrite-percentage", "0"]);
        }
        self.process = Some(Process::spawn(PROGRAM, &mut command)?);
        Ok(())
    }
}

fn step(count: u64) -> usize {
    crate::number::to_usize((count / SAMPLES).max(1))
}

fn command(directory: &Path, port: u16) -> Command {
    let mut command = Command::new(PROGRAM);
    command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", ""]);
    command.arg("--dir").arg(directory).arg("--logfile").arg(directory.join("redis.log"));
    command.args(["--protected-mode", "yes", "--daemonize", "no"]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}
