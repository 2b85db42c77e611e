//! What a commit changes at once in delivery, under the same hold of the state: afterwards every page
//! is as exact as before.
//!
//! Nothing here looks at a file. Where an author's older posts are not in memory, the inbox gives up
//! its own older part instead (its floor rises), or the author is pulled.

use super::flights::{Flight, Flights, Task};
use super::policy::{DeliveryOptions, Policy};
use super::shard::Open;
use super::{BIG, BOUND_SMALL, Delivery, SMALL};
use crate::ids::Sequence;
use crate::log::group_effect::{GroupAct, GroupEffect};
use crate::log::record::Effect;
use crate::read::activity::Activity;
use crate::views::hidden::Hidden;
use crate::views::outbox::{Newest, Outboxes};
use crate::views::state::{State, Touched};
use crate::views::users::Ordinal;

/// More posts than this are not moved while everybody waits: the inbox goes, and is made anew.
const MOVED_MAX: usize = 2_048;

/// A big author stays big until they have lost a tenth of what made them big.
const STAYS_BIG: (u64, u64) = (9, 10);

/// What is in memory of an author's posts.
struct InMemory<'a> {
    outboxes: &'a Outboxes,
    author: Ordinal,
    /// All posts above are in memory.
    above: Sequence,
}

impl State {
    /// Begins delivery anew: nothing is cached, and everything is pulled until it is.
    pub(crate) fn restart_delivery(&mut self, options: DeliveryOptions) {
        let Self { delivery, graph, users, .. } = self;
        delivery.restart(options, graph, users.len());
    }

    /// Tells delivery of a record that was just applied.
    pub(crate) fn deliver(&mut self, sequence: Sequence, effect: &Effect, touched: Touched) {
        self.delivery.grow(self.users.len());
        if effect.post().is_some() {
            self.delivery.workload.note_post();
        }
        if !self.delivery.is_on() {
            return;
        }
        let Touched { subject, other } = touched;
        match effect {
            effect if effect.post().is_some() => self.delivery.published(subject, sequence),
            Effect::Delete { post, .. } => self.delivery.post_deleted((*post).into()),
            Effect::Unrepost { began: Some(repost), .. } => self.delivery.post_deleted(*repost),
            Effect::Follow { .. } => other.into_iter().for_each(|author| {
                self.began(subject, author);
                self.followers_changed(author);
            }),
            Effect::Befriend(befriend) => {
                let Some(other) = other else { return };
                let ways = [(subject, other, befriend.forth), (other, subject, befriend.back)];
                for (reader, author, _) in ways.into_iter().filter(|(_, _, half)| half.is_new) {
                    self.began(reader, author);
                    self.followers_changed(author);
                }
            }
            Effect::Unmute { began: Some(_), .. } => {
                other.into_iter().for_each(|author| self.shown(subject, author));
            }
            Effect::Unfollow { began: Some(_), .. } => other.into_iter().for_each(|author| {
                self.ended(subject, author);
                self.followers_changed(author);
            }),
            Effect::Mute { .. } => {
                other.into_iter().for_each(|author| self.ended(subject, author));
            }
            Effect::Block { forth, back, .. } => {
                let Some(other) = other else { return };
                for (reader, author, began) in [(subject, other, forth), (other, subject, back)] {
                    if began.is_some() {
                        self.ended(reader, author);
                        self.followers_changed(author);
                    }
                }
            }
            Effect::Group(group) if group.exclusive => self.group_changed(subject, other, group),
            Effect::Publish(_)
            | Effect::Broadcast(_)
            | Effect::Group(_)
            | Effect::Mark(_)
            | Effect::Revise(_)
            | Effect::Emptied(_)
            | Effect::Unmute { .. }
            | Effect::Unfollow { .. }
            | Effect::Unblock { .. }
            | Effect::Weigh { .. }
            | Effect::Unrepost { .. }
            | Effect::Response(_)
            | Effect::Forget(_)
            | Effect::NoticesRead(_)
            // Inboxes stay as they are: who is moderated is left out by reads.
            | Effect::Moderation(_)
            | Effect::Private { .. }
            | Effect::Request(_)
            | Effect::Retired(_) => {}
        }
    }

    /// An exclusive group changed.
    fn group_changed(&mut self, owner: Ordinal, author: Option<Ordinal>, effect: &GroupEffect) {
        match (effect.act, author) {
            (GroupAct::Add { .. }, Some(author)) => self.ended(owner, author),
            (GroupAct::Remove { began: Some(_), .. }, Some(author)) => self.shown(owner, author),
            // Who was in it is known no longer: the inbox goes, and is made anew.
            (GroupAct::Delete { .. }, _) => {
                self.delivery.spoil(owner);
                self.delivery.inboxes.remove(owner);
            }
            _ => {}
        }
    }

    /// The reader's edge to the author counts from now on, unless the author is hidden.
    fn began(&mut self, reader: Ordinal, author: Ordinal) {
        if !Hidden::of(self).contains(reader, author) {
            self.delivery.edge_began(&self.outboxes, &self.activity, reader, author);
        }
    }

    /// What hid the author is gone. The follow may be too; where it stands, it may be in files: then
    /// the inbox goes.
    fn shown(&mut self, reader: Ordinal, author: Ordinal) {
        self.delivery.spoil(reader);
        if !self.delivery.inboxes.is_live(reader) {
            return;
        }
        let missed = std::cell::Cell::new(false);
        let following = self.graph.following.part(reader).resident(&missed);
        match following.find_payload(author.0) {
            Ok(Some(_)) => self.began(reader, author),
            Ok(None) if !missed.get() => {}
            _ => {
                self.delivery.inboxes.remove(reader);
            }
        }
    }

    fn ended(&mut self, reader: Ordinal, author: Ordinal) {
        self.delivery.edge_ended(&self.outboxes, reader, author);
    }

    /// An author may have become big, or small.
    pub(super) fn followers_changed(&mut self, author: Ordinal) {
        let followers = self.graph.followers.count(author);
        self.delivery.judge_size(author, followers);
    }
}

impl Delivery {
    fn published(&mut self, author: Ordinal, post: Sequence) {
        if 0 < self.inboxes.count() || self.is_thawing() {
            self.with_flights(|flights| flights.push(Flight { post, author }));
        }
    }

    fn post_deleted(&mut self, post: Sequence) {
        // What is in flight outlives the last inbox, and lands in the next one.
        if 0 < self.inboxes.count() || self.is_flying() || self.is_thawing() {
            self.deleted.insert(post.0);
        }
    }

    fn edge_began(
        &mut self,
        outboxes: &Outboxes,
        activity: &Activity,
        reader: Ordinal,
        author: Ordinal,
    ) {
        self.spoil(reader);
        if !self.inboxes.is_live(reader) {
            return;
        }
        self.audiences().join(author, reader);
        let is_pushed = self.is_pushed_to(activity, (reader, self.bound_of(reader)), author);
        let kept = self.change(reader, |open| {
            if !is_pushed {
                open.pull(author.0);
                return true;
            }
            match merge(&InMemory::of(outboxes, author), open) {
                Merged::All => {}
                Merged::Nothing => open.pull(author.0),
                Merged::Lost => return false,
            }
            true
        });
        if !kept {
            self.inboxes.remove(reader);
        }
    }

    fn edge_ended(&mut self, outboxes: &Outboxes, reader: Ordinal, author: Ordinal) {
        self.flights_mut().sever(reader, author);
        self.fans_mut().leave(author, reader);
        self.audiences().leave(author, reader);
        self.spoil(reader);
        if self.inboxes.is_live(reader)
            && !self.change(reader, |open| purge(&InMemory::of(outboxes, author), open))
        {
            self.inboxes.remove(reader);
        }
    }

    /// Whether the edge is pushed. A list of fans takes the reader, and somebody else may have to go.
    pub(crate) fn is_pushed_to(
        &self,
        activity: &Activity,
        (reader, bound): (Ordinal, u8),
        author: Ordinal,
    ) -> bool {
        if self.options.policy != Policy::ActiveFans {
            return self.levels.pull(author) <= bound;
        }
        let mut fans = self.fans();
        if !fans.has(author) {
            return true;
        }
        let standing = |user| self.standing(activity, Ordinal(user), author);
        for gone in fans.join(author, reader, self.options.active_fans, standing) {
            // Still under the lock of the lists: nobody rejoins in between.
            if let Some(mut open) = self.inboxes.hold(Ordinal(gone)).open() {
                open.pull(author.0);
            }
        }
        fans.contains(author, reader)
    }

    /// Up to which level of authors everything is pushed to the reader.
    pub(crate) fn bound_of(&self, reader: Ordinal) -> u8 {
        self.inboxes.hold(reader).open().map_or(BOUND_SMALL, |open| open.profile.bound)
    }

    /// Begins what there is to do if the author has become big, or small.
    pub(crate) fn judge_size(&self, author: Ordinal, followers: u32) {
        if !matches!(self.options.policy, Policy::Threshold | Policy::ActiveFans)
            || self.flights().is_changing(author)
        {
            return;
        }
        let (of, parts) = STAYS_BIG;
        let lost = u64::from(followers) * parts < u64::from(self.options.big_author) * of;
        let is_big = self.is_counted_big(author);
        if !is_big && self.options.big_author <= followers {
            self.raise(author);
        } else if is_big && lost {
            self.lower(author);
        }
    }

    /// Whether the author is treated as a big one.
    pub(crate) fn is_counted_big(&self, author: Ordinal) -> bool {
        match self.options.policy {
            Policy::Threshold => self.levels.pull(author) == BIG,
            Policy::ActiveFans => self.fans().has(author),
            Policy::Pull | Policy::Push | Policy::Adaptive => false,
        }
    }

    fn raise(&self, author: Ordinal) {
        match self.options.policy {
            Policy::ActiveFans => {
                self.fans().begin(author);
                self.fans().set_changing(author, true);
            }
            _ => self.levels.set_pull(author, BIG),
        }
        self.begin(Task::Raise(BIG), author);
    }

    fn lower(&self, author: Ordinal) {
        match self.options.policy {
            Policy::ActiveFans => self.fans().set_changing(author, true),
            _ => self.levels.set_push(author, SMALL),
        }
        self.begin(Task::Lower(SMALL), author);
    }

    pub(crate) fn begin(&self, task: Task, author: Ordinal) {
        self.with_flights(|flights: &mut Flights| flights.begin(task, author));
    }

    fn change(&self, reader: Ordinal, edit: impl FnOnce(&mut Open<'_>) -> bool) -> bool {
        self.inboxes.hold(reader).open().is_none_or(|mut open| edit(&mut open))
    }
}

impl<'a> InMemory<'a> {
    fn of(outboxes: &'a Outboxes, author: Ordinal) -> Self {
        Self { outboxes, author, above: known_above(outboxes, author) }
    }

    /// Posts above `floor`, newest first, as far as they are in memory.
    fn posts(&self, floor: Sequence) -> impl Iterator<Item = Sequence> + '_ {
        let hot = self.outboxes.posts.hot(self.author);
        let posts = (0..hot.len()).rev().map(|index| hot.sequence(index));
        posts.take_while(move |post| floor < *post)
    }
}

/// All posts of the author above this are in memory.
pub(crate) fn known_above(outboxes: &Outboxes, author: Ordinal) -> Sequence {
    let part = outboxes.posts.part(author);
    if part.files.is_empty() {
        return Sequence(0);
    }
    match (part.hot.first(), outboxes.newest(author)) {
        (Some(first), _) => Sequence(first.0 - 1),
        (None, Newest::None) => Sequence(0),
        (None, Newest::Is(newest) | Newest::AtMost(newest)) => newest,
    }
}

/// What became of an author's posts for an inbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Merged {
    All,
    /// They are not in memory, or it would take long.
    Nothing,
    /// There was no room for them, nor for what the inbox had: it has to go.
    Lost,
}

/// Takes an author's posts into the inbox, and them off those who are pulled.
fn merge(author: &InMemory<'_>, open: &mut Open<'_>) -> Merged {
    let Open { inbox, slab, .. } = open;
    if inbox.floor() < author.above {
        return Merged::Nothing;
    }
    let posts: Vec<Sequence> = author.posts(inbox.floor()).take(MOVED_MAX).collect();
    if posts.len() == MOVED_MAX {
        return Merged::Nothing;
    }
    let before = inbox.ids(slab);
    let mut ids: Vec<Sequence> = before.iter().copied().chain(posts).collect();
    ids.sort_unstable();
    ids.dedup();
    if inbox.refill(slab, &ids) {
        open.unpull(author.author.0);
        return Merged::All;
    }
    if inbox.refill(slab, &before) { Merged::Nothing } else { Merged::Lost }
}

/// Takes an author's posts out of the inbox. False if the inbox has to go instead.
fn purge(author: &InMemory<'_>, open: &mut Open<'_>) -> bool {
    open.unpull(author.author.0);
    let Open { inbox, slab, .. } = open;
    if inbox.floor() < author.above {
        inbox.raise_floor(slab, author.above);
    }
    let mut moved = 0;
    for post in author.posts(inbox.floor()) {
        moved += 1;
        if moved == MOVED_MAX {
            return false;
        }
        inbox.remove(slab, post);
    }
    true
}

/// The same for a job of the fan-out.
pub(crate) fn merge_author(outboxes: &Outboxes, author: Ordinal, open: &mut Open<'_>) -> Merged {
    merge(&InMemory::of(outboxes, author), open)
}
