//! Which entries of a feed its reader sees: the one place that says so.
//!
//! A feed is made of its authors' posts. That an author shows is known before: see [`is_left_out`]. What is
//! left to judge are posts that moderators have hidden from all but their authors, and reposts, which have
//! an original besides: a bare repost goes with its original, and whoever does not see the original, or
//! its author, does not see who reposts it.
//!
//! Everything a judgement needs is in memory. Where there is no repost and no hidden post at all there is
//! nothing to judge: that is asked once a page.

use crate::ids::{PostId, Sequence, UserId};
use crate::query::TimelineQuery;
use crate::read::visibility::Viewer;
use crate::views::hidden::Hidden;
use crate::views::state::State;
use crate::views::users::Ordinal;

/// What is read: a user's mutes count in what is theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Feed {
    Home,
    Group,
    /// An outbox, or a single post.
    Outbox,
}

/// See the module.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Judge<'a> {
    state: &'a State,
    viewer: Viewer<'a>,
    /// Whose feed it is, unless it is an outbox.
    reader: Option<Ordinal>,
    feed: Feed,
}

impl<'a> Judge<'a> {
    /// A judge of a page, at the state's position.
    pub(crate) fn of(state: &'a State, feed: Feed, query: &TimelineQuery) -> Self {
        let reader = (feed != Feed::Outbox).then_some(query.user);
        let reader = reader.and_then(|reader| state.find(reader));
        Self { state, viewer: Viewer::new(state, query.viewer), reader, feed }
    }

    /// A judge of a reader's home as somebody looks at it.
    pub(crate) fn of_home(state: &'a State, viewer: Viewer<'a>, reader: Ordinal) -> Self {
        Self { state, viewer, reader: Some(reader), feed: Feed::Home }
    }

    /// A judge of a user's own home or group.
    pub(crate) fn of_reader(state: &'a State, feed: Feed, reader: Ordinal) -> Self {
        Self { state, viewer: Viewer::new(state, None), reader: Some(reader), feed }
    }

    /// A judge of a single post.
    pub(crate) fn for_viewer(state: &'a State, viewer: Option<UserId>) -> Self {
        Self { state, viewer: Viewer::new(state, viewer), reader: None, feed: Feed::Outbox }
    }

    /// What it judges by.
    pub(crate) fn state(&self) -> &'a State {
        self.state
    }

    /// Whether everything is seen.
    pub(crate) fn is_idle(&self) -> bool {
        self.state.is_all_seen()
    }

    /// Whether the reader sees an entry whose author they see.
    pub(crate) fn sees(&self, entry: Sequence) -> bool {
        let reposts = &self.state.reposts;
        if self.misses(entry.into()) {
            return false;
        }
        let Some(slot) = reposts.find(entry) else { return true };
        let Some(root) = reposts.root(slot.root) else { return true };
        let is_orphan = slot.is_bare && root.is_gone();
        !is_orphan && !self.hides(root.author) && !self.misses(slot.root)
    }

    /// Whether moderators keep the post from whoever looks: from the reader, or from the viewer.
    fn misses(&self, post: PostId) -> bool {
        let hidden = self.state.moderation.hidden(post);
        let is_readers = |author| self.reader.is_none_or(|reader| reader == author);
        hidden.is_some_and(|hidden| !is_readers(hidden.owner)) || self.viewer.misses(post)
    }

    /// Whether posts of this author that others repost are hidden.
    fn hides(&self, author: Ordinal) -> bool {
        let hides = |reader: Ordinal| {
            let is_hidden = match self.feed {
                Feed::Home => Hidden::of(self.state).contains(reader, author),
                Feed::Group => self.state.graph.mutes.contains(reader, author),
                Feed::Outbox => false,
            };
            is_hidden
                || self.state.graph.is_blocked_between(reader, author)
                || self.state.moderation.keeps_author(author, reader)
        };
        self.viewer.is_hidden(author) || self.reader.is_some_and(hides)
    }
}

/// Whether the author's posts are left out of what is the reader's own, a home or a group, though they follow
/// them or have them in the group: the author is suspended, or is being forgotten. Inboxes keep such posts, because
/// a suspension can be taken back; so a home is not read out of an inbox while this holds of a followee.
pub(crate) fn is_left_out(state: &State, reader: Ordinal, author: Ordinal) -> bool {
    state.moderation.keeps_author(author, reader) || state.forgotten.hides(author)
}

/// Whether that may hold of anybody.
pub(crate) fn may_leave_out(state: &State) -> bool {
    state.moderation.has_suspended() || !state.forgotten.is_idle()
}
