//! A user is being forgotten, or is forgotten.
//!
//! ```text
//! | user varint | began varint, 0: it begins |
//! ```
//!
//! From the first record on nobody sees anything of the user; what there is of them is removed by ordinary
//! records. The last record says that nothing is left, and clears what has no record of its own to end it:
//! marks, notices, keys.

use super::record::{Began, put_pair};
use crate::ids::{Sequence, UserId};

/// The effect of a forget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ForgetEffect {
    pub(crate) user: UserId,
    /// The record that it began with; `None`: this one.
    pub(crate) began: Began,
}

impl ForgetEffect {
    /// What the two numbers of a record say.
    pub(super) fn of(user: u64, began: u64) -> Self {
        Self { user: UserId(user), began: (began != 0).then_some(Sequence(began)) }
    }

    pub(super) fn put(self, out: &mut Vec<u8>) {
        put_pair(out, self.user.0, self.began.unwrap_or_default().0);
    }

    /// Whether nothing is left of the user.
    pub(crate) fn is_done(self) -> bool {
        self.began.is_some()
    }
}
