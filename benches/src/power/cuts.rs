//! `power-cuts`: the power goes again and again during a load, and after each cut an audit of
//! everything that was acknowledged.
//!
//! A database lives through a few dozen cuts before a new one takes its place, so that the audits,
//! which read everything, stay short; each life has other settings, small enough that flushes,
//! merges, erasing and packing are always at work.

use std::time::Instant;

use clap::Args;
use fanfold_engine::testing::seed::Random;

use super::life::{Life, Tally};
use super::scene::{Scene, SceneArgs};
use super::victim::Victim;
use crate::churn::churn;
use crate::console::{grouped, note, say};
use crate::exit::{Failure, Outcome};
use crate::number::rate;

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
    #[command(flatten)]
    scene: SceneArgs,
}

/// Cuts the power.
pub(crate) fn run(args: &CutArgs) -> Outcome<()> {
    if args.rounds == 0 || args.life == 0 {
        return Err(Failure::mistake("--rounds 0 or --life 0 cuts no power, at least 1"));
    }
    args.scene.play(async |scene| play(args, scene).await)
}

async fn play(args: &CutArgs, scene: &Scene<'_>) -> Outcome<()> {
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
        let mut life = begin(args, scene, (number, random.bits()))?;
        let done = life.run(left.min(args.life)).await;
        if let Err(failure) = done {
            let failure = Failure::failed(format!("in life {number}: {failure}"));
            return match args.forget_syncs {
                true => noticed(&failure),
                false => Err(life.victim.given_up(failure, scene)),
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
    scene: &'a Scene<'_>,
    (number, seed): (u64, u64),
) -> Outcome<Life<'a>> {
    let mut random = Random::new(seed);
    let settings = churn(&mut random);
    let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
    let victim = Victim::new(scene, &number.to_string(), CAPACITY)?.with(&settings);
    note(format!("life {number}: {}", victim.launch.shown()));
    let shared = scene.ledger(&number.to_string())?;
    let (tally, is_control) = (Tally::default(), args.forget_syncs);
    Ok(Life { victim, shared, random, tally, port: 0, is_control })
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
