//! A row of the results, written and read.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::exit::{Explain, Outcome};

/// One run of one case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Row {
    /// Seconds since 1970 at the start of the program: rows of one invocation have it in common.
    pub(crate) session: u64,
    /// What was measured, as `--only` calls it.
    pub(crate) measure: String,
    /// Under which load.
    pub(crate) case: String,
    /// Of which system, and how it was used.
    pub(crate) system: String,
    pub(crate) unit: String,
    /// In units.
    pub(crate) value: f64,
    /// How large the world was, where that is what changes: the place on the axis of a plot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) at: Option<f64>,
    /// p50, p99 and p99.9 in microseconds, if single operations were timed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) latency_us: Option<[f64; 3]>,
    /// From 1.
    pub(crate) run: usize,
    /// What others used of the machine meanwhile, in percent of all cores.
    pub(crate) others_percent: f64,
    /// Whether that is so much that the run says little.
    pub(crate) disturbed: bool,
    pub(crate) settings: Value,
    pub(crate) machine: Value,
}

/// Reads a file of rows.
pub(crate) fn read_rows(path: &Path) -> Outcome<Vec<Row>> {
    let shown = path.display();
    let file = File::open(path).explain(|| format!("cannot read {shown}"))?;
    let mut rows = Vec::new();
    for (number, line) in (1_u64..).zip(BufReader::new(file).lines()) {
        let line = line.explain(|| format!("cannot read {shown}"))?;
        let row = serde_json::from_str(&line);
        rows.push(row.explain(|| format!("{shown}, line {number}: this is no row of results"))?);
    }
    Ok(rows)
}
