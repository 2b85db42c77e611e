//! How many entries of a feed are unread: ids only, nothing of what posts say.
//!
//! The path is that of a home page: what a warm inbox has above the mark, with what is pulled and in
//! flight, less the few entries that do not count (the user's own, and those from before a follow that
//! began above the mark). Where there is no inbox, or too much does not count, each author's outbox is
//! counted from the mark or the follow on. Both end at the limit. Nothing looks at a file under the
//! state lock: an excerpt is taken along instead.
//!
//! What the [`Judge`] hides is not counted, as on a page; see [`asked`](crate::read::asked).

use std::cell::Cell;

use crate::delivery::home::{Inboxed, Steps, Wanted, page};
use crate::error::{Error, Result};
use crate::ids::{Position, PostId, Sequence, Timestamp};
use crate::limits::UNREAD_MAX;
use crate::mark::{Feed, Unread, UnreadQuery};
use crate::query::Span;
use crate::read::asked::{STALE_MAX, Turns};
use crate::read::content::Reach;
use crate::read::followees::{Followees, InFiles};
use crate::read::groups::shown;
use crate::read::judge::{self, Judge, is_left_out, may_leave_out};
use crate::read::marks::{check_owner, find};
use crate::read::ties::Ties;
use crate::shared::Shared;
use crate::views::graph::EDGE_WIDTH;
use crate::views::hidden::Hidden;
use crate::views::outbox::{Excerpts, Newest, Outbox, Resident};
use crate::views::part::{Near, Part};
use crate::views::state::State;
use crate::views::users::Ordinal;
use crate::views::walk::Up;

/// Entries of an inbox that do not count are left out one by one, up to so many.
const LEFT_OUT_MAX: usize = 256;

/// An author, and from where on their posts count.
#[derive(Clone, Copy, Debug)]
struct Counts {
    author: Ordinal,
    above: Sequence,
}

/// What was found so far.
#[derive(Clone, Copy, Debug, Default)]
struct Found {
    count: usize,
    oldest: Option<Sequence>,
}

/// What an answer says beside the count.
#[derive(Clone, Copy, Debug)]
struct Frame {
    position: Position,
    mark: PostId,
    limit: usize,
}

/// Where a count stands after one look at the state.
enum Look {
    Done(Unread),
    /// The followees are in files: read these, then look again.
    Followees(InFiles),
    /// Whom others follow is, as far as the judge asks for it: the same.
    Ties(Vec<InFiles>),
    /// Posts are in files: the count goes on without the state.
    Posts(Rest),
}

/// What is left to do without the state.
struct Rest {
    frame: Frame,
    user: Ordinal,
    authors: Vec<Counts>,
    excerpts: Excerpts,
    turns: Turns,
}

/// What earlier looks have found.
struct Attempt<'a> {
    /// The followees, if they had to be read from files.
    known: Option<Followees>,
    ties: Ties<'a>,
    /// How many entries the next look takes.
    wanted: usize,
    /// Looks whose entries could not be judged any more.
    stale: u32,
}

/// How many are unread. Within memory: `None` if that is not enough.
pub(crate) fn unread(shared: &Shared, query: &UnreadQuery, reach: Reach) -> Result<Option<Unread>> {
    check_limit(query.limit)?;
    check_owner(query.user, query.viewer)?;
    let (ties, wanted) = (Ties::new(shared), query.limit + 1);
    let mut attempt = Attempt { known: None, ties, wanted, stale: 0 };
    loop {
        match look(shared, query, &mut attempt)? {
            Look::Done(unread) => return Ok(Some(unread)),
            _ if reach == Reach::Memory => return Ok(None),
            Look::Followees(in_files) => attempt.known = Some(in_files.read()?),
            Look::Ties(missing) => attempt.ties.read(missing)?,
            Look::Posts(rest) => {
                if let Some(unread) = rest.finish(shared, kind(&query.feed), &mut attempt)? {
                    return Ok(Some(unread));
                }
            }
        }
    }
}

fn check_limit(limit: usize) -> Result<()> {
    if (1..=UNREAD_MAX).contains(&limit) {
        return Ok(());
    }
    Err(Error::invalid(format!("limit {limit} is out of range; count up to 1 to {UNREAD_MAX}")))
}

/// As the judge of it knows the feed.
fn kind(feed: &Feed) -> judge::Feed {
    match feed {
        Feed::Home => judge::Feed::Home,
        Feed::Group(_) => judge::Feed::Group,
    }
}

/// One look, or several if what the judge lacks was read again and again and was no longer so.
fn look(shared: &Shared, query: &UnreadQuery, attempt: &mut Attempt<'_>) -> Result<Look> {
    let state = shared.state()?;
    loop {
        attempt.ties.begin();
        let look = look_at((shared, &state), query, attempt)?;
        if attempt.ties.is_complete() {
            return Ok(look);
        }
        if !attempt.ties.is_stubborn() && attempt.stale < STALE_MAX {
            return Ok(Look::Ties(attempt.ties.missing(&state)));
        }
        attempt.ties.read_now(&state)?;
    }
}

fn look_at(
    (shared, state): (&Shared, &State),
    query: &UnreadQuery,
    attempt: &Attempt<'_>,
) -> Result<Look> {
    let now = shared.options.clock.now();
    let (user, feed) = find(state, query.user, &query.feed)?;
    let mark = user.map_or(PostId(0), |user| state.marks.merged(user, feed));
    let frame = Frame { position: state.position, mark, limit: query.limit };
    let Some(user) = user else { return Ok(Look::Done(frame.answer(Found::default()))) };
    state.activity.touch(user, now);
    let (above, known) = (query.since.unwrap_or(mark).into(), attempt.known.as_ref());
    let judge = Judge::of_reader((state, &attempt.ties), kind(&query.feed), user);
    let reader = Reader { state, user, above, known };
    let authors = match &query.feed {
        Feed::Home => {
            if let Some(entries) = reader.inbox(query.limit, judge, now)? {
                return Ok(Look::Done(frame.answer(Found::in_order(&entries))));
            }
            let following = &state.graph.following;
            if reader.known().is_none() && !reader.following().files.is_empty() {
                return Ok(Look::Followees(InFiles::of(following, user)));
            }
            reader.home()?
        }
        Feed::Group(name) => {
            let group = state.groups.find(user, name);
            let members = group.map(|group| shown(state, user, group));
            members.into_iter().flatten().filter_map(|member| reader.counts(member)).collect()
        }
    };
    let resident = Resident { outboxes: &state.outboxes, missed: Cell::new(false) };
    let found = Found::seen(&resident, &authors, query.limit, judge)?;
    // What is in memory may be more than is counted: then nobody need look at files.
    if query.limit < found.count || !resident.missed.get() {
        return Ok(Look::Done(frame.answer(found)));
    }
    if STALE_MAX <= attempt.stale {
        // These files were read a moment ago.
        let found = Found::seen(&state.outboxes, &authors, query.limit, judge)?;
        return Ok(Look::Done(frame.answer(found)));
    }
    let mut excerpts = Excerpts::default();
    for Counts { author, above } in &authors {
        excerpts.take(&state.outboxes, *author, Near::Above(*above), attempt.wanted);
    }
    let turns = if judge.is_idle() { Turns::IDLE } else { Turns::of(state) };
    Ok(Look::Posts(Rest { frame, user, authors, excerpts, turns }))
}

impl Rest {
    /// Goes on without the state; what is found is judged in the end. `None`: look again.
    fn finish(
        self,
        shared: &Shared,
        feed: judge::Feed,
        attempt: &mut Attempt<'_>,
    ) -> Result<Option<Unread>> {
        let Self { frame, user, authors, excerpts, turns } = self;
        if turns.is_idle() {
            let found = Found::of(&excerpts, &authors, frame.limit, |_, _| true)?;
            return Ok(Some(frame.answer(found)));
        }
        let mut entries = Vec::new();
        let taken = Found::of(&excerpts, &authors, attempt.wanted - 1, |entry, author| {
            entries.push((entry, author));
            true
        })?;
        loop {
            let missing = {
                let state = shared.state()?;
                attempt.ties.begin();
                let judge = Judge::of_reader((&state, &attempt.ties), feed, user);
                let sees = |&&(entry, author): &&_| judge.sees(entry, Some(author));
                let seen: Vec<Sequence> = entries.iter().filter(sees).map(|seen| seen.0).collect();
                if !turns.are_of(&state, &attempt.ties) {
                    attempt.stale += 1;
                    return Ok(None);
                }
                if attempt.ties.is_complete() {
                    if taken.count == attempt.wanted && seen.len() <= frame.limit {
                        attempt.wanted = attempt.wanted.saturating_mul(2);
                        return Ok(None);
                    }
                    let oldest = seen.iter().min().copied();
                    return Ok(Some(frame.answer(Found { count: seen.len(), oldest })));
                }
                attempt.ties.missing(&state)
            };
            attempt.ties.read(missing)?;
        }
    }
}

/// Somebody whose feed is counted.
struct Reader<'a> {
    state: &'a State,
    user: Ordinal,
    /// What counts is above this.
    above: Sequence,
    known: Option<&'a Followees>,
}

impl<'a> Reader<'a> {
    fn following(&self) -> Part<'a, EDGE_WIDTH> {
        self.state.graph.following.part(self.user)
    }

    /// The followees that were read from files, if they are still the same.
    fn known(&self) -> Option<&'a Followees> {
        self.known.filter(|known| known.are_of(&self.state.graph.following, self.user))
    }

    /// An author of the feed, if anything of theirs can count.
    fn counts(&self, (began, author): (Sequence, Ordinal)) -> Option<Counts> {
        let above = self.above.max(began);
        let newest = match self.state.outboxes.newest(author) {
            Newest::None => return None,
            Newest::Is(newest) | Newest::AtMost(newest) => newest,
        };
        (author != self.user && above < newest).then_some(Counts { author, above })
    }

    /// Hands out the authors whose posts are in the home, with the sequences of the follows.
    fn each_shown(&self, mut each: impl FnMut((Sequence, Ordinal))) -> Result<()> {
        let hidden = Hidden::of(self.state);
        let hides_any = hidden.has_any(self.user);
        let mut judge = |(began, author): (Sequence, Ordinal)| {
            let is_hidden = hides_any && hidden.contains(self.user, author);
            if !is_hidden && !is_left_out(self.state, self.user, author) {
                each((began, author));
            }
        };
        match self.known() {
            Some(known) => known.follows().for_each(judge),
            None => {
                self.following().each_entry(|(began, author)| judge((began, Ordinal(author))))?;
            }
        }
        Ok(())
    }

    /// As of a page.
    fn leaves_out_any(&self) -> Result<bool> {
        let mut leaves_out = false;
        let mut judge = |author| leaves_out |= is_left_out(self.state, self.user, author);
        match self.known() {
            Some(known) => known.authors().for_each(judge),
            None => self.following().each_payload(|author| judge(Ordinal(author)))?,
        }
        Ok(leaves_out)
    }

    fn home(&self) -> Result<Vec<Counts>> {
        let mut authors = Vec::new();
        self.each_shown(|follow| authors.extend(self.counts(follow)))?;
        Ok(authors)
    }

    /// The entries that count, newest first, one more than the limit if there are more; `None` if
    /// there is no warm inbox, or it does not have all of them.
    fn inbox(
        &self,
        limit: usize,
        judge: Judge<'_>,
        now: Timestamp,
    ) -> Result<Option<Vec<Sequence>>> {
        let delivery = &self.state.delivery;
        if !delivery.is_on() || delivery.wants_inbox(self.user, now).is_some() {
            return Ok(None);
        }
        let knows_followees = self.following().files.is_empty() || self.known().is_some();
        let may_leave_out = may_leave_out(self.state);
        if !knows_followees && (delivery.is_flying() || may_leave_out) {
            return Ok(None);
        }
        if may_leave_out && self.leaves_out_any()? {
            return Ok(None);
        }
        let Some(left_out) = self.left_out()? else { return Ok(None) };
        let mut count = limit + 1 + left_out.len();
        loop {
            let Some(mut entries) = self.inboxed(count, now)? else { return Ok(None) };
            let is_all = entries.len() < count;
            entries.retain(|entry| left_out.binary_search(entry).is_err());
            if !judge.is_idle() {
                // Of those whom the user follows.
                entries.retain(|entry| judge.sees(*entry, None));
            }
            if is_all || limit < entries.len() {
                return Ok(Some(entries));
            }
            count = count.saturating_mul(2);
        }
    }

    /// The entries of the inbox nearest above the mark, so many; `None` if it does not have all of them.
    fn inboxed(&self, count: usize, now: Timestamp) -> Result<Option<Vec<Sequence>>> {
        let mut steps = Steps::default();
        let delivery = &self.state.delivery;
        let flights =
            delivery.flights_of(|each| self.each_shown(|(_, author)| each(author)), &mut steps)?;
        let span = Span::After(self.above.into());
        let wanted = Wanted { reader: self.user, span, count, now };
        match page(self.state, wanted, flights, &mut steps)? {
            Inboxed::Page(entries) => Ok(Some(entries)),
            _ => Ok(None),
        }
    }

    /// Posts above the mark that do not count although they may be in the home, ascending: the user's
    /// own, and those from before follows that began above the mark. `None` if they are many, or in
    /// files.
    fn left_out(&self) -> Result<Option<Vec<Sequence>>> {
        let missed = Cell::new(false);
        let mut left_out = Vec::new();
        let mut leave_out = |author: Ordinal, upto: Sequence| -> Result<bool> {
            let newest = self.state.outboxes.newest(author);
            if matches!(newest, Newest::None)
                || matches!(newest, Newest::Is(newest) if newest <= self.above)
            {
                return Ok(true);
            }
            let posts = self.state.outboxes.posts.part(author).resident(&missed);
            let mut walk = Up::new(posts, self.above);
            while let Some((post, _)) = walk.next()?.filter(|(post, _)| *post <= upto) {
                left_out.push(post);
                if LEFT_OUT_MAX < left_out.len() {
                    return Ok(false);
                }
            }
            Ok(true)
        };
        let mut is_few = leave_out(self.user, Sequence(u64::MAX))?;
        let mut follows = Up::new(self.following().resident(&missed), self.above);
        while is_few && let Some((began, author)) = follows.next()? {
            is_few = leave_out(Ordinal(author), began)?;
        }
        left_out.sort_unstable();
        Ok((is_few && !missed.get()).then_some(left_out))
    }
}

impl Found {
    /// What the judge's reader sees in these outboxes; ends above the limit.
    fn seen(
        outboxes: &impl Outbox,
        authors: &[Counts],
        limit: usize,
        judge: Judge<'_>,
    ) -> Result<Self> {
        match judge.is_idle() {
            true => Self::of(outboxes, authors, limit, |_, _| true),
            false => {
                Self::of(outboxes, authors, limit, |entry, author| judge.sees(entry, Some(author)))
            }
        }
    }

    /// What counts in these outboxes; ends above the limit.
    fn of(
        outboxes: &impl Outbox,
        authors: &[Counts],
        limit: usize,
        mut counts: impl FnMut(Sequence, Ordinal) -> bool,
    ) -> Result<Self> {
        let mut found = Self::default();
        for Counts { author, above } in authors {
            let mut walk = Up::new(outboxes.part(*author), *above);
            while let Some((post, _)) = walk.next()? {
                if !counts(post, *author) {
                    continue;
                }
                found.count += 1;
                found.oldest = Some(found.oldest.map_or(post, |oldest| oldest.min(post)));
                if limit < found.count {
                    return Ok(found);
                }
            }
        }
        Ok(found)
    }

    /// Of entries that are listed newest first.
    fn in_order(entries: &[Sequence]) -> Self {
        Self { count: entries.len(), oldest: entries.last().copied() }
    }
}

impl Frame {
    fn answer(self, found: Found) -> Unread {
        let Self { position, mark, limit } = self;
        let is_more = limit < found.count;
        let oldest = found.oldest.filter(|_| !is_more).map(PostId::from);
        Unread { position, mark, count: found.count.min(limit), is_more, oldest }
    }
}
