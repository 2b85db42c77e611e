//! What a viewer may not see, judged by today's graph and by what moderators said.
//!
//! A block hides each from the other wherever a viewer is given, whoever is suspended is hidden from every
//! viewer but themselves, and a post is seen by those for whom it is. Who is being forgotten is hidden from
//! everybody. A viewer nobody has written about has no blocks, and sees what is for everybody; no viewer means
//! the trusted application, which sees everything else.

use crate::audience::{Among, Circle};
use crate::ids::{PostId, UserId};
use crate::read::ties::Ties;
use crate::views::state::State;
use crate::views::users::Ordinal;

/// Somebody who looks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Viewer<'a> {
    state: &'a State,
    onlooker: Onlooker,
    /// Without a single block in the database nobody is hidden from anybody by one.
    has_blocks: bool,
}

/// Who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Onlooker {
    Application,
    /// Somebody nobody has written about.
    Stranger,
    User(Ordinal),
}

impl<'a> Viewer<'a> {
    pub(crate) fn new(state: &'a State, viewer: Option<UserId>) -> Self {
        let onlooker = match viewer {
            None => Onlooker::Application,
            Some(viewer) => state.find(viewer).map_or(Onlooker::Stranger, Onlooker::User),
        };
        Self { state, onlooker, has_blocks: 0 < state.graph.blocks.len() }
    }

    /// Whether nothing of the user's home can be hidden from this viewer that its user sees, but for what
    /// a post says of for whom it is. Whom one has blocked, or is blocked by, one does not follow.
    pub(crate) fn sees_home_of(&self, user: Ordinal) -> bool {
        let may_be_parted = self.has_blocks && self.ordinal().is_some();
        self.is_user(user)
            || !may_be_parted
                && self.state.moderation.suspended_since(user).is_none()
                && !self.state.requests.has_private()
    }

    /// Whether everything of `user` is hidden from this viewer.
    pub(crate) fn is_hidden(&self, user: Ordinal) -> bool {
        self.is_parted_from(user) || self.misses_author(user)
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
        matches!(self.onlooker, Onlooker::Application) || self.ordinal() == Some(user)
    }

    /// Whether one of the two blocks the other.
    pub(crate) fn is_parted_from(&self, user: Ordinal) -> bool {
        let is_parted = |viewer| self.state.graph.is_blocked_between(viewer, user);
        self.has_blocks && self.ordinal().is_some_and(is_parted)
    }

    fn ordinal(&self) -> Option<Ordinal> {
        match self.onlooker {
            Onlooker::User(user) => Some(user),
            Onlooker::Application | Onlooker::Stranger => None,
        }
    }

    /// Whether it is the trusted application.
    pub(crate) fn is_application(&self) -> bool {
        self.onlooker == Onlooker::Application
    }

    /// Whether what the author has for everybody is for this viewer.
    pub(crate) fn sees_open(&self, author: Ordinal, ties: &Ties<'_>) -> bool {
        self.is_among(author, Circle::EVERYBODY, ties)
    }

    /// Whether posts of this author for that circle are for this viewer.
    pub(crate) fn is_among(&self, author: Ordinal, circle: Circle, ties: &Ties<'_>) -> bool {
        match self.onlooker {
            Onlooker::Application => true,
            Onlooker::Stranger => self.state.requests.circle_of(author, circle).is_everybody(),
            Onlooker::User(user) => {
                let follows = || ties.follows(self.state, user, author);
                is_among((self.state, ties), user, (author, circle), follows)
            }
        }
    }
}

/// Whether posts of this author for that circle are for `user`, of whom `follows` says whether they
/// follow the author. What a private user has for everybody is for who follows them.
pub(crate) fn is_among(
    (state, ties): (&State, &Ties<'_>),
    user: Ordinal,
    (author, circle): (Ordinal, Circle),
    follows: impl FnOnce() -> bool,
) -> bool {
    if user == author {
        return true;
    }
    match state.requests.circle_of(author, circle).among() {
        Among::Everybody => true,
        Among::Followers => follows(),
        Among::Mutual => follows() && ties.follows(state, author, user),
        Among::Group(group) => ties.is_member(state, (author, group), user),
        Among::Author => false,
    }
}
