//! The loops that measure a [`Store`], and the conversation with whoever asks for them.

use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use clap::Parser;
use fanfold_engine::testing::seed::Random;
use serde_json::{Value, json};

use super::store::{Done, Store};
use crate::console::{note, say};
use crate::sample::Latencies;
use crate::world::{Scene, World, WorldArgs};

/// Entries of a page.
const PAGE: usize = 20;

/// The arguments of a driver.
#[derive(Clone, Debug, Parser)]
pub struct DriverArgs {
    /// The data directory
    #[arg(long)]
    dir: PathBuf,
    /// Which world
    #[arg(long, value_enum)]
    scene: Scene,
    #[command(flatten)]
    world: WorldArgs,
}

impl DriverArgs {
    /// How many entries an inbox has, where that is to be chosen.
    pub(crate) fn inbox(&self) -> u16 {
        u16::try_from(self.world.inbox.clamp(4, 4_096)).unwrap_or(u16::MAX)
    }
}

/// Opens a database and measures it as it is asked to, until the input ends.
pub fn drive<S: Store>(args: &DriverArgs, open: impl FnOnce(&Path, Scene) -> Done<S>) -> ExitCode {
    let opened = || -> Done<Driver<S>> {
        let world = World::of(args.scene, &args.world).map_err(|failure| failure.to_string())?;
        let started = Instant::now();
        let store = open(&args.dir, args.scene)?;
        let (open, next) = (started.elapsed(), AtomicU64::new(world.posts()));
        Ok(Driver { store, world, next, open })
    };
    let driver = match opened() {
        Ok(driver) => driver,
        Err(error) => {
            note(error);
            return ExitCode::FAILURE;
        }
    };
    say(json!({ "ready": true }));
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match driver.answer(&words) {
            Ok(answer) => say(answer),
            Err(error) => say(json!({ "error": error })),
        }
        if words == ["stop"] {
            return ExitCode::SUCCESS;
        }
    }
    ExitCode::SUCCESS
}

struct Driver<S> {
    store: S,
    world: World,
    /// The next post that nobody has published.
    next: AtomicU64,
    /// How long opening took.
    open: Duration,
}

impl<S: Store> Driver<S> {
    fn answer(&self, words: &[&str]) -> Done<Value> {
        match *words {
            ["load"] => self.timed(|| self.store.load(&self.world)),
            ["check", count] => self.check(number(count)?),
            ["first-page"] => {
                let started = Instant::now();
                self.store.page(self.world.users() / 2 + 1)?;
                let seconds = (self.open + started.elapsed()).as_secs_f64();
                Ok(json!({ "open_seconds": seconds }))
            }
            ["pages", threads, seconds] => {
                self.repeat(number(threads)?, time(seconds)?, |random| {
                    self.store.page(1 + random.below(self.world.users())).map(drop)
                })
            }
            ["reader", seconds] => {
                let reader = self.world.users();
                self.repeat(1, time(seconds)?, |_| self.store.merged(&self.world, reader).map(drop))
            }
            ["publish", threads, seconds] => self.repeat(number(threads)?, time(seconds)?, |_| {
                self.store.publish(&self.world, self.next.fetch_add(1, Ordering::Relaxed))
            }),
            ["fan-out", seconds] => self.fan_out(time(seconds)?),
            ["celebrity"] => self.timed(|| {
                self.store.deliver(&self.world, self.next.fetch_add(1, Ordering::Relaxed))?;
                self.store.settle()
            }),
            ["sizes"] => Ok(json!(self.store.sizes(&self.world)?)),
            ["stop"] => self.timed(|| self.store.stop()),
            _ => Err(format!("not understood: {}", words.join(" "))),
        }
    }

    fn timed(&self, job: impl FnOnce() -> Done<()>) -> Done<Value> {
        let started = Instant::now();
        job()?;
        Ok(json!({ "seconds": started.elapsed().as_secs_f64() }))
    }

    /// Compares pages with the world.
    fn check(&self, count: u64) -> Done<Value> {
        let users = self.world.users();
        for number in 0..count {
            let user = 1 + number * (users / count).max(1) % users;
            let wanted = self.world.home(user, PAGE).into_iter();
            let wanted: Vec<Vec<u8>> =
                wanted.map(|number| self.world.text(number).into_bytes()).collect();
            let found = self.store.texts(user)?;
            if found != wanted {
                let (found, wanted) = (found.len(), wanted.len());
                return Err(format!(
                    "the page of user {user} is wrong: {found} posts for {wanted}, or others"
                ));
            }
        }
        Ok(json!({ "checked": count }))
    }

    /// Does it again and again on so many threads, each of which waits for it.
    fn repeat(
        &self,
        threads: u64,
        time: Duration,
        job: impl Fn(&mut Random) -> Done<()> + Sync,
    ) -> Done<Value> {
        let (job, started) = (&job, Instant::now());
        let alone = |seed: u64| -> Done<(u64, Latencies)> {
            let (mut count, mut random) = (0, Random::new(seed));
            let mut latencies = Latencies::new().map_err(|failure| failure.to_string())?;
            while started.elapsed() < time {
                let begun = Instant::now();
                job(&mut random)?;
                latencies.add(begun.elapsed());
                count += 1;
            }
            Ok((count, latencies))
        };
        let seed = self.next.load(Ordering::Relaxed);
        let done: Vec<Done<(u64, Latencies)>> = std::thread::scope(|scope| {
            let spawn = |thread| scope.spawn(move || alone(seed * 1_000 + thread));
            let threads: Vec<_> = (0..threads).map(spawn).collect();
            let panicked = |_| Err("a thread panicked".to_owned());
            threads.into_iter().map(|thread| thread.join().unwrap_or_else(panicked)).collect()
        });
        let elapsed = started.elapsed();
        let (mut count, mut latencies) =
            (0, Latencies::new().map_err(|failure| failure.to_string())?);
        for done in done {
            let (of_thread, its) = done?;
            count += of_thread;
            latencies.merge(&its).map_err(|failure| failure.to_string())?;
        }
        Ok(json!({
            "count": count, "seconds": elapsed.as_secs_f64(), "latency_us": latencies.triple(),
        }))
    }

    /// Posts one after the other, until all of them are delivered.
    fn fan_out(&self, time: Duration) -> Done<Value> {
        let first = self.next.load(Ordering::Relaxed);
        let before = self.store.delivery_time();
        let started = Instant::now();
        while started.elapsed() < time {
            self.store.deliver(&self.world, self.next.fetch_add(1, Ordering::Relaxed))?;
        }
        self.store.settle()?;
        let seconds = started.elapsed().as_secs_f64();
        let spent = self.store.delivery_time().zip(before).map(|(now, then)| now - then);
        let entries = self.world.entries(first..self.next.load(Ordering::Relaxed));
        Ok(json!({
            "count": entries, "seconds": seconds,
            "core_seconds": spent.map(|spent| spent.as_secs_f64()),
        }))
    }
}

fn number(word: &str) -> Done<u64> {
    word.parse().map_err(|_| format!("`{word}` is no number"))
}

fn time(word: &str) -> Done<Duration> {
    let seconds: Option<f64> = word.parse().ok();
    let time = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    time.ok_or_else(|| format!("`{word}` are no seconds"))
}

/// Bytes of memory that this process has, files that are mapped not counted.
#[must_use]
pub fn anonymous_bytes() -> f64 {
    let kilobytes = crate::machine::kilobytes("/proc/self/status", "RssAnon:");
    crate::number::float(kilobytes.unwrap_or_default() * 1_024)
}

/// Bytes of the files in a directory whose names begin with `name`.
pub fn file_bytes(directory: &Path, name: &str) -> Done<u64> {
    let failed = |error: std::io::Error| format!("cannot list {}: {error}", directory.display());
    let mut bytes = 0;
    for entry in std::fs::read_dir(directory).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if entry.file_name().to_string_lossy().starts_with(name) {
            bytes += entry.metadata().map_err(failed)?.len();
        }
    }
    Ok(bytes)
}
