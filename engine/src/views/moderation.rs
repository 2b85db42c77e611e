//! What moderators keep from others: users who are suspended, and posts that are hidden.
//!
//! Wholly in memory, because moderation is rare: some hundred bytes each; view files have it for the next
//! open. It says only what is moderated: who sees what is said by [`judge`](crate::read::judge) and
//! [`visibility`](crate::read::visibility).
//!
//! Invariants:
//! * A post that is deleted is not in here.
//! * What is in files and holds no longer has a grave, of the record that had begun it.

use std::collections::BTreeMap;
use std::sync::Arc;

use foldhash::{HashMap, HashSet};

use super::graves::{Grave, Graves, holds};
use super::timeline::Removal;
use super::users::Ordinal;
use super::{Digest, DigestBuilder};
use crate::ids::{PostId, Sequence, UserId};
use crate::log::moderation_effect::{ModerationAct, ModerationEffect};
use crate::log::record::Began;

/// A suspension or a hidden post, as files have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ModeratedRow {
    /// Who is suspended, or whose post it is.
    pub(crate) owner: Ordinal,
    /// The post; `None`: the user is suspended.
    pub(crate) post: Option<PostId>,
    /// The record that began it.
    pub(crate) at: Sequence,
}

/// What is kept from others, by what the log calls it: for watches, which follow the log and not the state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Kept {
    suspended: HashSet<UserId>,
    hidden: HashSet<PostId>,
    /// Who is being forgotten, and hidden from themselves too.
    forgotten: HashSet<UserId>,
}

impl Kept {
    /// Folds what a record says.
    pub(crate) fn fold(&mut self, effect: &ModerationEffect) {
        match effect.act {
            ModerationAct::Suspend => drop(self.suspended.insert(effect.user)),
            ModerationAct::Unsuspend { .. } => drop(self.suspended.remove(&effect.user)),
            ModerationAct::Hide { post } => drop(self.hidden.insert(post)),
            ModerationAct::Unhide { post, .. } => drop(self.hidden.remove(&post)),
        }
    }

    /// Somebody is being forgotten, or is forgotten by now.
    pub(crate) fn forget(&mut self, user: UserId, is_hidden: bool) {
        match is_hidden {
            true => drop(self.forgotten.insert(user)),
            false => drop(self.forgotten.remove(&user)),
        }
    }

    /// Whether the user is being forgotten.
    pub(crate) fn is_forgotten(&self, user: UserId) -> bool {
        self.forgotten.contains(&user)
    }

    /// Whether nobody else is told of the user: they are suspended, or being forgotten.
    pub(crate) fn hides_user(&self, user: UserId) -> bool {
        self.is_forgotten(user) || self.suspended.contains(&user)
    }

    /// Whether the author's post is kept from the user.
    pub(crate) fn keeps(&self, (post, author): (PostId, UserId), from: UserId) -> bool {
        self.is_forgotten(author)
            || author != from && (self.hidden.contains(&post) || self.suspended.contains(&author))
    }
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Moderation {
    suspended: HashMap<Ordinal, Sequence>,
    hidden: HashMap<PostId, ModeratedRow>,
    /// All of it in the order in which it began, for pages.
    rows: BTreeMap<Sequence, ModeratedRow>,
    /// The same once more; copied by a change only while somebody holds it.
    kept: Arc<Kept>,
    /// What is in files and holds no longer, by owner.
    pub(crate) graves: Graves,
}

impl Moderation {
    /// Since when the user is suspended.
    pub(crate) fn suspended_since(&self, user: Ordinal) -> Began {
        if self.suspended.is_empty() {
            return None;
        }
        self.suspended.get(&user).copied()
    }

    /// Whether the user's things are kept from that other user: everybody sees their own.
    pub(crate) fn keeps_author(&self, author: Ordinal, from: Ordinal) -> bool {
        author != from && self.suspended_since(author).is_some()
    }

    /// Who is suspended, in no order.
    pub(crate) fn suspended(&self) -> impl ExactSizeIterator<Item = Ordinal> {
        self.suspended.keys().copied()
    }

    /// Whether anybody is suspended.
    pub(crate) fn has_suspended(&self) -> bool {
        !self.suspended.is_empty()
    }

    /// Whether there is anything at all.
    pub(crate) fn has_any(&self) -> bool {
        !self.rows.is_empty()
    }

    /// Whether any post is hidden.
    pub(crate) fn has_hidden(&self) -> bool {
        !self.hidden.is_empty()
    }

    /// Whose post it is, and since when it is hidden; `None` if it is not.
    pub(crate) fn hidden(&self, post: PostId) -> Option<ModeratedRow> {
        if self.hidden.is_empty() {
            return None;
        }
        self.hidden.get(&post).copied()
    }

    /// Somebody is being forgotten, or is forgotten by now: no matter of moderators, but watches ask here.
    pub(crate) fn forget(&mut self, user: UserId, is_hidden: bool) {
        Arc::make_mut(&mut self.kept).forget(user, is_hidden);
    }

    /// What is kept from others now.
    pub(crate) fn kept(&self) -> &Arc<Kept> {
        &self.kept
    }

    /// How many users are suspended, and how many posts are hidden.
    pub(crate) fn totals(&self) -> (u64, u64) {
        (self.suspended.len() as u64, self.hidden.len() as u64)
    }

    /// What began below that sequence, newest first.
    pub(crate) fn rows_below(&self, below: Sequence) -> impl Iterator<Item = &ModeratedRow> {
        self.rows.range(..below).rev().map(|(_, row)| row)
    }

    /// Whether what began then stands.
    pub(crate) fn stands(&self, at: Sequence) -> bool {
        self.rows.contains_key(&at)
    }

    /// Whether this stands, or stood when the files were begun that are being written now.
    pub(crate) fn has_known(&self, owner: Ordinal, at: Sequence) -> bool {
        self.rows.contains_key(&at) || holds(self.graves.of(owner), at)
    }

    /// Folds a record about the user, or about a post of theirs.
    pub(crate) fn apply(&mut self, owner: Ordinal, effect: &ModerationEffect, removal: Removal) {
        let post = effect.post();
        match effect.act {
            ModerationAct::Suspend | ModerationAct::Hide { .. } => {
                self.add(effect.user, ModeratedRow { owner, post, at: removal.at });
            }
            ModerationAct::Unsuspend { began } | ModerationAct::Unhide { began, .. } => {
                let user = effect.user;
                began.into_iter().for_each(|began| self.end((owner, user), post, began, removal));
            }
        }
    }

    /// A post of the user is gone, and whether it was hidden matters no more.
    pub(crate) fn post_deleted(&mut self, user: UserId, post: PostId, removal: Removal) {
        if let Some(row) = self.hidden(post) {
            self.end((row.owner, user), Some(post), row.at, removal);
        }
    }

    /// Adds a row of a file, unless it has a grave; `user` is its owner.
    pub(crate) fn load(&mut self, user: UserId, row: ModeratedRow) {
        if !holds(self.graves.of(row.owner), row.at) {
            self.add(user, row);
        }
    }

    fn add(&mut self, user: UserId, row: ModeratedRow) {
        let kept = Arc::make_mut(&mut self.kept);
        let _is_new = match row.post {
            Some(post) => kept.hidden.insert(post),
            None => kept.suspended.insert(user),
        };
        let before = match row.post {
            Some(post) => self.hidden.insert(post, row).map(|row| row.at),
            None => self.suspended.insert(row.owner, row.at),
        };
        // The second of two in a repaired log counts.
        if let Some(before) = before {
            self.rows.remove(&before);
        }
        self.rows.insert(row.at, row);
    }

    /// Ends what began then. A replay that meets an end without its beginning ends nothing.
    fn end(
        &mut self,
        (owner, user): (Ordinal, UserId),
        post: Option<PostId>,
        began: Sequence,
        removal: Removal,
    ) {
        if self.rows.remove(&began).is_none() {
            return;
        }
        let kept = Arc::make_mut(&mut self.kept);
        match post {
            Some(post) => {
                self.hidden.remove(&post);
                kept.hidden.remove(&post);
            }
            None => {
                self.suspended.remove(&owner);
                kept.suspended.remove(&user);
            }
        }
        if began <= removal.frontier {
            self.graves.add(owner, Grave { entry: began, ended: removal.at });
        }
    }

    pub(crate) fn digest(&self) -> Digest {
        let mut digest = DigestBuilder::new();
        for row in self.rows.values() {
            let facts = [u64::from(row.owner.0), row.post.unwrap_or_default().0, row.at.0];
            facts.into_iter().for_each(|fact| digest.number(fact));
            // It is held twice: both must say the same.
            let since = match row.post {
                Some(post) => self.hidden(post).map(|row| row.at),
                None => self.suspended_since(row.owner),
            };
            digest.number(since.unwrap_or_default().0);
        }
        digest.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fold(view: &mut Moderation, at: u64, act: ModerationAct) {
        let removal = Removal { at: Sequence(at), frontier: Sequence(10) };
        view.apply(Ordinal(1), &ModerationEffect { user: UserId(7), act }, removal);
    }

    #[test]
    fn what_begins_ends_and_leaves_a_grave_if_files_have_it() {
        let mut view = Moderation::default();
        let post = PostId(3);
        fold(&mut view, 8, ModerationAct::Hide { post });
        fold(&mut view, 9, ModerationAct::Suspend);
        assert!(view.keeps_author(Ordinal(1), Ordinal(2)));
        assert!(!view.keeps_author(Ordinal(1), Ordinal(1)), "everybody sees their own");
        assert_eq!(
            view.rows_below(Sequence(9)).map(|row| row.post).collect::<Vec<_>>(),
            [Some(post)]
        );
        let before = view.digest();
        fold(&mut view, 20, ModerationAct::Unsuspend { began: Some(Sequence(9)) });
        fold(&mut view, 21, ModerationAct::Suspend);
        fold(&mut view, 22, ModerationAct::Unsuspend { began: Some(Sequence(21)) });
        assert!(!view.has_suspended());
        view.post_deleted(UserId(7), post, Removal { at: Sequence(23), frontier: Sequence(10) });
        assert_eq!((view.totals(), view.kept().as_ref()), ((0, 0), &Kept::default()));
        assert_eq!(view.digest(), Moderation::default().digest());
        assert_ne!(view.digest(), before);
        let graves: Vec<_> = view.graves.of(Ordinal(1)).iter().map(|grave| grave.entry.0).collect();
        assert_eq!(graves, [8, 9], "what began at 21 is in no file");
        view.load(UserId(7), ModeratedRow { owner: Ordinal(1), post: None, at: Sequence(9) });
        assert!(!view.has_suspended());
    }

    #[test]
    fn an_end_without_its_beginning_ends_nothing() {
        let mut view = Moderation::default();
        fold(&mut view, 12, ModerationAct::Suspend);
        fold(&mut view, 13, ModerationAct::Unsuspend { began: Some(Sequence(11)) });
        assert_eq!(view.suspended_since(Ordinal(1)), Some(Sequence(12)));
    }
}
