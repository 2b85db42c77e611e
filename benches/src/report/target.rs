//! A target: what Fanfold must show, and whether the rows of a run show it.

use super::book::{Book, Entry};
use crate::results::number;

/// A case of a measure, and a system or what its name begins with.
pub(super) type Place = (&'static str, &'static str, &'static str);

/// What is wanted.
#[derive(Clone, Copy, Debug)]
pub(super) enum Want {
    AtLeast(f64),
    AtMost(f64),
    /// p99 in microseconds.
    P99AtMost(f64),
    /// So many times better than the best of these.
    Times(f64, &'static [Place]),
    /// p99 so many times shorter than the shortest of these.
    P99Times(f64, &'static [Place]),
}

/// A target with its name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Target {
    pub(super) name: &'static str,
    /// The whole name of the system here.
    pub(super) ours: Place,
    pub(super) want: Want,
}

/// What a run shows of a target.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Verdict {
    Reached(String),
    Missed(String),
    /// The rows for it are not there.
    Open,
}

impl Target {
    pub(super) fn judge(&self, book: &Book) -> Verdict {
        let (measure, case, system) = self.ours;
        let mut found = book.find(measure, case, system);
        found.retain(|entry| entry.system == system);
        let shown = found.first().and_then(|ours| self.want.of(ours, book));
        match shown {
            Some((shown, true)) => Verdict::Reached(shown),
            Some((shown, false)) => Verdict::Missed(shown),
            None => Verdict::Open,
        }
    }
}

impl Want {
    fn of(self, ours: &Entry, book: &Book) -> Option<(String, bool)> {
        let value = ours.median();
        Some(match self {
            Self::AtLeast(least) => (number(value), least <= value),
            Self::AtMost(most) => (number(value), value <= most),
            Self::P99AtMost(most) => {
                let [_, p99, _] = ours.latency()?;
                (format!("{p99:.0} us"), p99 <= most)
            }
            Self::Times(least, others) => {
                let values = theirs(book, others).into_iter().map(Entry::median);
                let times = if ours.less_is_better() {
                    values.reduce(f64::min)? / value
                } else {
                    value / values.reduce(f64::max)?
                };
                (format!("{times:.2} x"), least <= times)
            }
            Self::P99Times(least, others) => {
                let [_, ours, _] = ours.latency()?;
                let theirs = theirs(book, others).into_iter().filter_map(Entry::latency);
                let times = theirs.map(|[_, p99, _]| p99).reduce(f64::min)? / ours;
                (format!("{times:.2} x"), least <= times)
            }
        })
    }

    /// In words.
    pub(super) fn told(self) -> String {
        match self {
            Self::AtLeast(least) => format!("at least {}", number(least)),
            Self::AtMost(most) => format!("at most {}", number(most)),
            Self::P99AtMost(most) => format!("p99 at most {most:.0} us"),
            Self::Times(least, _) => format!("{least:.2} x"),
            Self::P99Times(least, _) => format!("p99 {least:.2} x shorter"),
        }
    }
}

fn theirs<'a>(book: &'a Book, places: &[Place]) -> Vec<&'a Entry> {
    places.iter().flat_map(|(measure, case, system)| book.find(measure, case, system)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::book::tests::row;
    use super::*;

    const PEERS: &[Place] = &[("pages", "x", "redis"), ("pages", "x", "postgresql")];

    fn judged(want: Want, unit: &str) -> Verdict {
        let of = |system, value, p99| row(1, ["pages", "x", system, unit], value, p99);
        let book = Book::of(vec![
            of("fanfold", 100.0, 10.0),
            of("fanfold, in process", 900.0, 1.0),
            of("redis, Lua", 50.0, 40.0),
            of("redis, two calls", 200.0, 20.0),
            of("postgresql", 25.0, 80.0),
        ]);
        Target { name: "t", ours: ("pages", "x", "fanfold"), want }.judge(&book)
    }

    #[test]
    fn the_best_of_the_peers_is_the_one_to_beat() {
        let told = |text: &str| text.to_owned();
        assert_eq!(judged(Want::Times(0.4, PEERS), "pages/s"), Verdict::Reached(told("0.50 x")));
        assert_eq!(judged(Want::Times(1.0, PEERS), "pages/s"), Verdict::Missed(told("0.50 x")));
        assert_eq!(judged(Want::Times(1.0, PEERS), "s"), Verdict::Missed(told("0.25 x")));
        assert_eq!(judged(Want::P99Times(2.0, PEERS), "pages/s"), Verdict::Reached(told("2.00 x")));
        assert_eq!(judged(Want::P99AtMost(9.0), "pages/s"), Verdict::Missed(told("10 us")));
        assert_eq!(judged(Want::AtLeast(100.0), "pages/s"), Verdict::Reached(told("100")));
        assert_eq!(judged(Want::AtMost(99.0), "bytes"), Verdict::Missed(told("100")));
        assert_eq!(judged(Want::Times(1.0, &[("pages", "x", "mysql")]), "s"), Verdict::Open);
    }
}
