//! The reader of a scale run: opens the database, reads one page, then hot and cold pages for a
//! while, and compares some of them with the world.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clap::Args;
use fanfold_engine::testing::seed::Random;
use fanfold_engine::{Engine, Options, PostId, Span, TimelineQuery, UserId};
use serde_json::{Value, json};

use super::world::{World, text};
use crate::console::say;
use crate::exit::{Explain, Failure, Outcome};
use crate::figures::Latencies;
use crate::machine::kilobytes;

/// Entries of a page.
const PAGE: usize = 20;

/// One in so many pages is compared with the world, which costs a thousand times a page.
const COMPARED: u64 = 50;

/// Users who read again and again.
const REGULARS: u64 = 20_000;

/// Version 1 of control groups, where limits of memory are set.
const CGROUP: &str = "/sys/fs/cgroup/memory";

/// The arguments of `scale-pages`.
#[derive(Args, Clone, Debug)]
pub(crate) struct PagesArgs {
    #[arg(long)]
    data: PathBuf,
    #[arg(long)]
    users: u64,
    #[arg(long)]
    each: u64,
    #[arg(long)]
    posts: u64,
    /// Follows come before posts in the log
    #[arg(long)]
    follows: u64,
    #[arg(long)]
    seconds: u64,
    /// Bytes of memory, page cache included; 0 for no limit
    #[arg(long)]
    limit: u64,
}

/// Reads and prints what it found.
pub(crate) fn pages(args: &PagesArgs) -> Outcome<()> {
    let _limited = if args.limit == 0 { None } else { Some(Limit::new(args.limit)?) };
    let quarter = if args.limit == 0 { 4 << 30 } else { args.limit / 4 };
    let options = Options { memory_budget: quarter, ..Options::default() };
    let started = Instant::now();
    let engine = Engine::open(&args.data, options).explain(|| "cannot open".to_owned())?;
    let opened = started.elapsed();
    let world = World { users: args.users, each: args.each, posts: args.posts };
    let mut reader = Reader { engine, world, follows: args.follows, compared: 0 };
    reader.read(1 + args.users / 2, None, true)?;
    let first_page = started.elapsed();
    let mut found = json!({
        "open_ms": millis(opened),
        "first_page_ms": millis(first_page),
        "replayed": reader.engine.recovery().records,
    });
    if args.seconds != 0 {
        let time = Duration::from_secs(args.seconds);
        let hot = reader.run(time, hot_page)?;
        let cold = reader.run(time, cold_page)?;
        add(&mut found, &[("hot", hot), ("cold", cold)]);
        let control = reader.beside(time, hot_page)?;
        let scanned = reader.beside(time, cold_page)?;
        add(&mut found, &[("hot_beside_hot", control), ("hot_beside_cold", scanned)]);
        add(&mut found, &[("compared", reader.compared.into())]);
        let counters = reader.engine.counters().explain(|| "cannot count".to_owned())?;
        add(&mut found, &[("memory_hit_percent", counters.memory_hit_percent().into())]);
        add(
            &mut found,
            &[(
                "anonymous_mib",
                (kilobytes("/proc/self/status", "RssAnon:").unwrap_or(0) / 1_024).into(),
            )],
        );
    }
    say(found);
    reader.engine.close().explain(|| "cannot close".to_owned())
}

/// The newest page of somebody who reads often.
fn hot_page(random: &mut Random, world: &World) -> (u64, Option<u64>) {
    (1 + random.below(REGULARS.min(world.users)), None)
}

/// A page of anybody, from anywhere in nine tenths of the history.
fn cold_page(random: &mut Random, world: &World) -> (u64, Option<u64>) {
    let user = 1 + random.below(world.users);
    (user, Some(world.posts / 10 + random.below(world.posts * 9 / 10)))
}

type Choose = fn(&mut Random, &World) -> (u64, Option<u64>);

struct Reader {
    engine: Engine,
    world: World,
    follows: u64,
    compared: u64,
}

impl Reader {
    /// Reads pages that `choose` names, for a while.
    fn run(&mut self, time: Duration, choose: Choose) -> Outcome<Value> {
        let mut random = Random::new(7);
        let mut latencies = Latencies::new()?;
        let (mut count, mut reading) = (0_u64, Duration::ZERO);
        let started = Instant::now();
        while started.elapsed() < time {
            let (user, before) = choose(&mut random, &self.world);
            let took = self.read(user, before, count.is_multiple_of(COMPARED))?;
            latencies.add(took);
            reading += took;
            count += 1;
        }
        let [p50, p99, p999] = latencies.triple();
        let rate = crate::number::whole(crate::number::rate(count, reading));
        Ok(
            json!({ "pages": count, "per_second": rate, "p50_us": p50, "p99_us": p99, "p999_us": p999 }),
        )
    }

    /// Hot pages, while another thread reads pages that `other` names at full speed.
    fn beside(&mut self, time: Duration, other: Choose) -> Outcome<Value> {
        let stop = AtomicBool::new(false);
        let mut second = Self { engine: self.engine.clone(), compared: 0, ..*self };
        std::thread::scope(|scope| {
            let scanner = scope.spawn(|| -> Outcome<u64> {
                let (mut random, mut count) = (Random::new(11), 0);
                while !stop.load(Ordering::Relaxed) {
                    let (user, before) = other(&mut random, &second.world);
                    second.read(user, before, false)?;
                    count += 1;
                }
                Ok(count)
            });
            let mut found = self.run(time, hot_page);
            stop.store(true, Ordering::Relaxed);
            let scanned = scanner.join().map_err(|_| Failure::failed("the scanner panicked"))??;
            let rate = crate::number::whole(crate::number::rate(scanned, time));
            if let Ok(found) = &mut found {
                add(found, &[("other_per_second", rate.into())]);
            }
            found
        })
    }

    /// Reads one page; how long that took.
    fn read(&mut self, user: u64, before: Option<u64>, compare: bool) -> Outcome<Duration> {
        let cursor = before.map(|post| PostId(self.follows + post));
        let span = cursor.map_or(Span::Newest, Span::Before);
        let query = TimelineQuery { user: UserId(user), viewer: None, span, limit: PAGE };
        let started = Instant::now();
        let page = self.engine.home(&query).explain(|| "cannot read".to_owned())?;
        let took = started.elapsed();
        if compare {
            let expected = self.world.home(user, before.unwrap_or(self.world.posts + 1), PAGE);
            let found: Vec<u64> = page.posts.iter().map(|post| post.id.0 - self.follows).collect();
            let same_texts = page.posts.iter().zip(&expected).all(|(p, n)| p.text == text(*n));
            if found != expected || !same_texts {
                return Err(Failure::failed(format!(
                    "the page of user {user} below {before:?} is {found:?}, expected {expected:?}"
                )));
            }
            self.compared += 1;
        }
        Ok(took)
    }
}

/// A memory cgroup that this process is in.
struct Limit(PathBuf);

impl Limit {
    fn new(bytes: u64) -> Outcome<Self> {
        let group = Path::new(CGROUP).join(format!("fanfold-scale-{}", std::process::id()));
        let failed = || {
            format!(
                "cannot limit memory by {CGROUP} (control groups, version 1; as root), so a \
                     tenth of the data cannot be had"
            )
        };
        let write = |name: &str, value: String| set(&group.join(name), &value);
        std::fs::create_dir(&group)
            .and_then(|()| write("memory.limit_in_bytes", bytes.to_string()))
            .and_then(|()| write("cgroup.procs", std::process::id().to_string()))
            .explain(failed)?;
        Ok(Self(group))
    }
}

/// Writes one value of a control group.
fn set(file: &Path, value: &str) -> std::io::Result<()> {
    std::fs::OpenOptions::new().write(true).open(file)?.write_all(value.as_bytes())
}

impl Drop for Limit {
    fn drop(&mut self) {
        // Out of the group first: one that has processes cannot be removed.
        let pid = std::process::id().to_string();
        let _ = set(&Path::new(CGROUP).join("cgroup.procs"), &pid);
        let _ = std::fs::remove_dir(&self.0);
    }
}

fn add(found: &mut Value, fields: &[(&str, Value)]) {
    if let Some(object) = found.as_object_mut() {
        object.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
