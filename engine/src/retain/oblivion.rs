//! Users whose forgetting is done, and where in the log something of them may still stand.

use std::ops::RangeInclusive;

use foldhash::{HashMap, HashMapExt};

use super::pass::Doomed;
use crate::error::Result;
use crate::ids::{Key, Sequence, UserId};
use crate::log::record::{Bygone, Effect, Record};
use crate::log::view::Segments;

/// Users who are forgotten since the last round, and the records that said so.
#[derive(Debug)]
pub(crate) struct Gone {
    users: HashMap<UserId, Sequence>,
}

impl Gone {
    pub(crate) fn new() -> Self {
        Self { users: HashMap::new() }
    }

    /// Nothing of the user was left at that record.
    pub(crate) fn add(&mut self, user: UserId, done: Sequence) {
        self.users.insert(user, done);
    }

    /// Whether what was about the user at that record is to go.
    pub(crate) fn covers(&self, user: UserId, at: Sequence) -> bool {
        !self.users.is_empty() && self.users.get(&user).is_some_and(|done| at < *done)
    }

    /// Whether something of the record is to go, because of whom it is about.
    pub(super) fn concerns(&self, at: Sequence, record: &Record) -> bool {
        let covers = |user: UserId| self.covers(user, at);
        let is_own = covers(record.effect.subject());
        match &record.effect {
            Effect::Forget(_) => false,
            Effect::Retired(retired) => {
                let says = retired.is_post
                    || retired.comment_of.is_some()
                    || retired.broadcast == Some(Bygone::Began)
                    || record.key.is_some_and(|key| key != Key::NONE);
                is_own && says || retired.noticed.iter().any(|user| covers(*user))
            }
            // What others say stays theirs, whomever it mentions or quotes.
            Effect::Publish(_)
            | Effect::Emptied(_)
            | Effect::Revise(_)
            | Effect::Broadcast(_)
            | Effect::Delete { .. } => is_own,
            Effect::Response(it) => is_own || covers(it.author) || covers(it.owner),
            other => is_own || other.other().is_some_and(covers),
        }
    }

    /// Finds the segments that have such records: a walk along all of the log. Notes one record of each, and
    /// the record because of which it goes.
    pub(super) fn find(
        &self,
        log: &Segments,
        covered: Sequence,
        doomed: &mut Doomed,
    ) -> Result<Vec<RangeInclusive<Sequence>>> {
        let mut ranges = Vec::new();
        let Some(last) = self.users.values().copied().max() else { return Ok(ranges) };
        let first = self.users.values().copied().min().unwrap_or(last);
        for segment in log.sealed.iter().filter(|segment| segment.first() <= covered.min(last)) {
            let mut found = None;
            segment.each_record(|at, record| {
                if found.is_none() && self.concerns(at, record) {
                    found = Some(at);
                }
            })?;
            if let Some(at) = found {
                doomed.entry(at).or_insert(first);
                ranges.push(segment.first()..=segment.last());
            }
        }
        // Nobody has looked at what is not sealed yet: from there on nothing counts as erased.
        for open in log.buffered.iter().filter(|open| open.first() <= covered.min(last)) {
            doomed.entry(open.first()).or_insert(first);
        }
        Ok(ranges)
    }
}
