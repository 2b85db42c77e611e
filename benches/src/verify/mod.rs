//! `verify-main-job`: the whole path, end to end, on real input.
//!
//! ```text
//! fanfoldd serve  <- fanfold import <- graph, posts
//!      |                                  |
//!      v          compared               v
//! home feeds, page by page   ==   naive merge of the files
//! ```
//!
//! Three times: after the import, after a round of changes, after a stop and a restart. At the end
//! `fanfoldd check` has the last word.

mod changes;
mod compare;
mod difference;
mod readers;
mod walk;

use std::collections::HashMap;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use clap::Args;
use fanfold_client::Client;

use crate::console::{grouped, note, say};
use crate::daemon::{Daemon, Launch};
use crate::exit::{Explain, Failure, Outcome};
use crate::input::{Input, InputArgs};
use crate::machine::Machine;
use crate::naive::Naive;
use crate::number::{rate, whole};
use crate::programs::{ProgramArgs, Programs};
use crate::tool::Imported;
use crate::workplace::{WorkArgs, Workplace, in_workplace};

/// Readers to compare when the input is real.
const READERS_DEFAULT: usize = 1_000;

/// Readers to compare when the input is made up: for quick runs.
const READERS_OF_SAMPLE: usize = 150;

/// The arguments of `verify-main-job`.
#[derive(Args, Clone, Debug)]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    input: InputArgs,
    /// How many homes to compare [default: 1000, without --data 150]
    #[arg(long, value_name = "N")]
    users: Option<usize>,
    /// Pages read of one home in one direction at most; of a longer one, runs of pages at the top,
    /// at the bottom and in between are read
    #[arg(long, value_name = "N", default_value_t = 20_000)]
    max_pages: usize,
    /// Rows of kind repost are imported as such, and homes are compared collapsed too
    #[arg(long)]
    reposts: bool,
    /// Chooses the changes
    #[arg(long, value_name = "N", default_value_t = 2)]
    seed: u64,
    #[command(flatten)]
    programs: ProgramArgs,
    #[command(flatten)]
    work: WorkArgs,
}

/// Runs the job.
pub(crate) fn run(args: &VerifyArgs) -> Outcome<()> {
    if args.max_pages < walk::RUNS {
        let (given, least) = (args.max_pages, walk::RUNS);
        return Err(Failure::mistake(format!("--max-pages {given} is too few, at least {least}")));
    }
    in_workplace(&args.work, |workplace| {
        let input = Input::load(&args.input, workplace)?;
        let programs = Programs::find(&args.programs)?;
        say(Machine::of(workplace.path()));
        let job = Job { args, programs: &programs, workplace };
        let runtime = tokio::runtime::Runtime::new().explain(|| "no runtime".to_owned())?;
        runtime.block_on(job.run(input))
    })
}

struct Job<'a> {
    args: &'a VerifyArgs,
    programs: &'a Programs,
    workplace: &'a Workplace,
}

impl Job<'_> {
    async fn run(&self, input: Input) -> Outcome<()> {
        let data = self.workplace.join("data");
        let launch = Launch::serve(&self.programs.daemon, &data, self.workplace.join("daemon.log"));
        let daemon = launch.start(0)?;
        say(format!("daemon: {}", launch.shown()));
        let mut naive = self.import(&daemon, input)?;
        let readers = readers::choose(&naive, self.readers(), self.args.seed);
        say(format!("readers: {}", readers::describe(&naive, &readers)));
        naive = self.compare(&daemon, naive, &readers, "after the import").await?;

        let client = Client::connect(&daemon.url()).await.explain(|| "connect".to_owned())?;
        let changed = changes::play(&client, &mut naive, &readers, self.args.seed).await?;
        client.close().await;
        say(format!("changes: {changed}"));
        naive = self.compare(&daemon, naive, &readers, "after the changes").await?;

        let stopped = daemon.stop()?;
        let daemon = launch.start(0)?;
        let (stopped, ready) = (stopped.as_secs_f64(), daemon.ready_after.as_secs_f64());
        say(format!("restart: stopped in {stopped:.2} s, ready again after {ready:.2} s"));
        self.compare(&daemon, naive, &readers, "after the restart").await?;
        daemon.stop()?;
        check(self.programs, &data)?;
        say("verify-main-job: every compared page equals the naive merge");
        Ok(())
    }

    fn readers(&self) -> usize {
        let is_real = self.args.input.data.is_some();
        self.args.users.unwrap_or(if is_real { READERS_DEFAULT } else { READERS_OF_SAMPLE })
    }

    /// Imports, and builds the model from the files and the ids that the import reports.
    fn import(&self, daemon: &Daemon, input: Input) -> Outcome<Naive> {
        let (follows, posts) = (input.follows.len() as u64, input.posts.len() as u64);
        note(format!("importing {} follows, {} posts", grouped(follows), grouped(posts)));
        let options: &[&str] = if self.args.reposts { &["--reposts"] } else { &["--strict"] };
        let place = (self.workplace, options);
        let imported = Imported::run_with(self.programs, &daemon.url(), &input, place)?;
        say(import_line(&imported, follows, posts));
        let ids = imported.ids()?;
        if self.args.reposts {
            return naive_with_reposts(input, &ids);
        }
        if ids.len() != input.posts.len() {
            let named = ids.len();
            return Err(Failure::failed(format!("{posts} posts went in, {named} have an id")));
        }
        let mut naive = Naive::new(&input.follows);
        for post in input.posts {
            let line = post.id;
            let id = ids.get(&line).copied();
            let missing = || Failure::failed(format!("the post with id {line} got no post id"));
            naive.import(post, id.ok_or_else(missing)?)?;
        }
        Ok(naive)
    }

    async fn compare(
        &self,
        daemon: &Daemon,
        naive: Naive,
        readers: &[u64],
        when: &str,
    ) -> Outcome<Naive> {
        let started = Instant::now();
        let naive = Arc::new(naive);
        let plan =
            compare::Plan { readers, max_pages: self.args.max_pages, collapsed: self.args.reposts };
        let compared = compare::run(&daemon.url(), &naive, plan)
            .await
            .map_err(|difference| Failure::failed(format!("{when}: {difference}")))?;
        let time = started.elapsed();
        let pages = whole(rate(compared.pages, time));
        let (seconds, pages) = (time.as_secs_f64(), grouped(pages));
        say(format!("equal {when}: {compared}; {seconds:.1} s, {pages} pages/s"));
        Arc::try_unwrap(naive).map_err(|_| Failure::failed("a comparison is still running"))
    }
}

/// The model of an import with reposts.
fn naive_with_reposts(input: Input, ids: &HashMap<u64, u64>) -> Outcome<Naive> {
    let mut naive = Naive::new(&input.follows);
    let (mut reposts, mut left_out) = (0, 0);
    for post in input.posts {
        let id = ids.get(&post.id).copied();
        let is_repost = post.repost.is_some();
        match naive.import_repost(post, id)? {
            true => reposts += u64::from(is_repost),
            false => left_out += 1,
        }
    }
    let (reposts, left_out) = (grouped(reposts), grouped(left_out));
    say(format!(
        "reposts: {reposts}, and {left_out} rows that repeat one or refer to nothing known"
    ));
    Ok(naive)
}

fn import_line(imported: &Imported, follows: u64, posts: u64) -> String {
    let rate_of = |input: &str| {
        imported.rate(input).map_or_else(|| "?".to_owned(), |rate| grouped(whole(rate)))
    };
    format!(
        "import: {} follows ({} new, {}/s) and {} posts ({}/s) in {:.2} s",
        grouped(follows),
        grouped(imported.count("graph").unwrap_or_default()),
        rate_of("graph"),
        grouped(posts),
        rate_of("posts"),
        imported.time.as_secs_f64()
    )
}

/// `fanfoldd check`: clean, or a failure with what it says.
pub(crate) fn check(programs: &Programs, data: &std::path::Path) -> Outcome<()> {
    note(format!("check: {}", checked(programs, data)?));
    Ok(())
}

/// The same, and what it said last.
pub(crate) fn checked(programs: &Programs, data: &std::path::Path) -> Outcome<String> {
    let output = Command::new(&programs.daemon).arg("check").arg(data).output();
    let output = output.explain(|| "cannot run fanfoldd check".to_owned())?;
    let said = String::from_utf8_lossy(&output.stdout);
    let last = said.trim_end().lines().last().unwrap_or("nothing").to_owned();
    if output.status.success() {
        return Ok(last);
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    let (said, complaint) = (said.trim_end(), complaint.trim_end());
    Err(Failure::failed(format!("fanfoldd check: {}: {said} {complaint}", output.status)))
}
