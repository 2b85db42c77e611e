//! One round of retention.

use std::collections::{BTreeMap, HashMap};

use super::judge::Erasing;
use super::oblivion::Gone;
use super::plan::{Rules, plan};
use super::rewrite::{Job, remove_outdated, rewrite};
use crate::error::Result;
use crate::flush::gather::Lend;
use crate::ids::{PostId, Sequence, Timestamp};
use crate::log::record::{Began, Effect};
use crate::log::response_effect::ResponseAct;
use crate::log::view::Segments;
use crate::shared::Shared;
use crate::storage::catalog::Catalog;
use crate::storage::manifest::Manifest;
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
    /// The text of every post that was deleted up to here is erased, and every text that was replaced,
    /// unless revisions are kept.
    pub erased: Sequence,
}

/// Records whose text is still in the log and is to go, and the records that deleted the post or the comment,
/// or replaced the text.
pub(crate) type Doomed = BTreeMap<Sequence, Sequence>;

/// Erases what was deleted up to the covered position, and packs what has become old; what that did is
/// added to `done`, even if it fails in between. `is_stopping` ends it between two segments; the next
/// round goes on.
pub(crate) fn pass(
    shared: &Shared,
    catalog: &Catalog,
    done: &mut Retention,
    is_stopping: impl Fn() -> bool,
) -> Result<()> {
    let now = shared.options.clock.now();
    let manifest = catalog.manifest();
    done.erased = manifest.erased;
    // The log is about to be read, perhaps from its beginning.
    if is_stopping() {
        return Ok(());
    }
    let lend: Lend<'_> = &|look: &mut dyn FnMut(&State)| {
        look(&*shared.state()?);
        Ok(())
    };
    let covered = manifest.covered;
    let log = shared.log.segments();
    let keeps_revisions = shared.options.keep_revisions;
    let mut gone = Gone::new();
    let mut doomed = doomed(&log, &manifest, keeps_revisions, &mut gone)?;
    let ranges = gone.find(&log, covered, &mut doomed)?;
    let cold_after = u64::try_from(shared.options.cold_after.as_millis()).unwrap_or(u64::MAX);
    let rules = Rules {
        covered,
        cold_before: Timestamp(now.0.saturating_sub(cold_after)),
        segment_bytes: shared.options.segment_bytes,
    };
    // Erased is what no file has: not even one whose removal failed in an earlier round.
    remove_outdated(catalog.storage(), &shared.log)?;
    let jobs = plan(&log.sealed, &doomed, rules);
    if !jobs.is_empty() && manifest.thinned < covered {
        // Before the first record goes: a restore must not go back behind it.
        catalog.change(|manifest| manifest.thinned = covered)?;
    }
    let mut run = |jobs: Vec<Job>| -> Result<()> {
        for job in jobs.into_iter().take_while(|_| !is_stopping()) {
            let erasing = Erasing { covered, superseded: &doomed, gone: &gone, keeps_revisions };
            let packed = rewrite(catalog.storage(), &shared.log, lend, erasing, &job)?;
            done.add(&job, packed.file_len());
        }
        Ok(())
    };
    // Segments without anything of who was forgotten wait for no view file: they may make the room for it.
    let is_of_gone = |job: &Job| ranges.iter().any(|range| job.overlaps(range));
    let (of_gone, others): (Vec<Job>, Vec<Job>) = jobs.into_iter().partition(is_of_gone);
    run(others)?;
    // Before the log, which says where they are to be found.
    shared.rewrite_views(ranges, &is_stopping)?;
    run(of_gone)?;
    if is_stopping() {
        return Ok(());
    }
    done.erased = erased(&log, &doomed, covered);
    let revised = if keeps_revisions { manifest.revised } else { done.erased };
    if manifest.erased < done.erased || manifest.revised < revised {
        catalog.change(|manifest| (manifest.erased, manifest.revised) = (done.erased, revised))?;
    }
    Ok(())
}

impl Retention {
    fn add(&mut self, job: &Job, bytes_after: u64) {
        self.segments += job.inputs.len() as u64;
        self.bytes_before += job.inputs.iter().map(|input| input.file_len()).sum::<u64>();
        self.bytes_after += bytes_after;
    }
}

/// What was deleted or replaced up to the covered position, and may not be erased yet.
fn doomed(
    log: &Segments,
    manifest: &Manifest,
    keeps_revisions: bool,
    gone: &mut Gone,
) -> Result<Doomed> {
    let (erased, revised, until) = (manifest.erased, manifest.revised, manifest.covered);
    let (mut found, mut commented) = (Doomed::new(), HashMap::new());
    let after = if keeps_revisions { erased } else { erased.min(revised) };
    let mut next = log.skip_holes(after.next());
    let mut from = until;
    while next <= until {
        match log.record(next)?.map(|record| record.effect) {
            Some(Effect::Delete { post, commented: since, revised, .. }) if erased < next => {
                found.entry(post.into()).or_insert(next);
                doom_revisions(log, revised, next, &mut found)?;
                if let Some(since) = since {
                    commented.insert(post, next);
                    from = from.min(since);
                }
            }
            Some(Effect::Unrepost { began: Some(repost), .. }) if erased < next => {
                found.insert(repost, next);
            }
            Some(Effect::Revise(revise)) if !keeps_revisions && revised < next => {
                found.entry(revise.before).or_insert(next);
            }
            Some(Effect::Response(response))
                if response.act == ResponseAct::Delete && erased < next =>
            {
                found.insert(response.target.into(), next);
            }
            Some(Effect::Forget(forget)) if forget.is_done() && erased < next => {
                gone.add(forget.user, next);
            }
            Some(Effect::Broadcast(effect)) => {
                let cancelled = effect.cancelled();
                found.extend(cancelled.map(|broadcast| (Sequence::from(broadcast), next)));
            }
            _ => {}
        }
        next = log.skip_holes(next.next());
    }
    if !commented.is_empty() {
        comments(log, &commented, from, &mut found)?;
    }
    let mut doomed = Doomed::new();
    for (place, ended) in found {
        let Some(effect) = log.record(place)?.map(|record| record.effect) else { continue };
        if let Effect::Broadcast(over) = &effect
            && let Some(broadcast) = over.ended()
        {
            // With what a replay says, or said first, goes what the broadcast said.
            let opener = Sequence::from(broadcast);
            let says = log.record(opener)?.is_some_and(|record| has_text(&record.effect));
            doomed.extend(says.then_some((opener, ended)));
        }
        if has_text(&effect) {
            doomed.insert(place, ended);
        }
    }
    Ok(doomed)
}

fn has_text(effect: &Effect) -> bool {
    match effect {
        Effect::Revise(_) => true,
        Effect::Response(response) => response.text().is_some(),
        other => other.content().is_some() && !other.is_emptied(),
    }
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

/// With a post go all of its revisions that are left, from the newest on.
fn doom_revisions(
    log: &Segments,
    newest: Began,
    deleted: Sequence,
    found: &mut Doomed,
) -> Result<()> {
    let mut next = newest;
    while let Some(at) = next {
        next = match log.record(at)?.map(|record| record.effect) {
            Some(Effect::Revise(revise)) => {
                found.entry(at).or_insert(deleted);
                Some(revise.before)
            }
            _ => None,
        };
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
