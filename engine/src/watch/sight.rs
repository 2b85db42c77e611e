//! Whose posts a user sees: follows, mutes, exclusive groups and blocks at one position.
//!
//! No follow stands where a block stands: it ends follows. But posts of whoever is blocked may be
//! reposted by others.

use std::sync::Arc;

use foldhash::{HashMap, HashMapExt};

use crate::error::Result;
use crate::ids::{Sequence, UserId};
use crate::read::followees::{Followees, InFiles};
use crate::shared::Shared;
use crate::views::moderation::Kept;
use crate::views::users::Ordinal;

/// What stands between a user and an author.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Edge {
    pub(crate) follows: bool,
    pub(crate) muted: bool,
    /// How many exclusive groups of the user have the author.
    pub(crate) apart: u32,
    /// The user has blocked the author.
    pub(crate) blocks: bool,
    /// The author has blocked the user.
    pub(crate) blocked: bool,
}

/// The edges of a user at one position.
#[derive(Clone, Debug)]
pub(crate) struct Sight {
    pub(crate) at: Sequence,
    pub(crate) edges: HashMap<UserId, Edge>,
}

/// Where a look at a user's edges ends.
#[derive(Debug)]
pub(crate) enum Look {
    /// With what moderators keep from others then.
    Done(Sight, Arc<Kept>),
    /// The followees are in files: read these without any lock, then look again.
    Files(InFiles),
}

impl Edge {
    /// Whether the author's posts are in the home.
    pub(crate) fn shows(self) -> bool {
        self.follows && !self.muted && self.apart == 0
    }

    /// The block by the user, or the one of the user.
    pub(crate) fn block(&mut self, is_by_user: bool) -> &mut bool {
        if is_by_user { &mut self.blocks } else { &mut self.blocked }
    }

    /// Whether what others repost of the author's is not in the home either.
    pub(crate) fn hides(self) -> bool {
        self.muted || 0 < self.apart || self.blocks || self.blocked
    }
}

impl Sight {
    /// The edges as they are now. Looks at no file.
    pub(crate) fn look(shared: &Shared, user: UserId, known: Option<&Followees>) -> Result<Look> {
        let state = shared.state()?;
        let mut sight = Self { at: state.position.sequence, edges: HashMap::new() };
        let kept = Arc::clone(state.moderation.kept());
        let Some(user) = state.find(user) else { return Ok(Look::Done(sight, kept)) };
        let following = &state.graph.following;
        let part = following.part(user);
        let known = known.filter(|known| known.are_of(following, user));
        if known.is_none() && !part.files.is_empty() {
            return Ok(Look::Files(InFiles::of(following, user)));
        }
        let id = |author| state.users.id(Ordinal(author));
        let mut follow = |author| sight.edges.entry(id(author)).or_default().follows = true;
        match known {
            Some(known) => known.authors().for_each(|author| follow(author.0)),
            None => part.each_payload(follow)?,
        }
        let mutes = state.graph.mutes.lists.part(user);
        mutes.each_payload(|author| sight.edges.entry(id(author)).or_default().muted = true)?;
        let blocks = &state.graph.blocks;
        let blocked = blocks.lists.part(user);
        blocked.each_payload(|other| sight.edges.entry(id(other)).or_default().blocks = true)?;
        for other in blocks.sources(user) {
            sight.edges.entry(id(other.0)).or_default().blocked = true;
        }
        for group in state.groups.of(user).iter().filter(|group| group.exclusive) {
            let members = group.members.payloads();
            members.for_each(|author| sight.edges.entry(id(author)).or_default().apart += 1);
        }
        Ok(Look::Done(sight, kept))
    }

    /// The authors whose posts are in the home.
    pub(crate) fn shown(&self) -> impl Iterator<Item = UserId> + '_ {
        self.edges.iter().filter_map(|(author, edge)| edge.shows().then_some(*author))
    }

    /// Whether what others repost of the author's is not in the home.
    pub(crate) fn hides(&self, author: UserId) -> bool {
        self.edges.get(&author).is_some_and(|edge| edge.hides())
    }

    /// Whether the user follows the author.
    pub(crate) fn follows(&self, author: UserId) -> bool {
        self.edges.get(&author).is_some_and(|edge| edge.follows)
    }

    /// Whether the author's posts are in the home.
    pub(crate) fn shows(&self, author: UserId) -> bool {
        self.edges.get(&author).is_some_and(|edge| edge.shows())
    }
}
