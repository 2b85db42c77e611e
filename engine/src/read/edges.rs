//! Pages of edges, newest first, and what stands between users.

use std::cell::Cell;

use crate::commit::decide_forgets::being_forgotten;
use crate::error::{Error, ErrorKind, Result};
use crate::ids::{PostId, Sequence, UserId};
use crate::query::{Edge, EdgePage, EdgeQuery, PageEnd, Relation, UserCard};
use crate::read::content::Reach;
use crate::read::feed::check_limit;
use crate::read::sight;
use crate::read::stands::Since;
use crate::read::visibility::Viewer;
use crate::runs::run::Entry;
use crate::shared::Shared;
use crate::views::graph::{EDGE_WIDTH, Edges};
use crate::views::outbox::{Newest, POST_WIDTH};
use crate::views::part::{Excerpt, Near, Stamp};
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
    /// Who asks to follow.
    Requests,
}

impl EdgeKind {
    fn edges(self, state: &State) -> &Edges {
        let graph = &state.graph;
        match self {
            Self::Following => &graph.following,
            Self::Followers => &graph.followers,
            Self::Mutes => &graph.mutes.lists,
            Self::Blocks => &graph.blocks.lists,
            Self::Requests => &state.requests.asked.lists,
        }
    }

    fn is_private(self) -> bool {
        matches!(self, Self::Mutes | Self::Blocks | Self::Requests)
    }

    fn noun(self) -> &'static str {
        match self {
            Self::Following => "following",
            Self::Followers => "followers",
            Self::Mutes => "mutes",
            Self::Blocks => "blocks",
            Self::Requests => "requests",
        }
    }
}

/// A page of the user's edges of one kind. Within memory: `None` if that is not enough.
pub(crate) fn edges(
    shared: &Shared,
    kind: EdgeKind,
    query: &EdgeQuery,
    reach: Reach,
) -> Result<Option<EdgePage>> {
    check_limit(query.limit)?;
    check_private(kind, query)?;
    let mut want = query.limit + 1;
    loop {
        let (excerpt, stamp) = match look(shared, kind, query)? {
            Ok(page) => return Ok(Some(page)),
            Err(_) if reach == Reach::Memory => return Ok(None),
            Err(in_files) => in_files,
        };
        let mut walk = Down::new(excerpt.part(), query.below());
        let mut found = Vec::new();
        while found.len() < want {
            match walk.next()? {
                Some(entry) => found.push(entry),
                None => break,
            }
        }
        if let Some(page) = look_again(shared, kind, query, &stamp, &found)? {
            if page.end == PageEnd::More || found.len() < want {
                return Ok(Some(page));
            }
            // Many of them are hidden from the viewer.
            want *= 4;
        }
    }
}

/// A user's edges on their way out of the state.
type InFiles = (Excerpt<EDGE_WIDTH>, Stamp);

/// The page, if all of it is in memory.
fn look(
    shared: &Shared,
    kind: EdgeKind,
    query: &EdgeQuery,
) -> Result<std::result::Result<EdgePage, InFiles>> {
    let state = shared.state()?;
    let mut page = Filling::new(&state, kind, query);
    let known = state.find(query.user);
    // One's own list of blocks is not hidden by the blocks in it.
    let Some(user) = known.filter(|user| !page.hides(*user)) else { return Ok(Ok(page.page)) };
    let edges = kind.edges(&state);
    let missed = Cell::new(false);
    let mut walk = Down::new(edges.part(user).resident(&missed), query.below());
    while let Some(entry) = walk.next()? {
        if !page.add(entry)? {
            break;
        }
    }
    if missed.get() {
        let below = edges.excerpt(user, Near::Below(query.below()), usize::MAX);
        return Ok(Err((below, edges.stamp(user))));
    }
    Ok(Ok(page.page))
}

/// The page out of what was `found` in files, if the user's edges are still the same.
fn look_again(
    shared: &Shared,
    kind: EdgeKind,
    query: &EdgeQuery,
    stamp: &Stamp,
    found: &[Entry],
) -> Result<Option<EdgePage>> {
    let state = shared.state()?;
    let mut page = Filling::new(&state, kind, query);
    let Some(user) = state.find(query.user) else { return Ok(None) };
    if kind.edges(&state).stamp(user) != *stamp {
        return Ok(None);
    }
    if !page.hides(user) {
        for entry in found {
            if !page.add(*entry)? {
                break;
            }
        }
    }
    Ok(Some(page.page))
}

/// A page being filled.
struct Filling<'a> {
    state: &'a State,
    viewer: Option<Viewer<'a>>,
    limit: usize,
    page: EdgePage,
}

impl<'a> Filling<'a> {
    fn new(state: &'a State, kind: EdgeKind, query: &EdgeQuery) -> Self {
        let page = EdgePage { position: state.position, edges: Vec::new(), end: PageEnd::End };
        // Whom one mutes or blocks one sees whatever becomes of them; of others one hears only if they show.
        let is_own = matches!(kind, EdgeKind::Mutes | EdgeKind::Blocks);
        let viewer = (!is_own).then(|| Viewer::new(state, query.viewer));
        Self { state, viewer, limit: query.limit, page }
    }

    fn hides(&self, user: Ordinal) -> bool {
        let is_hidden = self.viewer.is_some_and(|viewer| viewer.is_hidden(user));
        is_hidden || self.state.forgotten.hides(user)
    }

    /// Adds an edge unless it is hidden; false if the page was full.
    fn add(&mut self, (sequence, other): Entry) -> Result<bool> {
        let other = Ordinal(other);
        if self.hides(other) {
            return Ok(true);
        }
        if self.page.edges.len() == self.limit {
            self.page.end = PageEnd::More;
            return Ok(false);
        }
        let user = self.state.users.find_id(other).ok_or_else(|| nobody(other, sequence))?;
        self.page.edges.push(Edge { user, sequence });
        Ok(true)
    }
}

/// Only a damaged file can say so.
fn nobody(other: Ordinal, sequence: Sequence) -> Error {
    let what = format!("the edge of sequence {sequence} leads to user number {}", other.0);
    Error::new(ErrorKind::Corrupt, format!("{what}, and there is no such user"))
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

/// Counts of one user; zeros for a user nobody has written about or who is hidden. Within memory:
/// `None` if that is not enough. Whoever does not see the newest post is not told its id.
pub(crate) fn user(
    shared: &Shared,
    user: UserId,
    viewer: Option<UserId>,
    reach: Reach,
) -> Result<Option<UserCard>> {
    let (mut card, in_files) = card(shared, user, viewer)?;
    if reach == Reach::Memory && in_files.is_some() {
        return Ok(None);
    }
    if let Some((below, excerpt)) = in_files {
        let newest = Down::new(excerpt.part(), below).next()?;
        card.newest_post = newest.map(|(post, _)| PostId::from(post));
    }
    let Some(post) = card.newest_post else { return Ok(Some(card)) };
    let is_seen = sight::shows(shared, viewer, (post, user), reach)?;
    Ok(is_seen.map(|is_seen| UserCard { newest_post: is_seen.then_some(post), ..card }))
}

/// The newest post is in files, below that sequence.
type NewestInFiles = (Sequence, Excerpt<POST_WIDTH>);

fn card(
    shared: &Shared,
    user: UserId,
    viewer: Option<UserId>,
) -> Result<(UserCard, Option<NewestInFiles>)> {
    let state = shared.state()?;
    let viewer = Viewer::new(&state, viewer);
    let known = state.find(user).filter(|ordinal| !viewer.is_hidden(*ordinal));
    let mut card = UserCard {
        position: state.position,
        user,
        posts: 0,
        followers: 0,
        followees: 0,
        newest_post: None,
        active_at: None,
        suspended: false,
        is_private: false,
    };
    let mut in_files = None;
    if let Some(ordinal) = known {
        let (graph, outboxes) = (&state.graph, &state.outboxes);
        let published = outboxes.posts.count(ordinal);
        card.posts = u64::from(published.saturating_sub(state.reposts.orphans_of(ordinal)));
        card.followers = u64::from(graph.followers.count(ordinal));
        card.followees = u64::from(graph.following.count(ordinal));
        card.is_private = state.requests.is_private(ordinal);
        card.active_at = state.activity.at(ordinal);
        card.suspended = state.moderation.suspended_since(ordinal).is_some();
        match outboxes.newest(ordinal) {
            Newest::None => {}
            Newest::Is(post) => card.newest_post = Some(post.into()),
            Newest::AtMost(bound) => {
                let below = bound.next();
                in_files = Some((below, outboxes.posts.excerpt(ordinal, Near::Below(below), 1)));
            }
        }
    }
    Ok((card, in_files))
}

/// What stands between `a` and `b`. Requests are shown to the two. Mutes, groups and blocks are private
/// to who made them: a viewer other than `a` sees none of `a`'s; `blocked_by` is shown to `b`, who did
/// it, and not to `a`. Within memory: `None` if that is not enough.
pub(crate) fn relation(
    shared: &Shared,
    (a, b): (UserId, UserId),
    viewer: Option<UserId>,
    reach: Reach,
) -> Result<Option<Relation>> {
    let (mut relation, forth, back) = standing(shared, a, b, viewer)?;
    if reach == Reach::Memory && (forth.is_in_files() || back.is_in_files()) {
        return Ok(None);
    }
    relation.follows = forth.resolve()?.is_some();
    relation.followed_by = back.resolve()?.is_some();
    Ok(Some(relation))
}

/// The relation but for the follows, and where these stand.
fn standing(
    shared: &Shared,
    a: UserId,
    b: UserId,
    viewer: Option<UserId>,
) -> Result<(Relation, Since, Since)> {
    let state = shared.state()?;
    let mut relation = Relation {
        position: state.position,
        follows: false,
        followed_by: false,
        muted: false,
        apart: false,
        blocked: false,
        blocked_by: false,
        requested: false,
        requested_by: false,
    };
    let (mut forth, mut back) = (Since::Known(None), Since::Known(None));
    let (Some(first), Some(second)) = (state.find(a), state.find(b)) else {
        return Ok((relation, forth, back));
    };
    let look = Viewer::new(&state, viewer);
    let graph = &state.graph;
    if !look.is_hidden(first) && !look.is_hidden(second) {
        forth = Since::of(&graph.following, first, second)?;
        back = Since::of(&graph.following, second, first)?;
        if viewer.is_none_or(|viewer| viewer == a || viewer == b) {
            relation.requested = state.requests.asked_since(first, second).is_some();
            relation.requested_by = state.requests.asked_since(second, first).is_some();
        }
    }
    if viewer.is_none_or(|viewer| viewer == a) {
        relation.muted = graph.mutes.contains(first, second);
        relation.apart = state.groups.is_apart(first, second);
        relation.blocked = graph.blocks.contains(first, second);
    }
    if viewer.is_none_or(|viewer| viewer == b) {
        relation.blocked_by = graph.blocks.contains(second, first);
    }
    Ok((relation, forth, back))
}

/// Marks `user` as active now; false if nobody has written about them.
pub(crate) fn touch(shared: &Shared, user: UserId) -> Result<(crate::ids::Position, bool)> {
    let now = shared.options.clock.now();
    let state = shared.state()?;
    let known = state.users.find(user);
    check_hidden(&state, user)?;
    if let Some(ordinal) = known {
        state.activity.touch(ordinal, now);
        if shared.hub.leases.touch(user, now) {
            shared.hub.stirred.stir(user, now);
        }
    }
    Ok((state.position, known.is_some()))
}

/// Refuses what is about somebody who is being forgotten.
fn check_hidden(state: &State, user: UserId) -> Result<()> {
    let hides = |user: Ordinal| state.forgotten.hides(user);
    match !state.forgotten.is_idle() && state.users.find(user).is_some_and(hides) {
        true => Err(being_forgotten(user)),
        false => Ok(()),
    }
}

/// Gives `user` a tag, or takes it away; false if that changes nothing, as for a user nobody has
/// written about.
pub(crate) fn tag(
    shared: &Shared,
    user: UserId,
    tag: &str,
    is_set: bool,
) -> Result<(crate::ids::Position, bool)> {
    let (mut position, mut changed) = (crate::ids::Position::default(), Ok(false));
    shared.change(|state| {
        position = state.position;
        if let Err(error) = check_hidden(state, user) {
            changed = Err(error);
        } else if let Some(user) = state.users.find(user) {
            changed = state.delivery.ranks.set_tag(user, tag, is_set);
        }
    })?;
    Ok((position, changed?))
}

/// Since when `user` follows `author`, or where that stands.
pub(crate) fn follows_since(state: &State, user: UserId, author: UserId) -> Result<Since> {
    match (state.users.find(user), state.users.find(author)) {
        (Some(user), Some(author)) => Since::of(&state.graph.following, user, author),
        _ => Ok(Since::Known(None)),
    }
}
