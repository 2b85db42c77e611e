//! Which segments are rewritten in a round: pure.

use std::sync::Arc;

use super::pass::Doomed;
use super::rewrite::Job;
use crate::ids::{Sequence, Timestamp};
use crate::log::sealed::SealedSegment;

/// So many small packed neighbours become one.
const SMALL_NEIGHBOURS: usize = 8;

/// What a round goes by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    /// Segments beyond this are left alone: the view files do not cover them.
    pub(crate) covered: Sequence,
    /// Segments whose newest record is older are packed for the long term.
    pub(crate) cold_before: Timestamp,
    /// A packed segment gets no larger than this by joining neighbours.
    pub(crate) segment_bytes: u64,
}

/// The jobs of a round.
pub(crate) fn plan(sealed: &[Arc<SealedSegment>], doomed: &Doomed, rules: Rules) -> Vec<Job> {
    let covered = sealed.partition_point(|segment| segment.last() <= rules.covered);
    let sealed = sealed.get(..covered).unwrap_or_default();
    let mut jobs = Vec::new();
    let mut rest = sealed;
    while let Some((first, others)) = rest.split_first() {
        rest = others;
        if rules.is_due(first) {
            let joined = rules.neighbours(first, others, |next| rules.is_due(next));
            jobs.push(job(first, others, joined, true));
            rest = others.get(joined..).unwrap_or_default();
        } else if has_any(first, doomed) {
            jobs.push(job(first, others, 0, first.is_cold()));
        } else if first.is_cold() {
            let joined =
                rules.neighbours(first, others, |next| next.is_cold() && !has_any(next, doomed));
            if SMALL_NEIGHBOURS <= joined + 1 {
                jobs.push(job(first, others, joined, true));
                rest = others.get(joined..).unwrap_or_default();
            }
        }
    }
    jobs
}

impl Rules {
    /// Whether the segment has become old.
    fn is_due(&self, segment: &SealedSegment) -> bool {
        !segment.is_cold() && segment.last_time() < self.cold_before
    }

    /// How many of the segments behind `first` may join it.
    fn neighbours(
        &self,
        first: &SealedSegment,
        others: &[Arc<SealedSegment>],
        joins: impl Fn(&SealedSegment) -> bool,
    ) -> usize {
        let (mut bytes, mut last) = (first.file_len(), first.last());
        others
            .iter()
            .take_while(|next| {
                bytes += next.file_len();
                // What stands between two segments must not vanish when they become one.
                let is_next = next.header().previous == last;
                last = next.last();
                let same_epoch = next.header().epoch == first.header().epoch;
                is_next && same_epoch && bytes <= self.segment_bytes && joins(next)
            })
            .count()
    }
}

fn job(
    first: &Arc<SealedSegment>,
    others: &[Arc<SealedSegment>],
    joined: usize,
    is_cold: bool,
) -> Job {
    let inputs = std::iter::once(first).chain(others.iter().take(joined)).cloned().collect();
    Job { inputs, is_cold }
}

fn has_any(segment: &SealedSegment, doomed: &Doomed) -> bool {
    doomed.range(segment.first()..=segment.last()).next().is_some()
}
