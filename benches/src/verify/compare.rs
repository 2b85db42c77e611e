//! Pages through many homes at once and compares every entry with the model.
//!
//! Invariants: nothing is written meanwhile; a page is full unless it ends the home or reached its
//! byte budget; its end says what is beyond it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use fanfold_client::{Client, Collapse, Page, PostId, TimelineQuery, UserId};
use tokio::task::JoinSet;

use super::difference::{Difference, Expected};
use super::walk::{Direction, Walk, parts};
use crate::console::grouped;
use crate::naive::Naive;

/// The page sizes of the job.
const PAGES: [usize; 2] = [20, 7];

/// The horizon that a server has by default: three days.
const HORIZON_MS: u64 = 3 * 86_400_000;

/// Walks in progress at once: enough to keep both sides busy.
const WALKERS: usize = 128;

/// Connections they share.
const CONNECTIONS: usize = 4;

/// What to compare.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan<'a> {
    pub(super) readers: &'a [u64],
    pub(super) max_pages: usize,
    /// Whether homes are read collapsed too.
    pub(super) collapsed: bool,
}

/// What was compared.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Compared {
    pub(super) homes: u64,
    pub(super) complete: u64,
    pub(super) pages: u64,
    pub(super) entries: u64,
    /// Entries that the collapsed homes have not, if these were read.
    pub(super) dropped: Option<u64>,
}

impl fmt::Display for Compared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} homes ({} complete in pages of 20 and of 7 both ways, {} in parts), {} pages, {} \
             entries",
            grouped(self.homes),
            grouped(self.complete),
            grouped(self.homes - self.complete),
            grouped(self.pages),
            grouped(self.entries)
        )?;
        match self.dropped {
            Some(dropped) => {
                write!(f, ", collapsed ones too, which have {} less", grouped(dropped))
            }
            None => Ok(()),
        }
    }
}

/// Compares the homes of all readers. The first difference ends it.
pub(super) async fn run(
    url: &str,
    naive: &Arc<Naive>,
    plan: Plan<'_>,
) -> Result<Compared, Difference> {
    let mut compared = Compared { homes: plan.readers.len() as u64, ..Compared::default() };
    let walks = Arc::new(walks(naive, plan, &mut compared));
    let next = Arc::new(AtomicUsize::new(0));
    let mut clients = Vec::new();
    for _ in 0..CONNECTIONS {
        clients.push(Client::connect(url).await.map_err(Difference::failed)?);
    }
    let mut walkers = JoinSet::new();
    for client in clients.iter().cycle().take(WALKERS) {
        let (walks, next) = (Arc::clone(&walks), Arc::clone(&next));
        let (client, naive) = (client.clone(), Arc::clone(naive));
        walkers.spawn(async move {
            let mut counted = (0, 0);
            while let Some(walk) = walks.get(next.fetch_add(1, Ordering::Relaxed)) {
                let walker = Walker { client: &client, naive: &naive, walk };
                let (pages, entries) = walker.run().await?;
                counted = (counted.0 + pages, counted.1 + entries);
            }
            Ok::<_, Difference>(counted)
        });
    }
    while let Some(joined) = walkers.join_next().await {
        let (pages, entries) = joined.map_err(Difference::failed)??;
        compared.pages += pages;
        compared.entries += entries;
    }
    Ok(compared)
}

/// All walks, longest first, so that none of them starts last.
fn walks(naive: &Naive, plan: Plan<'_>, compared: &mut Compared) -> Vec<Walk> {
    let mut walks = Vec::new();
    for reader in plan.readers {
        let home: Arc<[usize]> = naive.home(*reader).into();
        let before = walks.len();
        for page in PAGES {
            for direction in [Direction::Down, Direction::Up] {
                let home = (&home, None);
                walks.extend(walks_of(home, (*reader, direction, page), plan.max_pages));
            }
        }
        if plan.collapsed {
            let kept = collapsed_walks(naive, *reader, plan.max_pages, &mut walks);
            *compared.dropped.get_or_insert(0) += (home.len() - kept) as u64;
        }
        compared.complete += u64::from(walks.iter().skip(before).all(Walk::is_complete));
    }
    walks.sort_by_key(|walk| std::cmp::Reverse(walk.part.len() / walk.page));
    walks
}

/// The walks through a collapsed home. Answers how many entries it has.
fn collapsed_walks(naive: &Naive, reader: u64, max_pages: usize, walks: &mut Vec<Walk>) -> usize {
    let kept = naive.collapsed_home(reader, HORIZON_MS);
    let (home, others): (Vec<usize>, Vec<Vec<u64>>) = kept.into_iter().unzip();
    let (home, others) = (Arc::from(home), Arc::from(others));
    for direction in [Direction::Down, Direction::Up] {
        let page = (reader, direction, PAGES[0]);
        walks.extend(walks_of((&home, Some(&others)), page, max_pages));
    }
    home.len()
}

type Home<'a> = (&'a Arc<[usize]>, Option<&'a Arc<[Vec<u64>]>>);

fn walks_of(
    (home, brought_by): Home<'_>,
    (reader, direction, page): (u64, Direction, usize),
    max_pages: usize,
) -> impl Iterator<Item = Walk> {
    let (home, brought_by) = (Arc::clone(home), brought_by.cloned());
    parts(home.len(), page, max_pages).into_iter().map(move |part| Walk {
        reader,
        direction,
        page,
        home: Arc::clone(&home),
        brought_by: brought_by.clone(),
        part,
    })
}

struct Walker<'a> {
    client: &'a Client,
    naive: &'a Naive,
    walk: &'a Walk,
}

impl Walker<'_> {
    /// Pages and entries that were equal.
    async fn run(&self) -> Result<(u64, u64), Difference> {
        match self.walk.direction {
            Direction::Down => self.down().await,
            Direction::Up => self.up().await,
        }
    }

    async fn down(&self) -> Result<(u64, u64), Difference> {
        let part = &self.walk.part;
        let (mut at, mut pages) = (part.start, 0);
        loop {
            let query = self.query();
            let page = match at.checked_sub(1).and_then(|above| self.id_at(above)) {
                Some(cursor) => self.client.home(query.before(cursor)).await,
                None => self.client.home(query).await,
            };
            let page = page.map_err(|error| self.failed(error))?;
            let beyond = self.walk.home.len() - at;
            self.expected(at, beyond).compare(&page, beyond)?;
            at += page.posts.len();
            pages += 1;
            if part.end <= at {
                return Ok((pages, (at - part.start) as u64));
            }
        }
    }

    async fn up(&self) -> Result<(u64, u64), Difference> {
        let part = &self.walk.part;
        let (mut at, mut pages) = (part.end, 0);
        loop {
            let cursor = self.id_at(at).unwrap_or(PostId(0));
            let page = self.client.home(self.query().after(cursor)).await;
            let page = page.map_err(|error| self.failed(error))?;
            let start = at.saturating_sub(self.taken(&page, at));
            self.expected(start, at - start).compare(&page, at)?;
            at = start;
            pages += 1;
            if at <= part.start {
                return Ok((pages, (part.end - at) as u64));
            }
        }
    }

    /// How many entries a page that leads up from entry `at` should hold: a full page, unless the
    /// page says that it stopped at its byte budget.
    fn taken(&self, page: &Page, at: usize) -> usize {
        let full = self.walk.page.min(at);
        match page.end {
            fanfold_client::PageEnd::Bytes => full.min(page.posts.len().max(1)),
            _ => full,
        }
    }

    fn query(&self) -> TimelineQuery {
        let limit = u32::try_from(self.walk.page).unwrap_or(u32::MAX);
        let query = TimelineQuery::of(UserId(self.walk.reader)).limit(limit);
        match self.walk.brought_by {
            Some(_) => query.collapse(Collapse::default()),
            None => query,
        }
    }

    /// The id of the post at an entry of the home.
    fn id_at(&self, entry: usize) -> Option<PostId> {
        let index = self.walk.home.get(entry)?;
        self.naive.post(*index).map(|post| PostId(post.id))
    }

    /// What a page that starts at `entry` should hold, out of the next `count` entries.
    fn expected(&self, entry: usize, count: usize) -> Expected<'_> {
        let end = entry + count.min(self.walk.page);
        let posts = self.walk.home.get(entry..end).unwrap_or_default();
        Expected { naive: self.naive, walk: self.walk, entry, posts }
    }

    fn failed(&self, error: impl fmt::Display) -> Difference {
        Difference::failed(format!("{}: {error}", self.walk))
    }
}
