//! Pages of edges, newest first, and what stands between users.

use crate::error::{Error, ErrorKind, Result};
use crate::ids::{PostId, Sequence, UserId};
use crate::query::{Edge, EdgePage, EdgeQuery, PageEnd, Relation, UserCard};
use crate::read::feed::check_limit;
use crate::read::visibility::Viewer;
use crate::shared::Shared;
use crate::views::graph::{Edges, Graph};
use crate::views::state::State;
use crate::views::users::Ordinal;
use crate::views::walk::Down;

/// Which edges of a user to page through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EdgeKind {
    Following,
    Followers,
    Mutes,
    Blocks,
}

impl EdgeKind {
    fn edges(self, graph: &Graph) -> &Edges {
        match self {
            Self::Following => &graph.following,
            Self::Followers => &graph.followers,
            Self::Mutes => &graph.mutes.lists,
            Self::Blocks => &graph.blocks.lists,
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
    let below = query.before.unwrap_or(Sequence(u64::MAX));
    let mut walk = Down::new(kind.edges(&state.graph), user, below);
    while let Some((sequence, other)) = walk.next()? {
        let other = Ordinal(other);
        if filters && viewer.is_hidden(other) {
            continue;
        }
        if page.edges.len() == query.limit {
            page.end = PageEnd::More;
            break;
        }
        page.edges.push(Edge { user: state.users.id(other), sequence });
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
        let (graph, outboxes) = (&state.graph, &state.outboxes);
        card.posts = u64::from(outboxes.posts.count(ordinal));
        card.newest_post = outboxes.find_newest(ordinal)?.map(PostId::from);
        card.followers = u64::from(graph.followers.count(ordinal));
        card.followees = u64::from(graph.following.count(ordinal));
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
        relation.follows = graph.followed_since(first, second)?.is_some();
        relation.followed_by = graph.followed_since(second, first)?.is_some();
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
pub(crate) fn followed_since(
    state: &State,
    user: UserId,
    author: UserId,
) -> Result<Option<Sequence>> {
    match (state.users.find(user), state.users.find(author)) {
        (Some(user), Some(author)) => state.graph.followed_since(user, author),
        _ => Ok(None),
    }
}
