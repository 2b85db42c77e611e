//! All views at one position, and the fold: [`State::apply`].

use std::ops::Range;
use std::sync::Arc;

use super::Digest;
use super::audiences::{AudienceRow, Audiences};
use super::broadcasts::Broadcasts;
use super::forgotten::{Forgotten, ForgottenRow, Oblivion};
use super::graph::Graph;
use super::graves::{Grave, Graves};
use super::groups::Groups;
use super::marks::{Mark, MarkRow, Marks};
use super::moderation::Moderation;
use super::notices::{Notices, ReadMark, ReadMarkRow};
use super::outbox::Outboxes;
use super::receipts::{Receipts, Remembered};
use super::reposts::{RepostRow, Reposts};
use super::requests::Requests;
use super::responses::Responses;
use super::revisions::{Revised, RevisedRow, Revisions};
use super::sights::Sights;
use super::timeline::Removal;
use super::users::{Ordinal, Tail, Users};
use crate::delivery::Delivery;
use crate::error::Result;
use crate::flush::build::Built;
use crate::ids::{GroupId, Position, PostId, Sequence, Timestamp, UserId};
use crate::log::befriend_effect::BefriendEffect;
use crate::log::concerned::each_concerned;
use crate::log::forget_effect::ForgetEffect;
use crate::log::group_effect::GroupAct;
use crate::log::record::{Bygone, Effect, Record, Retired};
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
    pub(crate) requests: Requests,
    pub(crate) groups: Groups,
    pub(crate) responses: Responses,
    pub(crate) reposts: Reposts,
    pub(crate) audiences: Audiences,
    pub(crate) notices: Notices,
    pub(crate) marks: Marks,
    pub(crate) revisions: Revisions,
    pub(crate) broadcasts: Broadcasts,
    pub(crate) forgotten: Forgotten,
    pub(crate) moderation: Moderation,
    pub(crate) receipts: Receipts,
    /// Since the database was opened; never part of a digest.
    pub(crate) sights: Sights,
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
    /// Private users, and requests to follow them.
    pub requests: Digest,
    /// Groups and their members.
    pub groups: Digest,
    /// Reactions and comments.
    pub responses: Digest,
    /// Reposts.
    pub reposts: Digest,
    /// Posts that are not for everybody.
    pub audiences: Digest,
    /// Notices, and how far they are read.
    pub notices: Digest,
    /// Read marks.
    pub marks: Digest,
    /// Posts that were revised.
    pub revisions: Digest,
    /// Broadcasts.
    pub broadcasts: Digest,
    /// Who is being forgotten, and who was.
    pub forgotten: Digest,
    /// Suspended users and hidden posts.
    pub moderation: Digest,
    /// Remembered keys.
    pub receipts: Digest,
}

impl State {
    /// Folds one record. Never refuses: the record was decided before it was logged.
    pub(crate) fn apply(&mut self, sequence: Sequence, record: &Record) -> Touched {
        let subject = self.users.intern(record.effect.subject());
        let other = record.effect.other().map(|other| self.users.intern(other));
        let removal = Removal { at: sequence, frontier: self.frontier };
        self.tell(sequence, &record.effect);
        let Self { outboxes, groups, responses, notices, broadcasts, .. } = self;
        match (&record.effect, other) {
            (Effect::Publish(_) | Effect::Emptied(_), root_author) => {
                self.add_post(sequence, record, subject, root_author);
            }
            (Effect::Delete { post, .. }, _) => self.end_post(subject, *post, removal),
            (Effect::Unrepost { began: Some(repost), .. }, _) => {
                self.end_post(subject, (*repost).into(), removal);
            }
            (Effect::Revise(revise), _) => {
                let (revision, post, at) = (revise.revision, revise.post, sequence);
                let revised = Revised { revision, at };
                self.revisions.revise(RevisedRow { owner: subject, post, revised }, removal);
            }
            (Effect::Group(group), author) => {
                if let GroupAct::Delete { group } = group.act {
                    self.marks.end(subject, group);
                }
                groups.apply(subject, author, group, removal);
            }
            (Effect::Response(response), _) => responses.apply(subject, response, removal),
            (Effect::NoticesRead(read), _) => {
                let mark = ReadMark { up_to: read.up_to, at: sequence };
                notices.read(ReadMarkRow { owner: subject, mark });
            }
            (Effect::Mark(mark), _) => {
                self.mark(MarkRow { owner: subject, mark: Mark::of(mark, sequence) });
            }
            (Effect::Broadcast(effect), _) => {
                if effect.replay().is_some() {
                    outboxes.publish(subject, sequence);
                }
                broadcasts.apply(subject, effect, record.time, removal);
            }
            (Effect::Forget(forget), _) => self.forget(subject, sequence, *forget),
            (Effect::Moderation(effect), _) => self.moderation.apply(subject, effect, removal),
            (Effect::Retired(Retired { broadcast: Some(Bygone::Ends(ended)), .. }), _) => {
                broadcasts.end(subject, ended.broadcast, removal);
            }
            // Of a retired record only the users count.
            (effect, other) => self.tie(effect, (subject, other), removal),
        }
        if changes_sight(&record.effect) {
            self.sights.note(subject, sequence);
        }
        if parts(&record.effect) {
            other.into_iter().for_each(|other| self.sights.note(other, sequence));
        }
        self.delivery.ranks.apply(&record.effect, subject, other);
        self.remember(sequence, record, subject);
        self.activity.grow(self.users.len());
        // What is about somebody who is being forgotten is the engine's own doing, and nobody's activity.
        let is_forget = matches!(record.effect, Effect::Forget(_));
        let mut named = [Some(subject), other].into_iter().flatten();
        if !is_forget && !named.any(|user| self.forgotten.hides(user)) {
            self.activity.touch(subject, record.time);
        }
        self.position.sequence = sequence;
        self.time = self.time.max(record.time);
        Touched { subject, other }
    }

    /// What begins or ends between users, and who is private; other records say nothing of that.
    fn tie(
        &mut self,
        effect: &Effect,
        (subject, other): (Ordinal, Option<Ordinal>),
        removal: Removal,
    ) {
        let Self { graph, requests, .. } = self;
        let sequence = removal.at;
        match (effect, other) {
            (Effect::Follow { .. }, Some(author)) => graph.follow(subject, author, sequence),
            (Effect::Unfollow { began, .. }, Some(author)) => {
                graph.unfollow(subject, author, *began, removal);
            }
            (Effect::Mute { .. }, Some(author)) => graph.mutes.add(subject, author, sequence),
            (Effect::Unmute { began, .. }, Some(author)) => {
                graph.mutes.remove(subject, author, *began, removal);
            }
            (Effect::Befriend(befriend), Some(other)) => {
                self.befriend((subject, other), befriend, removal);
            }
            (Effect::Private { is_on, began, .. }, _) => {
                requests.set_private(subject, *is_on, *began, removal);
            }
            (Effect::Request(request), Some(other)) => {
                requests.apply((subject, other), request, removal);
            }
            (Effect::Block { forth, back, requests: [asked, was_asked], .. }, Some(other)) => {
                graph.unfollow(subject, other, *forth, removal);
                graph.unfollow(other, subject, *back, removal);
                requests.end(subject, other, *asked, removal);
                requests.end(other, subject, *was_asked, removal);
                graph.blocks.add(subject, other, sequence);
            }
            (Effect::Unblock { began, .. }, Some(other)) => {
                graph.blocks.remove(subject, other, *began, removal);
            }
            // They have somebody.
            (_, _) => {}
        }
    }

    /// Follows begin, both at the record's sequence, and what was asked for is there.
    fn befriend(
        &mut self,
        (user, other): (Ordinal, Ordinal),
        effect: &BefriendEffect,
        removal: Removal,
    ) {
        let ways = [(user, other, effect.forth), (other, user, effect.back)];
        for (follower, author, half) in ways {
            self.requests.end(follower, author, half.request, removal);
            if half.is_new {
                self.graph.follow(follower, author, removal.at);
            }
        }
    }

    /// A post came to be; of a repost `root_author` is whose the root is.
    fn add_post(
        &mut self,
        sequence: Sequence,
        record: &Record,
        author: Ordinal,
        root_author: Option<Ordinal>,
    ) {
        self.outboxes.publish(author, sequence);
        let row = audience_row(sequence, record, author);
        row.into_iter().for_each(|row| self.audiences.add(row));
        let row = repost_row(sequence, record, author, root_author);
        row.into_iter().for_each(|row| self.add_repost(row));
    }

    pub(crate) fn add_repost(&mut self, row: RepostRow) {
        self.audiences.reposted(row.root_author, row.root_circle);
        self.reposts.add(row);
    }

    /// A post is gone.
    fn end_post(&mut self, author: Ordinal, post: PostId, removal: Removal) {
        self.outboxes.delete(author, post.into(), removal);
        self.broadcasts.delete(author, post, removal);
        self.responses.post_deleted(post, removal);
        self.reposts.post_deleted(post, removal);
        self.audiences.post_deleted(post, removal);
        self.revisions.delete(author, post, removal);
        self.moderation.post_deleted(self.users.id(author), post, removal);
    }

    /// A user is hidden from now on, or is nobody any more: then goes what no record ends.
    fn forget(&mut self, user: Ordinal, at: Sequence, effect: ForgetEffect) {
        let oblivion = match effect.began {
            None => Oblivion { since: at, done: Sequence(0) },
            Some(since) => Oblivion { since, done: at },
        };
        let before = self.forgotten.floor(user);
        self.set_forgotten(ForgottenRow { owner: user, oblivion });
        if !effect.is_done() {
            // That of the forget before this one: files and their reader know of the newest alone.
            self.receipts.forget(user, before, None);
        } else {
            self.marks.forget(user);
            self.receipts.forget(user, at, effect.began);
            self.delivery.ranks.forget(user);
            self.activity.forget(user);
        }
    }

    /// Folds what a record or a file says of somebody who is or was forgotten.
    pub(crate) fn set_forgotten(&mut self, row: ForgottenRow) {
        self.forgotten.set(row);
        self.notices.forget(row.owner, self.forgotten.floor(row.owner));
        let is_hidden = self.forgotten.hides(row.owner);
        self.moderation.forget(self.users.id(row.owner), is_hidden);
    }

    /// Gives a notice to everybody whom the record concerns.
    fn tell(&mut self, sequence: Sequence, effect: &Effect) {
        let Self { users, notices, .. } = self;
        each_concerned(effect, |user| notices.push(users.intern(user), sequence));
    }

    /// Remembers the key that the record came under, if any.
    fn remember(&mut self, sequence: Sequence, record: &Record, scope: Ordinal) {
        if let Some(key) = record.key {
            self.receipts.remember(Remembered {
                scope,
                key,
                sequence,
                fingerprint: record.effect.fingerprint(),
                answered: record.effect.answered(),
            });
        }
    }

    /// Folds a mark. What a thinned log says of a group that it does not have any more means nothing.
    pub(crate) fn mark(&mut self, row: MarkRow) {
        let MarkRow { owner, mark } = row;
        if mark.at <= self.forgotten.floor(owner) {
            return;
        }
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
        self.delivery.ranks.freeze(self.frontier);
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
        let notices = &mut self.notices;
        built.notices.iter().for_each(|family| notices.places.publish(Arc::clone(family)));
    }

    /// The graves of a family; see [`family`].
    pub(crate) fn graves(&self, number: u8) -> &Graves {
        match number {
            family::POSTS => &self.outboxes.posts.graves,
            family::FOLLOWING => &self.graph.following.graves,
            family::FOLLOWERS => &self.graph.followers.graves,
            family::MUTES => &self.graph.mutes.lists.graves,
            family::BLOCKS => &self.graph.blocks.lists.graves,
            family::PRIVATE => &self.requests.private.lists.graves,
            family::REQUESTS => &self.requests.asked.lists.graves,
            family::GROUPS => &self.groups.graves,
            family::RESPONSES => &self.responses.entries.graves,
            family::LISTS => &self.responses.dead,
            family::REPOSTS => &self.reposts.graves,
            family::AUDIENCES => &self.audiences.graves,
            family::REVISIONS => &self.revisions.graves,
            family::BOARDS => &self.broadcasts.graves,
            family::REPLAYS => &self.broadcasts.replay_graves,
            family::MODERATED => &self.moderation.graves,
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
            family::PRIVATE => &mut self.requests.private.lists.graves,
            family::REQUESTS => &mut self.requests.asked.lists.graves,
            family::GROUPS => &mut self.groups.graves,
            family::RESPONSES => &mut self.responses.entries.graves,
            family::LISTS => &mut self.responses.dead,
            family::REPOSTS => &mut self.reposts.graves,
            family::AUDIENCES => &mut self.audiences.graves,
            family::REVISIONS => &mut self.revisions.graves,
            family::BOARDS => &mut self.broadcasts.graves,
            family::REPLAYS => &mut self.broadcasts.replay_graves,
            family::MODERATED => &mut self.moderation.graves,
            _ => &mut self.groups.member_graves,
        }
    }

    /// Drops the entries below `floor` of `owners` from memory, as far as files have them.
    pub(crate) fn trim(&mut self, owners: Range<u32>, floor: Sequence) {
        for owner in owners.map(Ordinal) {
            self.outboxes.posts.trim(owner, floor);
            self.graph.following.trim(owner, floor);
            self.graph.followers.trim(owner, floor);
            self.notices.trim(owner, floor);
        }
    }

    /// The same for lists of responses.
    pub(crate) fn trim_lists(&mut self, lists: Range<u32>, floor: Sequence) {
        lists.map(Ordinal).for_each(|list| self.responses.trim(list, floor));
    }

    /// The ordinal of a user of whom anything may be read: who is being forgotten is nobody anybody has written
    /// about.
    pub(crate) fn find(&self, user: UserId) -> Option<Ordinal> {
        let found = self.users.find(user);
        if self.forgotten.is_idle() {
            return found;
        }
        found.filter(|user| !self.forgotten.hides(*user))
    }

    /// Whether what somebody did at that sequence is forgotten.
    pub(crate) fn is_bygone(&self, user: UserId, at: Sequence) -> bool {
        self.forgotten.was_used() && {
            let user = self.users.find(user);
            user.is_some_and(|user| at <= self.forgotten.floor(user))
        }
    }

    /// Whether every post is seen by whoever sees its author: then nobody need judge any.
    pub(crate) fn is_all_seen(&self) -> bool {
        self.is_all_seen_by_followers() && !self.requests.has_private()
    }

    /// Whether every post is seen by whoever sees its author and follows them.
    pub(crate) fn is_all_seen_by_followers(&self) -> bool {
        self.reposts.is_empty() && !self.moderation.has_hidden() && self.audiences.is_empty()
    }

    pub(crate) fn digests(&self) -> Result<Digests> {
        let users = self.users.len();
        Ok(Digests {
            users: self.users.digest(),
            outbox: self.outboxes.digest(users)?,
            graph: self.graph.digest(users)?,
            requests: self.requests.digest(users)?,
            groups: self.groups.digest(),
            responses: self.responses.digest()?,
            reposts: self.reposts.digest(),
            audiences: self.audiences.digest(),
            notices: self.notices.digest(users)?,
            marks: self.marks.digest(),
            revisions: self.revisions.digest(),
            broadcasts: self.broadcasts.digest(),
            forgotten: self.forgotten.digest(),
            moderation: self.moderation.digest(),
            receipts: self.receipts.digest(),
        })
    }
}

/// The row of a record that is a repost. One that was revised is a quote, whatever it says now.
pub(crate) fn repost_row(
    at: Sequence,
    record: &Record,
    author: Ordinal,
    root_author: Option<Ordinal>,
) -> Option<RepostRow> {
    let (link, created_at, is_bare) = match &record.effect {
        Effect::Publish(post) => (post.repost?, post.created_at, post.text.is_empty()),
        Effect::Emptied(emptied) => (emptied.repost?, emptied.created_at, false),
        _ => return None,
    };
    let root_author = root_author?;
    Some(RepostRow {
        at,
        author,
        time: created_at.unwrap_or(record.time),
        is_bare,
        root: link.root,
        root_author,
        root_at: link.root_at,
        root_circle: link.root_circle,
    })
}

/// The row of a record that is a restricted post.
pub(crate) fn audience_row(at: Sequence, record: &Record, author: Ordinal) -> Option<AudienceRow> {
    let audience = match &record.effect {
        Effect::Publish(post) => &post.audience,
        Effect::Emptied(emptied) => &emptied.audience,
        _ => return None,
    };
    let circle = audience.circle();
    (!circle.is_everybody()).then_some(AudienceRow { at, author, circle })
}

/// Whether a post of the record's subject went, or something shows or hides what there was of theirs, or what
/// they see; but for what an audience depends on: see `read::ties`.
fn changes_sight(effect: &Effect) -> bool {
    match effect {
        Effect::Delete { .. }
        | Effect::Unrepost { began: Some(_), .. }
        | Effect::Moderation(_)
        | Effect::Mute { .. }
        | Effect::Unmute { .. }
        | Effect::Block { .. }
        | Effect::Unblock { .. }
        | Effect::Private { .. }
        | Effect::Forget(_) => true,
        Effect::Group(group) => group.exclusive,
        _ => false,
    }
}

/// Whether that holds of the other user too.
fn parts(effect: &Effect) -> bool {
    matches!(effect, Effect::Block { .. } | Effect::Unblock { .. })
}
