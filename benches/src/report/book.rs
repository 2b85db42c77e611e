//! The rows of a file, by measure, case and system, each with the median of its runs.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::results::Row;

/// All runs of one system under one case.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub(super) measure: String,
    pub(super) case: String,
    pub(super) system: String,
    pub(super) unit: String,
    pub(super) at: Option<f64>,
    /// Of the runs, ascending.
    values: Vec<f64>,
    latencies: Vec<[f64; 3]>,
    pub(super) disturbed: usize,
}

impl Entry {
    fn of(row: &Row) -> Self {
        Self {
            measure: row.measure.clone(),
            case: row.case.clone(),
            system: row.system.clone(),
            unit: row.unit.clone(),
            at: row.at,
            values: Vec::new(),
            latencies: Vec::new(),
            disturbed: 0,
        }
    }

    fn add(&mut self, row: &Row) {
        self.values.push(row.value);
        self.values.sort_by(f64::total_cmp);
        self.latencies.extend(row.latency_us);
        self.disturbed += usize::from(row.disturbed);
    }

    pub(super) fn runs(&self) -> usize {
        self.values.len()
    }

    pub(super) fn median(&self) -> f64 {
        middle(&self.values)
    }

    pub(super) fn least(&self) -> f64 {
        self.values.first().copied().unwrap_or_default()
    }

    pub(super) fn most(&self) -> f64 {
        self.values.last().copied().unwrap_or_default()
    }

    /// The medians over the runs of p50, p99 and p99.9.
    pub(super) fn latency(&self) -> Option<[f64; 3]> {
        if self.latencies.is_empty() {
            return None;
        }
        let of = |pick: fn(&[f64; 3]) -> f64| {
            let mut values: Vec<f64> = self.latencies.iter().map(pick).collect();
            values.sort_by(f64::total_cmp);
            middle(&values)
        };
        Some([of(|[p50, _, _]| *p50), of(|[_, p99, _]| *p99), of(|[_, _, p999]| *p999)])
    }

    /// Whether less is better: times and sizes.
    pub(super) fn less_is_better(&self) -> bool {
        ["s", "us", "ns", "bytes", "x the text"].contains(&self.unit.as_str())
    }

    pub(super) fn is_ours(&self) -> bool {
        self.system.starts_with("fanfold")
    }
}

fn middle(sorted: &[f64]) -> f64 {
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

/// Entries in the order in which they were measured.
#[derive(Clone, Debug, Default)]
pub(super) struct Book {
    entries: Vec<Entry>,
    /// Of each measure, in order: settings and machine.
    told: Vec<(String, Value, Value)>,
}

impl Book {
    pub(super) fn of(rows: Vec<Row>) -> Self {
        let mut newest: BTreeMap<&str, u64> = BTreeMap::new();
        for row in &rows {
            let session = newest.entry(&row.measure).or_default();
            *session = row.session.max(*session);
        }
        let mut book = Self::default();
        for row in &rows {
            if newest.get(row.measure.as_str()) == Some(&row.session) {
                book.add(row);
            }
        }
        book
    }

    fn add(&mut self, row: &Row) {
        if !self.told.iter().any(|(measure, _, _)| *measure == row.measure) {
            self.told.push((row.measure.clone(), row.settings.clone(), row.machine.clone()));
        }
        let is_its = |entry: &&mut Entry| {
            (&entry.measure, &entry.case, &entry.system) == (&row.measure, &row.case, &row.system)
        };
        match self.entries.iter_mut().find(is_its) {
            Some(entry) => entry.add(row),
            None => {
                let mut entry = Entry::of(row);
                entry.add(row);
                self.entries.push(entry);
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Measures with their settings and machine.
    pub(super) fn measures(&self) -> impl Iterator<Item = &(String, Value, Value)> {
        self.told.iter()
    }

    pub(super) fn entries(&self, measure: &str) -> Vec<&Entry> {
        self.entries.iter().filter(|entry| entry.measure == measure).collect()
    }

    /// The cases of a measure, in order.
    pub(super) fn cases(&self, measure: &str) -> Vec<&str> {
        let mut cases: Vec<&str> = Vec::new();
        for entry in self.entries(measure) {
            if !cases.contains(&entry.case.as_str()) {
                cases.push(&entry.case);
            }
        }
        cases
    }

    /// Entries of a case whose system begins with `system`.
    pub(super) fn find(&self, measure: &str, case: &str, system: &str) -> Vec<&Entry> {
        let mut found = self.entries(measure);
        found.retain(|entry| entry.case == case && entry.system.starts_with(system));
        found
    }

    pub(super) fn disturbed(&self) -> (usize, usize) {
        let disturbed = self.entries.iter().map(|entry| entry.disturbed).sum();
        (disturbed, self.entries.iter().map(Entry::runs).sum())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use serde_json::json;

    /// A row of a session.
    pub(crate) fn row(session: u64, names: [&str; 4], value: f64, p99: f64) -> Row {
        let [measure, case, system, unit] = names.map(str::to_owned);
        Row {
            session,
            measure,
            case,
            system,
            unit,
            value,
            at: None,
            latency_us: Some([1.0, p99, 3.0]),
            run: 1,
            others_percent: 1.0,
            disturbed: false,
            settings: json!({}),
            machine: json!({ "processor": "x" }),
        }
    }

    #[test]
    fn only_the_newest_invocation_of_a_measure_counts() {
        let names = ["pages", "1 connection", "fanfold", "pages/s"];
        let rows = vec![
            row(1, names, 900.0, 9.0),
            row(1, ["limits", "copy", "memcpy", "GB/s"], 5.0, 1.0),
            row(2, names, 10.0, 3.0),
            row(2, names, 30.0, 1.0),
            row(2, names, 20.0, 2.0),
        ];
        let book = Book::of(rows);
        let found = book.find("pages", "1 connection", "fanfold");
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].median(), found[0].least(), found[0].most()), (20.0, 10.0, 30.0));
        assert_eq!(found[0].latency(), Some([1.0, 2.0, 3.0]));
        assert_eq!(book.entries("limits").len(), 1);
        assert_eq!(book.cases("pages"), ["1 connection"]);
    }
}
