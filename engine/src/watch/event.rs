//! What a watch is asked for and what it is told.

use std::sync::Arc;

use crate::ids::{Position, PostId, UserId};
use crate::query::Post;

/// Whose home to watch, and from where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WatchQuery {
    /// Whose home.
    pub user: UserId,
    /// Who looks: the user, or absent for the trusted application. Nobody else may watch a home.
    pub viewer: Option<UserId>,
    /// The position of the last batch that was told, to go on behind it; absent starts now.
    pub after: Option<Position>,
    /// Whether to be told when followees who are not muted come online and go offline. The watch
    /// then begins with a [`PresenceAnew`](WatchEvent::PresenceAnew) and all who are online.
    pub presence: bool,
}

/// Something that happened to a home.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WatchEvent {
    /// A post entered at the top.
    Entry(Arc<Post>),
    /// A post that is there says something else: the post as it is from now on. It may be one that was
    /// never told.
    Changed(Arc<Post>),
    /// A post is deleted. It may be one that was never told.
    Removed(PostId),
    /// The posts of this author entered or left as a whole: a follow, an unfollow, a mute, an unmute,
    /// a block, or an exclusive group that they are in now, or not any more. Never the history; who shows it reads it. May be told although nothing changed.
    FeedChanged(UserId),
    /// What happened since the position before cannot be told one by one; so it is when an exclusive
    /// group is deleted. Read the home anew; what
    /// comes after the position of this batch is told again.
    Gap,
    /// A followee came online, or went offline: is watched or waited for, or was touched within the last
    /// minute, or is not any more. Told some seconds late, so that who comes back at once was
    /// never gone; who changes more often than this watch takes is told as they are in the end. Has
    /// no place in the order of the log.
    Presence {
        /// The followee.
        user: UserId,
        /// Whether they are online.
        online: bool,
    },
    /// Whatever was told of presence before counts no longer: whoever is online is told behind this.
    PresenceAnew,
}

/// Events in the order of the log; behind them, those of presence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchBatch {
    /// Where to go on after a reconnect: everything up to here was told.
    pub position: Position,
    /// A catch-up goes on. Only without this the home at the position is what was told so far; before,
    /// what a later batch takes back may be left out already.
    pub more: bool,
    /// May be empty: then nothing happened up to the position.
    pub events: Vec<WatchEvent>,
}

impl WatchEvent {
    /// Bytes of content.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Entry(post) | Self::Changed(post) => post.text.len() + post.meta.len(),
            Self::Removed(_)
            | Self::FeedChanged(_)
            | Self::Gap
            | Self::Presence { .. }
            | Self::PresenceAnew => 0,
        }
    }
}
