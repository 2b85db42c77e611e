//! What is left of a record that holds no longer.

use crate::ids::{BroadcastId, PostId, Sequence, UserId};
use crate::views::receipts::Answered;

/// What the log still has to know of a record that retention dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Retired {
    /// Whose command it was.
    pub(crate) subject: UserId,
    /// Another user whom the log had not named before.
    pub(crate) other: Option<UserId>,
    /// It was a post: deleting it again changes nothing, and is up to the author.
    pub(crate) is_post: bool,
    /// It was a comment of this post: deleting it again changes nothing either.
    pub(crate) comment_of: Option<PostId>,
    /// Who was given a notice by it that still has its place.
    pub(crate) noticed: Vec<UserId>,
    /// What it had to do with a broadcast, if that matters still.
    pub(crate) broadcast: Option<Bygone>,
    /// Of the whole content, if the record still has its key.
    pub(crate) fingerprint: u64,
    /// What its answer said beside the position, if the record still has its key.
    pub(crate) answered: Answered,
}

impl Retired {
    /// What is left of a record of which only its user matters.
    pub(crate) fn of(subject: UserId) -> Self {
        Self {
            subject,
            other: None,
            is_post: false,
            comment_of: None,
            noticed: Vec::new(),
            broadcast: None,
            fingerprint: 0,
            answered: Answered::Done,
        }
    }
}

/// What is left of a record about a broadcast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bygone {
    /// It began the broadcast: whose that was is known still.
    Began,
    /// It ended a broadcast whose place on a board is still in the log.
    Ends(Ended),
}

/// A broadcast that is over, and the record that it had its last place on a board from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) broadcast: BroadcastId,
    pub(crate) began: Sequence,
}
