//! Who is connected: the table behind `CLIENTS`, the connection limits and an orderly stop.
//!
//! Each connection holds a [`Ticket`], its place in the table; dropping it, however the connection
//! ends, frees the place. Stopping is told to each connection apart, so that busy connections never
//! meet at a common lock.
//!
//! Invariant: `count(door)` is the number of tickets of that door that are held.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;

use tokio::sync::Notify;
use tokio::task::AbortHandle;

/// One of the three ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Port {
    Binary,
    Http,
    Debug,
}

/// One connection, as others see it.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) id: u64,
    pub(crate) port: Port,
    pub(crate) peer: SocketAddr,
    pub(crate) since: Instant,
    name: OnceLock<String>,
    requests: AtomicU64,
    stopping: AtomicBool,
    wake: Notify,
    abort: OnceLock<AbortHandle>,
}

/// The connections that are open.
#[derive(Debug, Default)]
pub(crate) struct Clients {
    next_id: AtomicU64,
    counts: [AtomicUsize; 3],
    open: Mutex<BTreeMap<u64, Arc<Client>>>,
}

/// A place in the table, given back when dropped.
#[derive(Debug)]
pub(crate) struct Ticket {
    client: Arc<Client>,
    clients: Arc<Clients>,
}

impl Port {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Binary => "binary",
            Self::Http => "http",
            Self::Debug => "debug",
        }
    }
}

impl Client {
    /// What the peer calls itself; empty until it says so.
    pub(crate) fn name(&self) -> &str {
        self.name.get().map_or("", String::as_str)
    }

    pub(crate) fn set_name(&self, name: &str) {
        let _only_the_first_counts = self.name.set(name.to_owned());
    }

    pub(crate) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    pub(crate) fn count_request(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// Resolves once the connection is asked to stop. For one waiter.
    pub(crate) async fn stopped(&self) {
        while !self.is_stopping() {
            self.wake.notified().await;
        }
    }

    /// Remembers how to end the connection's task by force.
    pub(crate) fn set_abort(&self, abort: AbortHandle) {
        let _set_once = self.abort.set(abort);
    }

    fn stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
        self.wake.notify_one();
    }
}

impl Clients {
    /// A place for a new connection, or none if `max` of that port are taken.
    pub(crate) fn admit(
        self: &Arc<Self>,
        port: Port,
        peer: SocketAddr,
        max: usize,
    ) -> Option<Ticket> {
        let taken = |count| (count < max).then_some(count + 1);
        self.counter(port).fetch_update(Ordering::Relaxed, Ordering::Relaxed, taken).ok()?;
        let client = Arc::new(Client {
            id: self.next_id.fetch_add(1, Ordering::Relaxed) + 1,
            port,
            peer,
            since: Instant::now(),
            name: OnceLock::new(),
            requests: AtomicU64::new(0),
            stopping: AtomicBool::new(false),
            wake: Notify::new(),
            abort: OnceLock::new(),
        });
        self.table().insert(client.id, Arc::clone(&client));
        Some(Ticket { client, clients: Arc::clone(self) })
    }

    /// How many connections of that port are open.
    pub(crate) fn count(&self, port: Port) -> usize {
        self.counter(port).load(Ordering::Relaxed)
    }

    /// How many connections there have been since the start.
    pub(crate) fn accepted(&self) -> u64 {
        self.next_id.load(Ordering::Relaxed)
    }

    /// All that are open, oldest first.
    pub(crate) fn list(&self) -> Vec<Arc<Client>> {
        self.table().values().cloned().collect()
    }

    /// Asks the connections of these ports to finish.
    pub(crate) fn stop(&self, ports: &[Port]) {
        self.list().iter().filter(|client| ports.contains(&client.port)).for_each(|c| c.stop());
    }

    /// Ends the connections of these ports at once.
    pub(crate) fn abort(&self, ports: &[Port]) {
        for client in self.list().iter().filter(|client| ports.contains(&client.port)) {
            if let Some(abort) = client.abort.get() {
                abort.abort();
            }
        }
    }

    fn counter(&self, port: Port) -> &AtomicUsize {
        let [binary, http, debug] = &self.counts;
        match port {
            Port::Binary => binary,
            Port::Http => http,
            Port::Debug => debug,
        }
    }

    fn table(&self) -> MutexGuard<'_, BTreeMap<u64, Arc<Client>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ticket {
    /// The connection, for somebody who does not hold the place.
    pub(crate) fn client(&self) -> Arc<Client> {
        Arc::clone(&self.client)
    }
}

impl std::ops::Deref for Ticket {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.clients.counter(self.client.port).fetch_sub(1, Ordering::Relaxed);
        self.clients.table().remove(&self.client.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer() -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], 1))
    }

    #[test]
    fn places_are_bounded_for_each_port_and_given_back() {
        let clients = Arc::new(Clients::default());
        let first = clients.admit(Port::Debug, peer(), 1).unwrap();
        assert!(clients.admit(Port::Debug, peer(), 1).is_none());
        let other = clients.admit(Port::Binary, peer(), 1).unwrap();
        assert_eq!((clients.count(Port::Debug), clients.count(Port::Binary)), (1, 1));
        assert_eq!(clients.list().iter().map(|c| c.id).collect::<Vec<_>>(), [first.id, other.id]);
        drop(first);
        assert_eq!(clients.count(Port::Debug), 0);
        assert_eq!(clients.list().len(), 1);
        assert!(clients.admit(Port::Debug, peer(), 1).is_some());
        assert_eq!(clients.accepted(), 3);
    }

    #[test]
    fn stopping_reaches_only_the_ports_named() {
        let clients = Arc::new(Clients::default());
        let binary = clients.admit(Port::Binary, peer(), 1).unwrap();
        let http = clients.admit(Port::Http, peer(), 1).unwrap();
        clients.stop(&[Port::Binary, Port::Debug]);
        assert!(binary.is_stopping());
        assert!(!http.is_stopping());
    }
}
