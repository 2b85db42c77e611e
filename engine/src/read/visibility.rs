//! What a viewer may not see, judged by today's graph and by what moderators said.
//!
//! A block hides each from the other wherever a viewer is given, and whoever is suspended is hidden from every
//! viewer but themselves. Who is being forgotten is hidden from everybody. A viewer nobody has written about has no blocks; no viewer means the trusted
//! application, which sees everything else.

use crate::ids::{PostId, UserId};
use crate::views::state::State;
use crate::views::users::Ordinal;

/// Somebody who looks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Viewer<'a> {
    state: &'a State,
    /// False: the trusted application.
    is_given: bool,
    /// `None`: the trusted application, or a user nobody has written about.
    ordinal: Option<Ordinal>,
    /// Without a single block in the database nobody is hidden from anybody by one.
    has_blocks: bool,
}

impl<'a> Viewer<'a> {
    pub(crate) fn new(state: &'a State, viewer: Option<UserId>) -> Self {
        let has_blocks = 0 < state.graph.blocks.len();
        let matters = has_blocks || state.moderation.has_any();
        let ordinal = viewer.filter(|_| matters).and_then(|viewer| state.find(viewer));
        Self { state, is_given: viewer.is_some(), ordinal, has_blocks }
    }

    /// A user at hand.
    pub(crate) fn of_user(state: &'a State, user: Ordinal) -> Self {
        let has_blocks = 0 < state.graph.blocks.len();
        Self { state, is_given: true, ordinal: Some(user), has_blocks }
    }

    /// Whether nothing of the user's home can be hidden from this viewer that its user sees. Whom one has
    /// blocked, or is blocked by, one does not follow.
    pub(crate) fn sees_home_of(&self, user: Ordinal) -> bool {
        let is_stranger = self.is_given && self.ordinal != Some(user);
        let may_be_parted = self.has_blocks && self.ordinal.is_some();
        !is_stranger || !may_be_parted && self.state.moderation.suspended_since(user).is_none()
    }

    /// Whether everything of `user` is hidden from this viewer.
    pub(crate) fn is_hidden(&self, user: Ordinal) -> bool {
        let is_parted =
            |viewer: Ordinal| self.has_blocks && self.state.graph.is_blocked_between(viewer, user);
        self.ordinal.is_some_and(is_parted) || self.misses_author(user)
    }

    /// Whether moderators keep the post from this viewer.
    pub(crate) fn misses(&self, post: PostId) -> bool {
        let hidden = self.state.moderation.hidden(post);
        hidden.is_some_and(|hidden| !self.is_user(hidden.owner))
    }

    /// The same, or what the post reposts.
    pub(crate) fn misses_chain(&self, post: PostId) -> bool {
        if !self.state.moderation.has_any() && self.state.forgotten.is_idle() {
            return false;
        }
        let slot = self.state.reposts.find(post.into());
        let root = slot.and_then(|slot| Some((slot.root, self.state.reposts.root(slot.root)?)));
        let misses_root =
            root.is_some_and(|(id, root)| self.misses(id) || self.misses_author(root.author));
        misses_root || self.misses(post)
    }

    /// Whether moderators keep everything of the user from this viewer, or they are being forgotten.
    fn misses_author(&self, user: Ordinal) -> bool {
        let is_suspended = || self.state.moderation.suspended_since(user).is_some();
        self.state.forgotten.hides(user) || !self.is_user(user) && is_suspended()
    }

    /// Whether it is that user who looks, or the trusted application.
    fn is_user(&self, user: Ordinal) -> bool {
        !self.is_given || self.ordinal == Some(user)
    }
}
