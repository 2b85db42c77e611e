//! A user has read their notices, up to some sequence.
//!
//! ```text
//! | user varint | up to varint | said u8 |
//! ```
//!
//! Who names no sequence means the newest notice there is: which one that is is decided, and stands in the
//! record. `said` tells the two apart, for the fingerprint alone.

use super::bytes::Cursor;
use super::record::put_pair;
use crate::ids::{Sequence, UserId};

/// The effect of reading one's notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoticesReadEffect {
    pub(crate) user: UserId,
    /// Everything up to here is read.
    pub(crate) up_to: Sequence,
    /// The caller named it.
    pub(crate) is_said: bool,
}

impl NoticesReadEffect {
    /// What the caller said, and nothing that was decided since: for the fingerprint.
    pub(super) fn put_said(&self, out: &mut Vec<u8>) {
        let up_to = if self.is_said { self.up_to.0 } else { 0 };
        put_pair(out, self.user.0, up_to);
        out.push(u8::from(self.is_said));
    }

    pub(super) fn put(&self, out: &mut Vec<u8>) {
        put_pair(out, self.user.0, self.up_to.0);
        out.push(u8::from(self.is_said));
    }

    /// Reads what follows the two numbers; `None` if it makes no sense.
    pub(super) fn load(first: u64, second: u64, rest: &mut Cursor<'_>) -> Option<Self> {
        let is_said = match rest.array()? {
            [0] => false,
            [1] => true,
            _ => return None,
        };
        Some(Self { user: UserId(first), up_to: Sequence(second), is_said })
    }
}
