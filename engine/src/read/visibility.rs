//! What a viewer may not see, judged by today's graph.
//!
//! A block hides each from the other wherever a viewer is given, and a post is seen by those for whom it
//! is. A viewer nobody has written about has no blocks, and sees what is for everybody; no viewer means
//! the trusted application, which sees everything.

use crate::audience::{Among, Circle};
use crate::ids::UserId;
use crate::read::ties::Ties;
use crate::views::state::State;
use crate::views::users::Ordinal;

/// Somebody who looks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Viewer<'a> {
    state: &'a State,
    /// `None`: the trusted application, or a user without any edge.
    ordinal: Option<Ordinal>,
    onlooker: Onlooker,
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
        let known = viewer.and_then(|viewer| state.users.find(viewer));
        // Without a single block in the database nobody is hidden from anybody.
        let ordinal = known.filter(|_| 0 < state.graph.blocks.len());
        let onlooker = match (viewer, known) {
            (None, _) => Onlooker::Application,
            (Some(_), None) => Onlooker::Stranger,
            (Some(_), Some(user)) => Onlooker::User(user),
        };
        Self { state, ordinal, onlooker }
    }

    /// Whether nothing of the user's home can be hidden from this viewer. Whom one has blocked, or is
    /// blocked by, one does not follow.
    pub(crate) fn sees_home_of(&self, user: Ordinal) -> bool {
        self.ordinal.is_none_or(|viewer| viewer == user)
    }

    /// Whether everything of `user` is hidden from this viewer.
    pub(crate) fn is_hidden(&self, user: Ordinal) -> bool {
        self.ordinal.is_some_and(|viewer| self.state.graph.is_blocked_between(viewer, user))
    }

    /// Whether posts of this author for that circle are for this viewer.
    pub(crate) fn is_among(&self, author: Ordinal, circle: Circle, ties: &Ties<'_>) -> bool {
        match self.onlooker {
            Onlooker::Application => true,
            Onlooker::Stranger => circle.is_everybody(),
            Onlooker::User(user) => {
                let follows = || ties.follows(self.state, user, author);
                is_among((self.state, ties), user, (author, circle), follows)
            }
        }
    }
}

/// Whether posts of this author for that circle are for `user`, of whom `follows` says whether they
/// follow the author.
pub(crate) fn is_among(
    (state, ties): (&State, &Ties<'_>),
    user: Ordinal,
    (author, circle): (Ordinal, Circle),
    follows: impl FnOnce() -> bool,
) -> bool {
    if user == author {
        return true;
    }
    match circle.among() {
        Among::Everybody => true,
        Among::Followers => follows(),
        Among::Mutual => follows() && ties.follows(state, author, user),
        Among::Group(group) => ties.is_member(state, (author, group), user),
        Among::Author => false,
    }
}
