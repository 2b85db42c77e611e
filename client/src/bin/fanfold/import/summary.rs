//! The last line of an import: what came of how many lines, and how fast.
//!
//! Counts cover the whole import, interrupted runs included; time and rate are of this run alone,
//! for nobody knows how long the interruption was.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::feeder::Kind;
use super::meter::rate;
use super::progress_file::Input;
use crate::present::grouped;

/// What came of one input. The counts include earlier runs, time and rate are of this one.
pub(crate) struct Part {
    kind: Kind,
    imported: u64,
    unchanged: u64,
    refused: BTreeMap<String, u64>,
    lines: u64,
    time: Duration,
}

impl Part {
    pub(crate) fn new(kind: Kind, input: &Input, lines: u64, time: Duration) -> Self {
        let (imported, unchanged) = (input.imported, input.unchanged);
        Self { kind, imported, unchanged, refused: input.refused.clone(), lines, time }
    }

    fn text(&self) -> String {
        let mut text = format!("{} {}", grouped(self.imported), noun(self.kind));
        if self.unchanged != 0 {
            text.push_str(&format!(", {} there already", grouped(self.unchanged)));
        }
        let refused: u64 = self.refused.values().sum();
        if refused != 0 {
            let reasons: Vec<String> = self
                .refused
                .iter()
                .map(|(reason, count)| format!("{reason} {}", grouped(*count)))
                .collect();
            text.push_str(&format!(", {} refused ({})", grouped(refused), reasons.join(", ")));
        }
        let lines_rate = grouped(rate(self.lines, self.time));
        text.push_str(&format!(" in {:.1} s, {lines_rate}/s", self.time.as_secs_f64()));
        text
    }

    fn json(&self) -> Value {
        json!({
            "imported": self.imported,
            "unchanged": self.unchanged,
            "refused": self.refused,
            "seconds": seconds(self.time),
            "rate": rate(self.lines, self.time),
        })
    }
}

/// `imported 1,768,135 follows in 8.2 s, 215,626/s; 1,200,650 posts in 9.0 s, 133,405/s`
pub(crate) fn text(parts: &[Part]) -> String {
    let parts: Vec<String> = parts.iter().map(Part::text).collect();
    format!("imported {}", parts.join("; "))
}

pub(crate) fn json(parts: &[Part]) -> Value {
    let mut object = Map::new();
    for part in parts {
        object.insert(part.kind.word().to_owned(), part.json());
    }
    let total: Duration = parts.iter().map(|part| part.time).sum();
    object.insert("seconds".to_owned(), seconds(total));
    Value::Object(object)
}

/// To the millisecond.
fn seconds(time: Duration) -> Value {
    json!((time.as_secs_f64() * 1_000.0).round() / 1_000.0)
}

fn noun(kind: Kind) -> &'static str {
    match kind {
        Kind::Graph => "follows",
        Kind::Posts => "posts",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part() -> Part {
        Part {
            kind: Kind::Posts,
            imported: 1_200,
            unchanged: 1,
            refused: BTreeMap::from([("bad_json".to_owned(), 2), ("limit".to_owned(), 1)]),
            lines: 600,
            time: Duration::from_millis(2_004),
        }
    }

    #[test]
    fn people_read_a_sentence() {
        let expected = "imported 1,200 posts, 1 there already, 3 refused (bad_json 2, limit 1) \
                        in 2.0 s, 299/s";
        assert_eq!(text(&[part()]), expected);
    }

    #[test]
    fn machines_read_an_object() {
        let expected = json!({
            "posts": {
                "imported": 1_200,
                "unchanged": 1,
                "refused": {"bad_json": 2, "limit": 1},
                "seconds": 2.004,
                "rate": 299,
            },
            "seconds": 2.004,
        });
        assert_eq!(json(&[part()]), expected);
    }
}
