//! A line now and then about work that takes long.

use std::time::{Duration, Instant};

use crate::console::{grouped, note};

/// Between two lines.
const EVERY: Duration = Duration::from_secs(5);

/// The clock is looked at once in so many steps: a step may take less than a look.
const STEPS: u64 = 256;

/// Counts steps, and tells how many there were.
#[derive(Debug)]
pub(crate) struct Meter {
    /// What is counted, in the plural.
    what: &'static str,
    done: u64,
    of: Option<u64>,
    told: Instant,
}

impl Meter {
    /// Of so many steps, if that is known.
    pub(crate) fn new(what: &'static str, of: impl Into<Option<u64>>) -> Self {
        Self { what, done: 0, of: of.into(), told: Instant::now() }
    }

    /// Another step is done.
    pub(crate) fn step(&mut self) {
        self.done += 1;
        if self.done.is_multiple_of(STEPS) && EVERY <= self.told.elapsed() {
            self.told = Instant::now();
            note(self.line());
        }
    }

    fn line(&self) -> String {
        let (done, what) = (grouped(self.done), self.what);
        match self.of {
            Some(of) => format!("{done} of {} {what}", grouped(of)),
            None => format!("{done} {what}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_how_much_of_what() {
        let (mut known, mut unknown) = (Meter::new("posts", 2_000), Meter::new("follows", None));
        (0..1_234).for_each(|_| known.step());
        unknown.step();
        assert_eq!([known.line(), unknown.line()], ["1,234 of 2,000 posts", "1 follows"]);
    }
}
