//! Collapsing: of several entries of one root, which came within a while of each other, a page has the
//! newest, which says who else brought it.
//!
//! Entries of a root are the root itself, bare reposts and quotes of it; a post that nobody reposted is its
//! own root. An entry is dropped iff the reader sees in the feed a newer one of the same root, at or below
//! `top`, whose time to show is at most a `horizon` away. So who scrolls on for days, with the `top` of the
//! first page, is shown the root again, and once for each while; and whoever pages with one `top` meets no
//! entry twice and misses none.

use std::time::Duration;

use crate::error::{Error, Result};
use crate::ids::{Position, PostId, UserId};
use crate::limits::{HORIZON_DEFAULT, HORIZON_MAX, HORIZON_MIN};

/// How a page is collapsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Collapse {
    /// How far apart the times to show of two entries of one root may be for the newer to stand for the
    /// older: a millisecond to 366 days.
    pub horizon: Duration,
    /// What is newer is not there for the page, nor for what it decides. Absent on the first page, which
    /// answers it for the next ones.
    pub top: Option<PostId>,
}

/// What a collapsed page says beside its posts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Collapsed {
    /// The `top` of the next pages.
    pub top: PostId,
    /// Of each post of the page, in the same order, who else brought it.
    pub brought_by: Vec<BroughtBy>,
}

/// Who brought the entries that another stands for: of the same root, older, and each at most a horizon away
/// from the one after it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BroughtBy {
    /// The first of them, by their newest entries, newest first; nobody twice, and not the author of the one
    /// that stands for them. At most [`BROUGHT_BY_MAX`](crate::BROUGHT_BY_MAX).
    pub users: Vec<UserId>,
    /// How many users there are, those in `users` too.
    pub count: u32,
}

impl Default for Collapse {
    fn default() -> Self {
        Self { horizon: HORIZON_DEFAULT, top: None }
    }
}

impl Collapse {
    /// Refuses horizons out of range.
    pub(crate) fn check(&self) -> Result<()> {
        if (HORIZON_MIN..=HORIZON_MAX).contains(&self.horizon) {
            return Ok(());
        }
        let millis = self.horizon.as_millis();
        Err(Error::invalid(format!(
            "a horizon of {millis} ms is out of range; it may be 1 ms to 366 days"
        )))
    }

    /// The newest post of a page at that position.
    pub(crate) fn top_at(&self, position: Position) -> PostId {
        let newest = PostId::from(position.sequence);
        self.top.map_or(newest, |top| top.min(newest))
    }

    /// In milliseconds.
    pub(crate) fn horizon_ms(&self) -> u64 {
        u64::try_from(self.horizon.as_millis()).unwrap_or(u64::MAX)
    }
}
