//! What every connection of every port shares: the engine, the counters, who is connected, and
//! whether the server is stopping.
//!
//! Not here: listening and stopping (`server.rs`). Invariant: nothing in it is locked on the path of
//! a request.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use fanfold_engine::{Engine, Error};

use crate::clients::Clients;
use crate::config::Config;
use crate::counters::Counters;
use crate::lane::Lane;

/// What the server calls itself in a welcome and in `INFO`.
pub(crate) const SERVER_NAME: &str = concat!("fanfoldd ", env!("CARGO_PKG_VERSION"));

/// Where the server listens; none for a door that is off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Addresses {
    /// The binary protocol.
    pub listen: Option<SocketAddr>,
    /// Metrics and health.
    pub http: Option<SocketAddr>,
    /// Text commands.
    pub debug: Option<SocketAddr>,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) engine: Engine,
    /// The epoch, which holds for as long as the engine is open.
    pub(crate) epoch: u32,
    pub(crate) config: Config,
    pub(crate) addresses: Addresses,
    pub(crate) counters: Counters,
    pub(crate) lane: Lane,
    pub(crate) clients: Arc<Clients>,
    pub(crate) started: Instant,
    stopping: AtomicBool,
}

impl Service {
    pub(crate) fn new(engine: Engine, config: Config, addresses: Addresses) -> Result<Self, Error> {
        Ok(Self {
            epoch: engine.position()?.epoch,
            engine,
            config,
            addresses,
            counters: Counters::default(),
            lane: Lane::default(),
            clients: Arc::new(Clients::default()),
            started: Instant::now(),
            stopping: AtomicBool::new(false),
        })
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    pub(crate) fn set_stopping(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// Why the server should get no new work, if so.
    pub(crate) fn not_ready(&self) -> Option<String> {
        if self.is_stopping() {
            return Some("stopping".to_owned());
        }
        self.engine.unavailable_reason().map(|error| error.to_string())
    }
}
