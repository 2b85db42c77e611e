//! Feeds of broadcasts: what is live and scheduled by those whom a user follows, then replays.
//!
//! The authors are those of the user's home. A first page takes their boards along, in order: that is
//! the session. A following page goes on in it; who is followed, muted and blocked, and what is deleted
//! or cancelled, is asked anew. Replays stand below: those that ended up to the session's position, as
//! they are now. So what ends between two pages is shown once, as live.
//!
//! Boards and replays are in memory; only the user's followees, and what the broadcasts are called, may
//! be in files.

use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::sync::Arc;

use crate::broadcast::{BroadcastCard, BroadcastsPage, BroadcastsQuery, SessionId};
use crate::commit::decide_broadcasts::no_broadcast;
use crate::error::{Error, ErrorKind, Result};
use crate::ids::{BroadcastId, PostId, Sequence, Timestamp, UserId};
use crate::read::broadcast_draft::{BroadcastDraft, Entry, Selection};
use crate::read::content::{Content, Reach};
use crate::read::feed::check_limit;
use crate::read::followees::{Followees, InFiles};
use crate::read::live_sessions::{Bounds, Frozen, Holder, Snapshot};
use crate::read::select::Reader;
use crate::read::ties::{Ties, settled};
use crate::read::visibility::Viewer;
use crate::shared::Shared;
use crate::views::broadcasts::{Author, Broadcasts, Place};
use crate::views::state::State;
use crate::views::users::Ordinal;

/// Where a selection stands after one look at the state.
enum Look {
    Done(Selection),
    /// The followees are in files: read these, then look again.
    Followees(InFiles),
    /// Whom the viewer follows is: the same.
    Ties(Vec<InFiles>),
}

/// Where a following page goes on.
struct Resumed {
    snapshot: Snapshot,
    /// The first entry of the snapshot that is looked at.
    from: usize,
    /// Replays from here on were shown, or ended later.
    below: PostId,
}

/// Most readers follow no more authors than this who have broadcasts.
const USUAL_AUTHORS: usize = 16;

/// Selects a page of the feed. Within memory: `None` if that is not enough.
pub(crate) fn broadcasts<'a>(
    shared: &'a Shared,
    query: &BroadcastsQuery,
    reach: Reach,
) -> Result<Option<BroadcastDraft<'a>>> {
    check_limit(query.limit)?;
    let now = shared.options.clock.now();
    let holder = Holder { user: query.user, viewer: query.viewer };
    let resumed = match query.page {
        BroadcastsPage::First { .. } => None,
        BroadcastsPage::Next { session, after } => {
            let found = shared.live_sessions.find(session, holder, (now, bounds(shared)));
            let snapshot = found.ok_or_else(|| expired(session, query.user))?;
            Some(Resumed::new(snapshot, after)?)
        }
    };
    let (mut known, mut ties) = (None, Ties::new(shared));
    let selection = loop {
        match look((shared, &mut ties), query, (known.as_ref(), now), resumed.as_ref())? {
            Look::Done(selection) => break selection,
            Look::Followees(_) | Look::Ties(_) if reach == Reach::Memory => return Ok(None),
            Look::Followees(in_files) => known = Some(in_files.read()?),
            Look::Ties(missing) => ties.read(missing)?,
        }
    };
    Ok(Some(BroadcastDraft { shared, query: *query, selection, reach, now }))
}

/// One broadcast, unless it is gone or hidden from the viewer. Within memory: `None` if that is not
/// enough.
pub(crate) fn broadcast(
    shared: &Shared,
    id: BroadcastId,
    viewer: Option<UserId>,
    reach: Reach,
) -> Result<Option<BroadcastCard>> {
    let absent = || no_broadcast(id);
    let looked = settled(shared, reach, |state, ties| {
        let owner = state.broadcasts.owner(id).ok_or_else(absent)?;
        let viewer = Viewer::new(state, viewer);
        if viewer.is_hidden(owner) || !viewer.sees_open(owner, ties) {
            return Ok(None);
        }
        let standing = state.broadcasts.standing(owner, id).ok_or_else(absent)?;
        let mut entries = [Entry::of(standing)];
        if entries.iter().any(|entry| viewer.misses(entry.source.into())) {
            return Ok(None);
        }
        revise(state, &mut entries);
        let [entry] = entries;
        Ok(Some((state.position, entry, shared.log.segments())))
    })?;
    let Some(seen) = looked else { return Ok(None) };
    let (position, entry, segments) = seen.ok_or_else(absent)?;
    let content = Content::of_broadcasts(shared, &segments);
    let Some(found) = content.find(&[entry.source], reach) else { return Ok(None) };
    let Some(found) = found.into_iter().next() else { return Ok(None) };
    let said = content.fetch(entry.source, found)?;
    Ok(Some(BroadcastCard { position, broadcast: entry.saying(said) }))
}

pub(crate) fn bounds(shared: &Shared) -> Bounds {
    let options = &shared.options;
    Bounds { bytes: options.live_sessions_bytes, age: options.live_sessions_age }
}

fn expired(session: SessionId, user: UserId) -> Error {
    let what = format!(
        "session {} of the broadcast feed of user {user} is over: it was not used for too long, the \
         device began another, there was no room for it, or the database was started anew; ask for \
         the first page again",
        session.0
    );
    Error::new(ErrorKind::NotFound, what)
}

impl Resumed {
    fn new(snapshot: Snapshot, after: Option<u64>) -> Result<Self> {
        let newest = snapshot.position.sequence;
        let above = PostId::from(newest.next());
        let Some(after) = after else { return Ok(Self { snapshot, from: 0, below: above }) };
        let place = snapshot.list.iter().position(|frozen| frozen.place.broadcast.0 == after);
        if let Some(place) = place {
            return Ok(Self { snapshot, from: place + 1, below: above });
        }
        if newest.0 < after {
            return Err(Error::invalid(format!(
                "{after} is no entry of the session, which began at {newest}: give the last entry of \
                 the page before"
            )));
        }
        let from = snapshot.list.len();
        Ok(Self { snapshot, from, below: PostId(after) })
    }
}

/// One look at the state.
fn look(
    (shared, ties): (&Shared, &mut Ties<'_>),
    query: &BroadcastsQuery,
    (known, now): (Option<&Followees>, Timestamp),
    resumed: Option<&Resumed>,
) -> Result<Look> {
    let state = shared.state()?;
    let (position, segments) = (state.position, shared.log.segments());
    let viewer = Viewer::new(&state, query.viewer);
    let user = state.find(query.user);
    let Some(user) = user.filter(|user| !viewer.is_hidden(*user)) else {
        let frozen = resumed.map(|resumed| resumed.snapshot.clone());
        let snapshot = frozen.unwrap_or_else(|| Snapshot { position, list: Arc::default() });
        let (entries, has_revised) = (Vec::new(), false);
        return Ok(Look::Done(Selection { position, entries, has_revised, snapshot, segments }));
    };
    state.activity.touch(user, now);
    let reader = Reader::new(&state, viewer, user, known, now);
    if let Some(in_files) = reader.unread_followees() {
        return Ok(Look::Followees(in_files));
    }
    let want = query.limit + 1;
    // Whoever reads their own follows the authors.
    let onlooker = Viewer::new(&state, query.viewer.filter(|viewer| *viewer != query.user));
    let (mut entries, snapshot) = loop {
        ties.begin();
        let scene = Scene { state: &state, reader: &reader, onlooker, ties };
        let found = match resumed {
            None => scene.first(want)?,
            Some(resumed) => (scene.next(resumed, want)?, resumed.snapshot.clone()),
        };
        if ties.is_complete() {
            break found;
        }
        if !ties.is_stubborn() {
            return Ok(Look::Ties(ties.missing(&state)));
        }
        ties.read_now(&state)?;
    };
    let has_revised = revise(&state, &mut entries);
    Ok(Look::Done(Selection { position, entries, has_revised, snapshot, segments }))
}

/// Replays that were revised say what they were revised to. Whether there are any.
fn revise(state: &State, entries: &mut [Entry]) -> bool {
    let sources: Vec<Sequence> = entries.iter().map(|entry| entry.source).collect();
    let places = state.revisions.posts().places(&sources);
    let has_revised = !places.is_empty();
    for (entry, place) in entries.iter_mut().zip(places) {
        entry.source = place;
    }
    has_revised
}

/// What one look sees.
struct Scene<'a> {
    state: &'a State,
    reader: &'a Reader<'a>,
    /// Who else looks.
    onlooker: Viewer<'a>,
    ties: &'a Ties<'a>,
}

impl<'a> Scene<'a> {
    /// The first page, and what its session freezes.
    fn first(&self, want: usize) -> Result<(Vec<Entry>, Snapshot)> {
        let mut list = Vec::with_capacity(want);
        let mut authors = Vec::with_capacity(USUAL_AUTHORS);
        self.each_present(|author, has| {
            let places = has.board.iter().rev();
            list.extend(places.map(|place| Frozen { place: *place, author }));
            if !has.replays.is_empty() {
                authors.push(has);
            }
        })?;
        list.sort_unstable_by_key(|frozen| std::cmp::Reverse(frozen.place.rank()));
        let mut entries = Vec::with_capacity(want);
        entries.extend(list.iter().take(want).map(|frozen| Entry::on_board(frozen.place)));
        add_replays(&mut entries, (&authors, self.reader), PostId(u64::MAX), want);
        Ok((entries, Snapshot { position: self.state.position, list: list.into() }))
    }

    /// A following page.
    fn next(&self, resumed: &Resumed, want: usize) -> Result<Vec<Entry>> {
        let mut authors = Vec::new();
        self.each_present(|author, has| authors.push((author, has)))?;
        authors.sort_unstable_by_key(|(author, _)| *author);
        let ended_after = PostId::from(resumed.snapshot.position.sequence);
        let rest = resumed.snapshot.list.iter().skip(resumed.from);
        let standing = rest.filter_map(|frozen| {
            let at = authors.binary_search_by_key(&frozen.author, |(author, _)| *author).ok()?;
            let (_, has) = authors.get(at)?;
            let there = still_there(has, frozen.place, ended_after);
            there.filter(|entry| self.reader.sees_replay(entry.source))
        });
        let mut entries: Vec<_> = standing.take(want).collect();
        let authors: Vec<_> = authors.into_iter().map(|(_, has)| has).collect();
        add_replays(&mut entries, (&authors, self.reader), resumed.below, want);
        Ok(entries)
    }

    /// Hands out the authors of the reader's home who have a board or replays, if these are for who looks:
    /// they are for everybody.
    fn each_present(&self, mut each: impl FnMut(Ordinal, &'a Author)) -> Result<()> {
        let broadcasts: &'a Broadcasts = &self.state.broadcasts;
        self.reader.each_author_of(
            |author| broadcasts.is_present(author) && self.onlooker.sees_open(author, self.ties),
            |author| broadcasts.of(author).into_iter().for_each(|has| each(author, has)),
        )
    }
}

/// The entry as it was frozen, if its broadcast is on the board, or a replay that came since.
fn still_there(has: &Author, place: Place, ended_after: PostId) -> Option<Entry> {
    let frozen = Entry::on_board(place);
    if has.board.iter().any(|now| now.broadcast == place.broadcast) {
        return Some(frozen);
    }
    let replay = has.replay_of(place.broadcast, ended_after)?;
    Some(Entry { source: replay.post.into(), ..frozen })
}

/// Fills up with the newest replays below that the reader sees.
fn add_replays(
    entries: &mut Vec<Entry>,
    (authors, reader): (&[&Author], &Reader<'_>),
    below: PostId,
    want: usize,
) {
    if want <= entries.len() {
        return;
    }
    let newest_of = |author: &Author, left: usize| {
        let sees = |at: &usize| {
            author.replays.get(*at).is_some_and(|replay| reader.sees_replay(replay.post.into()))
        };
        let at = (0..left).rev().find(sees)?;
        Some((author.replays.get(at)?.post, at))
    };
    let newest_below = |(index, author): (usize, &&Author)| {
        let (post, at) = newest_of(author, author.replays_below(below))?;
        Some((post, index, at))
    };
    let heads = authors.iter().enumerate().filter_map(newest_below);
    let mut heads: BinaryHeap<(PostId, usize, usize)> = heads.collect();
    while entries.len() < want {
        let Some(mut top) = heads.peek_mut() else { return };
        let (_, index, at) = *top;
        let author = authors.get(index).expect("every head has an author");
        entries.extend(author.replays.get(at).map(|replay| Entry::replayed(*replay)));
        match newest_of(author, at) {
            Some((post, older)) => *top = (post, index, older),
            None => {
                PeekMut::pop(top);
            }
        }
    }
}
