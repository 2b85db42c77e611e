//! A second thread that reads while the first one writes, flushes and crashes.
//!
//! Every page must be consistent in itself, and positions never go back. Some pages are kept and
//! compared with the oracle as of their position afterwards.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use super::compare::{USERS, ids};
use super::history::History;
use super::trouble::{Checked, Trouble, ensure, same};
use crate::engine::Engine;
use crate::query::{Page, Span, TimelineQuery};
use crate::testing::model::{IdPage, Model};
use crate::testing::workload::Workload;

/// Pages that are kept.
const KEPT_MAX: usize = 48;

/// See the module.
#[derive(Debug)]
pub(super) struct Reader {
    is_stopping: Arc<AtomicBool>,
    thread: JoinHandle<Checked<Found>>,
    /// The oracle as of the start.
    before: Model,
}

#[derive(Debug, Default)]
struct Found {
    reads: u64,
    kept: Vec<Kept>,
}

/// A page and what it answered.
#[derive(Debug)]
struct Kept {
    position: u64,
    query: TimelineQuery,
    is_home: bool,
    page: IdPage,
}

impl Reader {
    /// Reads until it is stopped.
    pub(super) fn start(engine: Engine, history: &History, seed: u64) -> Self {
        let is_stopping = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&is_stopping);
        let workload = Workload::new(seed, USERS);
        let thread = std::thread::spawn(move || read(&engine, workload, &stop));
        Self { is_stopping, thread, before: history.model.clone() }
    }

    /// Stops, and compares what was kept with the history; answers how many reads there were.
    pub(super) fn stop(self, history: &History) -> Checked<u64> {
        self.is_stopping.store(true, Ordering::Release);
        let panicked = |_| Trouble::Differs("the reader panicked".to_owned());
        let mut found = self.thread.join().map_err(panicked)??;
        found.kept.sort_by_key(|kept| kept.position);
        let mut model = self.before;
        let mut records = history.records_above(model.last).iter().peekable();
        for Kept { position, query, is_home, page } in &found.kept {
            while let Some((sequence, happened)) = records.next_if(|(at, _)| at <= position) {
                happened.apply(&mut model, *sequence);
            }
            let model = model.shown();
            let what = || format!("a page read meanwhile, home {is_home}, {query:?}");
            same(position, &model.last, what)?;
            let expected = if *is_home { model.home(query) } else { model.outbox(query) };
            same(page, &expected, what)?;
        }
        Ok(found.reads)
    }
}

fn read(engine: &Engine, mut workload: Workload, stop: &AtomicBool) -> Checked<Found> {
    let mut found = Found::default();
    let mut position = 0;
    while !stop.load(Ordering::Acquire) {
        let query = workload.timeline(position.max(20));
        let is_home = workload.random.one_in(2);
        let page = if is_home { engine.home(&query)? } else { engine.outbox(&query)? };
        consistent(&query, &page)?;
        let now = page.position.sequence.0;
        ensure(position <= now, || format!("position went back from {position} to {now}"))?;
        found.reads += 1;
        if position != now || found.reads % 16 == 0 {
            if found.kept.len() == KEPT_MAX {
                let index = usize::try_from(workload.random.below(KEPT_MAX as u64)).unwrap_or(0);
                found.kept.swap_remove(index);
            }
            found.kept.push(Kept { position: now, query, is_home, page: ids(&page) });
        }
        position = now;
        std::thread::yield_now();
    }
    Ok(found)
}

fn consistent(query: &TimelineQuery, page: &Page) -> Checked {
    let descends = page.posts.is_sorted_by(|newer, older| older.id < newer.id);
    let in_span = page.posts.iter().all(|post| match query.span {
        Span::Newest => true,
        Span::Before(cursor) => post.id < cursor,
        Span::After(cursor) => cursor < post.id,
    });
    let is_past = page.posts.iter().all(|post| post.id.0 <= page.position.sequence.0);
    let fits = page.posts.len() <= query.limit;
    ensure(descends && in_span && is_past && fits, || format!("{query:?} answered {page:?}"))
}
