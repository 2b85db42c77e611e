//! What of a record the log still needs.

use foldhash::{HashSet, HashSetExt};

use super::leftover::{any_stands, emptied, named_by};
use super::oblivion::Gone;
use super::pass::Doomed;
use crate::error::Result;
use crate::flush::gather::Lend;
use crate::ids::{Key, PostId, Sequence, UserId};
use crate::log::befriend_effect::BefriendEffect;
use crate::log::broadcast_effect::BroadcastEffect;
use crate::log::concerned::each_concerned;
use crate::log::group_effect::{GroupAct, GroupEffect};
use crate::log::mark_effect::MarkEffect;
use crate::log::record::{Began, Bygone, Effect, Record, Retired};
use crate::log::request_effect::RequestAct;
use crate::log::response_effect::{ResponseAct, ResponseEffect};
use crate::log::view::Segments;
use crate::read::stands::Stands;
use crate::views::forgotten::Oblivion;
use crate::views::graph::{EDGE_WIDTH, Pairs};
use crate::views::graves::Graves;
use crate::views::responses::COMMENTS;
use crate::views::state::State;
use crate::views::timeline::Timelines;
use crate::views::users::Ordinal;

/// A record and where it stands.
pub(crate) type Entry = (Sequence, Record);

/// Judges the records of neighbouring segments, in order.
pub(crate) struct Judge<'a> {
    lend: Lend<'a>,
    log: &'a Segments,
    /// The first sequence that is being rewritten: what ended in the range goes with its end.
    first: Sequence,
    /// The view files hold everything up to here.
    covered: Sequence,
    /// Keys below are forgotten.
    keys_from: Sequence,
    /// How many users were named so far in the range, at least.
    named: u32,
    /// Texts that were replaced, and by which records.
    superseded: &'a Doomed,
    /// Users who are forgotten.
    gone: &'a Gone,
    keeps_revisions: bool,
    /// What of the range ended, but whose records stay: for what they ended (blocks for follows, places of
    /// broadcasts for the places before), or for their place among somebody's notices.
    ended_but_kept: HashSet<Sequence>,
}

/// What is known of a record from memory.
struct Looked {
    /// Whether the entry that the record began still stands; `None` if it began none.
    entry: Option<Standing>,
    /// The ordinals of the users it names, in order.
    names: [Option<Ordinal>; 2],
    /// Whom it gave a notice, in order.
    noticed: Vec<Noticed>,
    /// It is a publish, and its text is to go.
    is_emptied: bool,
}

/// Somebody who was given a notice.
struct Noticed {
    user: UserId,
    ordinal: Option<Ordinal>,
    /// It may be in their window.
    has_place: bool,
}

/// What a judge goes by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Erasing<'a> {
    /// The view files hold everything up to here.
    pub(crate) covered: Sequence,
    /// What is to be erased, and what ended it.
    pub(crate) superseded: &'a Doomed,
    /// Users who are forgotten.
    pub(crate) gone: &'a Gone,
    /// Texts stay when they are replaced.
    pub(crate) keeps_revisions: bool,
}

/// Whether an entry stands, of either kind.
enum Standing {
    Post(Stands),
    Edge(bool),
    Follow(Stands<EDGE_WIDTH>),
    /// Those that began in one record.
    Follows(Vec<Stands<EDGE_WIDTH>>),
}

impl<'a> Judge<'a> {
    /// A judge of what stands in `log` from `first` on.
    pub(crate) fn new(
        lend: Lend<'a>,
        log: &'a Segments,
        first: Sequence,
        erasing: Erasing<'a>,
    ) -> Result<Self> {
        let mut keys_from = Sequence(0);
        lend(&mut |state| keys_from = state.receipts.oldest())?;
        let ended_but_kept = HashSet::new();
        let Erasing { covered, superseded, gone, keeps_revisions } = erasing;
        let named = 0;
        Ok(Self {
            lend,
            log,
            first,
            covered,
            keys_from,
            named,
            superseded,
            gone,
            keeps_revisions,
            ended_but_kept,
        })
    }

    /// What is to be written instead of `entries`.
    pub(crate) fn judge(&mut self, entries: Vec<Entry>) -> Result<Vec<Entry>> {
        let mut looked = Vec::with_capacity(entries.len());
        let mut outcome = Ok(());
        (self.lend)(&mut |state| {
            for (sequence, record) in &entries {
                match self.look(state, *sequence, record) {
                    Ok(found) => looked.push(found),
                    Err(error) => outcome = Err(error),
                }
            }
        })?;
        outcome?;
        let mut kept = Vec::with_capacity(entries.len());
        for ((sequence, record), looked) in entries.into_iter().zip(looked) {
            let new = self.new_names(looked.names);
            let noticed = self.noticed(looked.noticed);
            let is_needed = self.is_needed((sequence, &record), looked.entry)?;
            let record = if is_needed || self.is_kept(sequence, &record, &noticed) {
                let record = self.without_old_key(sequence, record);
                Some(if looked.is_emptied { emptied(record) } else { record })
            } else {
                self.retire(sequence, &record, new, noticed)?
            };
            kept.extend(record.map(|record| (sequence, record)));
        }
        Ok(kept)
    }

    fn look(&self, state: &State, sequence: Sequence, record: &Record) -> Result<Looked> {
        let find = |user: UserId| state.users.find(user);
        let (subject, other) = named_by(&record.effect);
        let names = [find(subject), other.and_then(find)];
        let entry = match (&record.effect, names) {
            (Effect::Publish(_) | Effect::Emptied(_), [Some(author), _]) => {
                Some(Standing::Post(self.stands(&state.outboxes.posts, author, sequence)?))
            }
            // A rebuild has to learn that a root is gone for as long as there are reposts of it.
            (Effect::Delete { post, .. }, _) => {
                Some(Standing::Edge(state.reposts.root(*post).is_some()))
            }
            (Effect::Follow { .. }, [Some(user), _]) => {
                Some(Standing::Follow(self.stands(&state.graph.following, user, sequence)?))
            }
            (Effect::Befriend(befriend), _) => {
                let followers = befriend.begun().filter_map(|(user, _)| find(user));
                let stands =
                    followers.map(|user| self.stands(&state.graph.following, user, sequence));
                Some(Standing::Follows(stands.collect::<Result<_>>()?))
            }
            (Effect::Private { is_on: true, .. }, [Some(user), _]) => {
                Some(self.pair(&state.requests.private, (user, user), sequence))
            }
            (Effect::Request(request), [Some(user), Some(author)])
                if matches!(request.act, RequestAct::Ask { .. }) =>
            {
                Some(self.pair(&state.requests.asked, (author, user), sequence))
            }
            (Effect::Mute { .. }, [Some(user), Some(author)]) => {
                Some(self.pair(&state.graph.mutes, (user, author), sequence))
            }
            (Effect::Block { .. }, [Some(user), Some(other)]) => {
                Some(self.pair(&state.graph.blocks, (user, other), sequence))
            }
            (Effect::Group(group), [Some(owner), _]) => self.group(state, owner, sequence, group),
            (Effect::Response(response), [Some(user), _]) => {
                self.response(state, user, sequence, response)?
            }
            (Effect::NoticesRead(_), [Some(user), _]) => {
                Some(Standing::Edge(self.read_mark(state, user, sequence)))
            }
            (Effect::Forget(_), [Some(user), _]) => {
                let Oblivion { since, done } = state.forgotten.of(user);
                let counts = since == sequence || done == sequence;
                Some(Standing::Edge(counts || self.covered < since.max(done)))
            }
            (Effect::Revise(revise), [Some(author), _]) => {
                let post = self.stands(&state.outboxes.posts, author, revise.post.into())?;
                let is_gone = self.is_superseded(state, revise.post, sequence);
                Some(if is_gone { Standing::Edge(false) } else { Standing::Post(post) })
            }
            (Effect::Mark(mark), [Some(owner), _]) => {
                Some(Standing::Edge(self.mark(state, owner, sequence, mark)))
            }
            (Effect::Broadcast(effect), [Some(author), _]) => {
                self.broadcast(state, author, sequence, effect)?
            }
            (Effect::Moderation(effect), [Some(owner), _]) if effect.is_begin() => {
                Some(Standing::Edge(self.is_moderated(state, owner, sequence)))
            }
            _ => None,
        };
        let noticed = self.look_noticed(state, sequence, &record.effect);
        let is_emptied = record.effect.post().is_some()
            && !record.effect.is_emptied()
            && self.is_superseded(state, sequence.into(), sequence);
        Ok(Looked { entry, names, noticed, is_emptied })
    }

    /// Whom it concerns, and whether it may have a place among their notices.
    fn look_noticed(&self, state: &State, sequence: Sequence, effect: &Effect) -> Vec<Noticed> {
        let mut noticed = Vec::new();
        each_concerned(effect, |user| {
            let ordinal = state.users.find(user);
            let holds = |user| {
                let may_hold = || state.notices.may_hold(user, sequence, self.covered);
                self.outlived(state, user, sequence).unwrap_or_else(may_hold)
            };
            noticed.push(Noticed { user, ordinal, has_place: ordinal.is_some_and(holds) });
        });
        noticed
    }

    /// Whether what a record says of a post was replaced by a record that survives any crash.
    fn is_superseded(&self, state: &State, post: PostId, at: Sequence) -> bool {
        let newer = state.revisions.of(post).filter(|newest| newest.at != at);
        !self.keeps_revisions
            && (self.superseded.contains_key(&at)
                || newer.is_some_and(|newest| newest.at <= self.covered))
    }

    /// Whether the entry stood at the covered position. What ended later may have to stand again
    /// after a crash that the end does not survive.
    fn stands<const WIDTH: usize>(
        &self,
        timelines: &Timelines<WIDTH>,
        owner: Ordinal,
        entry: Sequence,
    ) -> Result<Stands<WIDTH>> {
        match self.ended_late(&timelines.graves, owner, entry) {
            true => Ok(Stands::Known(true)),
            false => Stands::of(timelines, owner, entry),
        }
    }

    fn pair(
        &self,
        pairs: &Pairs,
        (first, second): (Ordinal, Ordinal),
        entry: Sequence,
    ) -> Standing {
        let stands = pairs.since(first, second) == Some(entry);
        Standing::Edge(stands || self.ended_late(&pairs.lists.graves, first, entry))
    }

    /// Of what begins with a group's record: a group, or a membership.
    fn group(
        &self,
        state: &State,
        owner: Ordinal,
        entry: Sequence,
        effect: &GroupEffect,
    ) -> Option<Standing> {
        let groups = &state.groups;
        let (stands, graves) = match effect.act {
            GroupAct::Create => (groups.by_id(owner, entry.into()).is_some(), &groups.graves),
            GroupAct::Add { group, .. } => {
                let group = groups.by_id(owner, group);
                let stands = group.is_some_and(|group| group.members.find(entry).is_some());
                (stands, &groups.member_graves)
            }
            GroupAct::Delete { .. } | GroupAct::Remove { .. } => return None,
        };
        Some(Standing::Edge(stands || self.ended_late(graves, owner, entry)))
    }

    /// Of what begins with a response's record: a reaction, or a comment.
    fn response(
        &self,
        state: &State,
        user: Ordinal,
        entry: Sequence,
        effect: &ResponseEffect,
    ) -> Result<Option<Standing>> {
        let responses = &state.responses;
        let (target, sort) = match effect.act {
            ResponseAct::React { kind } => (effect.target, kind),
            ResponseAct::Comment { .. } => (effect.post, COMMENTS),
            ResponseAct::Unreact { .. } | ResponseAct::Delete => return Ok(None),
        };
        // A list that died after the covered position may have to live again.
        let Some(list) = responses.list_for(target, sort) else {
            return Ok(Some(Standing::Edge(false)));
        };
        if let Some(died) = responses.died(list) {
            return Ok(Some(Standing::Edge(self.covered < died)));
        }
        if sort == COMMENTS {
            return Ok(Some(Standing::Follow(self.stands(&responses.entries, list, entry)?)));
        }
        let stands = responses.reacted_since(target, sort, user) == Some(entry);
        let late = self.ended_late(&responses.entries.graves, list, entry);
        Ok(Some(Standing::Edge(stands || late)))
    }

    /// One that a later one replaced may have to count again after a crash that the later one does not
    /// survive.
    fn read_mark(&self, state: &State, user: Ordinal, at: Sequence) -> bool {
        let mark = state.notices.mark(user);
        let counts = || mark.at == at || self.covered < mark.at;
        self.outlived(state, user, at).unwrap_or_else(counts)
    }

    /// Of what the user had before they were forgotten: whether it has to stay, because a crash may take
    /// that back. `None` if it is not as old.
    fn outlived(&self, state: &State, user: Ordinal, at: Sequence) -> Option<bool> {
        let floor = state.forgotten.floor(user);
        (at <= floor).then_some(self.covered < floor)
    }

    /// A mark that a later one replaced may have to stand again after a crash that the later one does
    /// not survive.
    fn mark(&self, state: &State, owner: Ordinal, at: Sequence, effect: &MarkEffect) -> bool {
        if let Some(stays) = self.outlived(state, owner, at) {
            return stays;
        }
        let feed = effect.feed.id();
        let known = state.marks.find(owner, (feed, effect.device));
        let counts = known.is_none_or(|known| known.at == at || self.covered < known.at);
        counts && state.may_have_mark(owner, feed, self.covered)
    }

    /// Of what begins with a broadcast's record: its place, which is needed while the broadcast is on the
    /// board (what it is called stands in the first of them), or its replay.
    fn broadcast(
        &self,
        state: &State,
        author: Ordinal,
        entry: Sequence,
        effect: &BroadcastEffect,
    ) -> Result<Option<Standing>> {
        if effect.replay().is_some() {
            return Ok(Some(Standing::Post(self.stands(&state.outboxes.posts, author, entry)?)));
        }
        if effect.cancelled().is_some() {
            return Ok(None);
        }
        let broadcast = effect.broadcast().unwrap_or_else(|| entry.into());
        Ok(Some(Standing::Edge(state.broadcasts.stood(author, broadcast, self.covered))))
    }

    /// What ended after the covered position may have to stand again.
    fn is_moderated(&self, state: &State, owner: Ordinal, at: Sequence) -> bool {
        let moderation = &state.moderation;
        moderation.stands(at) || self.ended_late(&moderation.graves, owner, at)
    }

    fn ended_late(&self, graves: &Graves, owner: Ordinal, entry: Sequence) -> bool {
        let graves = graves.of(owner);
        let grave = graves.binary_search_by(|grave| grave.entry.cmp(&entry)).ok();
        grave.and_then(|at| graves.get(at)).is_some_and(|grave| self.covered < grave.ended)
    }

    fn is_needed(
        &mut self,
        (sequence, record): (Sequence, &Record),
        entry: Option<Standing>,
    ) -> Result<bool> {
        let stands = match entry {
            Some(Standing::Post(stands)) => stands.resolve()?,
            Some(Standing::Follow(stands)) => stands.resolve()?,
            Some(Standing::Edge(stands)) => stands,
            Some(Standing::Follows(follows)) => any_stands(&follows)?,
            None => false,
        };
        let ends_something = match &record.effect {
            Effect::Delete { post, revised, .. } => {
                !self.is_gone(Some((*post).into()))? || !self.is_gone(*revised)?
            }
            Effect::Unfollow { began, .. }
            | Effect::Unmute { began, .. }
            | Effect::Unrepost { began, .. }
            | Effect::Unblock { began, .. } => !self.is_gone(*began)?,
            Effect::Block { forth, back, requests: [asked, was_asked], .. } => {
                self.is_any_left([*forth, *back, *asked, *was_asked])?
            }
            Effect::Befriend(BefriendEffect { forth, back, .. }) => {
                self.is_any_left([forth.request, back.request])?
            }
            Effect::Private { began, .. } => !self.is_gone(*began)?,
            Effect::Request(request) => !self.is_gone(request.ended())?,
            Effect::Group(group) => match group.act {
                GroupAct::Delete { group } => !self.is_gone(Some(group.into()))?,
                GroupAct::Remove { began, .. } => !self.is_gone(began)?,
                GroupAct::Create | GroupAct::Add { .. } => false,
            },
            Effect::Response(response) => match response.act {
                ResponseAct::Unreact { began, .. } => !self.is_gone(began)?,
                ResponseAct::Delete => !self.is_gone(Some(response.target.into()))?,
                ResponseAct::React { .. } | ResponseAct::Comment { .. } => false,
            },
            Effect::Broadcast(effect) => !self.is_gone(effect.act.began())?,
            Effect::Moderation(effect) => !self.is_gone(effect.ends())?,
            Effect::Publish(_)
            | Effect::Emptied(_)
            | Effect::Revise(_)
            | Effect::Follow { .. }
            | Effect::Mute { .. }
            | Effect::NoticesRead(_)
            | Effect::Mark(_)
            | Effect::Forget(_)
            | Effect::Retired(_) => false,
            // Some bytes, and few: nobody looks whether its follow stands.
            Effect::Weigh { user, author, .. } => {
                !self.gone.covers(*user, sequence) && !self.gone.covers(*author, sequence)
            }
        };
        let is_ender = matches!(record.effect, Effect::Block { .. } | Effect::Broadcast(_));
        // What began with it may have ended in part.
        let is_befriend =
            matches!(record.effect, Effect::Befriend(_)) && (stands || ends_something);
        if ends_something && !stands && is_ender || is_befriend {
            self.ended_but_kept.insert(sequence);
        }
        // The end of a broadcast whose replay is deleted must not keep what that said: a stub ends it.
        let keeps_text = !stands && record.effect.post().is_some();
        Ok(stands || ends_something && !keeps_text)
    }

    /// Whether any of what a record ended is still in the log.
    fn is_any_left<const N: usize>(&self, entries: [Began; N]) -> Result<bool> {
        for entry in entries {
            if !self.is_gone(entry)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether the entry that a record ended is not in the log any more once the range is rewritten.
    fn is_gone(&self, entry: Began) -> Result<bool> {
        let Some(entry) = entry else { return Ok(true) };
        if self.first <= entry {
            return Ok(!self.ended_but_kept.contains(&entry));
        }
        match self.log.sealed_at(entry) {
            Some(segment) if !segment.is_packed() => Ok(false),
            _ => {
                let record = self.log.record(entry)?;
                let is_stub = |record: &Record| matches!(record.effect, Effect::Retired(_));
                Ok(record.as_ref().is_none_or(is_stub))
            }
        }
    }

    fn remembers(&self, sequence: Sequence, record: &Record) -> bool {
        record.key.is_some() && self.keys_from <= sequence
    }

    fn without_old_key(&self, sequence: Sequence, record: Record) -> Record {
        Record { key: self.key(sequence, &record), ..record }
    }

    /// What of the record's key stays.
    fn key(&self, sequence: Sequence, record: &Record) -> Option<Key> {
        let key = record.key.filter(|_| self.remembers(sequence, record))?;
        let is_forget = matches!(record.effect, Effect::Forget(_));
        let is_gone = !is_forget && self.gone.covers(record.effect.subject(), sequence);
        Some(if is_gone { Key::NONE } else { key })
    }

    /// What is left of a record that is not needed; `None` if nothing is.
    fn retire(
        &self,
        sequence: Sequence,
        record: &Record,
        new: [bool; 2],
        noticed: Vec<UserId>,
    ) -> Result<Option<Record>> {
        let (mut subject, other) = named_by(&record.effect);
        let [is_subject_new, is_other_new] = new;
        let is_gone = self.gone.covers(subject, sequence);
        let is_post = record.effect.post_author().is_some() && !is_gone;
        let broadcast = self.bygone(&record.effect)?.filter(|it| !is_gone || *it != Bygone::Began);
        let comment_of = match &record.effect {
            _ if is_gone => None,
            Effect::Response(response) => response.text().map(|_| response.post),
            Effect::Retired(retired) => retired.comment_of,
            _ => None,
        };
        let key = self.key(sequence, record);
        let is_stub = is_post || comment_of.is_some() || !noticed.is_empty() || broadcast.is_some();
        let is_nothing = !is_stub && key.is_none() && new == [false, false];
        if is_nothing {
            return Ok(None);
        }
        let says_more = key.is_some() || broadcast.is_some();
        if is_gone
            && !is_subject_new
            && !says_more
            && let Some(told) = noticed.first()
        {
            // Only their place is needed: nobody need know whom it is from.
            subject = *told;
        }
        let said = |_| (record.effect.fingerprint(), record.effect.answered());
        let (fingerprint, answered) =
            key.filter(|key| *key != Key::NONE).map(said).unwrap_or_default();
        let other = other.filter(|_| is_other_new);
        let retired = Retired {
            subject,
            other,
            is_post,
            comment_of,
            noticed,
            broadcast,
            fingerprint,
            answered,
        };
        Ok(Some(Record { time: record.time, key, effect: Effect::Retired(retired) }))
    }

    /// What must be known still of a record about a broadcast.
    fn bygone(&self, effect: &Effect) -> Result<Option<Bygone>> {
        let bygone = match effect {
            Effect::Retired(retired) => retired.broadcast,
            Effect::Broadcast(effect) => effect.bygone(),
            _ => None,
        };
        match bygone {
            Some(Bygone::Ends(ended)) if self.is_gone(Some(ended.began))? => Ok(None),
            bygone => Ok(bygone),
        }
    }

    /// Who of those that were given a notice has to stay: whose place counts, or who may be named for the
    /// first time.
    fn noticed(&mut self, all: Vec<Noticed>) -> Vec<UserId> {
        let mut kept = Vec::new();
        for Noticed { user, ordinal, has_place } in all {
            let [is_new, _] = self.new_names([ordinal, None]);
            if has_place || is_new {
                kept.push(user);
            }
        }
        kept
    }

    /// Whether the record of an entry that ended stays as it is, because it has a place among somebody's
    /// notices. What has a text leaves a stub instead.
    fn is_kept(&mut self, sequence: Sequence, record: &Record, noticed: &[UserId]) -> bool {
        // Of who is forgotten not even that stays.
        if self.is_of_gone(sequence, &record.effect) {
            return false;
        }
        let has_text = match &record.effect {
            Effect::Follow { .. } | Effect::Befriend(_) | Effect::Request(_) => false,
            Effect::Response(response) => response.text().is_some(),
            _ => true,
        };
        let is_kept = !has_text && !noticed.is_empty();
        if is_kept {
            self.ended_but_kept.insert(sequence);
        }
        is_kept
    }

    /// Whether it says something of somebody who is forgotten: what they did, or a tie with them.
    fn is_of_gone(&self, sequence: Sequence, effect: &Effect) -> bool {
        let tied = match effect {
            Effect::Befriend(befriend) => Some(befriend.other),
            Effect::Request(request) => Some(request.other),
            _ => None,
        };
        let covers = |user| self.gone.covers(user, sequence);
        covers(effect.subject()) || tied.is_some_and(covers)
    }

    /// Which of the names may be the first in the log: users are numbered in that order, so only one
    /// with a higher number than all before can be.
    fn new_names(&mut self, names: [Option<Ordinal>; 2]) -> [bool; 2] {
        names.map(|name| {
            let is_new = name.is_none_or(|ordinal| self.named <= ordinal.0);
            self.named = self.named.max(name.map_or(0, |ordinal| ordinal.0 + 1));
            is_new && name.is_some()
        })
    }
}
