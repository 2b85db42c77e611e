//! Pages of edges, newest first, and what stands between users.

use crate::error::{Error, ErrorKind, Result};
use crate::ids::{PostId, Sequence, UserId};
use crate::query::{Edge, EdgePage, EdgeQuery, PageEnd, Relation, UserCard};
use crate::read::feed::check_limit;
use crate::read::visibility::Viewer;
use crate::shared::Shared;
use crate::views::slots::EdgeList;
use crate::views::state::State;
use crate::views::users::Ordinal;

/// Which edges of a user to page through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EdgeKind {
    Following,
    Followers,
    Mutes,
    Blocks,
}

impl EdgeKind {
    fn list(self, state: &State, user: Ordinal) -> &EdgeList {
        match self {
            Self::Following => &state.graph.node(user).following,
            Self::Followers => &state.graph.node(user).followers,
            Self::Mutes => state.graph.mutes.list(user),
            Self::Blocks => state.graph.blocks.list(user),
        }
    }

    fn is_private(self) -> bool {
        matches!(self, Self::Mutes | Self::Blocks)
    }

    fn noun(self) -> &'static str {
        match self {
            Self::Following => "following",
            Self::Followers => "followers",
            Self::Mutes => "mutes",
            Self::Blocks => "blocks",
        }
    }
}

/// A page of the user's edges of one kind.
pub(crate) fn edges(shared: &Shared, kind: EdgeKind, query: &EdgeQuery) -> Result<EdgePage> {
    check_limit(query.limit)?;
    check_private(kind, query)?;
    let state = shared.state()?;
    let mut page = EdgePage { position: state.position, edges: Vec::new(), end: PageEnd::End };
    let viewer = Viewer::new(&state, query.viewer);
    let Some(user) = state.users.find(query.user) else { return Ok(page) };
    // One's own list of blocks is not hidden by the blocks in it.
    let filters = !kind.is_private();
    if filters && viewer.is_hidden(user) {
        return Ok(page);
    }
    let list = kind.list(&state, user);
    let mut index = query.before.map_or(list.len(), |before| list.count_below(before));
    while let Some(next) = index.checked_sub(1) {
        index = next;
        let other = list.ordinal(index);
        if filters && viewer.is_hidden(other) {
            continue;
        }
        if page.edges.len() == query.limit {
            page.end = PageEnd::More;
            break;
        }
        page.edges.push(Edge { user: state.users.id(other), sequence: list.sequence(index) });
    }
    Ok(page)
}

fn check_private(kind: EdgeKind, query: &EdgeQuery) -> Result<()> {
    match query.viewer {
        Some(viewer) if kind.is_private() && viewer != query.user => {
            let (noun, user) = (kind.noun(), query.user);
            let message = format!("user {viewer} cannot see the {noun} of user {user}");
            Err(Error::new(ErrorKind::Denied, message))
        }
        _ => Ok(()),
    }
}

/// Counts of one user; zeros for a user nobody has written about or who is hidden.
pub(crate) fn user(shared: &Shared, user: UserId, viewer: Option<UserId>) -> Result<UserCard> {
    let state = shared.state()?;
    let viewer = Viewer::new(&state, viewer);
    let known = state.users.find(user).filter(|ordinal| !viewer.is_hidden(*ordinal));
    let mut card = UserCard {
        position: state.position,
        user,
        posts: 0,
        followers: 0,
        followees: 0,
        newest_post: None,
        active_at: None,
    };
    if let Some(ordinal) = known {
        let node = state.graph.node(ordinal);
        let list = state.outboxes.list(ordinal);
        card.posts = list.map_or(0, |list| list.len() as u64);
        card.newest_post = list.and_then(|list| list.last()).map(PostId::from);
        card.followers = node.followers.len() as u64;
        card.followees = node.following.len() as u64;
        card.active_at = state.activity.at(ordinal);
    }
    Ok(card)
}

/// What stands between `a` and `b`. Mutes and blocks are private to who made them: a viewer other
/// than `a` sees neither of `a`'s; `blocked_by` is shown to `b`, who did it, and not to `a`.
pub(crate) fn relation(
    shared: &Shared,
    a: UserId,
    b: UserId,
    viewer: Option<UserId>,
) -> Result<Relation> {
    let state = shared.state()?;
    let mut relation = Relation {
        position: state.position,
        follows: false,
        followed_by: false,
        muted: false,
        blocked: false,
        blocked_by: false,
    };
    let (Some(first), Some(second)) = (state.users.find(a), state.users.find(b)) else {
        return Ok(relation);
    };
    let look = Viewer::new(&state, viewer);
    let graph = &state.graph;
    if !look.is_hidden(first) && !look.is_hidden(second) {
        relation.follows = graph.followed_since(first, second).is_some();
        relation.followed_by = graph.followed_since(second, first).is_some();
    }
    if viewer.is_none_or(|viewer| viewer == a) {
        relation.muted = graph.mutes.contains(first, second);
        relation.blocked = graph.blocks.contains(first, second);
    }
    if viewer.is_none_or(|viewer| viewer == b) {
        relation.blocked_by = graph.blocks.contains(second, first);
    }
    Ok(relation)
}

/// Marks `user` as active now; false if nobody has written about them.
pub(crate) fn touch(shared: &Shared, user: UserId) -> Result<(crate::ids::Position, bool)> {
    let now = shared.options.clock.now();
    let state = shared.state()?;
    let known = state.users.find(user);
    if let Some(ordinal) = known {
        state.activity.touch(ordinal, now);
    }
    Ok((state.position, known.is_some()))
}

/// The sequence at which the follow began, if it holds.
pub(crate) fn followed_since(state: &State, user: UserId, author: UserId) -> Option<Sequence> {
    let (user, author) = (state.users.find(user)?, state.users.find(author)?);
    state.graph.followed_since(user, author)
}
