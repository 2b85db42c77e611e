//! What the oracle says of groups beside their feeds.

use super::Model;
use crate::ids::UserId;

impl Model {
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
