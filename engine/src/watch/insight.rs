//! Whether a watched user sees a post that is not for everybody, or a repost, as of the record that is told.
//!
//! Whom the user follows is known as of that record. Whom others follow, who is in others' groups, and who
//! is private, is looked up when a post needs it, in a state that may be ahead: where that has changed since, or is not
//! known without a file, nobody can say, and the user is told that the author changed. That is always
//! right, and seldom.

use foldhash::HashMap;

use super::note::Note;
use super::sight::Sight;
use crate::audience::{Among, Circle};
use crate::error::Result;
use crate::ids::{Sequence, UserId};
use crate::log::record::{Effect, Record};
use crate::read::content::Reach;
use crate::read::ties::{Ties, settled};
use crate::shared::Shared;
use crate::views::state::State;

/// For whom a post is, and the original that it refers to, if it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Meant {
    own: (UserId, Circle),
    root: Option<(UserId, Circle)>,
}

/// Whether somebody sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    Yes,
    No,
    /// Nobody can say what they see of this author's.
    Unsure(UserId),
}

impl Meant {
    /// What the record of a post, or of its revision, says; `None` if it is for everybody and no repost, or
    /// no post.
    pub(crate) fn of(record: &Record) -> Option<Self> {
        let (author, audience, link) = match &record.effect {
            Effect::Publish(post) => (post.author, &post.audience, post.repost),
            Effect::Emptied(emptied) => (emptied.author, &emptied.audience, emptied.repost),
            Effect::Revise(revise) => (revise.author, &revise.audience, revise.repost),
            _ => return None,
        };
        Self::known(
            (author, audience.circle()),
            link.map(|link| (link.root_author, link.root_circle)),
        )
    }

    /// The same of a bare repost.
    pub(crate) fn of_bare(author: UserId, root: (UserId, Circle)) -> Option<Self> {
        Self::known((author, Circle::EVERYBODY), Some(root))
    }

    /// The same of a post that stands.
    fn standing(state: &State, author: UserId, post: Sequence) -> Option<Self> {
        let circle = state.audiences.find(post).map_or(Circle::EVERYBODY, |found| found.circle);
        let slot = state.reposts.find(post);
        let root = slot.and_then(|slot| state.reposts.root(slot.root));
        let root = root.map(|root| (state.users.id(root.author), root.circle));
        Self::known((author, circle), root)
    }

    fn known(own: (UserId, Circle), root: Option<(UserId, Circle)>) -> Option<Self> {
        (!own.1.is_everybody() || root.is_some()).then_some(Self { own, root })
    }

    /// Whose post it is.
    pub(crate) fn author(&self) -> UserId {
        self.own.0
    }

    /// Whom others must be known to follow to say who sees it.
    pub(crate) fn followers_of(&self) -> impl Iterator<Item = UserId> {
        let all = [Some(self.own), self.root].into_iter().flatten();
        let mutual = all.filter(|(_, circle)| circle.among() == Among::Mutual);
        mutual.map(|(author, _)| author)
    }

    /// What the user, who has that sight, cannot be known to see without more.
    fn in_question(
        &self,
        (user, sight): (UserId, &Sight),
    ) -> impl Iterator<Item = (UserId, Circle)> {
        // What an author has for everybody is for who follows them, whether they are private or not.
        let is_plain = move |(author, circle): &(UserId, Circle)| {
            circle.is_everybody() && (user == *author || sight.follows(*author))
        };
        [Some(self.own), self.root].into_iter().flatten().filter(move |meant| !is_plain(meant))
    }

    /// Whether `user`, who has that sight, sees it whatever the state says.
    pub(crate) fn is_plain_to(&self, user: UserId, sight: &Sight) -> bool {
        self.in_question((user, sight)).next().is_none()
    }

    /// Whether `user`, who has that sight, sees it as of `at`.
    pub(crate) fn seen(
        &self,
        (state, ties): (&State, &Ties<'_>),
        (user, sight): (UserId, &Sight),
        at: Sequence,
    ) -> Seen {
        for (author, circle) in self.in_question((user, sight)) {
            ties.begin_use();
            let is_for = is_for((state, ties), (user, sight), (author, circle));
            let was_private = is_as_private((state, at), (author, circle));
            if !ties.is_complete() || !ties.are_as_of(state, at) || !was_private {
                return Seen::Unsure(author);
            }
            if !is_for {
                return Seen::No;
            }
        }
        Seen::Yes
    }
}

/// Whether the author is as private as they were then, if that matters to posts for this circle.
fn is_as_private((state, at): (&State, Sequence), (author, circle): (UserId, Circle)) -> bool {
    let is_as_of = |author| state.requests.is_as_of(author, at);
    !circle.is_everybody() || state.users.find(author).is_none_or(is_as_of)
}

fn is_for(
    (state, ties): (&State, &Ties<'_>),
    (user, sight): (UserId, &Sight),
    (author, circle): (UserId, Circle),
) -> bool {
    if user == author {
        return true;
    }
    let known = |id| state.users.find(id);
    let pair = known(user).zip(known(author));
    let today = known(author).map(|author| state.requests.circle_of(author, circle));
    match (today.unwrap_or(circle).among(), pair) {
        (Among::Everybody, _) => true,
        (Among::Followers, _) => sight.follows(author),
        (Among::Mutual, Some((user, writer))) => {
            sight.follows(author) && ties.follows(state, writer, user)
        }
        (Among::Group(group), Some((user, writer))) => ties.is_member(state, (writer, group), user),
        (Among::Author, _) | (Among::Mutual | Among::Group(_), None) => false,
    }
}

/// What a user who comes back sees of the posts in `notes` that are not for everybody, by the posts'
/// sequences; as of `at`. May wait for a disk.
pub(crate) fn insights(
    shared: &Shared,
    (user, sight): (UserId, &Sight),
    at: Sequence,
    notes: &[(Sequence, Note)],
) -> Result<HashMap<Sequence, Seen>> {
    let mut posts = Vec::new();
    for (sequence, note) in notes {
        match *note {
            Note::Publish { author } | Note::Repost { author, .. } => {
                posts.push((*sequence, author))
            }
            Note::Revise { post, author } => posts.push((post.into(), author)),
            _ => {}
        }
    }
    posts.retain(|(_, author)| sight.shows(*author));
    let found = settled(shared, Reach::Files, |state, ties| {
        // Who was private then need not be now.
        if state.is_all_seen_by_followers() {
            return Ok(HashMap::default());
        }
        let seen = |(post, author): &(Sequence, UserId)| {
            let meant = Meant::standing(state, *author, *post)?;
            Some((*post, meant.seen((state, ties), (user, sight), at)))
        };
        Ok(posts.iter().filter_map(seen).collect())
    })?;
    Ok(found.unwrap_or_default())
}

#[cfg(test)]
#[path = "insight_tests.rs"]
mod tests;
