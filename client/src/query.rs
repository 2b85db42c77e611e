//! What a read asks for. Each query starts with `of(user)` and takes options by name.
//!
//! A limit of 0 means the server's default (20); the server refuses what is over its bound (200).

use fanfold_protocol as wire;

use crate::collapse::Collapse;
use crate::ids::{Position, PostId, Sequence, UserId};

/// Which part of a timeline.
/// Complete for version 1 of the protocol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Span {
    /// The newest entries.
    #[default]
    Newest,
    /// The entries below this post, newest first: the next page downwards.
    Before(PostId),
    /// The entries nearest above this post, listed newest first: the next page upwards.
    After(PostId),
}

/// A page of a home feed or an outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimelineQuery {
    /// Whose timeline.
    pub user: UserId,
    /// Which part of it.
    pub span: Span,
    /// How many entries; 0 means the server's default.
    pub limit: u32,
    /// Who looks; absent means the trusted application, which sees everything.
    pub viewer: Option<UserId>,
    /// Whether the page comes with [`counts`](crate::Page::counts).
    pub counts: bool,
    /// Whether the page comes with [`originals`](crate::Page::originals).
    pub originals: bool,
    /// Whether the page comes with [`groups`](crate::Page::groups).
    pub groups: bool,
    /// Whether the page has of several entries of one root the newest alone; it comes with
    /// [`collapsed`](crate::Page::collapsed) then.
    pub collapse: Option<Collapse>,
}

impl TimelineQuery {
    /// The newest entries of `user`.
    #[must_use]
    pub fn of(user: UserId) -> Self {
        Self {
            user,
            span: Span::Newest,
            limit: 0,
            viewer: None,
            counts: false,
            originals: false,
            groups: false,
            collapse: None,
        }
    }

    /// The entries below `post`.
    #[must_use]
    pub fn before(mut self, post: PostId) -> Self {
        self.span = Span::Before(post);
        self
    }

    /// The entries nearest above `post`.
    #[must_use]
    pub fn after(mut self, post: PostId) -> Self {
        self.span = Span::After(post);
        self
    }

    /// At most `limit` entries.
    #[must_use]
    pub fn limit(mut self, limit: u32) -> Self {
        self.limit = limit;
        self
    }

    /// As `viewer` sees it.
    #[must_use]
    pub fn viewer(mut self, viewer: UserId) -> Self {
        self.viewer = Some(viewer);
        self
    }

    /// With the names of the groups that have the authors: of the viewer, of a home and a group's feed without
    /// one of the user.
    #[must_use]
    pub fn groups(mut self) -> Self {
        self.groups = true;
        self
    }

    /// Of several entries of one root, the root or reposts of it, the newest alone.
    #[must_use]
    pub fn collapse(mut self, collapse: Collapse) -> Self {
        self.collapse = Some(collapse);
        self
    }

    /// With what the reposts of the page refer to.
    #[must_use]
    pub fn originals(mut self) -> Self {
        self.originals = true;
        self
    }

    /// With what each post was responded with; `mine` is about the viewer, of a home and a group's feed
    /// without one about the user.
    #[must_use]
    pub fn counts(mut self) -> Self {
        self.counts = true;
        self
    }

    pub(crate) fn to_wire(self) -> wire::Timeline {
        let span = match self.span {
            Span::Newest => wire::Span::Newest,
            Span::Before(post) => wire::Span::Before(post.0),
            Span::After(post) => wire::Span::After(post.0),
        };
        let (user, limit) = (self.user.0, self.limit);
        let Self { counts, originals, groups, .. } = self;
        let viewer = self.viewer.map(|user| user.0);
        let collapse = self.collapse.map(Collapse::to_wire);
        let options = wire::ReadOptions { viewer, counts, originals, groups, collapse };
        wire::Timeline { options, user, span, limit }
    }
}

/// A page of one of the lists of users: following, followers, mutes, blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EdgeQuery {
    /// Whose list.
    pub user: UserId,
    /// Only edges made before this one; absent means from the newest.
    pub before: Option<Sequence>,
    /// How many edges; 0 means the server's default.
    pub limit: u32,
    /// Who looks; absent means the trusted application.
    pub viewer: Option<UserId>,
}

impl EdgeQuery {
    /// The newest edges of `user`.
    #[must_use]
    pub fn of(user: UserId) -> Self {
        Self { user, before: None, limit: 0, viewer: None }
    }

    /// The edges made before `sequence`: the next page.
    #[must_use]
    pub fn before(mut self, sequence: Sequence) -> Self {
        self.before = Some(sequence);
        self
    }

    /// At most `limit` edges.
    #[must_use]
    pub fn limit(mut self, limit: u32) -> Self {
        self.limit = limit;
        self
    }

    /// As `viewer` sees it.
    #[must_use]
    pub fn viewer(mut self, viewer: UserId) -> Self {
        self.viewer = Some(viewer);
        self
    }

    pub(crate) fn to_wire(self) -> wire::Edges {
        wire::Edges {
            options: read_options(self.viewer),
            user: self.user.0,
            before: self.before.map(|sequence| sequence.0),
            limit: self.limit,
        }
    }
}

/// What a scan walks over.
/// Complete for version 1 of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScanWhat {
    /// All posts, oldest first.
    Posts,
    /// All follows, oldest first.
    Follows,
}

/// A page of everything in the database, in log order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScanQuery {
    /// Posts or follows.
    pub what: ScanWhat,
    /// Only what was made after this; the start is 0.
    pub after: Sequence,
    /// Only what was made up to this; absent means up to now.
    pub until: Option<Sequence>,
    /// How many items; 0 means the server's default.
    pub limit: u32,
}

impl ScanQuery {
    /// From the beginning.
    #[must_use]
    pub fn of(what: ScanWhat) -> Self {
        Self { what, after: Sequence(0), until: None, limit: 0 }
    }

    /// What was made after `sequence`: the next page.
    #[must_use]
    pub fn after(mut self, sequence: Sequence) -> Self {
        self.after = sequence;
        self
    }

    /// Nothing made after `sequence`.
    #[must_use]
    pub fn until(mut self, sequence: Sequence) -> Self {
        self.until = Some(sequence);
        self
    }

    /// At most `limit` items.
    #[must_use]
    pub fn limit(mut self, limit: u32) -> Self {
        self.limit = limit;
        self
    }

    pub(crate) fn to_wire(self) -> wire::Scan {
        let what = match self.what {
            ScanWhat::Posts => wire::ScanWhat::Posts,
            ScanWhat::Follows => wire::ScanWhat::Follows,
        };
        let until = self.until.map(|sequence| sequence.0);
        let (after, limit) = (self.after.0, self.limit);
        wire::Scan { options: read_options(None), what, after, until, limit }
    }
}

/// A home to watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WatchQuery {
    /// Whose home.
    pub user: UserId,
    /// The position of the last batch that was worked off, to go on behind it; absent starts now.
    pub after: Option<Position>,
    /// Who looks: the user, or absent for the trusted application.
    pub viewer: Option<UserId>,
    /// Whether to be told when followees who are not muted come online and go offline.
    pub presence: bool,
}

impl WatchQuery {
    /// The home of `user`, from now on.
    #[must_use]
    pub fn of(user: UserId) -> Self {
        Self { user, after: None, viewer: None, presence: false }
    }

    /// From a position on that an earlier watch told.
    #[must_use]
    pub fn after(mut self, position: Position) -> Self {
        self.after = Some(position);
        self
    }

    /// As `viewer`, who must be the user.
    #[must_use]
    pub fn viewer(mut self, viewer: UserId) -> Self {
        self.viewer = Some(viewer);
        self
    }

    /// And when followees come online and go offline.
    #[must_use]
    pub fn presence(mut self) -> Self {
        self.presence = true;
        self
    }

    pub(crate) fn to_wire(self) -> wire::Watch {
        let after =
            self.after.map(|at| wire::Position { epoch: at.epoch.0, sequence: at.sequence.0 });
        let (options, presence) = (read_options(self.viewer), self.presence);
        wire::Watch { options, user: self.user.0, after, presence }
    }
}

pub(crate) fn read_options(viewer: Option<UserId>) -> wire::ReadOptions {
    wire::ReadOptions { viewer: viewer.map(|user| user.0), ..wire::ReadOptions::default() }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_timeline_query_keeps_every_option() {
        let wire = TimelineQuery::of(UserId(7)).after(PostId(3)).limit(9).viewer(UserId(8));
        let wire = wire.to_wire();
        assert_eq!((wire.user, wire.span, wire.limit), (7, wire::Span::After(3), 9));
        assert_eq!((wire.options.viewer, wire.options.counts), (Some(8), false));
        assert!(TimelineQuery::of(UserId(7)).counts().to_wire().options.counts);
        assert_eq!(wire.options.collapse, None);
        let collapsed = |collapse| {
            let query = TimelineQuery::of(UserId(7)).collapse(collapse);
            let collapse = query.to_wire().options.collapse;
            collapse.map(|collapse| (collapse.horizon_ms, collapse.top))
        };
        assert_eq!(collapsed(Collapse::default()), Some((0, None)));
        let (horizon, top) = (Some(Duration::from_secs(2)), Some(PostId(9)));
        assert_eq!(collapsed(Collapse { horizon, top }), Some((2_000, Some(9))));
        let horizon = Some(Duration::from_nanos(1));
        assert_eq!(collapsed(Collapse { horizon, top: None }), Some((1, None)), "not the default");
    }

    #[test]
    fn an_edge_query_keeps_every_option() {
        let wire = EdgeQuery::of(UserId(7)).before(Sequence(3)).limit(9).viewer(UserId(8));
        let wire = wire.to_wire();
        assert_eq!((wire.user, wire.before, wire.limit), (7, Some(3), 9));
        assert_eq!(wire.options.viewer, Some(8));
    }

    #[test]
    fn a_scan_query_keeps_every_option() {
        let query = ScanQuery::of(ScanWhat::Follows).after(Sequence(3)).until(Sequence(5));
        let wire = query.limit(9).to_wire();
        assert_eq!((wire.what, wire.after, wire.until), (wire::ScanWhat::Follows, 3, Some(5)));
        assert_eq!(wire.limit, 9);
    }
}
