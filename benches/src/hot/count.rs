//! `instructions`: how many instructions an operation takes, as callgrind counts them: the same on a busy
//! machine and on a quiet one, and on every machine with the same build.
//!
//! Each case runs twice in a process of its own, the second time with more operations; the difference is
//! theirs, whatever the preparation cost.

use std::process::{Command, Stdio};

use clap::Args;
use serde_json::json;

use super::hot;
use crate::exit::{Explain, Failure, Outcome};
use crate::noise::Watch;
use crate::number::float;
use crate::results::{Case, Recorder, ResultArgs};

/// Operations of the first and of the second time.
const TIMES: (u64, u64) = (200, 1_200);

/// The arguments of `instructions`.
#[derive(Args, Clone, Debug)]
pub(crate) struct InstructionsArgs {
    /// Only cases whose name has this in it
    #[arg(long, value_name = "TEXT", default_value = "")]
    only: String,
    #[command(flatten)]
    results: ResultArgs,
}

/// The arguments of `hot`.
#[derive(Args, Clone, Debug)]
pub(crate) struct HotArgs {
    #[arg(long)]
    case: String,
    #[arg(long)]
    times: u64,
}

/// Runs one case, for whoever counts.
pub(crate) fn repeat(args: &HotArgs) -> Outcome<()> {
    let case = hot().into_iter().find(|case| case.name == args.case);
    let case = case.ok_or_else(|| Failure::mistake(format!("there is no case `{}`", args.case)))?;
    let mut operation = (case.prepare)();
    (0..args.times).for_each(|_| operation());
    Ok(())
}

/// Counts.
pub(crate) fn instructions(args: &InstructionsArgs) -> Outcome<()> {
    let settings = json!({ "operations": TIMES.1 - TIMES.0 });
    let mut recorder = Recorder::start(&args.results, &std::env::temp_dir(), settings)?;
    for case in hot().into_iter().filter(|case| case.name.contains(&args.only)) {
        let watch = Watch::start();
        let (few, many) = (counted(case.name, TIMES.0)?, counted(case.name, TIMES.1)?);
        let each = float(many.saturating_sub(few)) / float(TIMES.1 - TIMES.0);
        let case = Case::new("instructions", case.name, "fanfold", "instructions");
        recorder.value(case, 1, each, watch)?;
    }
    Ok(())
}

fn counted(case: &str, times: u64) -> Outcome<u64> {
    let this = std::env::current_exe().explain(|| "cannot find this program".to_owned())?;
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(this);
    valgrind.args(["hot", "--case", case, "--times", &times.to_string()]);
    let output = valgrind.stdin(Stdio::null()).stdout(Stdio::null()).output();
    let output = output.map_err(|_| {
        Failure::mistake(
            "valgrind is not there, and counts the instructions: `apt-get install valgrind`",
        )
    })?;
    let said = String::from_utf8_lossy(&output.stderr);
    collected(&said).ok_or_else(|| {
        let last = said.trim_end().lines().last().unwrap_or_default().to_owned();
        Failure::failed(format!("valgrind counts nothing for `{case}`: {last}"))
    })
}

/// Of `==1== Collected : 123`, the number.
fn collected(said: &str) -> Option<u64> {
    let line = said.lines().find(|line| line.contains("Collected :"))?;
    line.rsplit(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_is_found_in_what_valgrind_says() {
        let said = "==7== Events    : Ir\n==7== Collected : 1234567\n==7==\n";
        assert_eq!(collected(said), Some(1_234_567));
        assert_eq!(collected("valgrind: cannot"), None);
    }

    #[test]
    fn every_case_can_be_repeated() {
        for case in hot() {
            repeat(&HotArgs { case: case.name.to_owned(), times: 2 }).unwrap();
        }
        assert!(repeat(&HotArgs { case: "x".to_owned(), times: 1 }).is_err());
    }
}
