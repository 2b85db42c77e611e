//! What a run that ended in order had sent of an input behind its settled lines.
//!
//! The keys of these lines are spent, for this content and at these places. So a file that was
//! mended since may go on only if it holds them still, the refused line aside.
//!
//! A run that was killed leaves none of this behind: then the file must not change at all.

use serde::{Deserialize, Serialize};

use super::digest::Digest;
use super::feeder::{self, Fed, Kind, Plan};
use super::progress_file::Input;
use crate::exit::Failure;
use crate::files;

/// Lines from `settled` on, in the order in which they are sent. The default: nothing was sent.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) struct Left {
    pub(crate) kind: Kind,
    /// How many lines were settled when the run ended.
    pub(crate) settled: u64,
    /// The first line was refused, so its key is free and its content may change.
    pub(crate) refused: bool,
    pub(crate) digests: Vec<Digest>,
}

impl Left {
    /// Adds what an earlier run had sent further behind.
    pub(crate) fn over(mut self, earlier: Self) -> Self {
        if earlier.kind == self.kind {
            let advanced = usize::try_from(self.settled - earlier.settled).unwrap_or(usize::MAX);
            let known = advanced.saturating_add(self.digests.len());
            self.digests.extend(earlier.digests.into_iter().skip(known));
        }
        self
    }

    /// Whether a changed file can take the place of `input`: what is settled and what was sent are
    /// in it as they were.
    pub(crate) async fn fits(
        &self,
        input: &Input,
        plan: Plan,
        path: &std::path::Path,
    ) -> Result<bool, Failure> {
        if plan.kind != self.kind {
            return Ok(input.settled == 0);
        }
        let mut check = Check { left: self, input, seen: 0, beginning: Digest::default() };
        let mut feed = feeder::start(files::open_input(path, Default::default())?, plan);
        while let Some(fed) = feed.recv().await {
            match fed {
                Fed::Batch(batch) if !batch.iter().all(|entry| check.takes(entry.digest)) => {
                    return Ok(false);
                }
                Fed::Batch(_) if check.is_through() => return Ok(true),
                Fed::Batch(_) | Fed::Disorder(_) => {}
                Fed::Failed(error) => return Err(files::cannot_read(path, &error)),
            }
        }
        Ok(check.is_through())
    }
}

/// A walk through a changed file.
struct Check<'a> {
    left: &'a Left,
    input: &'a Input,
    seen: u64,
    beginning: Digest,
}

impl Check<'_> {
    /// Whether the next line may be what it is.
    fn takes(&mut self, line: Digest) -> bool {
        let place = self.seen;
        self.seen += 1;
        if place < self.input.settled {
            self.beginning = self.beginning.then(line);
            return self.seen < self.input.settled || self.beginning == self.input.digest;
        }
        if place == self.left.settled && self.left.refused {
            return true;
        }
        let sent = usize::try_from(place - self.left.settled)
            .ok()
            .and_then(|index| self.left.digests.get(index));
        sent.is_none_or(|sent| *sent == line)
    }

    /// Whether no line that must stay can follow.
    fn is_through(&self) -> bool {
        let sent = self.left.settled + self.left.digests.len() as u64;
        // The refused line may have been taken out, if it was the last one.
        let last_is_free = self.left.refused && self.left.digests.len() == 1;
        let needed = if last_is_free { self.left.settled } else { sent };
        needed.max(self.input.settled) <= self.seen
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::lines::Line;

    fn digests(lines: &[&str]) -> Vec<Digest> {
        lines.iter().map(|line| Digest::of(&Line::Whole(line.as_bytes()))).collect()
    }

    fn left(settled: u64, refused: bool, lines: &[&str]) -> Left {
        Left { kind: Kind::Posts, settled, refused, digests: digests(lines) }
    }

    fn fits(left: &Left, settled: &[&str], changed: &[&str]) -> bool {
        let mut input = Input::default();
        digests(settled).into_iter().for_each(|line| input.settle(line));
        let mut check = Check { left, input: &input, seen: 0, beginning: Digest::default() };
        digests(changed).into_iter().all(|line| check.takes(line)) && check.is_through()
    }

    #[test]
    fn only_the_refused_line_and_what_was_never_sent_may_change() {
        let refused = left(2, true, &["bad", "c", "d"]);
        let fits = |changed: &[&str]| fits(&refused, &["a", "b"], changed);
        assert!(fits(&["a", "b", "mended", "c", "d"]));
        assert!(fits(&["a", "b", "mended", "c", "d", "new"]));
        assert!(!fits(&["a", "x", "mended", "c", "d"]), "a settled line changed");
        assert!(!fits(&["a", "b", "c", "d"]), "the line was taken out: all others moved");
        assert!(!fits(&["a", "b", "mended", "c", "x"]), "a sent line changed");
        assert!(!fits(&["a", "b", "mended", "c"]), "a sent line is missing");
        assert!(!fits(&["a"]), "a settled line is missing");
    }

    #[test]
    fn a_line_that_was_not_refused_must_stay() {
        let interrupted = left(1, false, &["b"]);
        assert!(fits(&interrupted, &["a"], &["a", "b", "c"]));
        assert!(!fits(&interrupted, &["a"], &["a", "x", "c"]));
        assert!(fits(&left(1, true, &["bad"]), &["a"], &["a"]), "a refused last line may go");
        assert!(fits(&Left::default(), &[], &["anything"]));
    }

    #[test]
    fn what_an_earlier_run_sent_further_behind_is_kept() {
        let earlier = left(2, true, &["c", "d", "e", "f"]);
        let later = left(3, true, &["d", "e"]).over(earlier.clone());
        assert_eq!(later, left(3, true, &["d", "e", "f"]));
        assert_eq!(left(9, true, &["x"]).over(earlier.clone()), left(9, true, &["x"]));
        let graph = Left { kind: Kind::Graph, ..earlier };
        assert_eq!(left(0, true, &["x"]).over(graph), left(0, true, &["x"]));
    }
}
