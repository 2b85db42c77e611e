//! A user's groups, and who is in one. Private, as mutes are: only the owner and the trusted
//! application may ask. Wholly in memory.

use crate::commit::decide_groups::no_group;
use crate::error::{Error, ErrorKind, Result};
use crate::ids::{Sequence, UserId};
use crate::query::{Edge, EdgePage, GroupCard, GroupList, MembersQuery, PageEnd};
use crate::read::feed::check_limit;
use crate::read::judge::is_left_out;
use crate::shared::Shared;
use crate::views::groups::Group;
use crate::views::state::State;
use crate::views::users::Ordinal;

/// The user's groups, oldest first.
pub(crate) fn groups(shared: &Shared, user: UserId, viewer: Option<UserId>) -> Result<GroupList> {
    check_owner(user, viewer)?;
    let state = shared.state()?;
    let groups = state.find(user).map_or(&[][..], |owner| state.groups.of(owner));
    let card = |group: &Group| GroupCard {
        id: group.id,
        name: group.name.clone(),
        exclusive: group.exclusive,
        members: known(&state, group).count() as u64,
    };
    Ok(GroupList { position: state.position, groups: groups.iter().map(card).collect() })
}

/// A page of a group's members, newest first.
pub(crate) fn members(shared: &Shared, query: &MembersQuery) -> Result<EdgePage> {
    let MembersQuery { name, page } = query;
    check_limit(page.limit)?;
    check_owner(page.user, page.viewer)?;
    let state = shared.state()?;
    let owner = state.find(page.user);
    let group = owner.and_then(|owner| state.groups.find(owner, name));
    let group = group.ok_or_else(|| no_group(page.user, name))?;
    let mut below: Vec<_> = known(&state, group).take_while(|(at, _)| *at < page.below()).collect();
    let from = below.len().saturating_sub(page.limit);
    let end = if from == 0 { PageEnd::End } else { PageEnd::More };
    let edge =
        |(sequence, author): (Sequence, Ordinal)| Edge { user: state.users.id(author), sequence };
    let edges = below.split_off(from).into_iter().rev().map(edge).collect();
    Ok(EdgePage { position: state.position, edges, end })
}

/// The members but for those who are being forgotten.
fn known<'a>(state: &'a State, group: &'a Group) -> impl Iterator<Item = (Sequence, Ordinal)> + 'a {
    group.entries().filter(|(_, author)| !state.forgotten.hides(*author))
}

/// Whose posts a group's feed has: its members, but for those whom the owner has muted, where one of the two
/// has blocked the other, and who is suspended.
pub(crate) fn authors(
    state: &State,
    user: UserId,
    name: &crate::group_name::GroupName,
) -> Result<Vec<Ordinal>> {
    let absent = || no_group(user, name);
    let owner = state.find(user).ok_or_else(absent)?;
    let group = state.groups.find(owner, name).ok_or_else(absent)?;
    Ok(shown(state, owner, group).map(|(_, author)| author).collect())
}

/// The members whose posts are in the group's feed, and since when each is a member.
pub(crate) fn shown<'a>(
    state: &'a State,
    owner: Ordinal,
    group: &'a Group,
) -> impl Iterator<Item = (Sequence, Ordinal)> + 'a {
    let graph = &state.graph;
    let shows = move |(_, author): &(Sequence, Ordinal)| {
        !graph.mutes.contains(owner, *author)
            && !graph.is_blocked_between(owner, *author)
            && !is_left_out(state, owner, *author)
    };
    group.entries().filter(shows)
}

/// Refuses everybody else.
pub(crate) fn check_owner(user: UserId, viewer: Option<UserId>) -> Result<()> {
    match viewer.filter(|viewer| *viewer != user) {
        Some(viewer) => {
            let what = format!("user {viewer} cannot see the groups of user {user}");
            Err(Error::new(ErrorKind::Denied, what))
        }
        None => Ok(()),
    }
}
