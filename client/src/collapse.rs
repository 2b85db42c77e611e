//! Collapsed pages: of several entries of one root the newest, and who else brought it.

use std::time::Duration;

use fanfold_protocol as wire;

use crate::ids::{PostId, UserId};

/// How a page is collapsed: an entry is left out if the feed has a newer one of the same root (the root itself,
/// a repost or a quote of it) whose time is at most a horizon away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Collapse {
    /// How far apart the two may be: a millisecond to 366 days; absent means the server's default, three days.
    pub horizon: Option<Duration>,
    /// The [`top`](Collapsed::top) of the first page; absent on the first page. With it nothing comes twice and
    /// nothing is missed, whatever is published meanwhile.
    pub top: Option<PostId>,
}

/// What a collapsed page says beside its posts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Collapsed {
    /// What to ask for the next pages with. [`PageStream`](crate::PageStream) does.
    pub top: PostId,
    /// Of each of the posts who else brought it.
    pub brought_by: Vec<BroughtBy>,
}

/// Who else brought a post, or what it refers to, within a horizon each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BroughtBy {
    /// The first three of them, newest first.
    pub users: Vec<UserId>,
    /// How many there are, those in `users` too.
    pub count: u64,
}

impl Collapse {
    pub(crate) fn to_wire(self) -> wire::Collapse {
        // Nothing is no horizon; on the wire it is the server's default.
        let ms = |horizon: Duration| u64::try_from(horizon.as_millis()).unwrap_or(u64::MAX).max(1);
        wire::Collapse { horizon_ms: self.horizon.map_or(0, ms), top: self.top.map(|top| top.0) }
    }
}

impl Collapsed {
    pub(crate) fn of_wire(body: wire::Collapsed) -> Self {
        let brought_by = |body: wire::BroughtBy| BroughtBy {
            users: body.users.into_iter().map(UserId).collect(),
            count: body.others,
        };
        let brought_by = body.brought_by.into_iter().map(brought_by).collect();
        Self { top: PostId(body.top), brought_by }
    }
}
