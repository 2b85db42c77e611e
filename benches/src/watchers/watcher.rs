//! One watcher: takes what it is told and remembers when. Cuts its connection now and then, if it is
//! to, and goes on from the position that it worked off last.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use fanfold_client::{Client, UserId, WatchEvent, WatchQuery};
use futures_util::StreamExt;
use tokio::sync::{mpsc, watch};

use super::WATCHERS;
use crate::exit::{Explain, Failure, Outcome};

/// Entries told to all watchers so far.
pub(super) static ENTRIES: AtomicU64 = AtomicU64::new(0);

/// See the module.
pub(super) struct Watcher {
    pub(super) client: Client,
    pub(super) number: u64,
    pub(super) cut_every: Option<Duration>,
    pub(super) begun: mpsc::Sender<()>,
    pub(super) stopped: watch::Receiver<bool>,
}

/// What a watcher was told.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) number: u64,
    /// Each entry, and when it came.
    pub(super) entries: Vec<(u64, Instant)>,
    /// How often it cut its connection.
    pub(super) cuts: u64,
}

impl Watcher {
    /// Watches until it is stopped.
    pub(super) async fn run(mut self) -> Outcome<Told> {
        let mut told = Told { number: self.number, entries: Vec::new(), cuts: 0 };
        let mut query = WatchQuery::of(UserId(WATCHERS + self.number));
        let mut stream = self.client.watch(query);
        let mut begun = Some(self.begun.clone());
        // Not all at once.
        let every = self.cut_every.unwrap_or(Duration::from_secs(86_400));
        let mut cut_at = Instant::now() + every.mul_f64(0.1 + 0.9 * share(self.number));
        loop {
            let batch = tokio::select! {
                batch = stream.next() => batch,
                () = tokio::time::sleep_until(cut_at.into()) => {
                    stream = self.client.watch(query);
                    told.cuts += 1;
                    cut_at = Instant::now() + every;
                    continue;
                }
                _ = self.stopped.wait_for(|stopped| *stopped) => return Ok(told),
            };
            let now = Instant::now();
            let Some(batch) = batch else { return Err(Failure::failed("a watch ended")) };
            let batch = batch.explain(|| format!("watcher {}", self.number))?;
            query.after = Some(batch.position);
            if let Some(begun) = begun.take() {
                let _everybody_waits = begun.send(()).await;
            }
            for event in batch.events {
                match event {
                    WatchEvent::Entry(post) => told.entries.push((post.id.0, now)),
                    other => {
                        let number = self.number;
                        return Err(Failure::failed(format!("watcher {number} got {other:?}")));
                    }
                }
                ENTRIES.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

/// A number from 0 to 1 that differs from watcher to watcher.
fn share(number: u64) -> f64 {
    let spread = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48;
    crate::number::float(spread) / 65_536.0
}
