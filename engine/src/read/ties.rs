//! Who follows whom, as far as a judgement asks for it and memory does not say.
//!
//! A judge under the state lock looks at no file. Where it would have to, it notes whose list of
//! followees it lacks; the read lets the state go, reads these lists, and looks again. Lists are good
//! while their user's edges have the same stamp, and are kept in a cache that all reads share, so that a
//! product whose posts are all for mutual follows does not read a list for every page.
//!
//! What is judged later than it was selected must be judged as it would have been: so a judge also notes
//! whose follows and whose groups it asked for, and [`Ties::are_as_of`] says whether these are the same
//! as then. A counter of all changes of the graph would have every such page look again.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use foldhash::HashMap;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::error::Result;
use crate::ids::{GroupId, Sequence};
use crate::read::content::Reach;
use crate::read::followees::{InFiles, Tied};
use crate::shared::{Shared, Tally};
use crate::views::state::State;
use crate::views::users::Ordinal;

/// A list that had changed by the time it was read, so often: then it is read while the state is held.
const STALE_MAX: u32 = 3;

/// A list of usual size, for the size of the cache's tables.
const USUAL_BYTES: u64 = 1_024;

/// Lists of followees that were read from files lately, by user.
#[derive(Debug)]
pub(crate) struct TieCache(Cache<u32, Arc<Tied>, Weight>);

#[derive(Clone, Debug)]
struct Weight;

impl Weighter<u32, Arc<Tied>> for Weight {
    fn weight(&self, _: &u32, tied: &Arc<Tied>) -> u64 {
        tied.bytes()
    }
}

impl TieCache {
    /// A cache of at most `bytes`.
    pub(crate) fn new(bytes: u64) -> Self {
        let items = usize::try_from(bytes / USUAL_BYTES).unwrap_or(usize::MAX).max(16);
        Self(Cache::with_weighter(items, bytes, Weight))
    }

    /// Bytes in the cache.
    pub(crate) fn bytes(&self) -> u64 {
        self.0.weight()
    }
}

/// What one read knows of who follows whom; see the module.
#[derive(Debug)]
pub(crate) struct Ties<'a> {
    shared: &'a Shared,
    lists: HashMap<u32, Arc<Tied>>,
    /// Whose lists a judge lacked.
    missing: RefCell<Vec<Ordinal>>,
    /// Whose follows, and whose groups, a judge asked for.
    used: RefCell<Vec<Ordinal>>,
    used_groups: RefCell<Vec<Ordinal>>,
    stale: u32,
}

impl<'a> Ties<'a> {
    pub(crate) fn new(shared: &'a Shared) -> Self {
        Self {
            shared,
            lists: HashMap::default(),
            missing: RefCell::default(),
            used: RefCell::default(),
            used_groups: RefCell::default(),
            stale: 0,
        }
    }

    /// Forgets what was noted: a judgement begins anew.
    pub(crate) fn begin(&self) {
        for noted in [&self.missing, &self.used, &self.used_groups] {
            noted.borrow_mut().clear();
        }
    }

    /// Forgets what was asked for, but not what was missing.
    pub(crate) fn begin_use(&self) {
        for noted in [&self.used, &self.used_groups] {
            noted.borrow_mut().clear();
        }
    }

    /// What to read of the user's list, if that is in files and not known yet; looks at no file.
    pub(crate) fn lacking(&self, state: &State, user: Ordinal) -> Option<InFiles> {
        let edges = &state.graph.following;
        let lacks = !edges.part(user).files.is_empty() && self.list(state, user).is_none();
        lacks.then(|| InFiles::of(edges, user))
    }

    /// Whether everything was known that was asked for. If not, what was judged means nothing.
    pub(crate) fn is_complete(&self) -> bool {
        self.missing.borrow().is_empty()
    }

    /// Whether `user` follows `author`; false and noted if that is not known.
    pub(crate) fn follows(&self, state: &State, user: Ordinal, author: Ordinal) -> bool {
        self.used.borrow_mut().push(user);
        let edges = &state.graph.following;
        let missed = Cell::new(false);
        let found = edges.part(user).resident(&missed).find_payload(author.0);
        match found {
            Ok(Some(_)) => return true,
            Ok(None) if !missed.get() => return false,
            // It looked at no file, so none was found damaged.
            Ok(None) | Err(_) => {}
        }
        match self.list(state, user) {
            Some(list) => list.contains(author),
            None => {
                self.missing.borrow_mut().push(user);
                false
            }
        }
    }

    /// Whether `user` is in that group of `owner`.
    pub(crate) fn is_member(
        &self,
        state: &State,
        (owner, group): (Ordinal, GroupId),
        user: Ordinal,
    ) -> bool {
        self.used_groups.borrow_mut().push(owner);
        state.groups.by_id(owner, group).is_some_and(|group| group.since(user).is_some())
    }

    fn list(&self, state: &State, user: Ordinal) -> Option<Arc<Tied>> {
        let edges = &state.graph.following;
        let own = self.lists.get(&user.0).filter(|list| list.are_of(edges, user)).cloned();
        own.or_else(|| {
            let cached = self.shared.ties.0.get(&user.0).filter(|list| list.are_of(edges, user))?;
            Tally::count(&self.shared.tally.ties_cached, 1);
            Some(cached)
        })
    }

    /// Whether everything that was asked for is as it was at that position.
    pub(crate) fn are_as_of(&self, state: &State, position: Sequence) -> bool {
        let follow = |user: &Ordinal| state.graph.follows_as_of(*user, position);
        let group = |owner: &Ordinal| state.groups.are_as_of(*owner, position);
        self.used.borrow().iter().all(follow) && self.used_groups.borrow().iter().all(group)
    }

    /// Whether lists changed again and again while they were read.
    pub(crate) fn is_stubborn(&self) -> bool {
        STALE_MAX <= self.stale
    }

    /// What to read of the lists that were missing; looks at no file.
    pub(crate) fn missing(&mut self, state: &State) -> Vec<InFiles> {
        let mut users = std::mem::take(self.missing.get_mut());
        users.sort_unstable();
        users.dedup();
        if users.iter().any(|user| self.lists.contains_key(&user.0)) {
            self.stale += 1;
        }
        let edges = &state.graph.following;
        users.into_iter().map(|user| InFiles::of(edges, user)).collect()
    }

    /// Reads lists; may wait for a disk.
    pub(crate) fn read(&mut self, missing: Vec<InFiles>) -> Result<()> {
        Tally::count(&self.shared.tally.ties_loaded, missing.len() as u64);
        for in_files in missing {
            let user = in_files.user;
            let tied = Arc::new(in_files.read()?.tied());
            self.shared.ties.0.insert(user.0, Arc::clone(&tied));
            self.lists.insert(user.0, tied);
        }
        Ok(())
    }

    /// Reads what is missing while the state is held.
    pub(crate) fn read_now(&mut self, state: &State) -> Result<()> {
        let missing = self.missing(state);
        self.read(missing)
    }
}

/// What `look` finds in the state once it knows all that it asks for. `None` if that is not within
/// memory, and must be.
pub(crate) fn settled<T>(
    shared: &Shared,
    reach: Reach,
    mut look: impl FnMut(&State, &Ties<'_>) -> Result<T>,
) -> Result<Option<T>> {
    let mut ties = Ties::new(shared);
    loop {
        let missing = {
            let state = shared.state()?;
            loop {
                ties.begin();
                let found = look(&state, &ties);
                if ties.is_complete() {
                    return found.map(Some);
                }
                if reach == Reach::Memory {
                    return Ok(None);
                }
                if !ties.is_stubborn() {
                    break ties.missing(&state);
                }
                ties.read_now(&state)?;
            }
        };
        ties.read(missing)?;
    }
}

#[cfg(test)]
#[path = "ties_tests.rs"]
mod tests;
