//! All views at one position, and the fold: [`State::apply`].

use std::ops::Range;
use std::sync::Arc;

use super::Digest;
use super::graph::Graph;
use super::graves::{Grave, Graves};
use super::groups::Groups;
use super::marks::{Mark, MarkRow, Marks};
use super::outbox::Outboxes;
use super::receipts::{Receipts, Remembered};
use super::responses::Responses;
use super::revisions::{Revised, RevisedRow, Revisions};
use super::timeline::Removal;
use super::users::{Ordinal, Tail, Users};
use crate::delivery::Delivery;
use crate::error::Result;
use crate::flush::build::Built;
use crate::ids::{GroupId, Position, Sequence, Timestamp};
use crate::log::group_effect::GroupAct;
use crate::log::record::{Effect, Record};
use crate::read::activity::Activity;
use crate::runs::layout::{FAMILIES, family};

/// What the log means up to `position`.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) position: Position,
    /// The latest commit time; the next is not below it.
    pub(crate) time: Timestamp,
    pub(crate) users: Users,
    pub(crate) outboxes: Outboxes,
    pub(crate) graph: Graph,
    pub(crate) groups: Groups,
    pub(crate) responses: Responses,
    pub(crate) marks: Marks,
    pub(crate) revisions: Revisions,
    pub(crate) receipts: Receipts,
    /// A hint, not a view: never part of a digest.
    pub(crate) activity: Activity,
    /// A cache, not a view: never part of a digest.
    pub(crate) delivery: Delivery,
    /// Entries up to here are in files, or are being written to files.
    pub(crate) frontier: Sequence,
}

/// The users that a record is about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Touched {
    /// Who did it.
    pub(crate) subject: Ordinal,
    /// To whom.
    pub(crate) other: Option<Ordinal>,
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
    /// Groups and their members.
    pub groups: Digest,
    /// Reactions and comments.
    pub responses: Digest,
    /// Read marks.
    pub marks: Digest,
    /// Posts that were revised.
    pub revisions: Digest,
    /// Remembered keys.
    pub receipts: Digest,
}

impl State {
    /// Folds one record. Never refuses: the record was decided before it was logged.
    pub(crate) fn apply(&mut self, sequence: Sequence, record: &Record) -> Touched {
        let subject = self.users.intern(record.effect.subject());
        let other = record.effect.other().map(|other| self.users.intern(other));
        let removal = Removal { at: sequence, frontier: self.frontier };
        let Self { outboxes, graph, groups, responses, .. } = self;
        match (&record.effect, other) {
            (Effect::Publish(_) | Effect::Emptied(_), _) => outboxes.publish(subject, sequence),
            (Effect::Delete { post, .. }, _) => {
                outboxes.delete(subject, (*post).into(), removal);
                responses.post_deleted(*post, removal);
                self.revisions.delete(subject, *post, removal);
            }
            (Effect::Revise(revise), _) => {
                let revised = Revised { revision: revise.revision, at: sequence };
                let row = RevisedRow { owner: subject, post: revise.post, revised };
                self.revisions.revise(row, removal);
            }
            (Effect::Follow { .. }, Some(author)) => graph.follow(subject, author, sequence),
            (Effect::Unfollow { began, .. }, Some(author)) => {
                graph.unfollow(subject, author, *began, removal);
            }
            (Effect::Mute { .. }, Some(author)) => graph.mutes.add(subject, author, sequence),
            (Effect::Unmute { began, .. }, Some(author)) => {
                graph.mutes.remove(subject, author, *began, removal);
            }
            (Effect::Block { forth, back, .. }, Some(other)) => {
                graph.unfollow(subject, other, *forth, removal);
                graph.unfollow(other, subject, *back, removal);
                graph.blocks.add(subject, other, sequence);
            }
            (Effect::Unblock { began, .. }, Some(other)) => {
                graph.blocks.remove(subject, other, *began, removal);
            }
            (Effect::Group(group), author) => {
                if let GroupAct::Delete { group } = group.act {
                    self.marks.end(subject, group);
                }
                groups.apply(subject, author, group, removal);
            }
            (Effect::Response(response), _) => responses.apply(subject, response, removal),
            (Effect::Mark(mark), _) => {
                let (feed, device, post) = (mark.feed.id(), mark.device, mark.post);
                let mark = Mark { feed, device, post, at: sequence };
                self.mark(MarkRow { owner: subject, mark });
            }
            // Of a retired record only the users count. The others have somebody.
            (_, _) => {}
        }
        self.delivery.ranks.apply(&record.effect, subject, other);
        if let Some(key) = record.key {
            self.receipts.remember(Remembered {
                scope: subject,
                key,
                sequence,
                fingerprint: record.effect.fingerprint(),
                is_publish: record.effect.is_publish(),
            });
        }
        self.activity.grow(self.users.len());
        self.activity.touch(subject, record.time);
        self.position.sequence = sequence;
        self.time = self.time.max(record.time);
        Touched { subject, other }
    }

    /// Folds a mark. What a thinned log says of a group that it does not have any more means nothing.
    pub(crate) fn mark(&mut self, row: MarkRow) {
        let MarkRow { owner, mark } = row;
        if mark.feed == GroupId(0) || self.groups.by_id(owner, mark.feed).is_some() {
            self.marks.set(row);
        }
    }

    /// Whether the user has that feed, or had it after `covered`: an end that a crash does not survive
    /// gives its marks back.
    pub(crate) fn may_have_mark(&self, owner: Ordinal, feed: GroupId, covered: Sequence) -> bool {
        let ended_late = |graves: &[Grave]| {
            graves.iter().any(|grave| grave.entry == feed.into() && covered < grave.ended)
        };
        feed == GroupId(0)
            || self.groups.by_id(owner, feed).is_some()
            || ended_late(self.groups.graves.of(owner))
    }

    /// Sets apart what is to be flushed: everything up to the position. From now on the end of such
    /// an entry leaves a grave. Hands out the users that are in no file yet.
    pub(crate) fn freeze(&mut self) -> Option<Arc<Tail>> {
        self.frontier = self.position.sequence;
        self.delivery.ranks.freeze();
        self.users.freeze()
    }

    /// The files hold what was set apart.
    pub(crate) fn publish(&mut self, built: &Built) {
        if let Some(file) = &built.users {
            self.users.publish(Arc::clone(file));
        }
        let families = [
            (&mut self.graph.following, &built.following),
            (&mut self.graph.followers, &built.followers),
        ];
        for (edges, family) in families {
            family.iter().for_each(|family| edges.publish(Arc::clone(family)));
        }
        built.posts.iter().for_each(|family| self.outboxes.posts.publish(Arc::clone(family)));
        let responses = &mut self.responses;
        built.responses.iter().for_each(|family| responses.entries.publish(Arc::clone(family)));
        responses.flushed(self.frontier);
    }

    /// The graves of a family; see [`family`].
    pub(crate) fn graves(&self, number: u8) -> &Graves {
        match number {
            family::POSTS => &self.outboxes.posts.graves,
            family::FOLLOWING => &self.graph.following.graves,
            family::FOLLOWERS => &self.graph.followers.graves,
            family::MUTES => &self.graph.mutes.lists.graves,
            family::BLOCKS => &self.graph.blocks.lists.graves,
            family::GROUPS => &self.groups.graves,
            family::RESPONSES => &self.responses.entries.graves,
            family::LISTS => &self.responses.dead,
            family::REVISIONS => &self.revisions.graves,
            _ => &self.groups.member_graves,
        }
    }

    /// Entries in files that hold no longer; a follow counts in both directions.
    pub(crate) fn graves_count(&self) -> u64 {
        FAMILIES.iter().map(|number| self.graves(*number).len() as u64).sum()
    }

    /// The graves of a family, to be changed.
    pub(crate) fn graves_mut(&mut self, number: u8) -> &mut Graves {
        match number {
            family::POSTS => &mut self.outboxes.posts.graves,
            family::FOLLOWING => &mut self.graph.following.graves,
            family::FOLLOWERS => &mut self.graph.followers.graves,
            family::MUTES => &mut self.graph.mutes.lists.graves,
            family::BLOCKS => &mut self.graph.blocks.lists.graves,
            family::GROUPS => &mut self.groups.graves,
            family::RESPONSES => &mut self.responses.entries.graves,
            family::LISTS => &mut self.responses.dead,
            family::REVISIONS => &mut self.revisions.graves,
            _ => &mut self.groups.member_graves,
        }
    }

    /// Drops the entries below `floor` of `owners` from memory, as far as files have them.
    pub(crate) fn trim(&mut self, owners: Range<u32>, floor: Sequence) {
        for owner in owners.map(Ordinal) {
            self.outboxes.posts.trim(owner, floor);
            self.graph.following.trim(owner, floor);
            self.graph.followers.trim(owner, floor);
        }
    }

    /// The same for lists of responses.
    pub(crate) fn trim_lists(&mut self, lists: Range<u32>, floor: Sequence) {
        lists.map(Ordinal).for_each(|list| self.responses.trim(list, floor));
    }

    pub(crate) fn digests(&self) -> Result<Digests> {
        let users = self.users.len();
        Ok(Digests {
            users: self.users.digest(),
            outbox: self.outboxes.digest(users)?,
            graph: self.graph.digest(users)?,
            groups: self.groups.digest(),
            responses: self.responses.digest()?,
            marks: self.marks.digest(),
            revisions: self.revisions.digest(),
            receipts: self.receipts.digest(),
        })
    }
}
