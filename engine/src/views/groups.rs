//! Groups: for each user the named lists of authors they made, and who is in which.
//!
//! Wholly in memory, as mutes are; view files have them for the next open. A user has few groups, so
//! these are found by a look at all of them.
//!
//! Invariants:
//! * The groups of an owner, and the members of a group, stand in the order in which they began.
//! * A name is that of one group of its owner; an author is in a group once.
//! * What is in files and holds no longer has a grave: of a group and of each of its members.
//! * An owner's memberships are the members of their groups.
//! * `apart` counts, for each owner and author, the exclusive groups of the one that have the other.

use foldhash::{HashMap, HashMapExt};

use super::changed::Changed;
use super::graph::EDGE_WIDTH;
use super::graves::{Grave, Graves, holds};
use super::memberships::Memberships;
use super::slots::SlotList;
use super::timeline::Removal;
use super::users::Ordinal;
use super::{Digest, DigestBuilder};
use crate::group_name::GroupName;
use crate::ids::{GroupId, Sequence};
use crate::log::group_effect::{GroupAct, GroupEffect};
use crate::log::record::Began;

/// One group.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) id: GroupId,
    pub(crate) name: GroupName,
    /// Its members are left out of the owner's home.
    pub(crate) exclusive: bool,
    /// When each became a member, and their ordinal.
    pub(crate) members: SlotList<EDGE_WIDTH>,
}

/// The groups of one user.
#[derive(Debug, Default)]
pub(crate) struct Owned {
    /// Oldest first.
    pub(crate) groups: Vec<Group>,
    /// Who is in which of them.
    pub(crate) memberships: Memberships,
}

/// All groups of all users.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    owners: HashMap<u32, Owned>,
    apart: Apart,
    total: u64,
    members: u64,
    /// When the groups of some owner in each of these parts changed last.
    changed: Changed<CHANGED>,
    /// Groups in files that are deleted, by owner.
    pub(crate) graves: Graves,
    /// Memberships in files that ended, by owner.
    pub(crate) member_graves: Graves,
}

/// Pairs of owner and author, with the number of exclusive groups behind each.
#[derive(Debug)]
struct Apart {
    pairs: HashMap<(u32, u32), u32>,
    /// Pairs by owner, and by author.
    owners: HashMap<u32, u32>,
    authors: HashMap<u32, u32>,
}

/// Places of what tells whose groups changed.
const CHANGED: usize = 1_024;

impl Default for Apart {
    fn default() -> Self {
        Self { pairs: HashMap::new(), owners: HashMap::new(), authors: HashMap::new() }
    }
}

/// A group in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GroupRow {
    pub(crate) owner: Ordinal,
    pub(crate) id: GroupId,
    pub(crate) name: GroupName,
    pub(crate) exclusive: bool,
}

/// A membership in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MemberRow {
    pub(crate) owner: Ordinal,
    pub(crate) group: GroupId,
    pub(crate) author: Ordinal,
    /// The record that began it.
    pub(crate) at: Sequence,
}

impl Group {
    /// Since when the author is a member.
    pub(crate) fn since(&self, author: Ordinal) -> Began {
        let index = self.members.payloads().position(|member| member == author.0)?;
        Some(self.members.sequence(index))
    }

    /// The members, in the order in which they became that, and when.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (Sequence, Ordinal)> + '_ {
        let entries = (0..self.members.len()).map(|index| self.members.entry(index));
        entries.map(|(at, author)| (at, Ordinal(author)))
    }
}

impl Groups {
    /// The groups of `owner`, oldest first.
    pub(crate) fn of(&self, owner: Ordinal) -> &[Group] {
        self.owned(owner).map_or(&[], |owned| &owned.groups)
    }

    /// The groups of `owner`, and who is in them; `None` if there are none.
    pub(crate) fn owned(&self, owner: Ordinal) -> Option<&Owned> {
        self.owners.get(&owner.0)
    }

    /// Whether nothing about the groups of `owner` has changed since.
    pub(crate) fn are_as_of(&self, owner: Ordinal, position: Sequence) -> bool {
        self.changed.is_as_of(owner, position)
    }

    pub(crate) fn find(&self, owner: Ordinal, name: &GroupName) -> Option<&Group> {
        self.of(owner).iter().find(|group| group.name == *name)
    }

    pub(crate) fn by_id(&self, owner: Ordinal, id: GroupId) -> Option<&Group> {
        self.of(owner).iter().find(|group| group.id == id)
    }

    /// The exclusive group that leaves the author out of the owner's home, the oldest if there are
    /// several; and since when.
    pub(crate) fn apart_since(
        &self,
        owner: Ordinal,
        author: Ordinal,
    ) -> Option<(&Group, Sequence)> {
        let exclusive = self.of(owner).iter().filter(|group| group.exclusive);
        exclusive.into_iter().find_map(|group| Some((group, group.since(author)?)))
    }

    /// Whether an exclusive group of `owner` has the author.
    pub(crate) fn is_apart(&self, owner: Ordinal, author: Ordinal) -> bool {
        !self.apart.pairs.is_empty() && self.apart.pairs.contains_key(&(owner.0, author.0))
    }

    /// Whether an exclusive group of `owner` has anybody.
    pub(crate) fn has_apart(&self, owner: Ordinal) -> bool {
        !self.apart.owners.is_empty() && self.apart.owners.contains_key(&owner.0)
    }

    /// Whether anybody's exclusive group has the author.
    pub(crate) fn is_apart_for_anybody(&self, author: Ordinal) -> bool {
        self.apart.authors.contains_key(&author.0)
    }

    /// How many groups there are.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// How many members all groups have together.
    pub(crate) fn members(&self) -> u64 {
        self.members
    }

    /// Folds one effect; `author` is the member's ordinal. What a thinned or repaired log names and
    /// does not have any more is passed over.
    pub(crate) fn apply(
        &mut self,
        owner: Ordinal,
        author: Option<Ordinal>,
        effect: &GroupEffect,
        removal: Removal,
    ) {
        self.changed.note(owner, removal.at);
        match (effect.act, author) {
            (GroupAct::Create, _) => {
                let GroupEffect { name, exclusive, .. } = effect;
                let (id, name) = (removal.at.into(), name.clone());
                self.create(GroupRow { owner, id, name, exclusive: *exclusive });
            }
            (GroupAct::Delete { group }, _) => self.delete(owner, group, removal),
            (GroupAct::Add { group, .. }, Some(author)) => {
                self.add(MemberRow { owner, group, author, at: removal.at });
            }
            (GroupAct::Remove { group, began, .. }, Some(_)) => {
                self.remove(owner, group, began, removal);
            }
            (GroupAct::Add { .. } | GroupAct::Remove { .. }, None) => {}
        }
    }

    /// Adds a group of a file, unless it has a grave.
    pub(crate) fn load(&mut self, row: GroupRow) {
        if !holds(self.graves.of(row.owner), row.id.into()) {
            self.create(row);
        }
    }

    /// Adds a membership of a file, unless it has a grave; its group is loaded.
    pub(crate) fn load_member(&mut self, row: MemberRow) {
        if !holds(self.member_graves.of(row.owner), row.at) {
            self.add(row);
        }
    }

    fn create(&mut self, row: GroupRow) {
        let GroupRow { owner, id, name, exclusive } = row;
        let Owned { groups, .. } = self.owners.entry(owner.0).or_default();
        let is_new = groups.iter().all(|group| group.id < id && group.name != name);
        if is_new {
            groups.push(Group { id, name, exclusive, members: SlotList::default() });
            self.total += 1;
        }
    }

    fn delete(&mut self, owner: Ordinal, id: GroupId, removal: Removal) {
        let Some((Owned { groups, memberships }, at)) = self.place(owner, id) else { return };
        let group = groups.remove(at);
        memberships.drop_group(at);
        if groups.is_empty() {
            self.owners.remove(&owner.0);
        }
        self.total -= 1;
        self.members -= group.members.len() as u64;
        for index in 0..group.members.len() {
            let (entry, author) = group.members.entry(index);
            bury(&mut self.member_graves, owner, entry, removal);
            if group.exclusive {
                self.apart.leave(owner, Ordinal(author));
            }
        }
        bury(&mut self.graves, owner, id.into(), removal);
    }

    fn add(&mut self, row: MemberRow) {
        let MemberRow { owner, group: id, author, at } = row;
        let Some((Owned { groups, memberships }, place)) = self.place(owner, id) else { return };
        let Some(group) = groups.get_mut(place) else { return };
        if Some(at) <= group.members.last() || !memberships.join(author, place) {
            return;
        }
        group.members.push((at, author.0));
        let exclusive = group.exclusive;
        self.members += 1;
        if exclusive {
            self.apart.join(owner, author);
        }
    }

    fn remove(&mut self, owner: Ordinal, id: GroupId, began: Began, removal: Removal) {
        let Some(entry) = began else { return };
        let Some((Owned { groups, memberships }, place)) = self.place(owner, id) else { return };
        let Some(group) = groups.get_mut(place) else { return };
        let Some(index) = group.members.find(entry) else { return };
        let (_, author) = group.members.entry(index);
        group.members.remove(entry);
        memberships.leave(Ordinal(author), place);
        let exclusive = group.exclusive;
        self.members -= 1;
        bury(&mut self.member_graves, owner, entry, removal);
        if exclusive {
            self.apart.leave(owner, Ordinal(author));
        }
    }

    /// The groups of an owner, and which of them has that id.
    fn place(&mut self, owner: Ordinal, id: GroupId) -> Option<(&mut Owned, usize)> {
        let owned = self.owners.get_mut(&owner.0)?;
        let place = owned.groups.iter().position(|group| group.id == id)?;
        Some((owned, place))
    }

    pub(crate) fn digest(&self) -> Digest {
        let mut digest = DigestBuilder::new();
        let mut owners: Vec<_> = self.owners.iter().collect();
        owners.sort_unstable_by_key(|(owner, _)| **owner);
        for (owner, Owned { groups, .. }) in owners {
            digest.number(u64::from(*owner));
            digest.number(groups.len() as u64);
            groups.iter().for_each(|group| group.digest(&mut digest));
        }
        digest.finish()
    }
}

impl Group {
    fn digest(&self, digest: &mut DigestBuilder) {
        digest.number(self.id.0);
        digest.bytes(self.name.as_str().as_bytes());
        digest.number(u64::from(self.exclusive));
        digest.number(self.members.len() as u64);
        for (at, author) in (0..self.members.len()).map(|index| self.members.entry(index)) {
            digest.number(at.0);
            digest.number(u64::from(author));
        }
    }
}

/// What is in files, or is being written to one, needs a grave.
fn bury(graves: &mut Graves, owner: Ordinal, entry: Sequence, removal: Removal) {
    if entry <= removal.frontier {
        graves.add(owner, Grave { entry, ended: removal.at });
    }
}

impl Apart {
    fn join(&mut self, owner: Ordinal, author: Ordinal) {
        let groups = self.pairs.entry((owner.0, author.0)).or_insert(0);
        *groups += 1;
        if *groups == 1 {
            *self.owners.entry(owner.0).or_insert(0) += 1;
            *self.authors.entry(author.0).or_insert(0) += 1;
        }
    }

    fn leave(&mut self, owner: Ordinal, author: Ordinal) {
        if count_down(&mut self.pairs, (owner.0, author.0)) {
            count_down(&mut self.owners, owner.0);
            count_down(&mut self.authors, author.0);
        }
    }
}

/// One less; whether it was the last.
fn count_down<K: std::hash::Hash + Eq>(counts: &mut HashMap<K, u32>, key: K) -> bool {
    let Some(count) = counts.get_mut(&key) else { return false };
    *count -= 1;
    let is_last = *count == 0;
    if is_last {
        counts.remove(&key);
    }
    is_last
}
