//! Whose presence may have changed, and from when on it is to be looked at.
//!
//! This is where flapping ends: a user stands here once, whatever they do, and is looked at some seconds
//! after they left. Empty, and nobody is noted, as long as no watch wants to be told of presence.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use foldhash::HashMap;

use crate::ids::{Timestamp, UserId};
use crate::limits::STIRRED_MAX;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Stirred {
    is_open: AtomicBool,
    users: Mutex<Users>,
}

#[derive(Debug, Default)]
struct Users {
    /// When each is to be looked at.
    due: HashMap<UserId, Timestamp>,
    has_missed: bool,
}

/// Who is to be looked at.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Due {
    pub(crate) users: Vec<UserId>,
    /// There were too many: everybody is to be looked at.
    pub(crate) has_missed: bool,
}

impl Stirred {
    /// From now on users are noted.
    pub(crate) fn open(&self) {
        self.is_open.store(true, Ordering::SeqCst);
    }

    /// Nobody wants to know any more.
    pub(crate) fn close(&self) {
        self.is_open.store(false, Ordering::SeqCst);
        *self.lock() = Users::default();
    }

    pub(crate) fn is_open(&self) -> bool {
        self.is_open.load(Ordering::SeqCst)
    }

    /// The user's presence may change; it is to be looked at once it is `due`. The last word counts.
    pub(crate) fn stir(&self, user: UserId, due: Timestamp) {
        if !self.is_open() {
            return;
        }
        let mut users = self.lock();
        if STIRRED_MAX <= users.due.len() && !users.due.contains_key(&user) {
            users.has_missed = true;
        } else {
            users.due.insert(user, due);
        }
    }

    /// Who is due, and is forgotten here.
    pub(crate) fn due(&self, now: Timestamp) -> Due {
        let mut users = self.lock();
        let mut due = Due { users: Vec::new(), has_missed: std::mem::take(&mut users.has_missed) };
        users.due.retain(|user, at| {
            let is_due = *at <= now;
            due.users.extend(is_due.then_some(*user));
            !is_due
        });
        due
    }

    fn lock(&self) -> MutexGuard<'_, Users> {
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_noted_once_and_while_somebody_wants_to_know() {
        let stirred = Stirred::default();
        stirred.stir(UserId(1), Timestamp(0));
        assert_eq!(stirred.due(Timestamp(9)), Due::default(), "nobody wants to know");
        stirred.open();
        for due in [5, 0, 8] {
            stirred.stir(UserId(1), Timestamp(due));
        }
        assert_eq!(stirred.due(Timestamp(7)), Due::default(), "the last word counts");
        assert_eq!(stirred.due(Timestamp(8)).users, [UserId(1)]);
        assert_eq!(stirred.due(Timestamp(8)), Due::default());
    }

    #[test]
    fn too_many_are_not_forgotten() {
        let stirred = Stirred::default();
        stirred.open();
        (0..=STIRRED_MAX as u64).for_each(|user| stirred.stir(UserId(user), Timestamp(0)));
        let due = stirred.due(Timestamp(0));
        assert_eq!((due.users.len(), due.has_missed), (STIRRED_MAX, true));
        assert_eq!(stirred.due(Timestamp(0)), Due::default());
        stirred.stir(UserId(1), Timestamp(0));
        stirred.close();
        assert_eq!(stirred.due(Timestamp(0)), Due::default());
    }
}
