//! What a record of a moderator does, and its fields.
//!
//! ```text
//! suspend   | user varint | 0 varint |
//! unsuspend | user varint | 0 varint | since varint |
//! hide      | author varint | post varint |
//! unhide    | author varint | post varint | since varint |
//! ```
//!
//! An end says when what it ends had begun, so that applying it looks nothing up.

use super::bytes::{Cursor, put_varint};
use super::layout::record_kind;
use super::record::{Began, load_began, put_pair};
use crate::ids::{PostId, UserId};

/// Something about a user, or about one of their posts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ModerationEffect {
    /// Who is suspended, or whose post is hidden.
    pub(crate) user: UserId,
    pub(crate) act: ModerationAct,
}

/// What it is. When that had begun which ends is open until the committer decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ModerationAct {
    Suspend,
    Unsuspend { began: Began },
    Hide { post: PostId },
    Unhide { post: PostId, began: Began },
}

impl ModerationEffect {
    pub(crate) fn kind(&self) -> u8 {
        match self.act {
            ModerationAct::Suspend => record_kind::SUSPEND,
            ModerationAct::Unsuspend { .. } => record_kind::UNSUSPEND,
            ModerationAct::Hide { .. } => record_kind::HIDE,
            ModerationAct::Unhide { .. } => record_kind::UNHIDE,
        }
    }

    /// The post; `None` if it is about the user.
    pub(crate) fn post(&self) -> Option<PostId> {
        match self.act {
            ModerationAct::Hide { post } | ModerationAct::Unhide { post, .. } => Some(post),
            ModerationAct::Suspend | ModerationAct::Unsuspend { .. } => None,
        }
    }

    /// What began with the record that this one ends.
    pub(crate) fn ends(&self) -> Began {
        match self.act {
            ModerationAct::Unsuspend { began } | ModerationAct::Unhide { began, .. } => began,
            ModerationAct::Suspend | ModerationAct::Hide { .. } => None,
        }
    }

    /// Whether it begins something.
    pub(crate) fn is_begin(&self) -> bool {
        matches!(self.act, ModerationAct::Suspend | ModerationAct::Hide { .. })
    }

    /// What the caller said, and nothing that was decided since: for the fingerprint.
    pub(crate) fn put_said(&self, out: &mut Vec<u8>) {
        put_pair(out, self.user.0, self.post().unwrap_or_default().0);
    }

    pub(super) fn put(&self, out: &mut Vec<u8>) {
        self.put_said(out);
        if !self.is_begin() {
            put_varint(out, self.ends().unwrap_or_default().0);
        }
    }

    /// Reads what follows the two numbers; `None` if it makes no sense.
    pub(super) fn load(kind: u8, user: u64, post: u64, rest: &mut Cursor<'_>) -> Option<Self> {
        let (user, post) = (UserId(user), PostId(post));
        let act = match kind {
            record_kind::SUSPEND => ModerationAct::Suspend,
            record_kind::UNSUSPEND => ModerationAct::Unsuspend { began: load_began(rest)? },
            record_kind::HIDE => ModerationAct::Hide { post },
            record_kind::UNHIDE => ModerationAct::Unhide { post, began: load_began(rest)? },
            _ => return None,
        };
        let effect = Self { user, act };
        // A user has no post in such a record, and a post is none without its number.
        (effect.post().is_some() == (post != PostId(0))).then_some(effect)
    }
}

/// Whether records of this kind are of moderators.
pub(super) fn is_moderation_kind(kind: u8) -> bool {
    (record_kind::SUSPEND..=record_kind::UNHIDE).contains(&kind)
}
