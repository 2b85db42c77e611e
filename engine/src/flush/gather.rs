//! Reads a range of the log and collects what a flush writes: the entries that begin in the range
//! and hold at its end, sorted by owner.
//!
//! The log is the only input (and the users view, for ordinals): a file can be made again from the
//! same range at any time, with the same content.

use foldhash::{HashSet, HashSetExt};

use crate::error::Result;
use crate::ids::{Sequence, UserId};
use crate::log::group_effect::{GroupAct, GroupEffect};
use crate::log::mark_effect::MarkEffect;
use crate::log::record::{Began, Effect, Record};
use crate::log::response_effect::{ResponseAct, ResponseEffect};
use crate::log::revise_effect::ReviseEffect;
use crate::log::view::Segments;
use crate::runs::groups::GroupFile;
use crate::runs::marks;
use crate::runs::run::Entry;
use crate::views::groups::{GroupRow, MemberRow};
use crate::views::marks::{Mark, MarkRow};
use crate::views::receipts::Remembered;
use crate::views::responses::{COMMENTS, ListRow};
use crate::views::revisions::{Revised, RevisedRow};
use crate::views::state::State;
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
    pub(crate) groups: GroupFile,
    /// Lists of responses that were first needed in the range, in order.
    pub(crate) lists: Vec<ListRow>,
    /// Who responded, by list.
    pub(crate) responses: Vec<Row>,
    /// In the order of owner, feed and device.
    pub(crate) marks: Vec<MarkRow>,
    /// In the order of the log.
    pub(crate) revisions: Vec<RevisedRow>,
    /// In the order of the log.
    pub(crate) receipts: Vec<Remembered>,
    /// Entries that begin later are not collected.
    last: Sequence,
    /// What ended up to here is not collected.
    until: Sequence,
    /// Entries that ended within what was read.
    ended: HashSet<Sequence>,
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
    let mut gathered = Gathered { last, until, ended: HashSet::new(), ..Gathered::default() };
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
        match record.effect {
            Effect::Publish(_) | Effect::Emptied(_) => self.posts.push((scope, (at, 0))),
            Effect::Delete { post, revised, .. } => {
                self.end(Some(post.into()));
                self.end(revised);
            }
            Effect::Revise(ref revise) => self.take_revise(state, scope, at, revise),
            Effect::Follow { author, .. } => {
                let author = ordinal(author);
                self.following.push((scope, (at, author.0)));
                self.followers.push((author, (at, scope.0)));
            }
            Effect::Mute { author, .. } => self.mutes.push((scope, (at, ordinal(author).0))),
            Effect::Block { other, forth, back, .. } => {
                self.end(forth);
                self.end(back);
                self.blocks.push((scope, (at, ordinal(other).0)));
            }
            Effect::Group(ref group) => {
                let author = group.author().map(ordinal);
                self.take_group(scope, author, at, group);
            }
            Effect::Response(ref response) => self.take_response(state, scope, at, response),
            Effect::Mark(ref mark) => self.take_mark(scope, at, mark),
            Effect::Weigh { .. } | Effect::Retired(_) => {}
            Effect::Unfollow { began, .. }
            | Effect::Unmute { began, .. }
            | Effect::Unblock { began, .. } => self.end(began),
        }
        if let Some(key) = record.key {
            self.receipts.push(Remembered {
                scope,
                key,
                sequence: at,
                fingerprint: record.effect.fingerprint(),
                is_publish: record.effect.is_publish(),
            });
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

    fn take_mark(&mut self, owner: Ordinal, at: Sequence, effect: &MarkEffect) {
        let (feed, device, post) = (effect.feed.id(), effect.device, effect.post);
        self.marks.push(MarkRow { owner, mark: Mark { feed, device, post, at } });
    }

    /// Notes an end. If the entry began before the range, it has a grave and nothing is found here.
    fn end(&mut self, began: Began) {
        self.ended.extend(began);
    }

    fn settle(&mut self) {
        let Self { posts, following, followers, mutes, blocks, groups, responses, .. } = self;
        let (ended, last) = (&self.ended, &self.last);
        let stands = |at: Sequence| at <= *last && !ended.contains(&at);
        for rows in [posts, following, followers, mutes, blocks, responses] {
            rows.retain(|(_, (at, _))| stands(*at));
            // Stable, so that the entries of an owner stay in ascending order.
            rows.sort_by_key(|(owner, _)| *owner);
        }
        groups.groups.retain(|row| stands(row.id.into()));
        groups.members.retain(|row| stands(row.at) && !ended.contains(&row.group.into()));
        self.revisions.retain(|row| stands(row.revised.at));
        self.marks.retain(|row| row.mark.at <= *last && !ended.contains(&row.mark.feed.into()));
        marks::settle(&mut self.marks);
    }
}
