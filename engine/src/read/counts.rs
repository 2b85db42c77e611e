//! What posts of a page were responded with, as of the page's own position.
//!
//! Counts are in memory, so a page that was selected under the state lock takes them along. A page that
//! went on without the lock, in files, gets those of a later position, less what the log says has happened
//! since.

use crate::command::NewPost;
use crate::error::Result;
use crate::ids::{Position, PostId, Sequence, UserId};
use crate::log::record::Effect;
use crate::log::response_effect::{ResponseAct, ResponseEffect};
use crate::log::revise_effect::Emptied;
use crate::log::view::Segments;
use crate::query::Counts;
use crate::shared::Shared;
use crate::views::state::State;
use crate::views::users::Ordinal;

/// Records that are taken back; beyond, the page is selected anew.
const UNDONE_MAX: u64 = 65_536;

/// Whether a page is counted, and for whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counting {
    No,
    /// `None`: nobody's own reactions are looked for.
    For(Option<UserId>),
}

/// The counts of `entries` in this state; nothing if they are not wanted.
pub(crate) fn now(state: &State, entries: &[Sequence], counting: Counting) -> Vec<Counts> {
    let Counting::For(viewer) = counting else { return Vec::new() };
    let viewer = viewer.and_then(|viewer| state.find(viewer));
    // Each is counted where it will stand: to move what was just written in parts takes longer than to write it.
    let mut counts = vec![Counts::default(); entries.len()];
    for (counts, entry) in counts.iter_mut().zip(entries) {
        count(state, (*entry).into(), viewer, counts);
    }
    counts
}

/// The counts of one post in this state.
pub(crate) fn of(state: &State, post: PostId, viewer: Option<Ordinal>) -> Counts {
    let mut counts = Counts::default();
    count(state, post, viewer, &mut counts);
    counts
}

/// The same, added to nothing.
#[inline]
pub(crate) fn count(state: &State, post: PostId, viewer: Option<Ordinal>, counts: &mut Counts) {
    counts.reposts = state.reposts.count(post);
    state.responses.count_into(post, viewer, counts);
}

/// The counts of `entries`, newest first, as of an earlier position. `None` if that cannot be told any
/// more: one of them is gone, or it was too long ago.
pub(crate) fn as_of(
    shared: &Shared,
    position: Position,
    entries: &[Sequence],
    counting: Counting,
) -> Result<Option<Vec<Counts>>> {
    let Counting::For(viewer) = counting else { return Ok(Some(Vec::new())) };
    let (newest, mut counts) = {
        let state = shared.state()?;
        (state.position.sequence, now(&state, entries, counting))
    };
    let place = |post: PostId| {
        let post = Sequence::from(post);
        entries.binary_search_by(|entry| post.cmp(entry)).ok()
    };
    let since = Since { then: position.sequence, now: newest };
    let is_told = rewind(shared, since, place, (&mut counts, viewer))?;
    Ok(is_told.then_some(counts))
}

/// What has happened from one position to another.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Since {
    pub(crate) then: Sequence,
    pub(crate) now: Sequence,
}

/// Takes back what has happened since to posts of which `place` says where their counts are. False if that
/// cannot be told any more: one of them is gone, or it was too long ago.
pub(crate) fn rewind(
    shared: &Shared,
    Since { then, now }: Since,
    place: impl Fn(PostId) -> Option<usize>,
    (counts, viewer): (&mut [Counts], Option<UserId>),
) -> Result<bool> {
    if now <= then {
        return Ok(true);
    }
    if UNDONE_MAX < now.0 - then.0 {
        return Ok(false);
    }
    let segments = shared.log.segments();
    for sequence in (then.0 + 1..=now.0).map(Sequence) {
        match segments.record(sequence)?.map(|record| record.effect) {
            Some(Effect::Delete { post, .. }) if place(post).is_some() => return Ok(false),
            Some(Effect::Delete { post, .. }) => {
                let root = root_of(&segments, post)?;
                reposted(counts, root.and_then(&place), 1);
            }
            Some(Effect::Unrepost { root, began: Some(_), .. }) => {
                reposted(counts, place(root), 1);
            }
            Some(
                Effect::Publish(NewPost { repost: Some(link), .. })
                | Effect::Emptied(Emptied { repost: Some(link), .. }),
            ) => {
                reposted(counts, place(link.root), -1);
            }
            Some(Effect::Response(response)) => {
                let found = place(response.target).or_else(|| place(response.post));
                if let Some(counts) = found.and_then(|place| counts.get_mut(place)) {
                    undo(counts, &response, viewer);
                }
            }
            _ => {}
        }
    }
    Ok(true)
}

/// Takes a repost back, or its end. In between a count may be below none.
fn reposted(counts: &mut [Counts], place: Option<usize>, by: i32) {
    let counts = place.and_then(|place| counts.get_mut(place));
    counts.into_iter().for_each(|c| c.reposts = c.reposts.wrapping_add_signed(by));
}

/// What a post that was deleted lately reposted, if it did.
fn root_of(segments: &Segments, post: PostId) -> Result<Option<PostId>> {
    let record = segments.record(post.into())?;
    Ok(record.and_then(|record| match record.effect {
        Effect::Publish(NewPost { repost, .. }) | Effect::Emptied(Emptied { repost, .. }) => {
            repost.map(|link| link.root)
        }
        _ => None,
    }))
}

/// Takes a response back. What concerns a comment's reactions does not concern its post.
fn undo(counts: &mut Counts, response: &ResponseEffect, viewer: Option<UserId>) {
    let is_viewer = viewer == Some(response.user);
    let is_post = response.target == response.post;
    match response.act {
        ResponseAct::Comment { .. } => counts.comments = counts.comments.saturating_sub(1),
        ResponseAct::Delete => counts.comments += 1,
        ResponseAct::React { kind } if is_post => {
            let count = counts.reactions.get_mut(usize::from(kind));
            count.into_iter().for_each(|count| *count = count.saturating_sub(1));
            if is_viewer {
                counts.mine &= !(1 << kind);
            }
        }
        ResponseAct::Unreact { kind, .. } if is_post => {
            let count = counts.reactions.get_mut(usize::from(kind));
            count.into_iter().for_each(|count| *count += 1);
            if is_viewer {
                counts.mine |= 1 << kind;
            }
        }
        ResponseAct::React { .. } | ResponseAct::Unreact { .. } => {}
    }
}
