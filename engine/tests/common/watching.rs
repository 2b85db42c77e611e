//! What tests of watches do: begin them, and wait until all that happened is told.

#![allow(dead_code, reason = "no test uses all of it")]

use std::thread;
use std::time::Duration;

use fanfold_engine::{Engine, Position, UserId, Watch, WatchEvent, WatchQuery};

/// A watch of the user's, from `after` if it comes back.
pub(crate) fn query(user: UserId, after: Option<Position>) -> WatchQuery {
    WatchQuery { user, viewer: None, after, presence: false }
}

/// Waits until everything is told to those who watch `user`.
pub(crate) fn settle(engine: &Engine, user: UserId) {
    let newest = engine.position().unwrap();
    while engine.watch(&query(user, None)).unwrap().position() < newest {
        thread::sleep(Duration::from_millis(1));
    }
}

/// What a watch is told up to now.
pub(crate) fn told(engine: &Engine, watch: &mut Watch) -> Vec<WatchEvent> {
    let (position, mut events) = (engine.position().unwrap(), Vec::new());
    while watch.position() < position {
        let batch = watch.wait(Duration::from_millis(5)).unwrap();
        events.extend(batch.into_iter().flat_map(|batch| batch.events));
    }
    events
}
