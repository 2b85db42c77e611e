//! Which entries of a feed its reader sees: the one place that says so.
//!
//! A feed is made of its authors' posts. That an author shows is known before: see [`is_left_out`]. What is
//! left to judge are posts that are not for everybody (a private user has none that is), posts that moderators
//! have hidden from all but their authors, and reposts, which have an original besides: a bare repost goes with
//! its original, and whoever does not see the original, or its author, does not see who reposts it.
//!
//! Whether there is anything to judge at all is asked once a page. Who follows whom may be in files: a
//! judgement that lacks it means nothing, and [`Ties`] says so.
//!
//! Whose an entry is nobody asks in somebody's own home: they follow them, so it may be a private user's. In
//! other feeds the merge says it, once anybody is private.

use std::cell::Cell;

use crate::audience::Circle;
use crate::error::Result;
use crate::ids::{PostId, Sequence, UserId};
use crate::query::TimelineQuery;
use crate::read::ties::Ties;
use crate::read::visibility::{Viewer, is_among};
use crate::views::hidden::Hidden;
use crate::views::outbox::{Outbox, Resident};
use crate::views::state::State;
use crate::views::users::Ordinal;
use crate::views::walk::Down;

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
    ties: &'a Ties<'a>,
    viewer: Viewer<'a>,
    /// Whose feed it is, unless it is an outbox.
    reader: Option<Ordinal>,
    feed: Feed,
}

impl<'a> Judge<'a> {
    /// A judge of a page, at the state's position.
    pub(crate) fn of(
        (state, ties): (&'a State, &'a Ties<'a>),
        feed: Feed,
        query: &TimelineQuery,
    ) -> Self {
        let reader = (feed != Feed::Outbox).then_some(query.user);
        let reader = reader.and_then(|reader| state.find(reader));
        // Whose own page it is need not be asked twice.
        let viewer = query.viewer.filter(|viewer| reader.is_none() || *viewer != query.user);
        Self { state, ties, viewer: Viewer::new(state, viewer), reader, feed }
    }

    /// A judge of a user's own home or group.
    pub(crate) fn of_reader(
        (state, ties): (&'a State, &'a Ties<'a>),
        feed: Feed,
        reader: Ordinal,
    ) -> Self {
        Self { state, ties, viewer: Viewer::new(state, None), reader: Some(reader), feed }
    }

    /// A judge of a single post.
    pub(crate) fn for_viewer(
        (state, ties): (&'a State, &'a Ties<'a>),
        viewer: Option<UserId>,
    ) -> Self {
        let viewer = Viewer::new(state, viewer);
        Self { state, ties, viewer, reader: None, feed: Feed::Outbox }
    }

    /// The user, unless everything of theirs is hidden from the viewer.
    pub(crate) fn shown(&self, user: UserId) -> Option<Ordinal> {
        self.state.find(user).filter(|user| !self.viewer.is_hidden(*user))
    }

    /// What it judges by.
    pub(crate) fn state(&self) -> &'a State {
        self.state
    }

    /// Whether everything is seen.
    pub(crate) fn is_idle(&self) -> bool {
        is_idle(self.state, self.feed, self.viewer.is_application())
    }

    /// Whether the reader sees an entry whose author they see. Whose it is may be left out where
    /// [`asks_author`] says that it does not matter.
    pub(crate) fn sees(&self, entry: Sequence, author: Option<Ordinal>) -> bool {
        !self.misses(entry.into()) && self.is_meant(entry, author) && self.sees_original(entry)
    }

    /// Whether post and original are for the reader, whatever else may hide them.
    pub(crate) fn admits(&self, post: Sequence, author: Ordinal) -> bool {
        let reposts = &self.state.reposts;
        let root = reposts.find(post).and_then(|slot| reposts.root(slot.root));
        self.is_meant(post, Some(author))
            && root.is_none_or(|root| self.is_for(root.author, root.circle, false))
    }

    /// Whether a block parts who looks from whose post it reposts.
    pub(crate) fn parts(&self, post: Sequence) -> bool {
        let reposts = &self.state.reposts;
        let root = reposts.find(post).and_then(|slot| reposts.root(slot.root));
        root.is_some_and(|root| self.viewer.is_parted_from(root.author))
    }

    /// Whether the entry itself is for the reader.
    pub(crate) fn is_meant(&self, entry: Sequence, author: Option<Ordinal>) -> bool {
        let restricted = self.state.audiences.find(entry);
        let open = || author.map(|author| (author, Circle::EVERYBODY));
        let meant = restricted.map(|post| (post.author, post.circle)).or_else(open);
        // Whoever has an entry in their home follows its author.
        let is_followed = self.feed == Feed::Home;
        meant.is_none_or(|(author, circle)| self.is_for(author, circle, is_followed))
    }

    /// Whether what the entry reposts, if it does, does not hide it.
    fn sees_original(&self, entry: Sequence) -> bool {
        let reposts = &self.state.reposts;
        let Some(slot) = reposts.find(entry) else { return true };
        let Some(root) = reposts.root(slot.root) else { return true };
        let is_orphan = slot.is_bare && root.is_gone();
        !is_orphan
            && !self.hides(root.author)
            && !self.misses(slot.root)
            && self.is_for(root.author, root.circle, false)
    }

    /// Whether posts of this author for that circle are for all who look.
    fn is_for(&self, author: Ordinal, circle: Circle, is_followed: bool) -> bool {
        let (state, ties) = (self.state, self.ties);
        if state.requests.circle_of(author, circle).is_everybody() {
            return true;
        }
        let is_for_reader = |reader: Ordinal| {
            let follows = || is_followed || ties.follows(state, reader, author);
            is_among((state, ties), reader, (author, circle), follows)
        };
        self.reader.is_none_or(is_for_reader) && self.viewer.is_among(author, circle, ties)
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

/// Whether whoever looks at a feed sees every post in it whose author they see.
pub(crate) fn is_idle(state: &State, feed: Feed, is_own: bool) -> bool {
    state.is_all_seen_by_followers() && !asks_author(state, feed, is_own)
}

/// Whether it matters whose an entry is: somebody is private, and who looks at the feed need not follow its
/// authors. `is_own`: nobody looks but whose it is, or the trusted application.
pub(crate) fn asks_author(state: &State, feed: Feed, is_own: bool) -> bool {
    (feed == Feed::Group || !is_own) && state.requests.has_private()
}

/// Whether the author's posts are left out of what is the reader's own, a home or a group, though they follow
/// them or have them in the group: the author is suspended, or is being forgotten. Inboxes keep such posts, because
/// a suspension can be taken back; so a home is not read out of an inbox while this holds of a followee.
pub(crate) fn is_left_out(state: &State, reader: Ordinal, author: Ordinal) -> bool {
    state.moderation.keeps_author(author, reader) || state.forgotten.hides(author)
}

/// Of how many users it may hold: of those who are suspended, and those who are being forgotten.
pub(crate) fn may_be_left_out(state: &State) -> usize {
    state.moderation.suspended().len() + state.forgotten.hidden().len()
}

/// Whether one of these entries, of the reader's inbox, may be by somebody who is left out, or such a one is pulled
/// beside it. Asks each of these, and most wrote nothing as new as that.
pub(crate) fn may_have_left_out(
    state: &State,
    reader: Ordinal,
    (entries, pulled): (&[Sequence], &[Ordinal]),
) -> Result<bool> {
    if pulled.iter().any(|author| is_left_out(state, reader, *author)) {
        return Ok(true);
    }
    let (Some(oldest), Some(newest)) = (entries.iter().min(), entries.iter().max()) else {
        return Ok(false);
    };
    let resident = Resident { outboxes: &state.outboxes, missed: Cell::new(false) };
    let suspended = state.moderation.suspended();
    let left_out = suspended.chain(state.forgotten.hidden());
    for author in left_out.filter(|author| is_left_out(state, reader, *author)) {
        if !resident.newest(author).may_reach(*oldest) {
            continue;
        }
        let part = resident.part(author);
        let nearest = Down::new(part, newest.next()).next()?;
        if nearest.is_none_or(|(post, _)| post < *oldest) {
            continue;
        }
        for entry in entries {
            if part.contains(*entry)? {
                return Ok(true);
            }
        }
    }
    // What is in files nobody has looked at.
    Ok(resident.missed.get())
}

/// Whether that may hold of anybody.
pub(crate) fn may_leave_out(state: &State) -> bool {
    state.moderation.has_suspended() || !state.forgotten.is_idle()
}
