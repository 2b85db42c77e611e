//! All views at one position, and the fold: [`State::apply`].

use super::Digest;
use super::graph::Graph;
use super::outbox::Outboxes;
use super::receipts::{Receipts, Remembered};
use super::users::Users;
use crate::ids::{Position, Sequence, Timestamp};
use crate::log::record::{Effect, Record};
use crate::read::activity::Activity;

/// What the log means up to `position`.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) position: Position,
    /// The latest commit time; the next is not below it.
    pub(crate) time: Timestamp,
    pub(crate) users: Users,
    pub(crate) outboxes: Outboxes,
    pub(crate) graph: Graph,
    pub(crate) receipts: Receipts,
    /// A hint, not a view: never part of a digest.
    pub(crate) activity: Activity,
}

/// The digest of each view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digests {
    /// Ids and their ordinals.
    pub users: Digest,
    /// Posts that are not deleted.
    pub outbox: Digest,
    /// Follows, mutes and blocks.
    pub graph: Digest,
    /// Remembered keys.
    pub receipts: Digest,
}

impl State {
    /// Folds one record. Never refuses: the record was decided before it was logged.
    pub(crate) fn apply(&mut self, sequence: Sequence, record: &Record) {
        let scope = self.users.intern(record.effect.subject());
        match &record.effect {
            Effect::Publish(_) => self.outboxes.publish(scope, sequence),
            Effect::Delete { post, .. } => self.outboxes.delete(scope, (*post).into()),
            Effect::Follow { author, .. } => {
                let author = self.users.intern(*author);
                self.graph.follow(scope, author, sequence);
            }
            Effect::Unfollow { author, .. } => {
                let author = self.users.intern(*author);
                self.graph.unfollow(scope, author);
            }
            Effect::Mute { author, .. } => {
                let author = self.users.intern(*author);
                self.graph.mutes.add(scope, author, sequence);
            }
            Effect::Unmute { author, .. } => {
                let author = self.users.intern(*author);
                self.graph.mutes.remove(scope, author);
            }
            Effect::Block { other, .. } => {
                let other = self.users.intern(*other);
                self.graph.block(scope, other, sequence);
            }
            Effect::Unblock { other, .. } => {
                let other = self.users.intern(*other);
                self.graph.blocks.remove(scope, other);
            }
        }
        if let Some(key) = record.key {
            self.receipts.remember(Remembered {
                scope,
                key,
                sequence,
                fingerprint: record.effect.fingerprint(),
                is_publish: matches!(record.effect, Effect::Publish(_)),
            });
        }
        self.activity.grow(self.users.len());
        self.activity.touch(scope, record.time);
        self.position.sequence = sequence;
        self.time = self.time.max(record.time);
    }

    pub(crate) fn digests(&self) -> Digests {
        let users = self.users.len();
        Digests {
            users: self.users.digest(),
            outbox: self.outboxes.digest(users),
            graph: self.graph.digest(users),
            receipts: self.receipts.digest(),
        }
    }
}
