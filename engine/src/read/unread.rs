//! How many entries of a feed are unread: ids only, nothing of what posts say.
//!
//! The path is that of a home page: what a warm inbox has above the mark, with what is pulled and in
//! flight, less the few entries that do not count (the user's own, and those from before a follow that
//! began above the mark). Where there is no inbox, or too much does not count, each author's outbox is
//! counted from the mark or the follow on. Both end at the limit. Nothing looks at a file under the
//! state lock: an excerpt is taken along instead.
//!
//! What the [`Judge`] hides is not counted, as on a page. After so many entries others have their turn at the
//! state, and the count goes on as of its first position; see [`asked`](crate::read::asked).

use std::cell::Cell;

use crate::delivery::home::{Inboxed, Steps, Wanted, page};
use crate::error::{Error, Result};
use crate::ids::{PostId, Sequence, Timestamp};
use crate::limits::UNREAD_MAX;
use crate::mark::{Feed, Unread, UnreadQuery};
use crate::query::Span;
use crate::read::asked::STALE_MAX;
use crate::read::content::Reach;
use crate::read::course::{Counts, Course, Found, Frame};
use crate::read::followees::{Followees, InFiles};
use crate::read::groups::shown;
use crate::read::judge::{self, Judge, is_left_out, may_leave_out};
use crate::read::marks::{check_owner, find};
use crate::read::ties::Ties;
use crate::shared::Shared;
use crate::views::graph::EDGE_WIDTH;
use crate::views::hidden::Hidden;
use crate::views::outbox::{Excerpts, Newest, Resident};
use crate::views::part::{Near, Part};
use crate::views::state::State;
use crate::views::users::Ordinal;
use crate::views::walk::Up;

/// Entries of an inbox that do not count are left out one by one, up to so many.
const LEFT_OUT_MAX: usize = 256;

/// Where a count stands after one look at the state.
enum Look {
    Done(Unread),
    /// The followees are in files: read these, then look again.
    Followees(InFiles),
    /// Whom others follow is, as far as the judge asks for it: the same.
    Ties(Vec<InFiles>),
    /// It is others' turn at the state; or, if there is nothing to go on with, it begins anew.
    Paused(Option<Course>),
    /// Posts are in files: the count goes on without the state.
    Posts(Rest),
}

/// What is left to do without the state.
struct Rest {
    course: Course,
    excerpts: Excerpts,
    /// So many entries may be looked at: an author's excerpt has one more.
    most: usize,
    /// There is nothing to judge.
    is_idle: bool,
}

/// What earlier looks have found.
struct Attempt<'a> {
    /// The followees, if they had to be read from files.
    known: Option<Followees>,
    ties: Ties<'a>,
    /// Where to go on.
    course: Option<Course>,
    /// Entries of each author that are taken along where posts are in files: more with each time that was too few.
    want: usize,
    /// Counts that something which changed meanwhile was in the way of.
    stale: u32,
}

/// How many are unread. Within memory: `None` if that is not enough.
pub(crate) fn unread(shared: &Shared, query: &UnreadQuery, reach: Reach) -> Result<Option<Unread>> {
    check_limit(query.limit)?;
    check_owner(query.user, query.viewer)?;
    let (ties, want) = (Ties::new(shared), query.limit);
    let mut attempt = Attempt { known: None, ties, course: None, want, stale: 0 };
    loop {
        match look(shared, query, &mut attempt)? {
            Look::Done(unread) => return Ok(Some(unread)),
            _ if reach == Reach::Memory => return Ok(None),
            Look::Followees(in_files) => attempt.known = Some(in_files.read()?),
            Look::Ties(missing) => attempt.ties.read(missing)?,
            Look::Paused(course) => attempt.course = course,
            Look::Posts(rest) => {
                if let Some(unread) = rest.finish(shared, query, &mut attempt)? {
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

/// One look, or several if what the judge lacked was read again and again and was no longer so.
fn look(shared: &Shared, query: &UnreadQuery, attempt: &mut Attempt<'_>) -> Result<Look> {
    let state = shared.state()?;
    loop {
        attempt.ties.begin();
        let look = match attempt.course.as_ref() {
            Some(course) => go_on((shared, &state), query, course, attempt)?,
            None => look_at((shared, &state), query, attempt)?,
        };
        if attempt.ties.is_complete() {
            if let Look::Paused(None) = look {
                attempt.stale += 1;
            }
            attempt.course = None;
            return Ok(look);
        }
        if !attempt.ties.is_stubborn() && !attempt.is_stubborn() {
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
            let most = attempt.hold(shared);
            if let Some(entries) = reader.inbox((query.limit, most), judge, now)? {
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
    let course = Course { frame, user, authors, done: 0, found: Found::default() };
    go_on((shared, state), query, &course, attempt)
}

/// Goes on with a count, as of its position.
fn go_on(
    (shared, state): (&Shared, &State),
    query: &UnreadQuery,
    course: &Course,
    attempt: &Attempt<'_>,
) -> Result<Look> {
    let judge = Judge::of_reader((state, &attempt.ties), kind(&query.feed), course.user);
    let is_now = course.frame.position == state.position;
    let is_idle = is_now && course.is_new() && judge.is_idle();
    let most = if is_idle { usize::MAX } else { attempt.hold(shared) };
    let mut looked = Vec::new();
    let counts = |entry, author| {
        if !is_now {
            looked.push(entry);
        }
        is_idle || judge.sees(entry, Some(author))
    };
    let resident = Resident { outboxes: &state.outboxes, missed: Cell::new(false) };
    let mut step = course.step(&resident, most, counts)?;
    if !is_now && !course.judged_as((state, &attempt.ties), query, &looked) {
        return Ok(Look::Paused(None));
    }
    let is_missed = resident.missed.get();
    if is_missed && attempt.is_stubborn() {
        step =
            course.step(&state.outboxes, most, |entry, author| judge.sees(entry, Some(author)))?;
    }
    // What is in memory may be more than is counted: then nobody need look at files.
    if step.is_all && (!is_missed || attempt.is_stubborn()) || query.limit < step.found.count {
        return Ok(Look::Done(course.frame.answer(step.found)));
    }
    let mut course = course.clone();
    if !is_missed {
        course.advance(step);
        return Ok(Look::Paused(Some(course)));
    }
    let mut excerpts = Excerpts::default();
    let most = if is_idle { query.limit } else { attempt.want.min(most) };
    for Counts { author, above } in course.left() {
        // One more tells whether there is more.
        excerpts.take(&state.outboxes, *author, Near::Above(*above), most + 1);
    }
    Ok(Look::Posts(Rest { course, excerpts, most, is_idle }))
}

impl Attempt<'_> {
    /// Whether the next look holds the state until it is done, through files too.
    fn is_stubborn(&self) -> bool {
        STALE_MAX <= self.stale
    }

    /// How many entries are looked at under one hold of the state.
    fn hold(&self, shared: &Shared) -> usize {
        if self.is_stubborn() { usize::MAX } else { shared.options.hold_entries.max(1) }
    }
}

impl Rest {
    /// Goes on without the state; what is found is judged in the end. `None`: look again.
    fn finish(
        self,
        shared: &Shared,
        query: &UnreadQuery,
        attempt: &mut Attempt<'_>,
    ) -> Result<Option<Unread>> {
        let Self { mut course, excerpts, most, is_idle } = self;
        let frame = course.frame;
        if is_idle {
            let step = course.step(&excerpts, usize::MAX, |_, _| true)?;
            return Ok(Some(frame.answer(step.found)));
        }
        let mut entries = Vec::new();
        let mut step = course.step(&excerpts, most, |entry, author| {
            entries.push((entry, author));
            false
        })?;
        let looked: Vec<Sequence> = entries.iter().map(|looked| looked.0).collect();
        loop {
            let missing = {
                let state = shared.state()?;
                attempt.ties.begin();
                let by = (&*state, &attempt.ties);
                let judge = Judge::of_reader(by, kind(&query.feed), course.user);
                let sees = |&&(entry, author): &&_| judge.sees(entry, Some(author));
                let seen: Vec<Sequence> = entries.iter().filter(sees).map(|seen| seen.0).collect();
                if !course.judged_as(by, query, &looked) {
                    attempt.stale += 1;
                    return Ok(None);
                }
                if attempt.ties.is_complete() {
                    seen.into_iter().for_each(|post| step.found.add(post));
                    if step.is_all || frame.limit < step.found.count {
                        return Ok(Some(frame.answer(step.found)));
                    }
                    course.advance(step);
                    attempt.course = Some(course);
                    attempt.want = attempt.want.saturating_mul(2);
                    return Ok(None);
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
    /// there is no warm inbox, or it does not have all of them, or so `most` are not enough.
    fn inbox(
        &self,
        (limit, most): (usize, usize),
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
            if most < count {
                return Ok(None);
            }
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
