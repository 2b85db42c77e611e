//! Decides read marks: which group has the name, and whether the device's mark rises. A part of
//! [`decide`](super::decide).

use foldhash::{HashMap, HashMapExt};

use super::decide::{Decider, Decision};
use super::decide_groups::no_group;
use crate::error::{Error, Result};
use crate::ids::{GroupId, PostId, Sequence, UserId};
use crate::log::mark_effect::{MarkEffect, MarkedFeed};

/// The marks of a commit group so far, over the state before it.
#[derive(Debug)]
pub(crate) struct PendingMarks {
    marks: HashMap<(UserId, GroupId, u64), PostId>,
    /// The last sequence that was given out.
    newest: Sequence,
}

impl PendingMarks {
    pub(crate) fn new() -> Self {
        Self { marks: HashMap::new(), newest: Sequence(0) }
    }

    pub(crate) fn clear(&mut self) {
        self.marks.clear();
        self.newest = Sequence(0);
    }

    /// Remembers an accepted mark.
    pub(super) fn note(&mut self, effect: &MarkEffect) {
        let place = (effect.user, effect.feed.id(), effect.device);
        self.marks.insert(place, effect.post);
    }

    /// Some command got this sequence.
    pub(super) fn note_newest(&mut self, newest: Sequence) {
        self.newest = newest;
    }
}

impl Decider<'_> {
    /// Decides, and completes the effect: which group it is.
    pub(super) fn decide_mark(&self, effect: &mut MarkEffect) -> Result<Decision> {
        if let MarkedFeed::Group(group, name) = &mut effect.feed {
            let found = self.group_id(effect.user, name);
            *group = found.ok_or_else(|| no_group(effect.user, name))?;
        }
        let newest = self.pending_marks().newest.max(self.state().position.sequence);
        let MarkEffect { user, feed, device, post } = &*effect;
        if newest < Sequence::from(*post) {
            let what = format!(
                "mark {post} of user {user} is above everything that was published; the newest \
                 sequence is {newest}"
            );
            return Err(Error::invalid(what));
        }
        let own = self.mark((*user, feed.id(), *device));
        if *post <= own.unwrap_or_default() {
            return Ok(Decision::Unchanged);
        }
        if own.is_none() {
            self.check_devices(*user, feed)?;
        }
        Ok(Decision::Accept)
    }

    fn mark(&self, (user, feed, device): (UserId, GroupId, u64)) -> Option<PostId> {
        let pending = self.pending_marks().marks.get(&(user, feed, device));
        pending.copied().or_else(|| {
            let owner = self.state().users.find(user)?;
            self.state().marks.find(owner, (feed, device)).map(|mark| mark.post)
        })
    }

    /// A device that marks the feed for the first time is one more.
    fn check_devices(&self, user: UserId, feed: &MarkedFeed) -> Result<()> {
        let owner = self.state().users.find(user);
        let is_settled = |device: u64| {
            owner.is_some_and(|it| self.state().marks.find(it, (feed.id(), device)).is_some())
        };
        let pending = self.pending_marks().marks.keys();
        let new = pending.filter(|(of, group, device)| {
            (*of, *group) == (user, feed.id()) && !is_settled(*device)
        });
        let settled = owner.map_or(0, |owner| self.state().marks.of(owner, feed.id()).len());
        let devices = settled + new.count();
        let limit = self.limits().devices_max;
        if devices < limit {
            return Ok(());
        }
        let feed = match feed {
            MarkedFeed::Home => "their home".to_owned(),
            MarkedFeed::Group(_, name) => format!("group {name:?}"),
        };
        Err(Error::limit(format!(
            "user {user} has marked {feed} on {devices} devices already; the limit is {limit} \
             (option max-devices)"
        )))
    }
}
