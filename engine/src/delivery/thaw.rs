//! The inboxes of an orderly stop on their way back: the fan-out's thread reads them slice by slice, while
//! the engine answers already. A hundred million entries take seconds; nobody waits for them.
//!
//! Meanwhile they are as of the position of the stop. Three rules make that right:
//!
//! * nothing lands: what is published meanwhile is in flight until all inboxes are there;
//! * no inbox is made: who has none yet has their page pulled;
//! * whoever's edges change before theirs is there does not get it back: their next read makes one.

use std::sync::atomic::Ordering;
use std::sync::{MutexGuard, PoisonError};

use bytes::Bytes;
use foldhash::{HashSet, HashSetExt};

use super::Delivery;
use super::inbox::Inbox;
use super::pace::Reads;
use super::policy::Policy;
use super::profile::Profile;
use super::readers::HUGE;
use crate::error::Result;
use crate::ids::{Sequence, Timestamp};
use crate::log::bytes::{Cursor, Fields};
use crate::log::layout::inboxes::{COUNT_AT, HEAD_BYTES, LISTS_AT};
use crate::shared::Shared;
use crate::views::state::State;
use crate::views::users::Ordinal;

/// Entries that come back under one hold of the state.
const SLICE: usize = if cfg!(test) { 64 } else { 8_192 };

/// Bytes of the file that are touched before a slice, while nobody waits: more than most slices have.
const AHEAD: usize = 256 * 1_024;

/// The file is touched once in so many bytes: the smallest page of any machine.
const PAGE: usize = 4_096;

/// Users who are looked at under one hold of the state.
const LOOK: u32 = 16_384;

/// See the module.
#[derive(Debug)]
pub(crate) struct Thaw {
    file: Bytes,
    /// Bytes of the file that have been read.
    done: usize,
    /// Inboxes and lists that are still to come.
    inboxes: u32,
    lists: u32,
    /// Whose inbox came last.
    user: u32,
    /// The position and the time of the stop.
    last: Sequence,
    now: Timestamp,
    users: usize,
    /// Their edges have changed.
    spoiled: HashSet<u32>,
    is_verified: bool,
}

/// Where it stands after a slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stand {
    GoesOn,
    Done,
}

impl Thaw {
    /// Of a file whose head fits this state.
    pub(crate) fn new(file: Bytes, state: &State) -> Self {
        let head = Fields(file.get(..HEAD_BYTES).unwrap_or_default());
        let (inboxes, lists) = (head.u32(COUNT_AT), head.u32(LISTS_AT));
        Self {
            done: HEAD_BYTES,
            inboxes,
            lists,
            user: 0,
            last: state.position.sequence,
            now: state.time,
            users: state.users.len(),
            spoiled: HashSet::new(),
            is_verified: false,
            file,
        }
    }

    /// The next inboxes and lists; `None` if the file makes no sense.
    fn slice(&mut self, delivery: &Delivery) -> Option<Stand> {
        let file = self.file.clone();
        let body = file.get(self.done..file.len().checked_sub(4)?)?;
        let (mut cursor, mut entries) = (Cursor::new(body), 0);
        while entries < SLICE && 0 < self.inboxes {
            self.inboxes -= 1;
            entries += self.inbox(&mut cursor, delivery)? + 1;
        }
        while entries < SLICE && self.inboxes == 0 && 0 < self.lists {
            self.lists -= 1;
            entries += self.list(&mut cursor, delivery)? + 1;
        }
        self.done += body.len() - cursor.rest().len();
        match (self.inboxes, self.lists, cursor.is_empty()) {
            (0, 0, is_whole) => is_whole.then_some(Stand::Done),
            _ => Some(Stand::GoesOn),
        }
    }

    /// Gives the next reader their inbox back; how many entries it has.
    fn inbox(&mut self, cursor: &mut Cursor<'_>, delivery: &Delivery) -> Option<usize> {
        self.user = self.user.checked_add(cursor.varint_as()?)?;
        let room = cursor.varint_as()?;
        let bound = cursor.varint_as()?;
        let floor = cursor.varint()?;
        let ids = numbers(cursor)?.into_iter().map(|id| id.checked_add(floor).map(Sequence));
        let ids: Vec<Sequence> = ids.collect::<Option<_>>()?;
        let pulled = numbers(cursor)?.into_iter().map(|author| u32::try_from(author).ok());
        let pulled: Vec<u32> = pulled.collect::<Option<_>>()?;
        let makes_sense = self.is_user(self.user)
            && pulled.iter().all(|author| self.is_user(*author))
            && ids.iter().all(|id| *id <= self.last)
            && floor <= self.last.0;
        if !makes_sense {
            return None;
        }
        if !self.spoiled.contains(&self.user) {
            let mut held = delivery.inboxes.hold(Ordinal(self.user));
            let inbox = Inbox::new(&mut held.shard.slab, Sequence(floor), room, &ids)?;
            held.insert(inbox, Profile::new(self.user, bound, pulled, Reads::begin(self.now)));
        }
        Some(ids.len())
    }

    /// Gives the next author their list of fans back; how many it has.
    fn list(&self, cursor: &mut Cursor<'_>, delivery: &Delivery) -> Option<usize> {
        let author = cursor.varint_as().filter(|author| self.is_user(*author))?;
        let readers = numbers(cursor)?.into_iter().map(|reader| u32::try_from(reader).ok());
        let readers: Vec<u32> = readers.collect::<Option<_>>()?;
        delivery.fans().restore(Ordinal(author), &readers);
        Some(readers.len())
    }

    fn is_user(&self, ordinal: u32) -> bool {
        (ordinal as usize) < self.users
    }
}

/// A count, then ascending numbers, none of them twice, each as its distance from the one before.
fn numbers(cursor: &mut Cursor<'_>) -> Option<Vec<u64>> {
    let count: u32 = cursor.varint_as()?;
    // As many as there may be: each has a byte at least.
    let mut numbers = Vec::with_capacity((count as usize).min(cursor.rest().len()));
    let mut previous = 0_u64;
    for index in 0..count {
        let distance = cursor.varint().filter(|distance| index == 0 || 0 < *distance)?;
        previous = previous.checked_add(distance)?;
        numbers.push(previous);
    }
    Some(numbers)
}

/// Whether the checksum at the end is that of what is before it.
fn is_whole(file: &[u8]) -> bool {
    let parts = file.split_last_chunk::<4>();
    parts.is_some_and(|(content, crc)| u32::from_le_bytes(*crc) == crc32fast::hash(content))
}

/// Has what the next slice reads in memory.
fn touch(file: &[u8], done: usize) {
    let ahead = file.get(done..).unwrap_or_default().iter().take(AHEAD).step_by(PAGE);
    std::hint::black_box(ahead.fold(0, |sum: u8, byte| sum.wrapping_add(*byte)));
}

/// Authors whose readers are not known any more are to be looked for.
fn want_the_huge(shared: &Shared) -> Result<()> {
    let mut next = 0;
    loop {
        let state = shared.state()?;
        let users = u32::try_from(state.users.len()).unwrap_or(u32::MAX);
        let end = users.min(next + LOOK);
        let is_huge = |user: &u32| HUGE <= state.graph.followers.count(Ordinal(*user));
        let mut audiences = state.delivery.audiences();
        (next..end).filter(is_huge).for_each(|author| audiences.want(Ordinal(author)));
        if end == users {
            return Ok(());
        }
        next = end;
    }
}

/// Does a slice of what there is to thaw; false if there is nothing.
pub(crate) fn thaw(shared: &Shared) -> Result<bool> {
    let Some((file, done, is_verified)) = ({
        let state = shared.state()?;
        let thaw = state.delivery.thaw();
        thaw.as_ref().map(|thaw| (thaw.file.clone(), thaw.done, thaw.is_verified))
    }) else {
        return Ok(false);
    };
    // Not under the state: the file may be large, and on a disk.
    let is_whole = is_verified || is_whole(&file);
    touch(&file, done);
    let is_good = is_whole && shared.state()?.thaw_slice();
    if is_good && !shared.state()?.delivery.is_thawing() {
        want_the_huge(shared)?;
    }
    if !is_good {
        // Half of it may be there.
        shared.change(|state| state.restart_delivery(state.delivery.options))?;
    }
    Ok(true)
}

impl State {
    /// From now on kept inboxes come back.
    pub(crate) fn begin_thaw(&mut self, thaw: Thaw) {
        *self.delivery.thaw() = Some(thaw);
        self.delivery.thawing.store(true, Ordering::Release);
        // Who leaves a list is told so in their inbox: lists and inboxes come back together.
        if self.delivery.options.policy == Policy::ActiveFans {
            let is_whole = self.delivery.thaw().as_ref().is_some_and(|thaw| is_whole(&thaw.file));
            let mut is_good = is_whole;
            while is_good && self.delivery.is_thawing() {
                is_good = self.thaw_slice();
            }
            if !is_good {
                self.restart_delivery(self.delivery.options);
            }
        }
    }

    /// Does a slice; false if the file makes no sense.
    fn thaw_slice(&self) -> bool {
        let mut slot = self.delivery.thaw();
        // A change of policy may have ended it.
        let Some(thaw) = slot.as_mut() else { return true };
        thaw.is_verified = true;
        let stand = thaw.slice(&self.delivery);
        if stand == Some(Stand::Done) {
            *slot = None;
            drop(slot);
            self.delivery.thawing.store(false, Ordering::Release);
        }
        stand.is_some()
    }
}

impl Delivery {
    /// Whether inboxes of an orderly stop are still to come back.
    pub(crate) fn is_thawing(&self) -> bool {
        self.thawing.load(Ordering::Acquire)
    }

    /// Nothing is to come back any more.
    pub(super) fn end_thaw(&mut self) {
        *self.thaw() = None;
        *self.thawing.get_mut() = false;
    }

    /// The reader's edges have changed: if their inbox is still to come back, it does not.
    pub(super) fn spoil(&self, reader: Ordinal) {
        if self.is_thawing()
            && let Some(thaw) = self.thaw().as_mut()
        {
            thaw.spoiled.insert(reader.0);
        }
    }

    fn thaw(&self) -> MutexGuard<'_, Option<Thaw>> {
        self.thaw.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
#[path = "thaw_tests.rs"]
mod tests;
