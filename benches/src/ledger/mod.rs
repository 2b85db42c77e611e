//! `kill-ledger`: `kill -9` of the daemon during a load, again and again, and after each of them an
//! audit of everything it had acknowledged.
//!
//! ```text
//! load (6 connections, fanfold import) --> fanfoldd  <- kill -9
//!   |                                         |
//!   v intents, acknowledgements               v check, reopened on another port
//! ledger  ----------------- audit ----------- everything it holds
//! ```
//!
//! The audit's daemon listens where the load cannot find it, so that nothing is mended by a retry
//! before it was judged. Then the daemon is back on its old port, the load goes on by itself, and
//! what it had in flight must still happen exactly once: the last audit comes after all of it was
//! answered.

pub(crate) mod account;
pub(crate) mod audit;
pub(crate) mod book;
mod importer;
pub(crate) mod load;
pub(crate) mod round;
mod sabotage;
pub(crate) mod token;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use clap::Args;
use fanfold_engine::testing::seed::Random;

use crate::churn::churn;
use crate::console::{grouped, note, say};
use crate::daemon::{Launch, free_port};
use crate::exit::{Explain, Failure, Outcome};
use crate::input::{Input, InputArgs};
use crate::machine::Machine;
use crate::programs::{ProgramArgs, Programs};
use crate::workplace::{WorkArgs, Workplace, in_workplace};

use account::Account;
use importer::Importer;
use load::Shared;
use round::Rounds;
use sabotage::Sabotage;
use token::Texts;

/// The arguments of `kill-ledger`.
#[derive(Args, Clone, Debug)]
pub(crate) struct LedgerArgs {
    /// How often to kill the daemon under load; some rounds kill it once more while it starts
    #[arg(long, value_name = "N", default_value_t = 20)]
    rounds: u32,
    /// Chooses the load and the moments
    #[arg(long, value_name = "N", default_value_t = 3)]
    seed: u64,
    /// Break something on purpose in the last round: the run must fail
    #[arg(long, value_name = "WHAT")]
    negative_control: Option<Sabotage>,
    /// Draw settings so small that flushes, merges, erasing and packing go on all the time
    #[arg(long)]
    churn: bool,
    /// Where the texts of the posts come from
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    programs: ProgramArgs,
    #[command(flatten)]
    work: WorkArgs,
}

/// Runs the rounds.
pub(crate) fn run(args: &LedgerArgs) -> Outcome<()> {
    if args.rounds == 0 {
        return Err(Failure::mistake("--rounds 0 kills nobody, at least 1"));
    }
    in_workplace(&args.work, |workplace| {
        let texts = Input::load(&args.input, workplace)?.posts;
        let texts = Texts::new(texts.into_iter().map(|post| post.text).collect());
        let programs = Programs::find(&args.programs)?;
        say(Machine::of(workplace.path()));
        let runtime = tokio::runtime::Runtime::new().explain(|| "no runtime".to_owned())?;
        let shared = Arc::new(Shared::new(workplace.join("ledger"), Arc::new(texts))?);
        let done = runtime.block_on(play(args, &programs, workplace, &shared));
        // After a failure an import may still be waiting for a daemon that is gone.
        shared.abort.store(true, Ordering::Relaxed);
        runtime.shutdown_timeout(Duration::from_secs(1));
        done
    })
}

async fn play(
    args: &LedgerArgs,
    programs: &Programs,
    workplace: &Workplace,
    shared: &Arc<Shared>,
) -> Outcome<()> {
    let data = workplace.join("data");
    let settings = if args.churn { churn(&mut Random::new(args.seed)) } else { Vec::new() };
    let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
    let launch = Launch::serve(&programs.daemon, &data, workplace.join("daemon.log"));
    let launch = launch.with(&settings);
    let port = free_port()?;
    let daemon = launch.start(port)?;
    say(format!("daemon: {}", launch.shown()));
    let importer = Importer {
        tool: programs.tool.clone(),
        url: daemon.url(),
        directory: workplace.path().to_owned(),
        shared: Arc::clone(shared),
    };
    let mut workers = load::start(&daemon.url(), shared, args.seed).await?;
    let imports = tokio::task::spawn_blocking(move || importer.run());
    let sabotage = args.negative_control.map(|what| (args.rounds, what));
    let mut rounds = Rounds::new(programs, &launch, &data, shared, port).sabotaged_by(sabotage);
    let daemon = rounds.play(daemon, args.rounds, args.seed, &mut workers).await?;

    note("finishing what is in flight");
    shared.stop.store(true, Ordering::Relaxed);
    while let Some(worker) = workers.join_next().await {
        worker.explain(|| "a worker panicked".to_owned())??;
    }
    let imports = imports.await.explain(|| "the importer panicked".to_owned())??;
    shared.book.flush()?;
    let account = Account::read(shared.book.path())?;
    let audited = audit::audit(&daemon.url(), &account, &shared.texts).await?;
    daemon.stop()?;
    crate::verify::check(programs, &data)?;
    say(format!(
        "kill-ledger: {} kills; {} acknowledged writes ({} imports among them): {} posts and {} \
         follows are there exactly once, and nothing else",
        rounds.kills(),
        grouped(audited.acknowledged),
        imports,
        grouped(audited.posts),
        grouped(audited.follows)
    ));
    Ok(())
}
