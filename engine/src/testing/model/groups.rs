//! What the oracle says of groups beside their feeds.

use std::collections::BTreeMap;

use super::{Model, ModelGroup, named};
use crate::command::Action;
use crate::error::ErrorKind;
use crate::group_name::GroupName;
use crate::ids::UserId;

impl Model {
    pub(super) fn changes_groups(&self, action: &Action) -> Result<bool, ErrorKind> {
        let find = |user: &UserId, name: &GroupName| self.groups.get(&named(*user, name));
        match action {
            Action::GroupCreate { user, name, exclusive } => {
                let count = self.groups.keys().filter(|(owner, _)| *owner == user.0).count();
                match find(user, name) {
                    Some(group) if group.exclusive == *exclusive => Ok(false),
                    Some(_) => Err(ErrorKind::Conflict),
                    None if self.limits.groups <= count => Err(ErrorKind::Limit),
                    None => Ok(true),
                }
            }
            Action::GroupDelete { user, name } => Ok(find(user, name).is_some()),
            Action::GroupAdd { user, name, author } => match find(user, name) {
                None => Err(ErrorKind::NotFound),
                Some(group) if group.members.contains_key(&author.0) => Ok(false),
                Some(_) if self.is_blocked_between(*user, *author) => Err(ErrorKind::Conflict),
                Some(group) if self.limits.members <= group.members.len() => Err(ErrorKind::Limit),
                Some(_) => Ok(true),
            },
            Action::GroupRemove { user, name, author } => match find(user, name) {
                None => Err(ErrorKind::NotFound),
                Some(group) => Ok(group.members.contains_key(&author.0)),
            },
            _ => Ok(false),
        }
    }

    pub(super) fn apply_group(&mut self, action: &Action, sequence: u64) {
        match action {
            Action::GroupCreate { user, name, exclusive } => {
                let group =
                    ModelGroup { id: sequence, exclusive: *exclusive, members: BTreeMap::new() };
                self.groups.insert(named(*user, name), group);
            }
            Action::GroupDelete { user, name } => {
                if let Some(group) = self.groups.remove(&named(*user, name)) {
                    self.marks.retain(|(_, feed, _), _| *feed != group.id);
                }
            }
            Action::GroupAdd { user, name, author } => {
                if let Some(group) = self.groups.get_mut(&named(*user, name)) {
                    group.members.insert(author.0, sequence);
                }
            }
            Action::GroupRemove { user, name, author } => {
                if let Some(group) = self.groups.get_mut(&named(*user, name)) {
                    group.members.remove(&author.0);
                }
            }
            _ => {}
        }
    }

    /// The names of the reader's groups that have the author, oldest group first.
    #[must_use]
    pub fn groups_with(&self, reader: Option<UserId>, author: UserId) -> Vec<String> {
        let own = self.groups.iter().filter(|((owner, _), _)| Some(UserId(*owner)) == reader);
        let with = own.filter(|(_, group)| group.members.contains_key(&author.0));
        let mut with: Vec<_> = with.map(|((_, name), group)| (group.id, name.clone())).collect();
        with.sort_unstable();
        with.into_iter().map(|(_, name)| name).collect()
    }

    /// (id, name, exclusive, members) of the user's groups, oldest first.
    #[must_use]
    pub fn group_list(&self, user: UserId) -> Vec<(u64, String, bool, u64)> {
        let own = self.groups.iter().filter(|((owner, _), _)| *owner == user.0);
        let mut list: Vec<_> = own
            .map(|((_, name), g)| (g.id, name.clone(), g.exclusive, g.members.len() as u64))
            .collect();
        list.sort_unstable();
        list
    }

    /// Whether an exclusive group of the user has the author.
    #[must_use]
    pub fn is_apart(&self, user: UserId, author: UserId) -> bool {
        let own = self.groups.iter().filter(|((owner, _), _)| *owner == user.0);
        own.into_iter().any(|(_, group)| group.exclusive && group.members.contains_key(&author.0))
    }
}
