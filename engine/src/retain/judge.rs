//! What of a record the log still needs.

use foldhash::{HashSet, HashSetExt};

use super::pass::Doomed;
use crate::command::NewPost;
use crate::error::Result;
use crate::flush::gather::Lend;
use crate::ids::{PostId, Sequence, UserId};
use crate::log::group_effect::{GroupAct, GroupEffect};
use crate::log::mark_effect::MarkEffect;
use crate::log::record::{Began, Effect, Record, Retired};
use crate::log::response_effect::{ResponseAct, ResponseEffect};
use crate::log::revise_effect::Emptied;
use crate::log::view::Segments;
use crate::read::stands::Stands;
use crate::views::graph::Pairs;
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
    keeps_revisions: bool,
    /// Blocks of the range that ended, but whose records stay for the follows that they ended.
    ended_blocks: HashSet<Sequence>,
}

/// What is known of a record from memory.
struct Looked {
    /// Whether the entry that the record began still stands; `None` if it began none.
    entry: Option<Standing>,
    /// The ordinals of the users it names, in order.
    names: [Option<Ordinal>; 2],
    /// It is a publish, and its text is to go.
    is_emptied: bool,
}

/// What a judge goes by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Erasing<'a> {
    /// The view files hold everything up to here.
    pub(crate) covered: Sequence,
    /// What is to be erased, and what ended it.
    pub(crate) superseded: &'a Doomed,
    /// Texts stay when they are replaced.
    pub(crate) keeps_revisions: bool,
}

/// Whether an entry stands, of either kind.
enum Standing {
    Post(Stands),
    Edge(bool),
    Follow(Stands<{ crate::views::graph::EDGE_WIDTH }>),
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
        let ended_blocks = HashSet::new();
        let Erasing { covered, superseded, keeps_revisions } = erasing;
        let named = 0;
        Ok(Self {
            lend,
            log,
            first,
            covered,
            keys_from,
            named,
            superseded,
            keeps_revisions,
            ended_blocks,
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
            let record = if self.is_needed((sequence, &record), looked.entry)? {
                let record = self.without_old_key(sequence, record);
                Some(if looked.is_emptied { emptied(record) } else { record })
            } else {
                self.retire(sequence, &record, new)
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
            (Effect::Follow { .. }, [Some(user), _]) => {
                Some(Standing::Follow(self.stands(&state.graph.following, user, sequence)?))
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
            (Effect::Revise(revise), [Some(author), _]) => {
                let post = self.stands(&state.outboxes.posts, author, revise.post.into())?;
                let is_gone = self.is_superseded(state, revise.post, sequence);
                Some(if is_gone { Standing::Edge(false) } else { Standing::Post(post) })
            }
            (Effect::Mark(mark), [Some(owner), _]) => {
                Some(Standing::Edge(self.mark(state, owner, sequence, mark)))
            }
            _ => None,
        };
        let is_emptied = matches!(record.effect, Effect::Publish(_))
            && self.is_superseded(state, sequence.into(), sequence);
        Ok(Looked { entry, names, is_emptied })
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

    /// A mark that a later one replaced may have to stand again after a crash that the later one does
    /// not survive.
    fn mark(&self, state: &State, owner: Ordinal, at: Sequence, effect: &MarkEffect) -> bool {
        let feed = effect.feed.id();
        let known = state.marks.find(owner, (feed, effect.device));
        let counts = known.is_none_or(|known| known.at == at || self.covered < known.at);
        counts && state.may_have_mark(owner, feed, self.covered)
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
            None => false,
        };
        let ends_something = match &record.effect {
            Effect::Delete { post, revised, .. } => {
                !self.is_gone(Some((*post).into()))? || !self.is_gone(*revised)?
            }
            Effect::Unfollow { began, .. }
            | Effect::Unmute { began, .. }
            | Effect::Unblock { began, .. } => !self.is_gone(*began)?,
            Effect::Block { forth, back, .. } => !self.is_gone(*forth)? || !self.is_gone(*back)?,
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
            Effect::Publish(_)
            | Effect::Emptied(_)
            | Effect::Revise(_)
            | Effect::Follow { .. }
            | Effect::Mute { .. }
            | Effect::Mark(_)
            | Effect::Retired(_) => false,
            // Some bytes, and few: nobody looks whether its follow stands.
            Effect::Weigh { .. } => true,
        };
        if ends_something && !stands && matches!(record.effect, Effect::Block { .. }) {
            self.ended_blocks.insert(sequence);
        }
        Ok(stands || ends_something)
    }

    /// Whether the entry that a record ended is not in the log any more once the range is rewritten.
    fn is_gone(&self, entry: Began) -> Result<bool> {
        let Some(entry) = entry else { return Ok(true) };
        if self.first <= entry {
            return Ok(!self.ended_blocks.contains(&entry));
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
        let key = record.key.filter(|_| self.remembers(sequence, &record));
        Record { key, ..record }
    }

    /// What is left of a record that is not needed; `None` if nothing is.
    fn retire(&self, sequence: Sequence, record: &Record, new: [bool; 2]) -> Option<Record> {
        let (subject, other) = named_by(&record.effect);
        let [_, is_other_new] = new;
        let is_post = match &record.effect {
            Effect::Publish(_) | Effect::Emptied(_) => true,
            Effect::Retired(retired) => retired.is_post,
            _ => false,
        };
        let comment_of = match &record.effect {
            Effect::Response(response) => response.text().map(|_| response.post),
            Effect::Retired(retired) => retired.comment_of,
            _ => None,
        };
        let key = record.key.filter(|_| self.remembers(sequence, record));
        let is_stub = is_post || comment_of.is_some();
        let is_nothing = !is_stub && key.is_none() && new == [false, false];
        if is_nothing {
            return None;
        }
        let fingerprint = if key.is_some() { record.effect.fingerprint() } else { 0 };
        let other = other.filter(|_| is_other_new);
        let retired = Retired { subject, other, is_post, comment_of, fingerprint };
        let effect = Effect::Retired(retired);
        Some(Record { time: record.time, key, effect })
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

/// The publish without its text.
fn emptied(record: Record) -> Record {
    let fingerprint = if record.key.is_some() { record.effect.fingerprint() } else { 0 };
    let Effect::Publish(NewPost { author, kind, created_at, .. }) = record.effect else {
        return record;
    };
    let emptied = Emptied { author, kind, created_at, fingerprint };
    Record { effect: Effect::Emptied(emptied), ..record }
}

/// The users that a record names, in the order in which they get their numbers.
fn named_by(effect: &Effect) -> (UserId, Option<UserId>) {
    let other = match effect {
        Effect::Follow { author, .. }
        | Effect::Weigh { author, .. }
        | Effect::Unfollow { author, .. }
        | Effect::Mute { author, .. }
        | Effect::Unmute { author, .. } => Some(*author),
        Effect::Block { other, .. } | Effect::Unblock { other, .. } => Some(*other),
        Effect::Group(group) => group.author(),
        Effect::Response(response) => Some(response.author),
        Effect::Retired(retired) => retired.other,
        Effect::Publish(_)
        | Effect::Emptied(_)
        | Effect::Revise(_)
        | Effect::Delete { .. }
        | Effect::Mark(_) => None,
    };
    (effect.subject(), other)
}
