//! Sessions of broadcast feeds: the order and the states that a first page began with, for the pages
//! that follow. In memory only, bounded, and over when nobody uses them.
//!
//! Invariants:
//! * A user's device has one session at most.
//! * The sessions together take no more than the bound; the one that was not used for the longest time
//!   goes first.

use std::sync::Arc;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use foldhash::{HashMap, HashMapExt};

use crate::broadcast::SessionId;
use crate::ids::{Position, Timestamp, UserId};
use crate::random::random_u64;
use crate::read::recency::Recency;
use crate::views::broadcasts::Place;
use crate::views::users::Ordinal;

/// Bits of an id that are the number of its slot: more than fit into the memory of the largest machine.
const SLOT_BITS: u32 = 28;
const SLOTS: u64 = 1 << SLOT_BITS;

/// Bits of an id that tell a session from the one that had its slot before. Ids stay below 2^53: readers
/// of JSON that know numbers as doubles keep them whole.
const RANDOM_BITS: u32 = 24;

/// What a session takes beside its list: itself, and its places in the tables.
const SESSION_BYTES: u64 = size_of::<Session>() as u64 + 96;

/// A broadcast as it stood on a board when the session began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Frozen {
    pub(crate) place: Place,
    pub(crate) author: Ordinal,
}

/// Whose session it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Holder {
    pub(crate) user: UserId,
    pub(crate) viewer: Option<UserId>,
}

/// What a session froze.
#[derive(Clone, Debug)]
pub(crate) struct Snapshot {
    pub(crate) position: Position,
    /// In the order of the feed.
    pub(crate) list: Arc<[Frozen]>,
}

/// How long and how large.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) bytes: u64,
    pub(crate) age: Duration,
}

/// What the sessions take at present.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    pub(crate) open: u64,
    pub(crate) bytes: u64,
    /// Since the engine was opened: not used, or too many.
    pub(crate) expired: u64,
}

/// All sessions.
#[derive(Debug)]
pub(crate) struct LiveSessions(Mutex<Table>);

/// A session's id is the number of its slot below, and random bits above: that finds it without a search.
#[derive(Debug)]
struct Table {
    slots: Vec<Option<Session>>,
    vacant: Vec<u32>,
    /// By when they were used last.
    recency: Recency,
    devices: HashMap<(Holder, u64), u32>,
    open: u64,
    bytes: u64,
    expired: u64,
}

#[derive(Debug)]
struct Session {
    id: SessionId,
    holder: Holder,
    device: Option<u64>,
    snapshot: Snapshot,
    used: Timestamp,
}

impl Default for LiveSessions {
    fn default() -> Self {
        Self(Mutex::new(Table {
            slots: Vec::new(),
            vacant: Vec::new(),
            recency: Recency::default(),
            devices: HashMap::new(),
            open: 0,
            bytes: 0,
            expired: 0,
        }))
    }
}

impl LiveSessions {
    /// Begins a session; that of the same device is over.
    pub(crate) fn begin(
        &self,
        holder: Holder,
        device: Option<u64>,
        snapshot: Snapshot,
        (now, bounds): (Timestamp, Bounds),
    ) -> SessionId {
        let random = random_u64() >> (u64::BITS - RANDOM_BITS);
        let mut table = self.table();
        table.turns_out(now, bounds.age);
        let slot = table.slot_for(holder, device);
        let id = SessionId((1 << RANDOM_BITS | random) << SLOT_BITS | u64::from(slot));
        let before = table.put(slot, Session { id, holder, device, snapshot, used: now });
        while bounds.bytes < table.bytes && table.expire_oldest() {}
        drop(table);
        // Its list is freed while nobody waits.
        drop(before);
        id
    }

    /// What the session froze; `None` if it is over, or somebody else's.
    pub(crate) fn find(
        &self,
        id: SessionId,
        holder: Holder,
        (now, bounds): (Timestamp, Bounds),
    ) -> Option<Snapshot> {
        let mut table = self.table();
        table.turns_out(now, bounds.age);
        let slot = u32::try_from(id.0 % SLOTS).ok()?;
        let session = table.at(slot).filter(|found| found.id == id && found.holder == holder)?;
        session.used = now;
        let snapshot = session.snapshot.clone();
        table.recency.touch(slot);
        Some(snapshot)
    }

    pub(crate) fn usage(&self) -> Usage {
        let table = self.table();
        Usage { open: table.open, bytes: table.bytes, expired: table.expired }
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    fn at(&mut self, slot: u32) -> Option<&mut Session> {
        self.slots.get_mut(slot as usize)?.as_mut()
    }

    /// The slot of the device, or a free one.
    fn slot_for(&mut self, holder: Holder, device: Option<u64>) -> u32 {
        let device = device.map(|device| (holder, device));
        if let Some(slot) = device.and_then(|device| self.devices.get(&device)) {
            return *slot;
        }
        if self.vacant.is_empty() && SLOTS <= self.slots.len() as u64 {
            self.expire_oldest();
        }
        let slot = self.vacant.pop().unwrap_or_else(|| {
            self.slots.push(None);
            u32::try_from(self.slots.len() - 1).expect("there are fewer slots than that")
        });
        if let Some(device) = device {
            self.devices.insert(device, slot);
        }
        slot
    }

    /// Puts a session into its slot; hands out the one before it.
    fn put(&mut self, slot: u32, session: Session) -> Option<Session> {
        self.bytes += session.bytes();
        let place = self.slots.get_mut(slot as usize).expect("slots are handed out by slot_for()");
        let before = place.replace(session);
        match &before {
            Some(before) => self.bytes -= before.bytes(),
            None => self.open += 1,
        }
        self.recency.touch(slot);
        before
    }

    /// Ends what was not used for too long.
    fn turns_out(&mut self, now: Timestamp, age: Duration) {
        let age = u64::try_from(age.as_millis()).unwrap_or(u64::MAX);
        while let Some(oldest) = self.recency.oldest()
            && self.at(oldest).is_some_and(|session| age < now.0.saturating_sub(session.used.0))
        {
            self.expire_oldest();
        }
    }

    /// False if there is none.
    fn expire_oldest(&mut self) -> bool {
        let Some(slot) = self.recency.oldest() else { return false };
        self.recency.forget(slot);
        let Some(session) = self.slots.get_mut(slot as usize).and_then(Option::take) else {
            return false;
        };
        if let Some(device) = session.device {
            self.devices.remove(&(session.holder, device));
        }
        self.bytes -= session.bytes();
        self.open -= 1;
        self.expired += 1;
        self.vacant.push(slot);
        true
    }
}

impl Session {
    fn bytes(&self) -> u64 {
        SESSION_BYTES + size_of_val(&*self.snapshot.list) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{BroadcastId, Sequence};

    const HOLDER: Holder = Holder { user: UserId(1), viewer: None };

    fn snapshot(entries: usize) -> Snapshot {
        let place = Place { key: 1, broadcast: BroadcastId(1), began: Sequence(1) };
        let list = vec![Frozen { place, author: Ordinal(0) }; entries].into();
        Snapshot { position: Position::default(), list }
    }

    fn at(now: u64) -> (Timestamp, Bounds) {
        (Timestamp(now), Bounds { bytes: 4 * SESSION_BYTES, age: Duration::from_millis(100) })
    }

    #[test]
    fn a_device_has_one_session_and_others_have_theirs() {
        let sessions = LiveSessions::default();
        let first = sessions.begin(HOLDER, Some(7), snapshot(0), at(0));
        let other = sessions.begin(HOLDER, Some(8), snapshot(0), at(0));
        let random = sessions.begin(HOLDER, None, snapshot(0), at(0));
        let second = sessions.begin(HOLDER, Some(7), snapshot(0), at(0));
        assert!(sessions.find(first, HOLDER, at(0)).is_none());
        for id in [other, random, second] {
            assert!(sessions.find(id, HOLDER, at(0)).is_some());
        }
        assert!([second, other, random].iter().all(|id| id.0 < 1 << 53), "JSON keeps it whole");
        let stranger = Holder { user: UserId(2), viewer: None };
        assert!(sessions.find(second, stranger, at(0)).is_none(), "it is not theirs");
        assert_eq!(sessions.usage(), Usage { open: 3, bytes: 3 * SESSION_BYTES, expired: 0 });
    }

    #[test]
    fn what_is_not_used_is_over() {
        let sessions = LiveSessions::default();
        let first = sessions.begin(HOLDER, None, snapshot(0), at(0));
        let second = sessions.begin(HOLDER, None, snapshot(0), at(50));
        assert!(sessions.find(first, HOLDER, at(100)).is_some());
        assert!(sessions.find(second, HOLDER, at(151)).is_none(), "101 ms after its last use");
        assert!(sessions.find(first, HOLDER, at(152)).is_some());
        assert_eq!(sessions.usage().expired, 1);
    }

    #[test]
    fn the_oldest_go_when_there_is_no_room() {
        let sessions = LiveSessions::default();
        let first = sessions.begin(HOLDER, None, snapshot(0), at(0));
        let second = sessions.begin(HOLDER, None, snapshot(0), at(0));
        assert!(sessions.find(first, HOLDER, at(0)).is_some());
        let entries = usize::try_from(SESSION_BYTES).unwrap() / size_of::<Frozen>() + 1;
        let third = sessions.begin(HOLDER, None, snapshot(entries), at(0));
        assert!(sessions.find(second, HOLDER, at(0)).is_none(), "used longer ago than the first");
        assert!(sessions.find(first, HOLDER, at(0)).is_some());
        assert!(sessions.find(third, HOLDER, at(0)).is_some());
        let large = sessions.begin(HOLDER, None, snapshot(1_000), at(0));
        assert!(sessions.find(large, HOLDER, at(0)).is_none(), "larger than all there is");
        assert_eq!(sessions.usage(), Usage { open: 0, bytes: 0, expired: 4 });
    }
}
