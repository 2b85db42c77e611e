//! Broadcasts as the oracle has them.

use std::cmp::Reverse;

use super::{Model, ModelPost};
use crate::broadcast::{Broadcast, BroadcastAction, BroadcastFeed, BroadcastState};
use crate::command::NewPost;
use crate::error::ErrorKind;
use crate::ids::UserId;
use crate::limits::PAGE_BYTES_MAX;
use crate::mentions::Mentions;
use crate::query::PageEnd;

/// A broadcast of the model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelBroadcast {
    /// Whose it is, and what it is called.
    pub content: NewPost,
    /// How far it is.
    pub stage: Stage,
}

/// How far a broadcast is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// To start at this time.
    Scheduled(u64),
    /// Live since this sequence.
    Live(u64),
    /// Ended: the replay is this post.
    Ended(u64),
    /// Cancelled.
    Cancelled,
}

/// A session: what stood when it began, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelSession {
    /// Whose feed.
    pub user: UserId,
    /// Who looks.
    pub viewer: Option<UserId>,
    position: u64,
    frozen: Vec<(u64, Stage)>,
}

/// An entry of a page, as far as the oracle knows it: times of commits it does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelEntry {
    state: BroadcastState,
    id: u64,
    replay: Option<u64>,
    scheduled: Option<u64>,
    author: UserId,
    kind: u16,
    text: Vec<u8>,
    meta: Vec<u8>,
}

impl Model {
    /// The newest broadcasts that stand, for commands that name one.
    #[must_use]
    pub fn some_broadcasts(&self) -> Vec<u64> {
        let standing = self.broadcasts.keys().rev().filter(|id| self.stage_of(**id).is_some());
        standing.take(12).copied().collect()
    }

    /// Whose broadcast it is, or was.
    pub(super) fn broadcaster(&self, action: &BroadcastAction) -> Option<UserId> {
        match named(action) {
            None => action.subject(),
            Some(id) => self.broadcasts.get(&id).map(|broadcast| broadcast.content.author),
        }
    }

    /// Whether the action names a broadcast that is gone.
    pub(super) fn names_gone(&self, action: &BroadcastAction) -> bool {
        named(action).is_some_and(|id| self.stage_of(id).is_none())
    }

    pub(super) fn changes_broadcast(&self, action: &BroadcastAction) -> Result<bool, ErrorKind> {
        let Some(id) = named(action) else {
            let author = action.subject();
            let on_board = |broadcast: &&ModelBroadcast| {
                Some(broadcast.content.author) == author
                    && matches!(broadcast.stage, Stage::Scheduled(_) | Stage::Live(_))
            };
            let is_full = self.limits.board <= self.broadcasts.values().filter(on_board).count();
            return if is_full { Err(ErrorKind::Limit) } else { Ok(true) };
        };
        match (self.stage_of(id).ok_or(ErrorKind::NotFound)?, action) {
            (Stage::Scheduled(now), BroadcastAction::Reschedule { at, .. }) => Ok(now != at.0),
            (
                Stage::Scheduled(_),
                BroadcastAction::Start { .. } | BroadcastAction::Cancel { .. },
            )
            | (Stage::Live(_), BroadcastAction::End { .. }) => Ok(true),
            _ => Err(ErrorKind::Conflict),
        }
    }

    pub(super) fn apply_broadcast(&mut self, action: &BroadcastAction, sequence: u64) {
        let begun = match action {
            BroadcastAction::Schedule { at, content } => Some((content, Stage::Scheduled(at.0))),
            BroadcastAction::StartNew { content } => Some((content, Stage::Live(sequence))),
            _ => None,
        };
        if let Some((content, stage)) = begun {
            let content = content.clone();
            self.broadcasts.insert(sequence, ModelBroadcast { content, stage });
        }
        let Some(broadcast) = named(action).and_then(|id| self.broadcasts.get_mut(&id)) else {
            return;
        };
        match action {
            BroadcastAction::Reschedule { at, .. } => broadcast.stage = Stage::Scheduled(at.0),
            BroadcastAction::Start { .. } => broadcast.stage = Stage::Live(sequence),
            BroadcastAction::Cancel { .. } => broadcast.stage = Stage::Cancelled,
            BroadcastAction::End { replay, .. } => {
                broadcast.stage = Stage::Ended(sequence);
                let own = &mut broadcast.content;
                own.kind = replay.kind.unwrap_or(own.kind);
                own.text = replay.text.clone().unwrap_or_else(|| own.text.clone());
                own.meta = replay.meta.clone().unwrap_or_else(|| own.meta.clone());
                let post =
                    ModelPost { created_at: None, mentions: Mentions::new(), ..ModelPost::of(own) };
                self.posts.insert(sequence, post);
            }
            BroadcastAction::Schedule { .. } | BroadcastAction::StartNew { .. } => {}
        }
    }

    /// Begins a session.
    #[must_use]
    pub fn begin_session(&self, user: UserId, viewer: Option<UserId>) -> ModelSession {
        let mut frozen: Vec<(u64, Stage)> = self
            .broadcasts
            .iter()
            .filter(|(_, broadcast)| self.shows_author(user, viewer, broadcast.content.author))
            .map(|(id, broadcast)| (*id, broadcast.stage))
            .filter(|(_, stage)| matches!(stage, Stage::Scheduled(_) | Stage::Live(_)))
            .collect();
        frozen.sort_by_key(|(id, stage)| match stage {
            Stage::Live(since) => (0, u64::MAX - since, 0),
            Stage::Scheduled(at) => (1, *at, u64::MAX - id),
            Stage::Ended(_) | Stage::Cancelled => (2, 0, 0),
        });
        ModelSession { user, viewer, position: self.last, frozen }
    }

    /// A page of a session, behind the entry `after`.
    #[must_use]
    pub fn session_page(
        &self,
        session: &ModelSession,
        after: Option<u64>,
        limit: usize,
    ) -> (Vec<ModelEntry>, PageEnd) {
        let passed = session.frozen.iter().position(|(id, _)| Some(*id) == after);
        let is_replay = after.is_some() && passed.is_none();
        let from = if is_replay { session.frozen.len() } else { passed.map_or(0, |at| at + 1) };
        let shows = |author| self.shows_author(session.user, session.viewer, author);
        let mut entries: Vec<ModelEntry> = Vec::new();
        for (id, stage) in session.frozen.iter().skip(from) {
            if self.stage_of(*id).is_some()
                && let Some(broadcast) = self.broadcasts.get(id)
                && shows(broadcast.content.author)
                && self.shows_replay(session, *id)
            {
                entries.push(entry(*id, *stage, &self.said(broadcast)));
            }
        }
        let below = if is_replay { after.unwrap_or(0) } else { session.position + 1 };
        let mut replays: Vec<(u64, u64)> = self
            .broadcasts
            .iter()
            .filter_map(|(id, broadcast)| match broadcast.stage {
                Stage::Ended(post) if shows(broadcast.content.author) => Some((post, *id)),
                _ => None,
            })
            .filter(|(post, id)| *post < below && self.stage_of(*id).is_some())
            .filter(|(_, id)| self.shows_replay(session, *id))
            .collect();
        replays.sort_unstable_by_key(|replay| Reverse(*replay));
        for (post, id) in replays {
            let said = self.broadcasts.get(&id).map(|broadcast| self.said(broadcast));
            entries.extend(said.map(|content| entry(id, Stage::Ended(post), &content)));
        }
        let (taken, end) = cut(&entries, limit);
        entries.truncate(taken);
        (entries, end)
    }

    /// The broadcast as the viewer sees it.
    #[must_use]
    pub fn broadcast(&self, id: u64, viewer: Option<UserId>) -> Option<ModelEntry> {
        let stage = self.stage_of(id)?;
        let content = self.said(self.broadcasts.get(&id)?);
        let is_shown = match stage {
            Stage::Ended(post) => self.shows_moderated(post, viewer),
            _ => true,
        };
        let is_shown = is_shown && self.opens_to(viewer, content.author);
        (is_shown && self.may_see(viewer, content.author)).then(|| entry(id, stage, &content))
    }

    /// Whether moderators let the session's user and viewer see the replay, if it is one by now.
    fn shows_replay(&self, session: &ModelSession, id: u64) -> bool {
        match self.stage_of(id) {
            Some(Stage::Ended(post)) => {
                self.shows_moderated(post, Some(session.user))
                    && self.shows_moderated(post, session.viewer)
            }
            _ => true,
        }
    }

    /// What it is called; a replay says what its post says.
    fn said(&self, broadcast: &ModelBroadcast) -> NewPost {
        let content = broadcast.content.clone();
        match broadcast.stage {
            Stage::Ended(post) => match self.posts.get(&post) {
                Some(post) => {
                    let (text, meta) = (post.text.clone().into(), post.meta.clone().into());
                    NewPost { text, meta, ..content }
                }
                None => content,
            },
            _ => content,
        }
    }

    /// How far the broadcast is, unless it is gone.
    fn stage_of(&self, id: u64) -> Option<Stage> {
        let stage = self.broadcasts.get(&id)?.stage;
        match stage {
            Stage::Cancelled => None,
            Stage::Ended(post) if self.posts.get(&post).is_none_or(|post| post.deleted) => None,
            stage => Some(stage),
        }
    }

    /// Whether the author's posts are in the user's home, as the viewer sees it.
    fn shows_author(&self, user: UserId, viewer: Option<UserId>, author: UserId) -> bool {
        self.follows.contains_key(&(user.0, author.0))
            && !self.mutes.contains_key(&(user.0, author.0))
            && !self.is_apart(user, author)
            && self.shows_user(Some(author), Some(user))
            && self.may_see(viewer, author)
            && self.may_see(viewer, user)
            && self.opens_to(viewer, author)
    }
}

impl ModelEntry {
    /// What the next page goes on after.
    #[must_use]
    pub fn cursor(&self) -> u64 {
        self.replay.unwrap_or(self.id)
    }

    /// What a page shows, as far as the oracle knows it.
    #[must_use]
    pub fn of(shown: &Broadcast) -> Self {
        let is_scheduled = shown.state == BroadcastState::Scheduled;
        Self {
            state: shown.state,
            id: shown.id.0,
            replay: shown.replay.map(|post| post.0),
            scheduled: is_scheduled.then_some(shown.start.0),
            author: shown.author,
            kind: shown.kind,
            text: shown.text.to_vec(),
            meta: shown.meta.to_vec(),
        }
    }

    /// All of a page.
    #[must_use]
    pub fn page(feed: &BroadcastFeed) -> (Vec<Self>, PageEnd) {
        (feed.broadcasts.iter().map(Self::of).collect(), feed.end)
    }
}

pub(super) fn named(action: &BroadcastAction) -> Option<u64> {
    match action {
        BroadcastAction::Schedule { .. } | BroadcastAction::StartNew { .. } => None,
        BroadcastAction::Reschedule { broadcast, .. }
        | BroadcastAction::Start { broadcast }
        | BroadcastAction::End { broadcast, .. }
        | BroadcastAction::Cancel { broadcast } => Some(broadcast.0),
    }
}

fn entry(id: u64, stage: Stage, content: &NewPost) -> ModelEntry {
    let (state, scheduled, replay) = match stage {
        Stage::Scheduled(at) => (BroadcastState::Scheduled, Some(at), None),
        Stage::Live(_) | Stage::Cancelled => (BroadcastState::Live, None, None),
        Stage::Ended(post) => (BroadcastState::Replay, None, Some(post)),
    };
    let NewPost { author, kind, .. } = *content;
    let (text, meta) = (content.text.to_vec(), content.meta.to_vec());
    ModelEntry { state, id, replay, scheduled, author, kind, text, meta }
}

/// How many make a page.
fn cut(entries: &[ModelEntry], limit: usize) -> (usize, PageEnd) {
    let mut bytes = 0;
    for (index, entry) in entries.iter().enumerate().take(limit) {
        bytes += entry.text.len() + entry.meta.len();
        if PAGE_BYTES_MAX <= bytes && index + 1 < entries.len().min(limit) {
            return (index + 1, PageEnd::Bytes);
        }
    }
    match entries.len() <= limit {
        true => (entries.len(), PageEnd::End),
        false => (limit, PageEnd::More),
    }
}
