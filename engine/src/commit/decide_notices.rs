//! Decides what concerns notices: whether somebody may be mentioned, and whether a user's read mark rises.
//! A part of [`decide`](super::decide).

use foldhash::HashMap;

use super::decide::{Decider, Decision};
use crate::error::{Error, ErrorKind, Result};
use crate::ids::{Sequence, UserId};
use crate::log::concerned::each_concerned;
use crate::log::notices_effect::NoticesReadEffect;
use crate::log::record::Effect;
use crate::mentions::Mentions;

/// What the commands of a commit group did to notices so far, over the state before it.
#[derive(Debug, Default)]
pub(crate) struct PendingNotices {
    /// The newest place of a user.
    newest: HashMap<UserId, Sequence>,
    marks: HashMap<UserId, Sequence>,
    /// The last sequence that was given out.
    last: Sequence,
}

impl PendingNotices {
    pub(crate) fn clear(&mut self) {
        self.newest.clear();
        self.marks.clear();
        self.last = Sequence(0);
    }

    /// Remembers an accepted effect; `at` is its sequence.
    pub(super) fn note(&mut self, effect: &Effect, at: Sequence) {
        self.last = at;
        if let Effect::NoticesRead(read) = effect {
            self.marks.insert(read.user, read.up_to);
        }
        each_concerned(effect, |user| {
            self.newest.insert(user, at);
        });
    }
}

impl Decider<'_> {
    /// Decides, and completes the effect: which is the newest notice, if that is what was asked for.
    pub(super) fn decide_notices_read(&self, effect: &mut NoticesReadEffect) -> Result<Decision> {
        let user = effect.user;
        if !effect.is_said {
            effect.up_to = self.newest_notice(user);
        }
        let last = self.pending_notices().last.max(self.state().position.sequence);
        if last < effect.up_to {
            let what = format!(
                "user {user} cannot have read notices up to {}: the newest sequence is {last}",
                effect.up_to
            );
            return Err(Error::invalid(what));
        }
        let is_higher = self.read_up_to(user) < effect.up_to;
        Ok(if is_higher { Decision::Accept } else { Decision::Unchanged })
    }

    /// Who is parted from somebody by a block does not mention them.
    pub(super) fn check_mentions(&self, author: UserId, mentions: &Mentions) -> Result<()> {
        let parted = mentions.iter().find(|user| self.is_blocked_between(author, *user));
        let Some(user) = parted else { return Ok(()) };
        let what = format!("user {author} cannot mention user {user}: one has blocked the other");
        Err(Error::new(ErrorKind::Conflict, what))
    }

    fn newest_notice(&self, user: UserId) -> Sequence {
        if let Some(newest) = self.pending_notices().newest.get(&user) {
            return *newest;
        }
        let user = self.state().users.find(user);
        user.map_or(Sequence(0), |user| self.state().notices.newest(user))
    }

    fn read_up_to(&self, user: UserId) -> Sequence {
        if let Some(up_to) = self.pending_notices().marks.get(&user) {
            return *up_to;
        }
        let user = self.state().users.find(user);
        user.map_or(Sequence(0), |user| self.state().notices.mark(user).up_to)
    }
}
