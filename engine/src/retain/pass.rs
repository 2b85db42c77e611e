//! One round of retention.

use std::collections::{BTreeMap, HashMap};

use super::plan::{Rules, plan};
use super::rewrite::{remove_outdated, rewrite};
use crate::error::Result;
use crate::flush::gather::Lend;
use crate::ids::{PostId, Sequence, Timestamp};
use crate::log::record::Effect;
use crate::log::response_effect::ResponseAct;
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

/// Deleted posts and comments whose text is still in the log, and the records that deleted them.
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
    let mut commented = HashMap::new();
    let mut from = until;
    while next <= until {
        match log.record(next)?.map(|record| record.effect) {
            Some(Effect::Delete { post, commented: since, .. }) => {
                found.insert(post.into(), next);
                if let Some(since) = since {
                    commented.insert(post, next);
                    from = from.min(since);
                }
            }
            Some(Effect::Response(response)) if response.act == ResponseAct::Delete => {
                found.insert(response.target.into(), next);
            }
            _ => {}
        }
        next = log.skip_holes(next.next());
    }
    if !commented.is_empty() {
        comments(log, &commented, from, &mut found)?;
    }
    let mut doomed = Doomed::new();
    for (post, deleted) in found {
        let record = log.record(post)?;
        let has_text = |effect: &Effect| match effect {
            Effect::Publish(_) => true,
            Effect::Response(response) => response.text().is_some(),
            _ => false,
        };
        if record.is_some_and(|record| has_text(&record.effect)) {
            doomed.insert(post, deleted);
        }
    }
    Ok(doomed)
}

/// Adds the comments of posts that were deleted, by the records that deleted these. Nothing leads to
/// them any more, so the log is read from the first of them on.
fn comments(
    log: &Segments,
    deleted: &HashMap<PostId, Sequence>,
    from: Sequence,
    found: &mut Doomed,
) -> Result<()> {
    let until = deleted.values().copied().max().unwrap_or_default();
    let mut next = log.skip_holes(from);
    while next < until {
        if let Some(Effect::Response(response)) = log.record(next)?.map(|record| record.effect)
            && response.text().is_some()
            && let Some(deleted) = deleted.get(&response.post)
        {
            found.entry(next).or_insert(*deleted);
        }
        next = log.skip_holes(next.next());
    }
    Ok(())
}

/// Up to where all is erased after the round: short of the first delete of a post that stands in a
/// segment which could not be rewritten yet.
fn erased(log: &Segments, doomed: &Doomed, covered: Sequence) -> Sequence {
    let could_not =
        |post: Sequence| log.sealed_at(post).is_none_or(|segment| covered < segment.last());
    let late = doomed.iter().filter(|(post, _)| could_not(**post));
    late.map(|(_, deleted)| Sequence(deleted.0 - 1)).min().unwrap_or(covered)
}
