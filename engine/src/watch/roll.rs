//! Who of a user's followees is online, as far as one watch was told, and what it is to be told.
//!
//! Invariant: a followee stands here once at most, whatever happens to them: who comes and goes while the
//! watch does not take is told as they are in the end, or not at all. So a roll is never longer
//! than its user's list of followees.

use std::collections::BTreeMap;

use foldhash::{HashSet, HashSetExt};

use super::event::WatchEvent;
use crate::ids::UserId;

/// See the module.
#[derive(Debug)]
pub(crate) struct Roll {
    /// Who was told to be online.
    online: HashSet<UserId>,
    /// What is to be told: whoever is otherwise than was told.
    news: BTreeMap<UserId, bool>,
    /// Nothing was told yet: what an earlier watch told counts no longer.
    is_new: bool,
}

impl Roll {
    /// Of a watch that was told nothing.
    pub(crate) fn new() -> Self {
        Self { online: HashSet::new(), news: BTreeMap::new(), is_new: true }
    }

    /// A followee is online now, or is not.
    pub(crate) fn note(&mut self, user: UserId, is_online: bool) {
        if self.online.contains(&user) == is_online {
            self.news.remove(&user);
        } else {
            self.news.insert(user, is_online);
        }
    }

    /// The user is no followee any more: nothing is told of them.
    pub(crate) fn forget(&mut self, user: UserId) {
        self.online.remove(&user);
        self.news.remove(&user);
    }

    /// Forgets all but these.
    pub(crate) fn keep(&mut self, is_followee: impl Fn(UserId) -> bool) {
        self.online.retain(|user| is_followee(*user));
        self.news.retain(|user, _| is_followee(*user));
    }

    pub(crate) fn has_news(&self) -> bool {
        self.is_new || !self.news.is_empty()
    }

    /// Adds what is to be told, until `events` has `most`.
    pub(crate) fn take(&mut self, events: &mut Vec<WatchEvent>, most: usize) {
        if self.is_new && events.len() < most {
            self.is_new = false;
            events.push(WatchEvent::PresenceAnew);
        }
        while events.len() < most {
            let Some((user, online)) = self.news.pop_first() else { return };
            if online {
                self.online.insert(user);
            } else {
                self.online.remove(&user);
            }
            events.push(WatchEvent::Presence { user, online });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(roll: &mut Roll, most: usize) -> Vec<WatchEvent> {
        let mut events = Vec::new();
        roll.take(&mut events, most);
        events
    }

    fn told(user: u64, online: bool) -> WatchEvent {
        WatchEvent::Presence { user: UserId(user), online }
    }

    #[test]
    fn who_comes_and_goes_is_told_once_or_not_at_all() {
        let mut roll = Roll::new();
        (0..1_000).for_each(|n| roll.note(UserId(7), n % 2 == 0));
        roll.note(UserId(8), true);
        assert_eq!(take(&mut roll, 9), [WatchEvent::PresenceAnew, told(8, true)]);
        roll.note(UserId(8), true);
        assert!(!roll.has_news(), "that was told");
        (0..1_001).for_each(|n| roll.note(UserId(8), n % 2 == 1));
        roll.note(UserId(7), true);
        assert_eq!(take(&mut roll, 1), [told(7, true)], "the batch is full");
        assert_eq!(take(&mut roll, 9), [told(8, false)]);
        roll.note(UserId(9), true);
        roll.forget(UserId(9));
        roll.keep(|user| user != UserId(7));
        roll.note(UserId(7), false);
        assert!(!roll.has_news(), "nobody who is no followee is told to have gone");
    }
}
