//! A server in this process, on a data directory that goes with it.
//!
//! Its three doors are on loopback ports which the system chooses, so that tests run side by side.
//! It has a runtime of its own: tests are plain threads and block as they like.

use std::net::SocketAddr;

use fanfold_engine::Engine;
use fanfold_server::{Config, Server};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::converse;
use super::peer::Peer;

/// A running server; stopped in order by [`Running::stop`], cut off when dropped.
pub(crate) struct Running {
    server: Option<Server>,
    runtime: Runtime,
    _directory: TempDir,
}

impl Running {
    /// A server with the defaults.
    pub(crate) fn start() -> Self {
        Self::with(|_| {})
    }

    /// A server with the defaults, as changed by `edit`.
    pub(crate) fn with(edit: impl FnOnce(&mut Config)) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut config = Config::local(directory.path().join("data"));
        edit(&mut config);
        let runtime = Runtime::new().unwrap();
        let server = runtime.block_on(Server::start(config)).unwrap();
        Self { server: Some(server), runtime, _directory: directory }
    }

    pub(crate) fn listen(&self) -> SocketAddr {
        self.server().addresses().listen.unwrap()
    }

    pub(crate) fn http(&self) -> SocketAddr {
        self.server().addresses().http.unwrap()
    }

    pub(crate) fn debug(&self) -> SocketAddr {
        self.server().addresses().debug.unwrap()
    }

    pub(crate) fn engine(&self) -> &Engine {
        self.server().engine()
    }

    /// How many connections of the binary port are open.
    pub(crate) fn clients(&self) -> u64 {
        let info = converse(self.debug(), b"INFO clients\n");
        let open = info.lines().find_map(|line| line.strip_prefix("binary_open:"));
        open.unwrap().parse().unwrap()
    }

    /// A peer that has not said hello.
    pub(crate) fn stranger(&self) -> Peer {
        Peer::connect(self.listen())
    }

    /// A peer that has.
    pub(crate) fn peer(&self) -> Peer {
        let mut peer = self.stranger();
        peer.hello();
        peer
    }

    /// Stops in order.
    pub(crate) fn stop(mut self) {
        let server = self.server.take().unwrap();
        self.runtime.block_on(server.stop()).unwrap();
    }

    fn server(&self) -> &Server {
        self.server.as_ref().unwrap()
    }
}
