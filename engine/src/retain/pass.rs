//! One round of retention.

use std::collections::BTreeMap;

use super::plan::{Rules, plan};
use super::rewrite::{remove_outdated, rewrite};
use crate::error::Result;
use crate::flush::gather::Lend;
use crate::ids::{Sequence, Timestamp};
use crate::log::record::Effect;
use crate::log::view::Segments;
use crate::shared::Shared;
use crate::storage::catalog::Catalog;
use crate::views::state::State;

/// What a round did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// Log segments that were rewritten.
    pub segments: u64,
    /// Their bytes before.
    pub bytes_before: u64,
    /// Bytes of what replaced them.
    pub bytes_after: u64,
    /// The text of every post that was deleted up to here is erased.
    pub erased: Sequence,
}

/// Deleted posts whose text is still in the log, and the records that deleted them.
pub(crate) type Doomed = BTreeMap<Sequence, Sequence>;

/// Erases what was deleted up to the covered position, and packs what has become old. `is_stopping`
/// ends it between two segments; the next round goes on.
pub(crate) fn pass(
    shared: &Shared,
    catalog: &Catalog,
    now: Timestamp,
    is_stopping: impl Fn() -> bool,
) -> Result<Retention> {
    let manifest = catalog.manifest();
    let lend: Lend<'_> = &|look: &mut dyn FnMut(&State)| {
        look(&*shared.state()?);
        Ok(())
    };
    let covered = manifest.covered;
    let log = shared.log.segments();
    let doomed = doomed(&log, manifest.erased, covered)?;
    let cold_after = u64::try_from(shared.options.cold_after.as_millis()).unwrap_or(u64::MAX);
    let rules = Rules {
        covered,
        cold_before: Timestamp(now.0.saturating_sub(cold_after)),
        segment_bytes: shared.options.segment_bytes,
    };
    let mut done = Retention { erased: manifest.erased, ..Retention::default() };
    // Erased is what no file has: not even one whose removal failed in an earlier round.
    remove_outdated(catalog.storage(), &shared.log)?;
    let jobs = plan(&log.sealed, &doomed, rules);
    if !jobs.is_empty() && manifest.thinned < covered {
        // Before the first record goes: a restore must not go back behind it.
        catalog.change(|manifest| manifest.thinned = covered)?;
    }
    for job in jobs {
        if is_stopping() {
            return Ok(done);
        }
        let packed = rewrite(catalog.storage(), &shared.log, lend, covered, &job)?;
        done.segments += job.inputs.len() as u64;
        done.bytes_before += job.inputs.iter().map(|input| input.file_len()).sum::<u64>();
        done.bytes_after += packed.file_len();
    }
    done.erased = erased(&log, &doomed, covered);
    if manifest.erased < done.erased {
        catalog.change(|manifest| manifest.erased = done.erased)?;
    }
    Ok(done)
}

/// What was deleted above `after`, up to `until`.
fn doomed(log: &Segments, after: Sequence, until: Sequence) -> Result<Doomed> {
    let mut found = Doomed::new();
    let mut next = log.skip_holes(after.next());
    while next <= until {
        if let Some(Effect::Delete { post, .. }) = log.record(next)?.map(|record| record.effect) {
            found.insert(post.into(), next);
        }
        next = log.skip_holes(next.next());
    }
    let mut doomed = Doomed::new();
    for (post, deleted) in found {
        let record = log.record(post)?;
        if record.is_some_and(|record| matches!(record.effect, Effect::Publish(_))) {
            doomed.insert(post, deleted);
        }
    }
    Ok(doomed)
}

/// Up to where all is erased after the round: short of the first delete of a post that stands in a
/// segment which could not be rewritten yet.
fn erased(log: &Segments, doomed: &Doomed, covered: Sequence) -> Sequence {
    let could_not =
        |post: Sequence| log.sealed_at(post).is_none_or(|segment| covered < segment.last());
    let late = doomed.iter().filter(|(post, _)| could_not(**post));
    late.map(|(_, deleted)| Sequence(deleted.0 - 1)).min().unwrap_or(covered)
}
