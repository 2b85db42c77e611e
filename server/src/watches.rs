//! The watches of one connection.
//!
//! Each is a task of its own within the connection: it sleeps until its home changes and comes back with
//! a batch. What may wait for a disk (beginning, catching up) goes over the blocking lane.
//!
//! Invariants:
//! * A batch is taken only when its answer finds room in the connection's buffer; a slow peer so stops
//!   its watches, and the engine drops what they do not take.
//! * Behind an `unwatched` comes nothing of the watch.

use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;

use fanfold_engine::{Position, Watch, WatchBatch, WatchQuery};
use fanfold_protocol::{Code, ErrorReply, Radius, limits};
use futures_util::future::{AbortHandle, Abortable, FutureExt, abortable};
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::time::timeout;

use crate::limits::WATCH_IDLE;
use crate::reply;
use crate::service::Service;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Watches {
    tasks: FuturesUnordered<Task>,
    open: HashMap<u32, Open>,
}

/// A watch that waits for news.
type Task = Abortable<Pin<Box<dyn Future<Output = Told> + Send>>>;

#[derive(Debug)]
struct Open {
    abort: AbortHandle,
    has_begun: bool,
}

/// A watch that came back.
#[derive(Debug)]
pub(crate) struct Told {
    /// The id of its request.
    pub(crate) request_id: u32,
    pub(crate) news: News,
}

/// With what it came back. All but the errors go on with [`Watches::go_on`].
#[derive(Debug)]
pub(crate) enum News {
    Begun(Box<Watch>),
    Refused(ErrorReply),
    Batch(Box<Watch>, WatchBatch),
    Ended(ErrorReply),
}

impl Watches {
    /// Begins a watch; refuses one too many.
    pub(crate) fn begin(
        &mut self,
        service: &Arc<Service>,
        request_id: u32,
        query: WatchQuery,
    ) -> Result<(), ErrorReply> {
        let (open, max) = (self.open.len(), limits::WATCHES_MAX);
        if max as usize <= open {
            let message = format!("the connection has {open} watches; the limit is {max}");
            return Err(ErrorReply::new(Code::Limit, message));
        }
        if self.open.contains_key(&request_id) {
            let message = format!("request id {request_id} is that of a watch");
            return Err(ErrorReply::new(Code::Invalid, message));
        }
        let service = Arc::clone(service);
        let task = async move { Told { request_id, news: begin(&service, query).await } };
        self.spawn(request_id, task.boxed());
        Ok(())
    }

    /// Waits for more of a watch.
    pub(crate) fn go_on(&mut self, service: &Arc<Service>, request_id: u32, watch: Box<Watch>) {
        let service = Arc::clone(service);
        let task = async move { Told { request_id, news: next(&service, watch).await } };
        self.spawn(request_id, task.boxed());
        if let Some(open) = self.open.get_mut(&request_id) {
            open.has_begun = true;
        }
    }

    /// Ends a watch that has begun; false if there is none.
    pub(crate) fn end(&mut self, request_id: u32) -> bool {
        let has_begun = self.open.get(&request_id).is_some_and(|open| open.has_begun);
        if has_begun {
            self.forget(request_id);
        }
        has_begun
    }

    /// Ends all.
    pub(crate) fn end_all(&mut self) {
        *self = Self::default();
    }

    /// The next that comes back; for ever if there is none.
    pub(crate) async fn next(&mut self) -> Told {
        loop {
            match self.tasks.next().await {
                Some(Ok(told)) => {
                    if matches!(told.news, News::Refused(_) | News::Ended(_)) {
                        self.forget(told.request_id);
                    }
                    return told;
                }
                // It was ended.
                Some(Err(_)) => {}
                None => std::future::pending().await,
            }
        }
    }

    fn spawn(&mut self, request_id: u32, task: Pin<Box<dyn Future<Output = Told> + Send>>) {
        let (task, abort) = abortable(task);
        let has_begun = self.open.get(&request_id).is_some_and(|open| open.has_begun);
        self.open.insert(request_id, Open { abort, has_begun });
        self.tasks.push(task);
    }

    fn forget(&mut self, request_id: u32) {
        if let Some(open) = self.open.remove(&request_id) {
            open.abort.abort();
        }
    }
}

/// The position is of another epoch: an error of the request alone.
pub(crate) fn mismatch(service: &Service, after: Position) -> ErrorReply {
    let message = format!(
        "position {after} is of another epoch, the database is in epoch {}; what was told before may \
         be lost: begin anew",
        service.epoch
    );
    let error = ErrorReply::new(Code::EpochMismatch, message);
    ErrorReply { radius: Radius::Request, ..error }
}

async fn begin(service: &Service, query: WatchQuery) -> News {
    if let Some(after) = query.after.filter(|after| after.epoch != service.epoch) {
        return News::Refused(mismatch(service, after));
    }
    let begin = move |engine: &fanfold_engine::Engine| engine.watch(&query);
    match service.lane.run(service.engine.clone(), begin).await.flatten() {
        Ok(watch) => News::Begun(Box::new(watch)),
        Err(error) => News::Refused(reply::refusal(&error)),
    }
}

async fn next(service: &Service, mut watch: Box<Watch>) -> News {
    loop {
        let ready = poll_fn(|context| watch.poll_ready(context));
        if timeout(WATCH_IDLE, ready).await.is_err() {
            let idle = watch.idle();
            return News::Batch(watch, idle);
        }
        let taken = if watch.is_behind() {
            let take = move |_: &fanfold_engine::Engine| {
                let taken = watch.take();
                (watch, taken)
            };
            match service.lane.run(service.engine.clone(), take).await {
                Ok((back, taken)) => {
                    watch = back;
                    taken
                }
                Err(error) => return News::Ended(reply::refusal(&error)),
            }
        } else {
            watch.take_resident()
        };
        match taken {
            Ok(Some(batch)) => return News::Batch(watch, batch),
            Ok(None) => {}
            Err(error) => return News::Ended(reply::refusal(&error)),
        }
    }
}
