//! What posts and comments were responded with: reactions of sixteen kinds, and comments.
//!
//! Responses stand in *lists*: one for each kind of reaction to each target, one for the comments of each
//! post. A target is a post or a comment. Lists are numbered in the order in which the log first needs
//! them, so that they lie in arrays, and a list is a timeline whose owner is that number: its older part
//! stands in files, and it is paged as followers are. Who reacted is in memory besides, by user, so that
//! "is mine among them" and "since when" are known at once (see [`reactors`](super::reactors)).
//!
//! ```text
//! targets | post or comment -> its first list, and of a post the first list of its comments |
//! lists   | target, sort | next list of the target | next list of a comment of the same post | reactors |
//! entries | list -> (sequence, user) .. in memory, then in files |
//! ```
//!
//! Invariants:
//! * The reactors of a list are the users of its entries, each once.
//! * A list of a post that is deleted is dead, and so are those of its comments: nothing leads to them.
//!   Their numbers are never given again; a dead list that is in files has a grave, until the file says
//!   itself that it is dead.

use foldhash::HashMap;

use super::graph::EDGE_WIDTH;
use super::graves::{Grave, Graves, holds};
use super::reactors::Reactors;
use super::targets::{Heads, NONE, Targets};
use super::timeline::{Removal, Timelines};
use super::users::Ordinal;
use super::{Digest, DigestBuilder};
use crate::error::Result;
use crate::ids::{PostId, Sequence};
use crate::log::record::Began;
use crate::log::response_effect::{ResponseAct, ResponseEffect};
use crate::query::Counts;
use crate::runs::family::Family;

/// What a list has instead of a kind of reaction: comments.
pub(crate) const COMMENTS: u8 = 16;

/// A list that holds more in memory than this keeps only what no file has: taking one out of the middle
/// must stay cheap.
const HOT_MAX: usize = 65_536;

/// Lists of a block: lists are many, and an array of all of them must not be copied to grow.
const BLOCK: usize = 4_096;

/// What a list is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ListRow {
    /// The record that first needed it.
    pub(crate) made: Sequence,
    /// The post or comment.
    pub(crate) target: PostId,
    /// The post itself, or the one that the comment is about.
    pub(crate) post: PostId,
    /// A kind of reaction, or [`COMMENTS`].
    pub(crate) sort: u8,
    pub(crate) is_dead: bool,
}

/// One list.
#[derive(Debug)]
struct List {
    made: Sequence,
    target: PostId,
    post: PostId,
    next: u32,
    kin: u32,
    sort: u8,
    /// When it died; 0: it lives.
    died: Sequence,
    reactors: Reactors,
}

/// All responses.
#[derive(Debug, Default)]
pub(crate) struct Responses {
    targets: Targets,
    lists: Vec<Vec<List>>,
    count: u32,
    pub(crate) entries: Timelines<EDGE_WIDTH>,
    /// Dead lists of which files say otherwise.
    pub(crate) dead: Graves,
    /// Lists that died and may still be wanted by the flush that is under way.
    dying: HashMap<(PostId, u8), u32>,
    comments: u64,
}

impl ListRow {
    /// What is left of a list that no file needs.
    pub(crate) const fn dead(made: Sequence) -> Self {
        Self { made, target: PostId(0), post: PostId(0), sort: 0, is_dead: true }
    }
}

impl Responses {
    /// How many lists there are or were.
    pub(crate) fn lists(&self) -> u32 {
        self.count
    }

    /// Reactions that stand.
    pub(crate) fn reactions(&self) -> u64 {
        self.entries.total() - self.comments
    }

    /// Comments that stand.
    pub(crate) fn comments(&self) -> u64 {
        self.comments
    }

    fn list(&self, list: u32) -> Option<&List> {
        self.lists.get(list as usize / BLOCK)?.get(list as usize % BLOCK)
    }

    fn list_mut(&mut self, list: u32) -> Option<&mut List> {
        self.lists.get_mut(list as usize / BLOCK)?.get_mut(list as usize % BLOCK)
    }

    /// The lists of a target, in no order.
    fn lists_of(&self, target: PostId) -> impl Iterator<Item = (u32, &List)> {
        let mut next = self.targets.get(target).map_or(NONE, |heads| heads.first);
        std::iter::from_fn(move || {
            let (number, list) = (next, self.list(next)?);
            next = list.next;
            Some((number, list))
        })
    }

    fn find(&self, target: PostId, sort: u8) -> Option<(u32, &List)> {
        self.lists_of(target).find(|(_, list)| list.sort == sort)
    }

    /// The comments of a post.
    pub(crate) fn comments_of(&self, post: PostId) -> Option<Ordinal> {
        self.find(post, COMMENTS).map(|(number, _)| Ordinal(number))
    }

    /// The lists of reactions to a target, with their kinds.
    pub(crate) fn reactions_to(&self, target: PostId) -> impl Iterator<Item = (u8, Ordinal)> {
        let lists = self.lists_of(target).filter(|(_, list)| list.sort != COMMENTS);
        lists.map(|(number, list)| (list.sort, Ordinal(number)))
    }

    /// The list that a record's entry is in, for a flush: dead ones too, if they died lately.
    pub(crate) fn list_for(&self, target: PostId, sort: u8) -> Option<Ordinal> {
        let alive = self.find(target, sort).map(|(number, _)| number);
        alive.or_else(|| self.dying.get(&(target, sort)).copied()).map(Ordinal)
    }

    /// Since when the user reacts that way.
    pub(crate) fn reacted_since(&self, target: PostId, kind: u8, user: Ordinal) -> Began {
        self.find(target, kind)?.1.reactors.since(user)
    }

    /// Since when comments of the post may stand in the log.
    pub(crate) fn commented_since(&self, post: PostId) -> Began {
        let (number, list) = self.find(post, COMMENTS)?;
        (self.entries.count(Ordinal(number)) != 0).then_some(list.made)
    }

    /// What stands of a target, and what of it is the viewer's, into counts of nothing.
    pub(crate) fn count_into(&self, target: PostId, viewer: Option<Ordinal>, counts: &mut Counts) {
        for (number, list) in self.lists_of(target) {
            match counts.reactions.get_mut(usize::from(list.sort)) {
                Some(place) => {
                    let (count, is_mine) = list.reactors.counted(viewer);
                    *place = count;
                    counts.mine |= u16::from(is_mine) << list.sort;
                }
                None => counts.comments = self.entries.count(Ordinal(number)),
            }
        }
    }

    /// Folds one effect. What a thinned or repaired log names and does not have is passed over.
    pub(crate) fn apply(&mut self, user: Ordinal, effect: &ResponseEffect, removal: Removal) {
        let ResponseEffect { post, target, act, .. } = effect;
        match act {
            ResponseAct::React { kind } => {
                let list = self.make((*target, *kind), *post, removal.at);
                let is_new =
                    self.list_mut(list).is_some_and(|l| l.reactors.insert(user, removal.at));
                if is_new {
                    self.entries.push(Ordinal(list), (removal.at, user.0));
                }
            }
            ResponseAct::Unreact { kind, .. } => {
                let Some((list, _)) = self.find(*target, *kind) else { return };
                let began = self.list_mut(list).and_then(|list| list.reactors.remove(user));
                if let Some(began) = began {
                    self.entries.remove(Ordinal(list), began, removal);
                }
            }
            ResponseAct::Comment { .. } => {
                let list = self.make((*post, COMMENTS), *post, removal.at);
                self.entries.push(Ordinal(list), (removal.at, user.0));
                self.comments += 1;
            }
            ResponseAct::Delete => {
                let Some((list, _)) = self.find(*post, COMMENTS) else { return };
                let before = self.entries.count(Ordinal(list));
                self.entries.remove(Ordinal(list), (*target).into(), removal);
                self.comments -= u64::from(before - self.entries.count(Ordinal(list)));
                let heads = self.targets.remove(*target).unwrap_or_default();
                self.kill_lists(heads.first, removal);
            }
        }
    }

    /// The post is gone, and with it everything that it was responded with.
    pub(crate) fn post_deleted(&mut self, post: PostId, removal: Removal) {
        let Some(Heads { first, kin }) = self.targets.remove(post) else { return };
        self.kill_lists(first, removal);
        let mut next = kin;
        while let Some(list) = self.list(next) {
            let (number, comment) = (next, list.target);
            next = list.kin;
            self.targets.remove(comment);
            self.kill(number, removal);
        }
    }

    /// The lists of a target from this one on.
    fn kill_lists(&mut self, first: u32, removal: Removal) {
        let mut next = first;
        while let Some(list) = self.list(next) {
            let number = std::mem::replace(&mut next, list.next);
            self.kill(number, removal);
        }
    }

    fn kill(&mut self, number: u32, removal: Removal) {
        let Some(list) = self.list_mut(number).filter(|list| list.died == Sequence(0)) else {
            return;
        };
        list.died = removal.at;
        list.reactors = Reactors::Nobody;
        let (made, target, sort) = (list.made, list.target, list.sort);
        let dropped = self.entries.drop_owner(Ordinal(number));
        if sort == COMMENTS {
            self.comments -= u64::from(dropped);
        }
        self.dying.insert((target, sort), number);
        if made <= removal.frontier {
            self.dead.add(Ordinal(number), Grave { entry: made, ended: removal.at });
        }
    }

    /// The list of that sort, made if there is none.
    fn make(&mut self, (target, sort): (PostId, u8), post: PostId, at: Sequence) -> u32 {
        if let Some((number, _)) = self.find(target, sort) {
            return number;
        }
        let number = self.add(ListRow { made: at, target, post, sort, is_dead: false });
        self.link(number);
        number
    }

    /// Adds a list that nothing leads to yet.
    fn add(&mut self, row: ListRow) -> u32 {
        let ListRow { made, target, post, sort, is_dead } = row;
        let died = if is_dead { made } else { Sequence(0) };
        let (next, kin, reactors) = (NONE, NONE, Reactors::Nobody);
        let list = List { made, target, post, next, kin, sort, died, reactors };
        match self.lists.last_mut().filter(|block| block.len() < BLOCK) {
            Some(block) => block.push(list),
            None => {
                let mut block = Vec::with_capacity(if self.lists.is_empty() { 1 } else { BLOCK });
                block.push(list);
                self.lists.push(block);
            }
        }
        self.count += 1;
        self.count - 1
    }

    fn link(&mut self, number: u32) {
        let Some(&List { target, post, .. }) = self.list(number) else { return };
        let next = std::mem::replace(&mut self.targets.make(target).first, number);
        let mut kin = NONE;
        if target != post {
            kin = std::mem::replace(&mut self.targets.make(post).kin, number);
        }
        if let Some(list) = self.list_mut(number) {
            (list.next, list.kin) = (next, kin);
        }
    }

    /// What the lists from `first` on are of that were made up to `until`, as of then: at most `most`.
    pub(crate) fn rows(&self, first: u32, until: Sequence, most: usize) -> Vec<ListRow> {
        let lists = (first..self.count).take(most).map_while(|number| self.list(number));
        let made = lists.take_while(|list| list.made <= until);
        made.map(|list| match list.died {
            died if died == Sequence(0) || until < died => {
                let List { made, target, post, sort, .. } = *list;
                ListRow { made, target, post, sort, is_dead: false }
            }
            _ => ListRow::dead(list.made),
        })
        .collect()
    }

    /// The first list that was made above `after`.
    pub(crate) fn first_above(&self, after: Sequence) -> u32 {
        let (mut low, mut high) = (0, self.count);
        while low < high {
            let middle = low.midpoint(high);
            if self.list(middle).is_some_and(|list| list.made <= after) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// Whether the list was dead at `until`.
    pub(crate) fn was_dead(&self, list: Ordinal, until: Sequence) -> bool {
        let died = self.list(list.0).map_or(Sequence(0), |list| list.died);
        died != Sequence(0) && died <= until
    }

    /// When a list died that is in files.
    pub(crate) fn died(&self, list: Ordinal) -> Option<Sequence> {
        let died = self.list(list.0)?.died;
        (died != Sequence(0)).then_some(died)
    }

    /// Adds the lists of a file at open, in order.
    pub(crate) fn load(&mut self, row: ListRow) {
        self.add(row);
    }

    /// Adds the grave of a list at open, after all lists and before [`settle`](Self::settle).
    pub(crate) fn bury(&mut self, number: Ordinal, grave: Grave) {
        self.dead.add(number, grave);
        if let Some(list) = self.list_mut(number.0) {
            list.died = grave.ended;
        }
    }

    /// After lists, files and graves are loaded: finds those that live, and who reacted.
    pub(crate) fn settle(&mut self) -> Result<()> {
        for number in 0..self.count {
            if self.list(number).is_some_and(|list| list.died == Sequence(0)) {
                self.link(number);
            } else {
                self.entries.drop_owner(Ordinal(number));
            }
        }
        for file in 0..self.entries.sealed().len() {
            let family = self.entries.sealed().get(file).cloned();
            family.map_or(Ok(()), |family| self.load_reactors(&family))?;
        }
        for number in 0..self.count {
            if self.list(number).is_some_and(|list| list.sort == COMMENTS) {
                self.comments += u64::from(self.entries.count(Ordinal(number)));
            }
        }
        Ok(())
    }

    fn load_reactors(&mut self, family: &Family) -> Result<()> {
        for listed in family.listed() {
            let graves = self.entries.graves.of(listed.owner);
            let blocks = &mut self.lists;
            let number = listed.owner.0 as usize;
            let list =
                blocks.get_mut(number / BLOCK).and_then(|block| block.get_mut(number % BLOCK));
            let alive = |list: &&mut List| list.died == Sequence(0) && list.sort != COMMENTS;
            let Some(list) = list.filter(alive) else { continue };
            for entry in family.entries(&listed)? {
                let (at, user) = entry?;
                if !holds(graves, at) {
                    list.reactors.insert(Ordinal(user), at);
                }
            }
        }
        Ok(())
    }

    /// The files hold what was set apart up to `until`.
    pub(crate) fn flushed(&mut self, until: Sequence) {
        let lists = &self.lists;
        let is_wanted = |number: u32| {
            let list =
                lists.get(number as usize / BLOCK).and_then(|b| b.get(number as usize % BLOCK));
            list.is_some_and(|list| until < list.died)
        };
        self.dying.retain(|_, number| is_wanted(*number));
    }

    /// Drops entries below `floor` from memory, as far as files have them.
    pub(crate) fn trim(&mut self, list: Ordinal, floor: Sequence) {
        let is_long = HOT_MAX < self.entries.hot(list).len();
        self.entries.trim(list, if is_long { Sequence(u64::MAX) } else { floor });
    }

    /// By target and sort: lists are numbered by what is left of the log.
    pub(crate) fn digest(&self) -> Result<Digest> {
        let mut standing: Vec<(PostId, u8, Ordinal)> = (0..self.count)
            .map(Ordinal)
            .filter(|list| self.entries.count(*list) != 0)
            .filter_map(|list| self.list(list.0).map(|found| (found.target, found.sort, list)))
            .collect();
        standing.sort_unstable();
        let mut digest = DigestBuilder::new();
        for (target, sort, list) in standing {
            digest.number(target.0);
            digest.number(u64::from(sort));
            self.entries.digest(list, &mut digest)?;
            if sort != COMMENTS {
                // Who reacted is held twice: both must say the same.
                digest.number(u64::from(self.list(list.0).map_or(0, |list| list.reactors.len())));
            }
        }
        Ok(digest.finish())
    }
}
