//! Decides commands about groups: which group has the name, and whether anything changes. A part of
//! [`decide`](super::decide).

use foldhash::{HashMap, HashMapExt};

use super::decide::{Decider, Decision};
use crate::error::{Error, ErrorKind, Result};
use crate::group_name::GroupName;
use crate::ids::{GroupId, Sequence, UserId};
use crate::log::group_effect::{GroupAct, GroupEffect};
use crate::log::record::Began;
use crate::views::groups::Group;
use crate::views::users::Ordinal;

/// What the commands of a commit group did to groups so far, over the state before it.
#[derive(Debug)]
pub(crate) struct PendingGroups {
    /// What has the name now; `None`: nothing.
    groups: HashMap<(UserId, GroupName), Option<Found>>,
    members: HashMap<(GroupId, UserId), Began>,
    /// How many groups each user gained or lost, and how many members each group.
    groups_gained: HashMap<UserId, i64>,
    members_gained: HashMap<GroupId, i64>,
}

/// A group that stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Found {
    id: GroupId,
    exclusive: bool,
}

impl PendingGroups {
    pub(crate) fn new() -> Self {
        Self {
            groups: HashMap::new(),
            members: HashMap::new(),
            groups_gained: HashMap::new(),
            members_gained: HashMap::new(),
        }
    }

    pub(crate) fn clear(&mut self) {
        self.groups.clear();
        self.members.clear();
        self.groups_gained.clear();
        self.members_gained.clear();
    }

    /// Remembers an accepted effect; `at` is its sequence.
    pub(super) fn note(&mut self, effect: &GroupEffect, at: Sequence) {
        let GroupEffect { user, name, exclusive, act } = effect;
        let named = (*user, name.clone());
        match *act {
            GroupAct::Create => {
                let found = Found { id: at.into(), exclusive: *exclusive };
                self.groups.insert(named, Some(found));
                *self.groups_gained.entry(*user).or_insert(0) += 1;
            }
            GroupAct::Delete { .. } => {
                self.groups.insert(named, None);
                *self.groups_gained.entry(*user).or_insert(0) -= 1;
            }
            GroupAct::Add { group, author } => {
                self.members.insert((group, author), Some(at));
                *self.members_gained.entry(group).or_insert(0) += 1;
            }
            GroupAct::Remove { group, author, .. } => {
                self.members.insert((group, author), None);
                *self.members_gained.entry(group).or_insert(0) -= 1;
            }
        }
    }
}

impl Decider<'_> {
    /// Decides, and completes the effect: which group it is, whether it is exclusive.
    pub(super) fn decide_group(&self, effect: &mut GroupEffect) -> Result<Decision> {
        let found = self.group(effect.user, &effect.name);
        let GroupEffect { user, name, exclusive, act } = effect;
        if let GroupAct::Create = act {
            return self.decide_create(*user, name, *exclusive, found);
        }
        let Some(found) = found else {
            return match act {
                GroupAct::Delete { .. } => Ok(Decision::Unchanged),
                _ => Err(no_group(*user, name)),
            };
        };
        *exclusive = found.exclusive;
        let changes = match act {
            GroupAct::Create => false,
            GroupAct::Delete { group } => {
                *group = found.id;
                true
            }
            GroupAct::Add { group, author } => {
                *group = found.id;
                self.decide_add(*user, (found.id, name), *author)?
            }
            GroupAct::Remove { group, author, began } => {
                *group = found.id;
                *began = self.member(*user, found.id, *author);
                began.is_some()
            }
        };
        Ok(if changes { Decision::Accept } else { Decision::Unchanged })
    }

    fn decide_create(
        &self,
        user: UserId,
        name: &GroupName,
        exclusive: bool,
        found: Option<Found>,
    ) -> Result<Decision> {
        if let Some(found) = found {
            if found.exclusive == exclusive {
                return Ok(Decision::Unchanged);
            }
            let kind = if found.exclusive { "an exclusive" } else { "no exclusive" };
            let what = format!(
                "user {user} has a group {name:?} already, {kind} one; delete it first, or choose \
                 another name"
            );
            return Err(Error::new(ErrorKind::Conflict, what));
        }
        let settled = self.ordinal(user).map_or(0, |owner| self.state().groups.of(owner).len());
        let groups = gained(settled, self.pending_groups().groups_gained.get(&user));
        let limit = self.limits().groups_max;
        if limit <= groups {
            return Err(Error::limit(format!(
                "user {user} has {groups} groups already; the limit is {limit} (option max-groups)"
            )));
        }
        Ok(Decision::Accept)
    }

    fn decide_add(
        &self,
        user: UserId,
        (group, name): (GroupId, &GroupName),
        author: UserId,
    ) -> Result<bool> {
        if self.member(user, group, author).is_some() {
            return Ok(false);
        }
        if self.is_blocked_between(user, author) {
            let what = format!(
                "user {author} cannot be in group {name:?} of user {user}: one has blocked the other"
            );
            return Err(Error::new(ErrorKind::Conflict, what));
        }
        let settled = self.settled(user, group).map_or(0, |group| group.members.len());
        let members = gained(settled, self.pending_groups().members_gained.get(&group));
        let limit = self.limits().members_max;
        if limit <= members {
            return Err(Error::limit(format!(
                "group {name:?} of user {user} has {members} members already; the limit is {limit} \
                 (option max-members)"
            )));
        }
        Ok(true)
    }

    /// What the user's group of that name is known by.
    pub(super) fn group_id(&self, user: UserId, name: &GroupName) -> Option<GroupId> {
        self.group(user, name).map(|found| found.id)
    }

    /// The user's group of that name.
    fn group(&self, user: UserId, name: &GroupName) -> Option<Found> {
        let pending = &self.pending_groups().groups;
        if !pending.is_empty()
            && let Some(found) = pending.get(&(user, name.clone()))
        {
            return *found;
        }
        let group = self.state().groups.find(self.ordinal(user)?, name)?;
        Some(Found { id: group.id, exclusive: group.exclusive })
    }

    /// Whether the author is in that group, if there is such.
    pub(super) fn is_member(&self, user: UserId, group: GroupId, author: UserId) -> bool {
        self.is_group(user, group) && self.member(user, group, author).is_some()
    }

    fn is_group(&self, user: UserId, id: GroupId) -> bool {
        let pending = &self.pending_groups().groups;
        match self.settled(user, id) {
            None => pending.values().flatten().any(|found| found.id == id),
            Some(group) => {
                let now = pending.get(&(user, group.name.clone()));
                now.is_none_or(|now| now.is_some_and(|found| found.id == id))
            }
        }
    }

    /// Since when the author is a member.
    fn member(&self, user: UserId, group: GroupId, author: UserId) -> Began {
        if let Some(began) = self.pending_groups().members.get(&(group, author)) {
            return *began;
        }
        self.settled(user, group)?.since(self.ordinal(author)?)
    }

    /// The group before the commands of this commit group.
    fn settled(&self, user: UserId, group: GroupId) -> Option<&Group> {
        self.state().groups.by_id(self.ordinal(user)?, group)
    }

    fn ordinal(&self, user: UserId) -> Option<Ordinal> {
        self.state().users.find(user)
    }
}

fn gained(settled: usize, pending: Option<&i64>) -> usize {
    let pending = pending.copied().unwrap_or(0);
    settled.saturating_add_signed(isize::try_from(pending).unwrap_or(0))
}

/// What reads and writes say of a group that is not there.
pub(crate) fn no_group(user: UserId, name: &GroupName) -> Error {
    Error::new(ErrorKind::NotFound, format!("user {user} has no group {name:?}"))
}
