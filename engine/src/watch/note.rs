//! A record as far as watches care: ids only, 24 bytes.

use crate::ids::{PostId, UserId};
use crate::log::record::{Effect, Record};

/// What a record did to homes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Note {
    /// A post; its id is the record's sequence.
    Publish {
        author: UserId,
    },
    Delete {
        post: PostId,
        author: UserId,
    },
    Follow {
        user: UserId,
        author: UserId,
    },
    Unfollow {
        user: UserId,
        author: UserId,
    },
    Mute {
        user: UserId,
        author: UserId,
    },
    Unmute {
        user: UserId,
        author: UserId,
    },
    /// A block that ended follows: `forth` that of `other` by `user`, `back` the other way.
    Part {
        user: UserId,
        other: UserId,
        forth: bool,
        back: bool,
    },
    /// No home changed.
    Nothing,
    /// Retention dropped the record: nobody knows what it was.
    Lost,
}

const _: () = assert!(size_of::<Note>() <= 24);

impl Note {
    /// The note of what the log has at a sequence.
    pub(crate) fn of(record: Option<&Record>) -> Self {
        let Some(record) = record else { return Self::Lost };
        match record.effect {
            Effect::Publish(ref post) => Self::Publish { author: post.author },
            Effect::Delete { post, author } => Self::Delete { post, author },
            Effect::Follow { user, author, .. } => Self::Follow { user, author },
            Effect::Unfollow { user, author, .. } => Self::Unfollow { user, author },
            Effect::Mute { user, author } => Self::Mute { user, author },
            Effect::Unmute { user, author, .. } => Self::Unmute { user, author },
            Effect::Block { user, other, forth, back } => {
                Self::Part { user, other, forth: forth.is_some(), back: back.is_some() }
            }
            Effect::Unblock { .. } | Effect::Weigh { .. } => Self::Nothing,
            Effect::Retired(_) => Self::Lost,
        }
    }

    /// Which author's posts the record brought into the user's home, or took out of it.
    pub(crate) fn changed_for(&self, watcher: UserId) -> Option<UserId> {
        match *self {
            Self::Follow { user, author }
            | Self::Unfollow { user, author }
            | Self::Mute { user, author }
            | Self::Unmute { user, author } => (user == watcher).then_some(author),
            Self::Part { user, other, forth, .. } if user == watcher => forth.then_some(other),
            Self::Part { user, other, back, .. } if other == watcher => back.then_some(user),
            Self::Part { .. }
            | Self::Publish { .. }
            | Self::Delete { .. }
            | Self::Nothing
            | Self::Lost => None,
        }
    }
}
