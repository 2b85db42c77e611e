//! Where rows go: a line for people on standard output, an object for machines in a file.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use fanfold_engine::{Clock, SystemClock};
use serde_json::Value;

use super::row::Row;
use crate::console::{grouped, say};
use crate::exit::{Explain, Outcome};
use crate::machine::Machine;
use crate::noise::{Watch, is_disturbed};
use crate::number::whole;
use crate::sample::Run;

/// Where the results go.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct ResultArgs {
    /// Append the results to this file, a JSON object for each run; `report` makes tables of it
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// What a row is about, without its value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case<'a> {
    pub(crate) measure: &'a str,
    pub(crate) case: &'a str,
    pub(crate) system: &'a str,
    pub(crate) unit: &'a str,
    /// The place on the axis of a plot, if there is one.
    pub(crate) at: Option<f64>,
}

impl<'a> Case<'a> {
    /// A case that has no place on an axis.
    pub(crate) fn new(measure: &'a str, case: &'a str, system: &'a str, unit: &'a str) -> Self {
        Self { measure, case, system, unit, at: None }
    }
}

/// Takes rows.
#[derive(Debug)]
pub(crate) struct Recorder {
    out: Option<(PathBuf, File)>,
    session: u64,
    machine: Value,
    settings: Value,
}

impl Recorder {
    /// Introduces the machine, as seen from the working directory, and opens the file.
    pub(crate) fn start(args: &ResultArgs, directory: &Path, settings: Value) -> Outcome<Self> {
        let open = |path: &PathBuf| {
            let file = File::options().create(true).append(true).open(path);
            Ok((path.clone(), file.explain(|| format!("cannot write {}", path.display()))?))
        };
        let machine = Machine::of(directory);
        say(&machine);
        say(format!("settings: {settings}"));
        if machine.is_in_memory() {
            say("warning: the work directory is in memory, syncs cost nothing; give --work DIR");
        }
        if cfg!(debug_assertions) {
            say("warning: this is a debug build; its figures mean nothing");
        }
        let out = args.out.as_ref().map(open).transpose()?;
        Ok(Self { out, session: now(), machine: machine.json(), settings })
    }

    /// A run that took `watch`, with its value.
    pub(crate) fn value(
        &mut self,
        case: Case<'_>,
        run: usize,
        value: f64,
        watch: Watch,
    ) -> Outcome<()> {
        self.timed(case, run, (value, None), watch)
    }

    /// A run of timed operations.
    pub(crate) fn run(
        &mut self,
        case: Case<'_>,
        number: usize,
        run: &Run,
        watch: Watch,
    ) -> Outcome<()> {
        self.timed(case, number, (run.rate(), Some(run.latencies.triple())), watch)
    }

    /// A run with its value and, if operations were timed, their p50, p99 and p99.9 in microseconds.
    pub(crate) fn timed(
        &mut self,
        case: Case<'_>,
        run: usize,
        (value, latency_us): (f64, Option<[f64; 3]>),
        watch: Watch,
    ) -> Outcome<()> {
        let others_percent = watch.others();
        let row = Row {
            session: self.session,
            measure: case.measure.to_owned(),
            case: case.case.to_owned(),
            system: case.system.to_owned(),
            unit: case.unit.to_owned(),
            value,
            at: case.at,
            latency_us,
            run,
            others_percent,
            disturbed: is_disturbed(others_percent),
            settings: self.settings.clone(),
            machine: self.machine.clone(),
        };
        say(shown(&row));
        let Some((path, file)) = &mut self.out else { return Ok(()) };
        let line = serde_json::to_string(&row).explain(|| "cannot write a row".to_owned())?;
        writeln!(file, "{line}").explain(|| format!("cannot write {}", path.display()))
    }
}

fn shown(row: &Row) -> String {
    let Row { measure, case, system, unit, run, .. } = row;
    let value = number(row.value);
    let latency = row.latency_us.map_or_else(String::new, |[p50, p99, p999]| {
        format!("  {p50:.0} / {p99:.0} / {p999:.0} us")
    });
    let noise = match row.disturbed {
        true => format!("  DISTURBED: others used {:.0} % of the machine", row.others_percent),
        false => String::new(),
    };
    format!("{measure:<10} {case:<28} {system:<26} #{run} {value:>12} {unit}{latency}{noise}")
}

/// A value with as many digits as mean something.
pub(crate) fn number(value: f64) -> String {
    match value {
        0.0..1.0 => format!("{value:.4}"),
        0.0..100.0 => format!("{value:.2}"),
        _ => grouped(whole(value)),
    }
}

fn now() -> u64 {
    SystemClock.now().0 / 1_000
}
