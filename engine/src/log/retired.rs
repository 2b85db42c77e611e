//! What is left of a record that holds no longer.

use crate::ids::{PostId, UserId};

/// What the log still has to know of a record that retention dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Retired {
    /// Whose command it was.
    pub(crate) subject: UserId,
    /// Another user whom the log had not named before.
    pub(crate) other: Option<UserId>,
    /// It was a post: deleting it again changes nothing, and is up to the author.
    pub(crate) is_post: bool,
    /// It was a comment of this post: deleting it again changes nothing either.
    pub(crate) comment_of: Option<PostId>,
    /// Of the whole content, if the record still has its key.
    pub(crate) fingerprint: u64,
}
