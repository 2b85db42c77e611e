//! `power-cuts`: the power goes again and again during a load, and after each cut an audit of
//! everything that was acknowledged.
//!
//! A database lives through a few dozen cuts before a new one takes its place, so that the audits,
//! which read everything, stay short; each life has other settings, small enough that flushes,
//! merges, erasing and packing are always at work.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::time::{Duration, Instant};

use clap::Args;
use fanfold_engine::testing::seed::Random;
use tokio::sync::Notify;

use super::life::{Life, Tally};
use super::victim::Victim;
use crate::console::{grouped, note, say};
use crate::exit::{Explain, Failure, Outcome};
use crate::input::{Input, InputArgs};
use crate::ledger::book::Book;
use crate::ledger::load::Shared;
use crate::ledger::token::Texts;
use crate::machine::Machine;
use crate::number::rate;
use crate::programs::{ProgramArgs, Programs};
use crate::workplace::{WorkArgs, Workplace, in_workplace};

/// Bytes of a disk: more than a life can fill.
const CAPACITY: usize = 4 << 30;

/// The arguments of `power-cuts`.
#[derive(Args, Clone, Debug)]
pub(crate) struct CutArgs {
    /// How often to cut the power
    #[arg(long, value_name = "N", default_value_t = 200)]
    rounds: u64,
    /// How many cuts a database lives through before the next one is begun
    #[arg(long, value_name = "N", default_value_t = 25)]
    life: u64,
    /// Chooses settings, load, moments, and what of unsynced writes is left
    #[arg(long, value_name = "N", default_value_t = 5)]
    seed: u64,
    /// Negative control: the disk acknowledges syncs and forgets them. The audit has to find the
    /// loss; exit code 0 if it does
    #[arg(long)]
    forget_syncs: bool,
    /// Where the texts of the posts come from
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    programs: ProgramArgs,
    #[command(flatten)]
    work: WorkArgs,
}

/// Cuts the power.
pub(crate) fn run(args: &CutArgs) -> Outcome<()> {
    if args.rounds == 0 || args.life == 0 {
        return Err(Failure::mistake("--rounds 0 or --life 0 cuts no power, at least 1"));
    }
    in_workplace(&args.work, |workplace| {
        let texts = Input::load(&args.input, workplace)?.posts;
        let texts = Arc::new(Texts::new(texts.into_iter().map(|post| post.text).collect()));
        let programs = Programs::find(&args.programs)?;
        say(Machine::of(workplace.path()));
        let runtime = tokio::runtime::Runtime::new().explain(|| "no runtime".to_owned())?;
        let done = runtime.block_on(async {
            tokio::select! {
                done = play(args, &programs, workplace, &texts) => done,
                // Unwinds, so that nothing stays mounted.
                _ = tokio::signal::ctrl_c() => Err(Failure::failed("interrupted")),
            }
        });
        runtime.shutdown_timeout(Duration::from_secs(1));
        done
    })
}

async fn play(
    args: &CutArgs,
    programs: &Programs,
    workplace: &Workplace,
    texts: &Arc<Texts>,
) -> Outcome<()> {
    let mut random = Random::new(args.seed);
    let (started, mut total) = (Instant::now(), Tally::default());
    say(
        "life   cuts  audits  acknowledged    posts  follows  views -removed  rewritten  unsynced at cuts",
    );
    for number in 1.. {
        let left = args.rounds.saturating_sub(total.cuts);
        if left == 0 {
            break;
        }
        let mut life = begin(args, programs, workplace, texts, (number, random.bits()))?;
        let done = life.run(left.min(args.life)).await;
        if let Err(failure) = done {
            let failure = Failure::failed(format!("life {number}: {failure}"));
            return if args.forget_syncs {
                noticed(&failure)
            } else {
                Err(given_up(&life, failure, workplace))
            };
        }
        say(line(number, &life.tally));
        total.add(life.tally);
    }
    if args.forget_syncs {
        return Err(Failure::failed(
            "the disk forgot its syncs, and the audit did not notice: it is worth nothing",
        ));
    }
    let time = started.elapsed();
    say(format!(
        "power-cuts: {} cuts in {:.1} s ({:.1}/s), {} of them with unsynced writes; {} audits; {} \
         view files written and {} segments rewritten meanwhile; {} acknowledged writes: {} posts and {} follows are there exactly once, and nothing else",
        grouped(total.cuts),
        time.as_secs_f64(),
        rate(total.cuts, time),
        grouped(total.cuts_with_loss),
        grouped(total.audits),
        grouped(total.work.views),
        grouped(total.work.rewritten),
        grouped(total.acknowledged),
        grouped(total.posts),
        grouped(total.follows)
    ));
    Ok(())
}

fn begin<'a>(
    args: &CutArgs,
    programs: &'a Programs,
    workplace: &Workplace,
    texts: &Arc<Texts>,
    (number, seed): (u64, u64),
) -> Outcome<Life<'a>> {
    let mut random = Random::new(seed);
    let settings = settings(&mut random);
    let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
    let path = |name: &str| workplace.join(&format!("{name}-{number}"));
    let victim = Victim::new(programs, path("disk"), path("daemon-log"), CAPACITY)?;
    let victim = victim.with(&settings);
    note(format!("life {number}: {}", victim.launch.shown()));
    let shared = Arc::new(Shared {
        book: Arc::new(Book::create(path("ledger"))?),
        texts: Arc::clone(texts),
        acknowledged: AtomicU64::new(0),
        progress: Notify::new(),
        in_flight: AtomicU64::new(0),
        stop: AtomicBool::new(false),
        abort: AtomicBool::new(false),
    });
    let (tally, is_control) = (Tally::default(), args.forget_syncs);
    Ok(Life { victim, shared, random, tally, port: 0, is_control })
}

/// Small enough that all background work is met within a life of a few seconds.
fn settings(random: &mut Random) -> Vec<String> {
    let mut draw = |choices: &[&str]| {
        let index = crate::number::to_usize(random.below(choices.len() as u64));
        choices.get(index).map_or_else(String::new, |choice| (*choice).to_owned())
    };
    [
        ("--segment-bytes", draw(&["256K", "512K", "1M"])),
        ("--flush-records", draw(&["150", "500", "2000"])),
        ("--memory-budget", draw(&["256K", "4M", "64M"])),
        ("--erase-within", draw(&["200ms", "2s", "7d"])),
        ("--cold-after", draw(&["100ms", "1s", "30d"])),
    ]
    .into_iter()
    .flat_map(|(flag, value)| [flag.to_owned(), value])
    .collect()
}

fn line(number: u64, tally: &Tally) -> String {
    format!(
        "{number:>4}  {:>5}  {:>6}  {:>12}  {:>7}  {:>7}  {:>5} {:>8}  {:>9}  {} bytes, {} names",
        tally.cuts,
        tally.audits,
        grouped(tally.acknowledged),
        grouped(tally.posts),
        grouped(tally.follows),
        grouped(tally.work.views),
        grouped(tally.work.views_removed),
        grouped(tally.work.rewritten),
        grouped(tally.unsynced_bytes),
        grouped(tally.unsynced_names)
    )
}

/// The control has failed, as it had to.
fn noticed(failure: &Failure) -> Outcome<()> {
    say(format!("negative control: the disk forgot its syncs, and that was noticed: {failure}"));
    Ok(())
}

/// Keeps what the cut left.
fn given_up(life: &Life<'_>, failure: Failure, workplace: &Workplace) -> Failure {
    let evidence = workplace.join("disk-after-the-cut");
    match life.victim.save(&evidence) {
        Ok(()) => note(format!("the disk as the last cut left it: {}", evidence.display())),
        Err(error) => note(error),
    }
    failure
}
