//! `CHANGES`: every change of the database in order, one line each. A part of [`command`](super::command)
//! and of `answer.rs`.

use std::fmt::Display;

use bytes::Bytes;
use fanfold_engine::{
    BroadcastChange, Change, Changed, Changes, ChangesQuery, ContentWanted, EdgeChange, Engine,
    Error, GroupChange, ModerationChange, Position, PostId, ResponseChange, Sequence, UserId,
};

use super::answer::line;
use super::command::{Words, Wrong};
use crate::text::{count, escape, time};

/// Which part of the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// The first change that is wanted.
    from: Sequence,
    limit: usize,
}

impl Words<'_> {
    /// `[limit] [FROM sequence]`
    pub(super) fn changes(&mut self) -> Result<Part, Wrong> {
        let limit = self.limit()?;
        let from = if self.is_next("from") { self.number("sequence")? } else { 1 };
        Ok(Part { from: Sequence(from), limit })
    }
}

pub(super) fn answer(engine: &Engine, part: Part) -> Result<String, Error> {
    let epoch = engine.position()?.epoch;
    let before = part.from.0.checked_sub(1).filter(|before| *before != 0);
    let after = before.map(|before| Position { epoch, sequence: Sequence(before) });
    let (begun, limit, content) = (None, part.limit, ContentWanted::Yes);
    let found = engine.changes(&ChangesQuery { after, begun, limit, content }, None)?;
    Ok(list(part.limit, &found))
}

fn list(limit: usize, found: &Changes) -> String {
    let mut out = String::new();
    for Change { sequence, time: at, what } in &found.changes {
        line(&mut out, format_args!("{sequence}  {}  {}", time(*at), summary(what)));
    }
    let changes = count(found.changes.len(), "change", "changes");
    let (next, at) = (found.next.sequence.next(), found.position);
    let is_all = found.next == found.position;
    let more = if is_all { "end, later ones" } else { "more" };
    line(&mut out, format_args!("({changes}, {more}: CHANGES {limit} FROM {next}) at {at}"));
    out
}

/// `user 14  publish  hello`: who, what and to what.
fn summary(what: &Changed) -> String {
    match what {
        Changed::Published { author, repost, is_quote, content, .. } => {
            let text = said(content.as_ref());
            match repost {
                None => by(*author, "publish", text.trim_start()),
                Some(link) if *is_quote => by(*author, "quote", format!("{}{text}", link.parent)),
                Some(link) => by(*author, "repost", link.parent),
            }
        }
        Changed::Unreposted { user, repost, .. } => by(*user, "unrepost", repost),
        Changed::Erased { author } => by(*author, "erased", ""),
        Changed::Deleted { post, author } => by(*author, "delete", post),
        Changed::Revised { post, author, revision, content } => {
            let text = said(content.as_ref());
            by(*author, "revise", format!("{post} revision {revision}{text}"))
        }
        Changed::Edge { kind, user, other } => by(*user, edge(*kind), format!("user {other}")),
        Changed::Befriended { user, other, forth, back } => {
            let ways = match (forth, back) {
                (true, true) => "each follows the other",
                (true, false) => "follows",
                _ => "is followed",
            };
            by(*user, "befriend", format!("user {other}  {ways}"))
        }
        Changed::Private { user, is_on } => by(*user, "private", if *is_on { "on" } else { "off" }),
        Changed::Group { kind, user, group, name, .. } => {
            let (verb, member) = group_change(kind);
            let name = escape(name.as_str().as_bytes());
            by(*user, verb, format!("{group} {name}{member}"))
        }
        Changed::Response { kind, user, target, .. } => response(kind, *user, *target),
        other => rest(other),
    }
}

/// What is left: marks, moderation, forgetting and broadcasts.
fn rest(what: &Changed) -> String {
    match what {
        Changed::NoticesRead { user, up_to } => by(*user, "notices_read", format!("up to {up_to}")),
        Changed::Marked { user, group, device, post } => {
            let name = group.as_ref().map_or("home", |(_, name)| name.as_str());
            let feed = escape(name.as_bytes());
            by(*user, "mark", format!("{post} device {device}  {feed}"))
        }
        Changed::Forgotten { user, is_done: false } => by(*user, "forget", ""),
        Changed::Forgotten { user, is_done: true } => by(*user, "forgotten", ""),
        Changed::Moderated { kind, user, post } => {
            let post = post.map_or_else(String::new, |post| post.to_string());
            by(*user, moderation(*kind), post)
        }
        Changed::Broadcast { kind, author, broadcast, content, .. } => {
            let text = said(content.as_ref());
            by(*author, broadcast_change(*kind), format!("{broadcast}{text}"))
        }
        other => format!("{other:?}"),
    }
}

fn by(user: UserId, verb: &str, what: impl Display) -> String {
    format!("user {user}  {verb}  {what}").trim_end().to_owned()
}

/// The text, if it is told.
fn said(content: Option<&(Bytes, Bytes)>) -> String {
    content.map_or_else(String::new, |(text, _)| format!("  {}", escape(text)))
}

fn response(kind: &ResponseChange, user: UserId, target: PostId) -> String {
    match kind {
        ResponseChange::React(kind) => by(user, "react", format!("{target} kind {kind}")),
        ResponseChange::Unreact(kind) => by(user, "unreact", format!("{target} kind {kind}")),
        ResponseChange::Comment(text, _) => {
            let text = text.as_ref().map_or_else(String::new, |text| escape(text));
            by(user, "comment", format!("{target}  {text}"))
        }
        _ => by(user, "comment_delete", target),
    }
}

fn edge(kind: EdgeChange) -> &'static str {
    match kind {
        EdgeChange::Follow => "follow",
        EdgeChange::Unfollow => "unfollow",
        EdgeChange::Mute => "mute",
        EdgeChange::Unmute => "unmute",
        EdgeChange::Block => "block",
        EdgeChange::Unblock => "unblock",
        EdgeChange::Request => "request",
        EdgeChange::Withdraw => "withdraw",
        _ => "deny",
    }
}

fn group_change(kind: &GroupChange) -> (&'static str, String) {
    match kind {
        GroupChange::Create => ("group_create", String::new()),
        GroupChange::Add(author) => ("group_add", format!("  user {author}")),
        GroupChange::Remove(author) => ("group_remove", format!("  user {author}")),
        _ => ("group_delete", String::new()),
    }
}

fn moderation(kind: ModerationChange) -> &'static str {
    match kind {
        ModerationChange::Suspend => "suspend",
        ModerationChange::Unsuspend => "unsuspend",
        ModerationChange::Hide => "hide",
        _ => "unhide",
    }
}

fn broadcast_change(kind: BroadcastChange) -> &'static str {
    match kind {
        BroadcastChange::Schedule(_) => "broadcast_schedule",
        BroadcastChange::Reschedule(_) => "broadcast_reschedule",
        BroadcastChange::Start => "broadcast_start",
        BroadcastChange::End => "broadcast_end",
        _ => "broadcast_cancel",
    }
}
