//! Accepting connections, for each of the three ports alike.
//!
//! A connection gets a place in the table or is told that there is none. A failing accept (no more
//! file descriptors, mostly) is no reason to stop: the loop pauses, longer each time, and goes on.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clients::Port;
use crate::limits::{ACCEPT_PAUSE_MAX, ACCEPT_PAUSE_MIN, REFUSALS_MAX};
use crate::service::Service;
use crate::{connection, debug, http};

/// A peer that vanished without a word is noticed after about two minutes.
const KEEPALIVE_TIME: Duration = Duration::from_secs(60);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(15);

/// One open port.
#[derive(Debug)]
pub(crate) struct Listener {
    pub(crate) socket: TcpListener,
    pub(crate) port: Port,
    pub(crate) service: Arc<Service>,
    pub(crate) tasks: TaskTracker,
}

impl Listener {
    /// Accepts until `stop`.
    pub(crate) async fn run(self, stop: CancellationToken) {
        let refusals = Arc::new(Semaphore::new(REFUSALS_MAX));
        let mut pause = ACCEPT_PAUSE_MIN;
        loop {
            let accepted = tokio::select! {
                biased;
                () = stop.cancelled() => return,
                accepted = self.socket.accept() => accepted,
            };
            match accepted {
                Ok((socket, peer)) => {
                    pause = ACCEPT_PAUSE_MIN;
                    self.admit(socket, peer, &refusals);
                }
                Err(error) => {
                    tracing::warn!(port = self.port.name(), %error, ?pause, "accept failed");
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(ACCEPT_PAUSE_MAX);
                }
            }
        }
    }

    fn admit(&self, socket: TcpStream, peer: SocketAddr, refusals: &Arc<Semaphore>) {
        if let Err(error) = prepare(&socket) {
            tracing::debug!(%peer, %error, "connection lost before it began");
            return;
        }
        let Some(ticket) = self.service.clients.admit(self.port, peer, self.max()) else {
            self.refuse(socket, refusals);
            return;
        };
        let (client, service) = (ticket.client(), Arc::clone(&self.service));
        let task = match self.port {
            Port::Binary => self.tasks.spawn(connection::serve(socket, service, ticket)),
            Port::Http => self.tasks.spawn(http::serve(socket, service, ticket)),
            Port::Debug => self.tasks.spawn(debug::serve(socket, service, ticket)),
        };
        client.set_abort(task.abort_handle());
    }

    /// Says no, unless too many are being told already.
    fn refuse(&self, socket: TcpStream, refusals: &Arc<Semaphore>) {
        let (port, max) = (self.port, self.max());
        let name = port.name();
        if self.service.counters.refused_connections.fetch_add(1, Ordering::Relaxed) == 0 {
            tracing::warn!(port = name, max, "connection limit reached; refusing connections");
        }
        let Ok(permit) = Arc::clone(refusals).try_acquire_owned() else { return };
        tokio::spawn(async move {
            match port {
                Port::Binary => connection::refuse(socket, max).await,
                Port::Http => http::refuse(socket, max).await,
                Port::Debug => debug::refuse(socket, max).await,
            }
            drop(permit);
        });
    }

    fn max(&self) -> usize {
        self.service.config.max_connections
    }
}

fn prepare(socket: &TcpStream) -> io::Result<()> {
    socket.set_nodelay(true)?;
    let keepalive = TcpKeepalive::new().with_time(KEEPALIVE_TIME).with_interval(KEEPALIVE_INTERVAL);
    SockRef::from(socket).set_tcp_keepalive(&keepalive)
}
