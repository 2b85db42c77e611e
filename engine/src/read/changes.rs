//! The change stream: the applied records of the log above a position, in order.
//!
//! What retention has dropped is no change any more. A reader who folds everything from the very
//! beginning misses nothing by that: what is left folds to the same state. A reader who goes on in the
//! middle may miss the end of something they know, if it was dropped: so one goes on from the beginning
//! (and through the middle while nothing more is dropped), or from where nothing above is dropped; else the
//! answer is `Trimmed`.

use crate::change::ModerationChange;
use crate::change::{
    BroadcastChange, Change, Changed, Changes, ChangesQuery, ContentWanted, EdgeChange,
    GroupChange, ResponseChange,
};
use crate::command::NewPost;
use crate::error::{Error, ErrorKind, Result};
use crate::ids::{Position, Sequence, UserId};
use crate::limits::{CHANGES_MAX, PAGE_BYTES_MAX, SCAN_RECORDS_MAX};
use crate::log::befriend_effect::BefriendEffect;
use crate::log::broadcast_effect::{BroadcastAct, BroadcastEffect};
use crate::log::forget_effect::ForgetEffect;
use crate::log::group_effect::{GroupAct, GroupEffect};
use crate::log::mark_effect::{MarkEffect, MarkedFeed};
use crate::log::moderation_effect::{ModerationAct, ModerationEffect};
use crate::log::notices_effect::NoticesReadEffect;
use crate::log::record::{Bygone, Effect, Record};
use crate::log::request_effect::{RequestAct, RequestEffect};
use crate::log::response_effect::{ResponseAct, ResponseEffect};
use crate::log::revise_effect::Emptied;
use crate::log::view::Segments;
use crate::mentions::Mentions;
use crate::read::stands::Stands;
use crate::read::targets::{self, Standing, Target};
use crate::shared::Shared;
use crate::storage::catalog::Catalog;
use crate::views::state::State;

/// Bytes that a change takes in an answer beside its content, at most.
const CHANGE_BYTES: usize = 192;

/// Records of a part of the log.
struct Found {
    records: Vec<(Sequence, Record)>,
    /// The last sequence looked at.
    next: Sequence,
}

/// Some changes above the query's position.
pub(crate) fn changes(shared: &Shared, catalog: &Catalog, query: &ChangesQuery) -> Result<Changes> {
    check(query)?;
    let position = shared.state()?.position;
    let after = start(query, position)?;
    let segments = shared.log.segments();
    // Looked up behind the segments: what these lack was marked before it was dropped.
    let thinned = catalog.manifest().thinned;
    if Sequence(0) < after && after < thinned && query.begun != Some(thinned) {
        return Err(trimmed(after, Position { sequence: thinned, ..position }));
    }
    let Found { records, next } = look(&segments, query, after, position.sequence)?;
    let fates = fates(shared, &records)?;
    let told = records.into_iter().zip(fates);
    let changes =
        told.filter_map(|((sequence, record), fate)| change(sequence, record, fate, query.content));
    let at = |sequence| Position { sequence, ..position };
    Ok(Changes { position, next: at(next), oldest: at(thinned), changes: changes.collect() })
}

fn check(query: &ChangesQuery) -> Result<()> {
    let limit = query.limit;
    if (1..=CHANGES_MAX).contains(&limit) {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "limit {limit} is out of range; ask for 1 to {CHANGES_MAX} changes"
    )))
}

fn start(query: &ChangesQuery, newest: Position) -> Result<Sequence> {
    let Some(after) = query.after else { return Ok(Sequence(0)) };
    if after.epoch != newest.epoch {
        let what = format!(
            "position {after} is of another epoch; the database is in epoch {}, and what was told \
             before may be lost: begin anew",
            newest.epoch
        );
        return Err(Error::new(ErrorKind::Conflict, what));
    }
    if newest.sequence < after.sequence {
        let what = format!(
            "position {after} is above the newest, {newest}: nothing is told up to there yet; go on from \
             the position that the answer before named"
        );
        return Err(Error::invalid(what));
    }
    Ok(after.sequence)
}

fn trimmed(after: Sequence, oldest: Position) -> Error {
    let what = format!(
        "changes above {after} were dropped, because they hold no longer; go on from {oldest} or \
         above, or begin anew: all changes from the first on fold to what holds"
    );
    Error::trimmed(oldest.sequence, what)
}

fn look(
    segments: &Segments,
    query: &ChangesQuery,
    after: Sequence,
    until: Sequence,
) -> Result<Found> {
    let mut found = Found { records: Vec::new(), next: after };
    let mut bytes = 0;
    for _ in 0..SCAN_RECORDS_MAX {
        let sequence = segments.skip_holes(found.next.next());
        if until < sequence {
            found.next = until;
            break;
        }
        found.next = sequence;
        let Some(record) = segments.record(sequence)? else { continue };
        bytes += CHANGE_BYTES + content_bytes(&record, query.content);
        found.records.push((sequence, record));
        if found.records.len() == query.limit || PAGE_BYTES_MAX <= bytes {
            break;
        }
    }
    Ok(found)
}

fn content_bytes(record: &Record, wanted: ContentWanted) -> usize {
    let told = wanted == ContentWanted::Yes;
    match &record.effect {
        Effect::Response(response) => {
            let mentions = response.mentions().map_or(0, Mentions::bytes_len);
            mentions + response.text().map_or(0, |text| if told { text.len() } else { 0 })
        }
        Effect::Revise(post) if told => post.text.len() + post.meta.len(),
        other => other.content().map_or(0, |content| {
            let said = if told { content.text.len() + content.meta.len() } else { 0 };
            content.mentions.bytes_len() + said
        }),
    }
}

/// What became of a text since a record of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Fate {
    /// The post or the comment is not deleted.
    is_alive: bool,
    /// Of a post: its text is the newest, or older ones are kept.
    may_tell: bool,
}

/// Of each record what became of its post or comment; of other records it means nothing.
fn fates(shared: &Shared, records: &[(Sequence, Record)]) -> Result<Vec<Fate>> {
    let looked: Vec<(Text, bool)> = {
        let state = shared.state()?;
        let look = |(at, record): &(Sequence, Record)| {
            Ok((stands(&state, *at, record)?, is_newest(&state, *at, record)))
        };
        records.iter().map(look).collect::<Result<_>>()?
    };
    let keeps = shared.options.keep_revisions;
    let fate = |(text, is_newest): &(Text, bool)| {
        let is_alive = text.stands()?;
        Ok(Fate { is_alive, may_tell: is_alive && (*is_newest || keeps) })
    };
    looked.iter().map(fate).collect()
}

/// Whether a text may be told, or where that is written.
enum Text {
    None,
    Known(bool),
    Post(Stands),
    Comment(Standing),
}

impl Text {
    fn stands(&self) -> Result<bool> {
        match self {
            Self::None => Ok(false),
            Self::Known(stands) => Ok(*stands),
            Self::Post(stands) => stands.resolve(),
            Self::Comment(standing) => standing.resolve(),
        }
    }
}

fn stands(state: &State, at: Sequence, record: &Record) -> Result<Text> {
    if let Effect::Broadcast(effect) = &record.effect
        && effect.replay().is_none()
    {
        // What names another record says nothing of its own.
        let is_told = match effect.broadcast() {
            Some(_) => true,
            None => {
                state.broadcasts.owner(at.into()).is_some()
                    && state.find(effect.content.author).is_some()
            }
        };
        return Ok(Text::Known(is_told));
    }
    let (author, post) = match &record.effect {
        Effect::Revise(revise) => (revise.author, revise.post.into()),
        Effect::Response(response) if response.text().is_some() => {
            if state.find(response.user).is_none() {
                return Ok(Text::None);
            }
            let target = Target { id: at.into(), author: response.user, ..Target::of(response) };
            return targets::standing(state, &target).map(Text::Comment);
        }
        other => match other.post_author() {
            Some(author) => (author, at),
            None => return Ok(Text::None),
        },
    };
    match state.find(author) {
        Some(author) => Stands::of(&state.outboxes.posts, author, post).map(Text::Post),
        None => Ok(Text::None),
    }
}

/// Whether what the record says of a post was not revised since.
fn is_newest(state: &State, at: Sequence, record: &Record) -> bool {
    match &record.effect {
        Effect::Revise(it) => state.revisions.of(it.post).is_some_and(|known| known.at == at),
        Effect::Broadcast(effect) if effect.replay().is_none() => true,
        other => other.post().is_some() && state.revisions.of(at.into()).is_none(),
    }
}

/// A post that was revised, without what it said: had it said nothing, it could not have been.
fn published(emptied: Emptied) -> Changed {
    let Emptied { author, kind, created_at, repost, mentions, audience, .. } = emptied;
    let (content, is_quote) = (None, repost.is_some());
    Changed::Published { author, kind, created_at, repost, is_quote, content, mentions, audience }
}

/// The record as a change; none if it is only what is left of one.
fn change(
    sequence: Sequence,
    record: Record,
    fate: Fate,
    content: ContentWanted,
) -> Option<Change> {
    let edge = |kind, user, other| Changed::Edge { kind, user, other };
    let tells = content == ContentWanted::Yes && fate.may_tell;
    let what = match record.effect {
        Effect::Publish(post) if fate.is_alive => Changed::Published {
            author: post.author,
            kind: post.kind,
            created_at: post.created_at,
            repost: post.repost,
            is_quote: post.repost.is_some() && !post.text.is_empty(),
            content: tells.then_some((post.text, post.meta)),
            mentions: post.mentions,
            audience: post.audience,
        },
        Effect::Publish(post) => Changed::Erased { author: post.author },
        Effect::Emptied(emptied) if fate.is_alive => published(emptied),
        Effect::Emptied(emptied) => Changed::Erased { author: emptied.author },
        Effect::Revise(revise) => Changed::Revised {
            post: revise.post,
            author: revise.author,
            revision: revise.revision,
            content: tells.then_some((revise.text, revise.meta)),
        },
        Effect::Retired(retired) if retired.is_post || retired.broadcast == Some(Bygone::Began) => {
            Changed::Erased { author: retired.subject }
        }
        // A hint for delivery, and nothing that holds.
        Effect::Weigh { .. } | Effect::Retired(_) => return None,
        Effect::Delete { post, author, .. } => Changed::Deleted { post, author },
        Effect::Unrepost { user, root, began, .. } => {
            Changed::Unreposted { user, root, repost: began.unwrap_or_default().into() }
        }
        Effect::Follow { user, author, .. } => edge(EdgeChange::Follow, user, author),
        Effect::Unfollow { user, author, .. } => edge(EdgeChange::Unfollow, user, author),
        Effect::Mute { user, author } => edge(EdgeChange::Mute, user, author),
        Effect::Unmute { user, author, .. } => edge(EdgeChange::Unmute, user, author),
        Effect::Block { user, other, .. } => edge(EdgeChange::Block, user, other),
        Effect::Unblock { user, other, .. } => edge(EdgeChange::Unblock, user, other),
        Effect::Befriend(BefriendEffect { user, other, forth, back, .. }) => {
            Changed::Befriended { user, other, forth: forth.is_new, back: back.is_new }
        }
        Effect::Private { user, is_on, .. } => Changed::Private { user, is_on },
        Effect::Request(RequestEffect { user, other, act }) => {
            let kind = match act {
                RequestAct::Ask { .. } => EdgeChange::Request,
                RequestAct::Withdraw { .. } => EdgeChange::Withdraw,
                RequestAct::Deny { .. } => EdgeChange::Deny,
            };
            edge(kind, user, other)
        }
        Effect::NoticesRead(NoticesReadEffect { user, up_to, .. }) => {
            Changed::NoticesRead { user, up_to }
        }
        Effect::Group(effect) => group(sequence, effect),
        Effect::Response(effect) => response(effect, fate.is_alive, content),
        Effect::Mark(effect) => marked(effect),
        Effect::Forget(ForgetEffect { user, began }) => {
            Changed::Forgotten { user, is_done: began.is_some() }
        }
        Effect::Moderation(effect) => moderated(effect),
        Effect::Broadcast(effect) => broadcast(sequence, effect, (fate, tells)),
    };
    Some(Change { sequence, time: record.time, what })
}

fn response(effect: ResponseEffect, is_alive: bool, content: ContentWanted) -> Changed {
    let ResponseEffect { user, post, target, act, .. } = effect;
    let kind = match act {
        ResponseAct::React { kind } => ResponseChange::React(kind),
        ResponseAct::Unreact { kind, .. } => ResponseChange::Unreact(kind),
        ResponseAct::Comment { text, mentions } => {
            let with_text = is_alive && content == ContentWanted::Yes;
            let mentions = if is_alive { mentions } else { Mentions::new() };
            ResponseChange::Comment(with_text.then_some(text), mentions)
        }
        ResponseAct::Delete => ResponseChange::Delete,
    };
    Changed::Response { kind, user, post, target }
}

fn group(sequence: Sequence, effect: GroupEffect) -> Changed {
    let GroupEffect { user, name, exclusive, act } = effect;
    let (kind, group): (GroupChange, _) = match act {
        GroupAct::Create => (GroupChange::Create, sequence.into()),
        GroupAct::Delete { group } => (GroupChange::Delete, group),
        GroupAct::Add { group, author } => (GroupChange::Add(author), group),
        GroupAct::Remove { group, author, .. } => (GroupChange::Remove(author), group),
    };
    Changed::Group { kind, user, group, name, exclusive }
}

fn moderated(effect: ModerationEffect) -> Changed {
    let kind = match effect.act {
        ModerationAct::Suspend => ModerationChange::Suspend,
        ModerationAct::Unsuspend { .. } => ModerationChange::Unsuspend,
        ModerationAct::Hide { .. } => ModerationChange::Hide,
        ModerationAct::Unhide { .. } => ModerationChange::Unhide,
    };
    Changed::Moderated { kind, user: effect.user, post: effect.post() }
}

fn marked(effect: MarkEffect) -> Changed {
    let MarkEffect { user, feed, device, post } = effect;
    let group = match feed {
        MarkedFeed::Home => None,
        MarkedFeed::Group(group, name) => Some((group, name)),
    };
    Changed::Marked { user, group, device, post }
}

fn broadcast(sequence: Sequence, effect: BroadcastEffect, (fate, tells): (Fate, bool)) -> Changed {
    let author = effect.author();
    let broadcast = effect.broadcast();
    let kind = match effect.act {
        // The end is told even if the replay is gone.
        BroadcastAct::End { .. } => BroadcastChange::End,
        _ if !fate.is_alive => return Changed::Erased { author },
        BroadcastAct::Schedule { at } => BroadcastChange::Schedule(at),
        BroadcastAct::Reschedule { at, .. } => BroadcastChange::Reschedule(at),
        BroadcastAct::Start { .. } => BroadcastChange::Start,
        BroadcastAct::Cancel { .. } => BroadcastChange::Cancel,
    };
    let says = fate.is_alive && (broadcast.is_none() || kind == BroadcastChange::End);
    let NewPost { kind: post_kind, text, meta, .. } = effect.content;
    Changed::Broadcast {
        kind,
        author,
        broadcast: broadcast.unwrap_or_else(|| sequence.into()),
        post_kind: if says { post_kind } else { 0 },
        content: (says && tells && effect.emptied.is_none()).then_some((text, meta)),
    }
}

/// Refuses everybody but the trusted application.
pub(crate) fn check_viewer(viewer: Option<UserId>) -> Result<()> {
    match viewer {
        None => Ok(()),
        Some(viewer) => {
            let what = format!("user {viewer} cannot read the changes of everybody");
            Err(Error::new(ErrorKind::Denied, what))
        }
    }
}
