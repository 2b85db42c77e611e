//! What happened to one home between two positions, from the log.
//!
//! The edges are known at the upper position only. They are the same at the lower one for every
//! author for whom no record between changed them; the others are told as changed, once, and none
//! of their posts. Posts that came and went are left out.

use std::sync::PoisonError;

use foldhash::{HashMap, HashMapExt, HashSet};

use super::event::WatchEvent;
use super::gone::{Gone, Lost};
use super::hub::{Hub, Past};
use super::insight::{Meant, Seen, insights};
use super::note::Note;
use super::orphans::{Orphans, orphans};
use super::quotes::{Quotes, quotes};
use super::trail::Chunk;
use crate::error::Result;
use crate::ids::{PostId, Sequence, UserId};
use crate::limits::{CATCH_UP_EVENTS_MAX, TRAIL_NOTES_MAX};
use crate::query::Post;
use crate::read::content::Reach;
use crate::read::ties::settled;
use crate::shared::Shared;
use crate::views::audiences::depends;
use crate::views::moderation::Kept;

/// An event whose content is not read yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    /// The record that it comes from; of an entry, the post.
    pub(crate) sequence: Sequence,
    pub(crate) what: What,
}

/// See [`super::event::WatchEvent`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Entry,
    Changed(PostId),
    Removed(PostId),
    FeedChanged(UserId),
}

impl What {
    /// What it is told as, if it has no content.
    pub(crate) fn event(self) -> Option<WatchEvent> {
        match self {
            Self::Removed(post) => Some(WatchEvent::Removed(post)),
            Self::FeedChanged(author) => Some(WatchEvent::FeedChanged(author)),
            Self::Entry | Self::Changed(_) => None,
        }
    }
}

/// Somebody who comes back.
#[derive(Debug)]
pub(crate) struct Return {
    pub(crate) user: UserId,
    /// Told up to here before.
    pub(crate) after: Sequence,
    /// Told from here on again.
    pub(crate) at: Sequence,
    /// What the user sees at `at`, and the newest notes.
    pub(crate) past: Past,
}

/// Whether moderators keep the post from the user, or what it reposts.
pub(crate) fn keeps(kept: &Kept, post: &Post, from: UserId) -> bool {
    let root = post.repost.map(|link| (link.root, link.root_author));
    kept.keeps((post.id, post.author), from) || root.is_some_and(|root| kept.keeps(root, from))
}

/// What happened in between; `None` if that is too much, or retention dropped some of it. May wait
/// for a disk.
pub(crate) fn catch_up(shared: &Shared, back: Return) -> Result<Option<Vec<Step>>> {
    if TRAIL_NOTES_MAX < back.at.0 - back.after.0 {
        return Ok(None);
    }
    let notes = notes(shared, &back)?;
    if notes.iter().any(|note| note.is_lost_for(back.user)) {
        return Ok(None);
    }
    let Some(orphans) = orphaned(shared, &notes)? else { return Ok(None) };
    let numbered = (back.after.0 + 1..).map(Sequence).zip(notes.iter().copied());
    let numbered: Vec<(Sequence, Note)> = numbered.collect();
    let insights = Insights {
        lost: lost(shared, &back, &numbered, &orphans)?,
        seen: insights(shared, (back.user, &back.past.sight), back.at, &numbered)?,
        changed: changed(shared, back.user, &numbered)?,
    };
    let quotes = quotes(shared, back.after, &notes)?;
    let steps = steps(&back, &numbered, (&orphans, &quotes), &insights);
    Ok((steps.len() <= CATCH_UP_EVENTS_MAX).then_some(steps))
}

/// What a user sees of posts that are not for everybody.
struct Insights {
    seen: HashMap<Sequence, Seen>,
    /// Authors of whose posts they may see others than before, and the records that did it.
    changed: HashMap<Sequence, UserId>,
    /// What they are told of the posts that went.
    lost: HashMap<PostId, What>,
}

/// What the user is told of posts that went, and that they may have been told of before.
fn lost(
    shared: &Shared,
    back: &Return,
    notes: &[(Sequence, Note)],
    orphans: &HashMap<PostId, Orphans>,
) -> Result<HashMap<PostId, What>> {
    let Past { sight, kept, .. } = &back.past;
    let is_known = |lost: &Lost| lost.0.0 <= back.after.0 && sight.shows(lost.1);
    let mut gone: Vec<(Gone, Vec<Lost>)> = Vec::new();
    for (_, note) in notes {
        let Note::Delete { post, author, was_hidden } = *note else { continue };
        let with_it = orphans.get(&post).into_iter().flatten().copied();
        let all = std::iter::once((post, author)).chain(with_it);
        let all: Vec<Lost> = all.filter(is_known).collect();
        if !all.is_empty() {
            gone.push((Gone::look(shared, (post, author), was_hidden), all));
        }
    }
    if gone.is_empty() {
        return Ok(HashMap::default());
    }
    let found = settled(shared, Reach::Files, |state, ties| {
        let seen = |meant: Option<Meant>| {
            meant.map_or(Seen::Yes, |meant| meant.seen((state, ties), (back.user, sight), back.at))
        };
        let told = |gone: &Gone, lost: Lost| {
            Some((lost.0, gone.told(lost, (back.user, sight, kept), seen)?))
        };
        let all = gone.iter().flat_map(|(gone, all)| all.iter().map(move |lost| (gone, *lost)));
        Ok(all.filter_map(|(gone, lost)| told(gone, lost)).collect())
    })?;
    Ok(found.unwrap_or_default())
}

/// Which authors changed, and with which records: their posts entered or left, or it depends on the record
/// who sees them.
fn changed(
    shared: &Shared,
    user: UserId,
    notes: &[(Sequence, Note)],
) -> Result<HashMap<Sequence, UserId>> {
    let state = shared.state()?;
    let depends = |author: UserId, on: u8| {
        let author = state.users.find(author);
        author.is_some_and(|author| state.audiences.depend_on(author) & on != 0)
    };
    let on_groups = depends::ON_GROUPS | depends::ON_GROUPS_AFAR;
    let changed = notes.iter().filter_map(|(sequence, note)| {
        let insight = || note.insight_of(user).filter(|(author, on)| depends(*author, *on));
        let without = || note.without_group().filter(|author| depends(*author, on_groups));
        let author = note.changed_for(user).or_else(|| Some(insight()?.0)).or_else(without);
        Some((*sequence, author?))
    });
    Ok(changed.collect())
}

/// What went with the posts that were deleted; `None` if that is too much.
fn orphaned(shared: &Shared, notes: &[Note]) -> Result<Option<HashMap<PostId, Orphans>>> {
    let mut orphaned: HashMap<PostId, Orphans> = HashMap::new();
    for note in notes {
        if let Note::Delete { post, .. } = note {
            let Some(found) = orphans(shared, &[*post])? else { return Ok(None) };
            if !found.is_empty() {
                orphaned.insert(*post, found);
            }
        }
    }
    Ok(Some(orphaned))
}

/// All notes above `after`, up to `at`.
fn notes(shared: &Shared, back: &Return) -> Result<Vec<Note>> {
    let Return { after, at, past: Past { chunks, .. }, .. } = back;
    let mut notes = Vec::with_capacity(usize::try_from(at.0 - after.0).unwrap_or(0));
    let starts_late = chunks.first().is_none_or(|(first, _)| after.0 + 1 < *first);
    let older = if starts_late { older(shared, *after)? } else { None };
    for (first, chunk) in older.as_ref().unwrap_or(chunks) {
        let wanted = after.0 + notes.len() as u64 + 1;
        read(shared, wanted..(*first).min(at.0 + 1), &mut notes)?;
        let wanted = after.0 + notes.len() as u64 + 1;
        let skip = usize::try_from(wanted.saturating_sub(*first)).unwrap_or(usize::MAX);
        let left = usize::try_from(at.0 + 1 - wanted).unwrap_or(0);
        notes.extend(chunk.iter().skip(skip).take(left));
    }
    let wanted = after.0 + notes.len() as u64 + 1;
    read(shared, wanted..at.0 + 1, &mut notes)?;
    Ok(notes)
}

/// The notes above `after`, where the trail does not reach as far down: it is made to. Whoever
/// comes back meanwhile waits and finds it done.
fn older(shared: &Shared, after: Sequence) -> Result<Option<Vec<Chunk>>> {
    let hub: &Hub = &shared.hub;
    let _one_at_a_time = hub.reading.lock().unwrap_or_else(PoisonError::into_inner);
    let first = hub.lock().trail.first();
    if after.next() < first && first.0 - after.0 <= TRAIL_NOTES_MAX {
        let mut notes = Vec::new();
        read(shared, after.0 + 1..first.0, &mut notes)?;
        hub.lock().trail.prepend(after.next(), &std::sync::Arc::new(notes));
    }
    Ok(Some(hub.lock().trail.above(after)))
}

/// Adds the notes of these sequences, from the log.
fn read(shared: &Shared, sequences: std::ops::Range<u64>, notes: &mut Vec<Note>) -> Result<()> {
    if sequences.is_empty() {
        return Ok(());
    }
    let segments = shared.log.segments();
    for sequence in sequences {
        notes.push(Note::of(segments.record(Sequence(sequence))?.as_ref()));
    }
    Ok(())
}

fn steps(
    back: &Return,
    notes: &[(Sequence, Note)],
    (orphans, quotes): (&HashMap<PostId, Orphans>, &Quotes),
    insights: &Insights,
) -> Vec<Step> {
    let numbered = || notes.iter().map(|(sequence, note)| (*sequence, note));
    let mut changed: HashMap<UserId, Sequence> = HashMap::new();
    for (sequence, _) in notes {
        changed.extend(insights.changed.get(sequence).map(|author| (*author, *sequence)));
    }
    let deleted = notes.iter().filter_map(|(_, note)| match note {
        Note::Delete { post, .. } => Some(*post),
        _ => None,
    });
    let orphaned = orphans.values().flatten().map(|(post, _)| *post);
    let deleted: HashSet<PostId> = deleted.chain(orphaned).collect();
    // An entry is told as it is in the end; so is a post that was there, once.
    let mut revised: HashMap<PostId, Sequence> = HashMap::new();
    for (sequence, note) in numbered() {
        if let Note::Revise { post, .. } = note {
            revised.insert(*post, sequence);
        }
    }
    let Past { sight, kept, .. } = &back.past;
    let is_told = |author| !changed.contains_key(&author) && !kept.is_forgotten(author);
    let shows = |author| sight.shows(author) && is_told(author);
    // Whether the user sees a post of an author whose posts they see.
    let sees = |post: PostId, author: UserId| {
        let keeps = |post| kept.keeps(post, back.user);
        let root = quotes.get(&post).copied();
        !keeps((post, author)) && !root.is_some_and(|root| keeps(root) || sight.hides(root.1))
    };
    // For whom it is has the last word.
    let if_seen = |post: Sequence, what: What| match insights.seen.get(&post) {
        None | Some(Seen::Yes) => Some(what),
        Some(Seen::No) => None,
        Some(Seen::Unsure(author)) => Some(What::FeedChanged(*author)),
    };
    let step = |(sequence, note): (Sequence, &Note)| {
        let what = match *note {
            Note::Publish { author } => {
                let stands = shows(author) && sees(sequence.into(), author);
                let stands = stands && !deleted.contains(&sequence.into());
                stands.then_some(What::Entry).and_then(|what| if_seen(sequence, what))
            }
            Note::Repost { author, root_author } => {
                let is_seen = sees(sequence.into(), author) && !sight.hides(root_author);
                let stands = shows(author) && is_seen && !deleted.contains(&sequence.into());
                stands.then_some(What::Entry).and_then(|what| if_seen(sequence, what))
            }
            Note::Delete { post, author, .. } => {
                insights.lost.get(&post).copied().filter(|_| shows(author))
            }
            Note::Revise { post, author } => {
                let was_there = post.0 <= back.after.0 && !deleted.contains(&post);
                let is_last = revised.get(&post) == Some(&sequence);
                let stands = was_there && is_last && shows(author) && sees(post, author);
                stands.then_some(What::Changed(post)).and_then(|what| if_seen(post.into(), what))
            }
            _ => {
                let author = insights.changed.get(&sequence).copied();
                let author = author.filter(|author| changed.get(author) == Some(&sequence));
                author.map(What::FeedChanged)
            }
        };
        what.map(|what| Step { sequence, what })
    };
    let orphaned = |(sequence, note): (Sequence, &Note)| {
        let found = match note {
            // A change of an author is one of what others repost of theirs, too.
            Note::Delete { post, author, .. } if is_told(*author) => orphans.get(post),
            _ => None,
        };
        let shown = found.into_iter().flatten().filter(|(_, author)| shows(*author));
        let told = shown.filter_map(|(post, _)| insights.lost.get(post));
        told.map(|what| Step { sequence, what: *what }).collect::<Vec<_>>()
    };
    numbered().flat_map(|told| step(told).into_iter().chain(orphaned(told))).collect()
}
