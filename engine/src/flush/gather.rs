//! Reads a range of the log and collects what a flush writes: the entries that begin in the range
//! and hold at its end, sorted by owner.
//!
//! The log is the only input (and the users view, for ordinals): a file can be made again from the
//! same range at any time, with the same content.

use foldhash::{HashMap, HashSet};

use crate::error::Result;
use crate::ids::{BroadcastId, PostId, Sequence, Timestamp, UserId};
use crate::limits::NOTICES_MAX;
use crate::log::broadcast_effect::{BroadcastAct, BroadcastEffect};
use crate::log::concerned::each_concerned;
use crate::log::forget_effect::ForgetEffect;
use crate::log::group_effect::{GroupAct, GroupEffect};
use crate::log::mark_effect::MarkEffect;
use crate::log::moderation_effect::{ModerationAct, ModerationEffect};
use crate::log::record::{Began, Bygone, Effect, Record, Retired};
use crate::log::request_effect::RequestAct;
use crate::log::response_effect::{ResponseAct, ResponseEffect};
use crate::log::revise_effect::ReviseEffect;
use crate::log::view::Segments;
use crate::runs::broadcasts::BroadcastFile;
use crate::runs::forgotten;
use crate::runs::groups::GroupFile;
use crate::runs::marks;
use crate::runs::read_marks;
use crate::runs::reposts::RepostFile;
use crate::runs::run::Entry;
use crate::views::audiences::AudienceRow;
use crate::views::broadcasts::{Place, PlaceRow, Replay, ReplayRow};
use crate::views::forgotten::{Forgotten, ForgottenRow, Oblivion};
use crate::views::groups::{GroupRow, MemberRow};
use crate::views::marks::{Mark, MarkRow};
use crate::views::moderation::ModeratedRow;
use crate::views::notices::{ReadMark, ReadMarkRow};
use crate::views::receipts::Remembered;
use crate::views::responses::{COMMENTS, ListRow};
use crate::views::revisions::{Revised, RevisedRow};
use crate::views::state::{State, audience_row, repost_row};
use crate::views::users::Ordinal;

/// Records whose users are looked up under one hold of the state lock.
const BATCH_RECORDS: usize = 256;

/// Lists of responses that are copied under one hold of the state lock.
const BATCH_LISTS: usize = 4_096;

/// An entry with its owner.
pub(crate) type Row = (Ordinal, Entry);

/// Graves by family; of each family sorted by owner and entry.
pub(crate) type Graved = Vec<(u8, Vec<Row>)>;

/// Lends the state for a short look.
pub(crate) type Lend<'a> = &'a dyn Fn(&mut dyn FnMut(&State)) -> Result<()>;

/// What a range of the log adds to the views.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    /// Posts by author.
    pub(crate) posts: Vec<Row>,
    /// Authors by follower.
    pub(crate) following: Vec<Row>,
    /// Followers by author.
    pub(crate) followers: Vec<Row>,
    pub(crate) mutes: Vec<Row>,
    pub(crate) blocks: Vec<Row>,
    /// Users who are private, each with themselves.
    pub(crate) private: Vec<Row>,
    /// Who asks, by who is asked.
    pub(crate) requests: Vec<Row>,
    pub(crate) groups: GroupFile,
    /// Lists of responses that were first needed in the range, in order.
    pub(crate) lists: Vec<ListRow>,
    /// Who responded, by list.
    pub(crate) responses: Vec<Row>,
    pub(crate) reposts: RepostFile,
    /// In the order of the log.
    pub(crate) audiences: Vec<AudienceRow>,
    /// Places of notices, by user.
    pub(crate) notices: Vec<Row>,
    /// How far users have read them, in the order of a file.
    pub(crate) read_marks: Vec<ReadMarkRow>,
    /// In the order of owner, feed and device.
    pub(crate) marks: Vec<MarkRow>,
    /// In the order of the log.
    pub(crate) revisions: Vec<RevisedRow>,
    pub(crate) broadcasts: BroadcastFile,
    /// In the order of owners.
    pub(crate) forgotten: Vec<ForgottenRow>,
    /// In the order of the log.
    pub(crate) moderation: Vec<ModeratedRow>,
    /// Where each broadcast that is named has its place, as far as it has one.
    places: HashMap<BroadcastId, PlaceRow>,
    /// Posts that were hidden in the range, and by which record.
    hidden: HashMap<PostId, Sequence>,
    /// In the order of the log.
    pub(crate) receipts: Vec<Remembered>,
    /// Entries that begin later are not collected.
    last: Sequence,
    /// What ended up to here is not collected.
    until: Sequence,
    /// Entries that ended within what was read.
    ended: HashSet<Sequence>,
    /// Follows that ended, by who followed: two of them may have begun in one record.
    unfollowed: HashSet<(Ordinal, Sequence)>,
}

/// What of the log is read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Range {
    /// Entries that begin above this...
    pub(crate) after: Sequence,
    /// ...and up to here are collected,
    pub(crate) last: Sequence,
    /// unless they ended up to here.
    pub(crate) until: Sequence,
}

/// Reads the records of `range`.
pub(crate) fn gather(log: &Segments, lend: Lend<'_>, range: Range) -> Result<Gathered> {
    let Range { after, last, until } = range;
    let mut gathered = Gathered { last, until, ..Gathered::default() };
    gathered.lists = lists(lend, range)?;
    let mut batch = Vec::with_capacity(BATCH_RECORDS);
    let mut next = log.skip_holes(after.next());
    while next <= until {
        if let Some(record) = log.record(next)? {
            batch.push((next, record));
        }
        next = log.skip_holes(next.next());
        if batch.len() == BATCH_RECORDS || until < next {
            lend(&mut |state| {
                batch.drain(..).for_each(|(at, record)| gathered.take(state, at, &record));
            })?;
        }
    }
    gathered.settle();
    Ok(gathered)
}

/// The lists of responses that were first needed in the range, as of its end.
fn lists(lend: Lend<'_>, range: Range) -> Result<Vec<ListRow>> {
    let mut first = 0;
    lend(&mut |state| first = state.responses.first_above(range.after))?;
    let mut rows: Vec<ListRow> = Vec::new();
    loop {
        let mut found = Vec::new();
        lend(&mut |state| found = state.responses.rows(first, range.until, BATCH_LISTS))?;
        let made = found.partition_point(|row| row.made <= range.last);
        rows.extend(found.iter().take(made));
        first += u32::try_from(made).unwrap_or(u32::MAX);
        if made < BATCH_LISTS {
            return Ok(rows);
        }
    }
}

impl Gathered {
    fn take(&mut self, state: &State, at: Sequence, record: &Record) {
        let ordinal =
            |user: UserId| state.users.find(user).expect("what is applied names known users");
        let scope = ordinal(record.effect.subject());
        if at <= self.last {
            each_concerned(&record.effect, |user| self.notices.push((ordinal(user), (at, 0))));
        }
        match record.effect {
            Effect::Publish(_) | Effect::Emptied(_) => {
                self.posts.push((scope, (at, 0)));
                let root_author = record.effect.other().map(ordinal);
                self.reposts.reposts.extend(repost_row(at, record, scope, root_author));
                self.audiences.extend(audience_row(at, record, scope));
            }
            Effect::Broadcast(ref effect) => self.take_broadcast(scope, at, effect, record.time),
            Effect::Delete { post, revised, .. } => {
                self.end(Some(post.into()));
                self.end(revised);
                let hidden = self.hidden.remove(&post);
                self.end(hidden);
                self.reposts.gone.extend(state.reposts.root(post).map(|_| (post, at)));
            }
            Effect::Revise(ref revise) => self.take_revise(state, scope, at, revise),
            Effect::Group(ref group) => {
                let author = group.author().map(ordinal);
                self.take_group(scope, author, at, group);
            }
            Effect::Response(ref response) => self.take_response(state, scope, at, response),
            Effect::NoticesRead(ref read) if at <= self.last => {
                let mark = ReadMark { up_to: read.up_to, at };
                self.read_marks.push(ReadMarkRow { owner: scope, mark });
            }
            Effect::Mark(ref mark) => self.take_mark(scope, at, mark),
            Effect::Moderation(ref effect) => self.take_moderation(state, scope, at, effect),
            Effect::Retired(Retired { broadcast: Some(Bygone::Ends(ended)), .. }) => {
                self.places.remove(&ended.broadcast);
            }
            Effect::Forget(ref forget) if at <= self.last => self.take_forget(scope, at, *forget),
            Effect::Weigh { .. }
            | Effect::NoticesRead(_)
            | Effect::Forget(_)
            | Effect::Retired(_) => {}
            Effect::Follow { .. }
            | Effect::Unfollow { .. }
            | Effect::Befriend(_)
            | Effect::Private { .. }
            | Effect::Request(_)
            | Effect::Mute { .. }
            | Effect::Unmute { .. }
            | Effect::Block { .. }
            | Effect::Unblock { .. } => self.take_tie(state, scope, at, &record.effect),
            Effect::Unrepost { began, .. } => self.end(began),
        }
        if let Some(key) = record.key {
            let receipt = Remembered {
                scope,
                key,
                sequence: at,
                fingerprint: record.effect.fingerprint(),
                answered: record.effect.answered(),
            };
            self.receipts.push(receipt);
        }
    }

    /// What begins or ends between users, and who is private.
    fn take_tie(&mut self, state: &State, scope: Ordinal, at: Sequence, effect: &Effect) {
        let ordinal =
            |user: UserId| state.users.find(user).expect("what is applied names known users");
        match *effect {
            Effect::Follow { author, .. } => self.follow((scope, ordinal(author)), at),
            Effect::Befriend(ref befriend) => {
                self.end(befriend.forth.request);
                self.end(befriend.back.request);
                for (user, author) in befriend.begun() {
                    self.follow((ordinal(user), ordinal(author)), at);
                }
            }
            Effect::Private { is_on: true, .. } => self.private.push((scope, (at, scope.0))),
            Effect::Request(ref request) => match request.act {
                RequestAct::Ask { .. } => {
                    self.requests.push((ordinal(request.other), (at, scope.0)));
                }
                RequestAct::Withdraw { began } | RequestAct::Deny { began } => self.end(began),
            },
            Effect::Mute { author, .. } => self.mutes.push((scope, (at, ordinal(author).0))),
            Effect::Block { other, forth, back, requests, .. } => {
                let other = ordinal(other);
                self.unfollow(scope, forth);
                self.unfollow(other, back);
                requests.into_iter().for_each(|request| self.end(request));
                self.blocks.push((scope, (at, other.0)));
            }
            Effect::Unfollow { began, .. } => self.unfollow(scope, began),
            Effect::Private { began, .. }
            | Effect::Unmute { began, .. }
            | Effect::Unblock { began, .. } => self.end(began),
            _ => {}
        }
    }

    /// What a group's record adds. With a group end its memberships: see [`settle`](Self::settle).
    fn take_group(
        &mut self,
        owner: Ordinal,
        author: Option<Ordinal>,
        at: Sequence,
        effect: &GroupEffect,
    ) {
        let GroupEffect { name, exclusive, .. } = effect;
        match (effect.act, author) {
            (GroupAct::Create, _) => {
                let (id, name) = (at.into(), name.clone());
                self.groups.groups.push(GroupRow { owner, id, name, exclusive: *exclusive });
            }
            (GroupAct::Add { group, .. }, Some(author)) => {
                self.groups.members.push(MemberRow { owner, group, author, at });
            }
            (GroupAct::Delete { group }, _) => self.end(Some(group.into())),
            (GroupAct::Remove { began, .. }, _) => self.end(began),
            (GroupAct::Add { .. }, None) => {}
        }
    }

    /// What a response adds. Of a list that is dead by now nothing is needed.
    fn take_response(
        &mut self,
        state: &State,
        user: Ordinal,
        at: Sequence,
        effect: &ResponseEffect,
    ) {
        let sort = match &effect.act {
            ResponseAct::React { kind } => *kind,
            ResponseAct::Comment { .. } => COMMENTS,
            ResponseAct::Unreact { began, .. } => return self.end(*began),
            ResponseAct::Delete => return self.end(Some(effect.target.into())),
        };
        // A comment answers another one, and is in the list of the post all the same.
        let target = if sort == COMMENTS { effect.post } else { effect.target };
        let list = state.responses.list_for(target, sort);
        let list = list.filter(|list| !state.responses.was_dead(*list, self.until));
        self.responses.extend(list.map(|list| (list, (at, user.0))));
    }

    /// What a thinned log says of a post that it does not have any more means nothing.
    fn take_revise(&mut self, state: &State, owner: Ordinal, at: Sequence, effect: &ReviseEffect) {
        let post = effect.post;
        self.end(Some(effect.before).filter(|before| *before != post.into()));
        if state.revisions.has_known(owner, post, at) {
            let revised = Revised { revision: effect.revision, at };
            self.revisions.push(RevisedRow { owner, post, revised });
        }
    }

    fn take_forget(&mut self, owner: Ordinal, at: Sequence, effect: ForgetEffect) {
        let oblivion = match effect.began {
            None => Oblivion { since: at, done: Sequence(0) },
            Some(since) => Oblivion { since, done: at },
        };
        self.forgotten.push(ForgottenRow { owner, oblivion });
    }

    /// What a thinned log says of a post that it does not have any more means nothing.
    fn take_moderation(
        &mut self,
        state: &State,
        owner: Ordinal,
        at: Sequence,
        effect: &ModerationEffect,
    ) {
        self.end(effect.ends());
        if let ModerationAct::Hide { post } = effect.act {
            self.hidden.insert(post, at);
        }
        if effect.is_begin() && state.moderation.has_known(owner, at) {
            self.moderation.push(ModeratedRow { owner, post: effect.post(), at });
        }
    }

    fn take_mark(&mut self, owner: Ordinal, at: Sequence, effect: &MarkEffect) {
        self.marks.push(MarkRow { owner, mark: Mark::of(effect, at) });
    }

    /// What a broadcast's record adds. A place ends with the next one of its broadcast.
    fn take_broadcast(
        &mut self,
        owner: Ordinal,
        at: Sequence,
        effect: &BroadcastEffect,
        time: Timestamp,
    ) {
        let broadcast = effect.broadcast().unwrap_or_else(|| at.into());
        let key = match effect.act {
            BroadcastAct::Schedule { at } | BroadcastAct::Reschedule { at, .. } => {
                Place::scheduled(at)
            }
            BroadcastAct::Start { .. } => Place::live(time),
            BroadcastAct::Cancel { .. } => {
                self.places.remove(&broadcast);
                return;
            }
            BroadcastAct::End { started, .. } => {
                self.places.remove(&broadcast);
                let replay = Replay { post: at.into(), broadcast, started };
                self.broadcasts.replays.push(ReplayRow { owner, replay });
                self.posts.push((owner, (at, 0)));
                return;
            }
        };
        let place = Place { key, broadcast, began: at };
        self.places.insert(broadcast, PlaceRow { owner, place });
    }

    /// Notes an end. If the entry began before the range, it has a grave and nothing is found here.
    fn end(&mut self, began: Began) {
        self.ended.extend(began);
    }

    fn follow(&mut self, (user, author): (Ordinal, Ordinal), at: Sequence) {
        self.following.push((user, (at, author.0)));
        self.followers.push((author, (at, user.0)));
    }

    /// Notes that a follow by the user ended.
    fn unfollow(&mut self, user: Ordinal, began: Began) {
        self.unfollowed.extend(began.map(|began| (user, began)));
    }

    /// Drops the follows that ended, in both directions.
    fn settle_follows(&mut self) {
        let Self { following, followers, unfollowed, .. } = self;
        following.retain(|(user, (at, _))| !unfollowed.contains(&(*user, *at)));
        followers.retain(|(_, (at, user))| !unfollowed.contains(&(Ordinal(*user), *at)));
    }

    fn settle(&mut self) {
        forgotten::settle(&mut self.forgotten);
        // Before the greatest of each is chosen: one of before must not outdo one of since.
        self.drop_forgotten();
        self.settle_broadcasts();
        self.settle_follows();
        let Self { posts, following, followers, mutes, blocks, groups, responses, .. } = self;
        let Self { private, requests, .. } = self;
        let (ended, last) = (&self.ended, &self.last);
        let stands = |at: Sequence| at <= *last && !ended.contains(&at);
        let edges = [following, followers, mutes, blocks, private, requests];
        for rows in [posts, responses].into_iter().chain(edges) {
            rows.retain(|(_, (at, _))| stands(*at));
            // Stable, so that the entries of an owner stay in ascending order.
            rows.sort_by_key(|(owner, _)| *owner);
        }
        self.reposts.reposts.retain(|row| stands(row.at));
        self.reposts.gone.retain(|(_, at)| *at <= *last);
        self.audiences.retain(|row| stands(row.at));
        self.notices.sort_by_key(|(owner, _)| *owner);
        keep_newest(&mut self.notices);
        read_marks::settle(&mut self.read_marks);
        groups.groups.retain(|row| stands(row.id.into()));
        groups.members.retain(|row| stands(row.at) && !ended.contains(&row.group.into()));
        self.receipts.retain(|receipt| receipt.sequence <= *last);
        self.revisions.retain(|row| stands(row.revised.at));
        self.moderation.retain(|row| stands(row.at));
        self.marks.retain(|row| row.mark.at <= *last && !ended.contains(&row.mark.feed.into()));
        marks::settle(&mut self.marks);
    }

    /// What users had before they were forgotten within the range counts no more. What is older says the
    /// view of the forgotten, whenever it is loaded.
    fn drop_forgotten(&mut self) {
        let mut known = Forgotten::default();
        self.forgotten.iter().for_each(|row| known.set(*row));
        self.notices.retain(|(user, (at, _))| known.floor(*user) < *at);
        self.read_marks.retain(|row| known.floor(row.owner) < row.mark.at);
        self.marks.retain(|row| known.floor(row.owner) < row.mark.at);
        self.receipts.iter_mut().for_each(|receipt| *receipt = receipt.unless(&known));
    }

    fn settle_broadcasts(&mut self) {
        let Self { broadcasts, places, ended, last, .. } = self;
        let standing = places.drain().map(|(_, row)| row);
        broadcasts.places = standing.filter(|row| row.place.began <= *last).collect();
        broadcasts.places.sort_unstable_by_key(|row| row.place.began);
        let stands = |post: Sequence| post <= *last && !ended.contains(&post);
        broadcasts.replays.retain(|row| stands(row.replay.post.into()));
    }
}

/// Drops the places that are in no window. Sorted by owner, then place.
fn keep_newest(places: &mut Vec<Row>) {
    if places.len() <= NOTICES_MAX {
        return;
    }
    let mut kept = Vec::with_capacity(places.len());
    for run in places.chunk_by(|(one, _), (other, _)| one == other) {
        kept.extend(run.iter().skip(run.len().saturating_sub(NOTICES_MAX)));
    }
    *places = kept;
}
