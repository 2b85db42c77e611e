//! The requests of one connection that are on the blocking lane.
//!
//! Reads come back with their encoded answers, in any order, as reads may overtake. A write whose
//! lookups need the disk comes back to be submitted; the connection takes no further frame meanwhile,
//! so that writes stay in order.

use std::future::poll_fn;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use fanfold_engine::{Command, Sequence};
use fanfold_protocol::RequestKind;
use tokio::task::JoinSet;

use crate::limits::COLD_READS_MAX;
use crate::reply::{self, Refusal};
use crate::service::Service;
use crate::translate::Question;
use crate::writes::Asked;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Cold {
    tasks: JoinSet<Thawed>,
    is_looking_ahead: bool,
}

/// How often somebody who waits looks whether the server is stopping.
const STOP_LOOK: Duration = Duration::from_millis(250);

/// Waits until there is something to tell, if that may come; at most for `patience`.
async fn wait(service: &Service, question: &Question, patience: Duration) {
    let Question::Changes(query, None) = question else { return };
    let after = query.after.map_or(Sequence(0), |after| after.sequence);
    let until = Instant::now() + patience;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() || service.is_stopping() {
            return;
        }
        let above = poll_fn(|context| service.engine.poll_above(after, context));
        if tokio::time::timeout(left.min(STOP_LOOK), above).await.is_ok() {
            return;
        }
    }
}

/// What came back from the lane.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "each is taken apart where it arrives")]
pub(crate) enum Thawed {
    Read { kind: RequestKind, started: Instant, answer: BytesMut, refusal: Refusal },
    Write(Asked, Command),
}

impl Cold {
    pub(crate) fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    /// Whether another request may come.
    pub(crate) fn has_room(&self) -> bool {
        !self.is_looking_ahead && self.tasks.len() < COLD_READS_MAX
    }

    /// Answers a read that needs files.
    pub(crate) fn read(
        &mut self,
        service: &Arc<Service>,
        (request_id, kind): (u32, RequestKind),
        question: Question,
        patience: Duration,
    ) {
        let (service, started) = (Arc::clone(service), Instant::now());
        self.tasks.spawn(async move {
            wait(&service, &question, patience).await;
            let place = service.config.backup_dir.clone();
            let answer = move |engine: &fanfold_engine::Engine| {
                let mut out = BytesMut::new();
                let place = place.as_deref();
                let refusal = reply::answer(engine, place, &question, request_id, &mut out);
                (out, refusal)
            };
            let thawed = service.lane.run(service.engine.clone(), answer).await;
            let (answer, refusal) = thawed.unwrap_or_else(|error| {
                let mut out = BytesMut::new();
                let refusal = reply::refuse(request_id, reply::refusal(&error), &mut out);
                (out, refusal)
            });
            Thawed::Read { kind, started, answer, refusal }
        });
    }

    /// Looks up in files what the write needs.
    pub(crate) fn look_ahead(&mut self, service: &Arc<Service>, asked: Asked, command: Command) {
        self.is_looking_ahead = true;
        let service = Arc::clone(service);
        self.tasks.spawn(async move {
            let ahead = command.clone();
            let look = move |engine: &fanfold_engine::Engine| engine.look_ahead(ahead);
            // Whatever is wrong will be wrong, and answered, when the write is submitted.
            let _ = service.lane.run(service.engine.clone(), look).await;
            Thawed::Write(asked, command)
        });
    }

    /// The next that comes back; for ever if there is none.
    pub(crate) async fn next(&mut self) -> Thawed {
        loop {
            match self.tasks.join_next().await {
                Some(Ok(thawed)) => {
                    self.is_looking_ahead &= matches!(thawed, Thawed::Read { .. });
                    return thawed;
                }
                // A task that panicked: its request stays without an answer, the deadline of the
                // client tells it.
                Some(Err(_)) => {}
                None => std::future::pending().await,
            }
        }
    }
}
