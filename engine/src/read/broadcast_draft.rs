//! A page of broadcasts of which the entries are known; what they are called is still to be fetched, and
//! cuts it.

use std::sync::Arc;

use crate::broadcast::{
    Broadcast, BroadcastFeed, BroadcastFeedRef, BroadcastRef, BroadcastState, BroadcastsPage,
    BroadcastsQuery, SessionId,
};
use crate::error::Result;
use crate::ids::{BroadcastId, Position, PostId, Sequence, Timestamp};
use crate::limits::PAGE_BYTES_MAX;
use crate::log::view::Segments;
use crate::query::{PageEnd, Post, PostRef};
use crate::read::broadcasts::bounds;
use crate::read::content::{Content, Found, Reach};
use crate::read::live_sessions::{Holder, Snapshot};
use crate::shared::{Shared, Tally};
use crate::views::broadcasts::{Place, Replay, Standing};

/// See the module.
#[derive(Debug)]
pub(crate) struct BroadcastDraft<'a> {
    pub(crate) shared: &'a Shared,
    pub(crate) query: BroadcastsQuery,
    pub(crate) selection: Selection,
    /// Where content may come from.
    pub(crate) reach: Reach,
    /// When it was asked for.
    pub(crate) now: Timestamp,
}

/// The entries of a page, one more than asked for if there is more.
#[derive(Debug)]
pub(crate) struct Selection {
    pub(crate) position: Position,
    pub(crate) entries: Vec<Entry>,
    /// Some of it was revised: that stands in records of another shape.
    pub(crate) has_revised: bool,
    /// What the page's session froze, or will freeze.
    pub(crate) snapshot: Snapshot,
    pub(crate) segments: Arc<Segments>,
}

/// An entry of a page, but for what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) state: BroadcastState,
    pub(crate) id: BroadcastId,
    pub(crate) start: Timestamp,
    pub(crate) replay: Option<PostId>,
    /// The record that says what it is called.
    pub(crate) source: Sequence,
}

impl BroadcastDraft<'_> {
    /// The page, owned. `None` if some of it is out of reach.
    pub(crate) fn page(&self) -> Result<Option<BroadcastFeed>> {
        let entries = self.entries();
        let content = Content::of_broadcasts(self.shared, &self.selection.segments);
        let Some(found) = content.find(&sources(entries), self.reach) else { return Ok(None) };
        let said = entries.iter().zip(found).map(|(entry, found)| {
            content.fetch(entry.source, found).map(|said| entry.saying(said))
        });
        let size = |said: &Broadcast| said.text.len() + said.meta.len();
        let (broadcasts, end) = self.fill(said, size)?;
        let (position, frozen) = (self.selection.position, self.selection.snapshot.position);
        let session = self.session();
        Ok(Some(BroadcastFeed { position, frozen, session, broadcasts, end }))
    }

    /// Has `look` see the page, borrowed. `None` if some of it is out of reach.
    pub(crate) fn see<R>(&self, look: impl FnOnce(BroadcastFeedRef<'_>) -> R) -> Result<Option<R>> {
        let entries = self.entries();
        let content = Content::of_broadcasts(self.shared, &self.selection.segments);
        let Some(found) = content.find(&sources(entries), self.reach) else { return Ok(None) };
        if self.selection.has_revised || found.iter().any(|found| matches!(found, Found::InFiles)) {
            // What comes from files is nobody's to borrow from but the page's.
            return Ok(self.page()?.map(|page| see(&page, look)));
        }
        let said = entries.iter().zip(&found).map(|(entry, found)| {
            content.borrow(entry.source, found).map(|said| entry.saying_ref(&said))
        });
        let size = |said: &BroadcastRef<'_>| said.text.len() + said.meta.len();
        let (broadcasts, end) = self.fill(said, size)?;
        let (position, frozen) = (self.selection.position, self.selection.snapshot.position);
        let (session, broadcasts) = (self.session(), &broadcasts);
        Ok(Some(look(BroadcastFeedRef { position, frozen, session, broadcasts, end })))
    }

    fn entries(&self) -> &[Entry] {
        let entries = &self.selection.entries;
        entries.get(..self.query.limit).unwrap_or(entries)
    }

    /// The page's session: a first page begins one, once nothing can fail any more.
    fn session(&self) -> SessionId {
        let device = match self.query.page {
            BroadcastsPage::Next { session, .. } => return session,
            BroadcastsPage::First { device } => device,
        };
        let holder = Holder { user: self.query.user, viewer: self.query.viewer };
        let snapshot = self.selection.snapshot.clone();
        let when = (self.now, bounds(self.shared));
        self.shared.live_sessions.begin(holder, device, snapshot, when)
    }

    /// Takes broadcasts until they have as many bytes as a page may.
    fn fill<T>(
        &self,
        said: impl ExactSizeIterator<Item = Result<T>>,
        size: impl Fn(&T) -> usize,
    ) -> Result<(Vec<T>, PageEnd)> {
        let count = said.len();
        let mut end =
            if count < self.selection.entries.len() { PageEnd::More } else { PageEnd::End };
        let (mut taken, mut bytes) = (Vec::with_capacity(count), 0);
        for broadcast in said {
            let broadcast = broadcast?;
            bytes += size(&broadcast);
            taken.push(broadcast);
            if PAGE_BYTES_MAX <= bytes && taken.len() < count {
                end = PageEnd::Bytes;
                break;
            }
        }
        Tally::count(&self.shared.tally.pages, 1);
        Ok((taken, end))
    }
}

fn sources(entries: &[Entry]) -> Vec<Sequence> {
    entries.iter().map(|entry| entry.source).collect()
}

fn see<R>(page: &BroadcastFeed, look: impl FnOnce(BroadcastFeedRef<'_>) -> R) -> R {
    let broadcasts: Vec<_> = page.broadcasts.iter().map(Broadcast::borrow).collect();
    let BroadcastFeed { position, frozen, session, end, .. } = *page;
    look(BroadcastFeedRef { position, frozen, session, broadcasts: &broadcasts, end })
}

impl Entry {
    pub(crate) fn of(standing: Standing) -> Self {
        match standing {
            Standing::OnBoard(place) => Self::on_board(place),
            Standing::Replayed(replay) => Self::replayed(replay),
        }
    }

    pub(crate) fn on_board(place: Place) -> Self {
        let state = if place.is_live() { BroadcastState::Live } else { BroadcastState::Scheduled };
        let (id, source) = (place.broadcast, place.broadcast.into());
        Self { state, id, start: place.start(), replay: None, source }
    }

    pub(crate) fn replayed(replay: Replay) -> Self {
        let Replay { post, broadcast: id, started: start } = replay;
        let (state, source) = (BroadcastState::Replay, post.into());
        Self { state, id, start, replay: Some(post), source }
    }

    pub(crate) fn saying(&self, said: Post) -> Broadcast {
        Broadcast {
            id: self.id,
            state: self.state,
            author: said.author,
            start: self.start,
            replay: self.replay,
            ended: self.replay.map(|_| said.committed_at),
            kind: said.kind,
            text: said.text,
            meta: said.meta,
        }
    }

    fn saying_ref<'a>(&self, said: &PostRef<'a>) -> BroadcastRef<'a> {
        BroadcastRef {
            id: self.id,
            state: self.state,
            author: said.author,
            start: self.start,
            replay: self.replay,
            ended: self.replay.map(|_| said.committed_at),
            kind: said.kind,
            text: said.text,
            meta: said.meta,
        }
    }
}
