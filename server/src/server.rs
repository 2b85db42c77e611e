//! Starting and stopping: opens the doors and the data directory, hands out connections, and ends
//! in order.
//!
//! ```text
//! start: doors bound -> directory opened -> accepting
//! stop:  no more connections -> what was accepted is answered -> HTTP -> engine closed
//! ```
//!
//! Doors come first, so that a port in use leaves no fresh directory behind. HTTP goes last, so that
//! `/readyz` says `stopping` while there is something left to finish.

use std::net::SocketAddr;
use std::sync::Arc;

use fanfold_engine::{Engine, Recovery};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clients::Port;
use crate::config::{Config, Door};
use crate::exit::Failure;
use crate::faults;
use crate::listener::Listener;
use crate::service::{Addresses, Service};

/// A running server.
///
/// Dropping it ends all connections at once; [`stop`](Self::stop) ends it in order.
#[derive(Debug)]
pub struct Server {
    service: Arc<Service>,
    work: Doors,
    http: Doors,
}

/// Ports that stop together: whether they accept, and their connections.
#[derive(Debug, Default)]
struct Doors {
    closed: CancellationToken,
    tasks: TaskTracker,
}

struct Bound {
    listen: Option<TcpListener>,
    http: Option<TcpListener>,
    debug: Option<TcpListener>,
}

impl Server {
    /// Opens the doors and the data directory of `config` and serves, on the current tokio runtime.
    ///
    /// # Errors
    /// A mistake in the configuration, a port in use, a data directory that cannot be opened.
    pub async fn start(config: Config) -> Result<Self, Failure> {
        config.check()?;
        let bound = Bound {
            listen: bind("listen", config.listen).await?,
            http: bind("http", config.http).await?,
            debug: bind("debug", config.debug).await?,
        };
        let engine = open(&config).await?;
        let service = Arc::new(Service::new(engine, config, bound.addresses())?);
        let server = Self { service, work: Doors::default(), http: Doors::default() };
        server.accept(Port::Binary, bound.listen, &server.work);
        server.accept(Port::Http, bound.http, &server.http);
        server.accept(Port::Debug, bound.debug, &server.work);
        tokio::spawn(faults::tell(Arc::clone(&server.service), server.work.closed.clone()));
        Ok(server)
    }

    /// Where it listens; a port of 0 in the configuration is the real one here.
    #[must_use]
    pub fn addresses(&self) -> Addresses {
        self.service.addresses
    }

    /// The engine behind it.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.service.engine
    }

    /// Takes no more connections and no more requests, finishes what was accepted, closes the
    /// engine. After the deadline of the configuration (10 s) connections are cut.
    ///
    /// # Errors
    /// The engine could not be closed in order.
    pub async fn stop(self) -> Result<(), Failure> {
        let service = &self.service;
        tracing::info!("stopping");
        service.set_stopping();
        self.work.finish(service, &[Port::Binary, Port::Debug]).await;
        self.http.finish(service, &[Port::Http]).await;
        close(service.engine.clone()).await
    }

    fn accept(&self, port: Port, socket: Option<TcpListener>, doors: &Doors) {
        let Some(socket) = socket else { return };
        if let Ok(address) = socket.local_addr() {
            tracing::info!(%address, "listening ({})", port.name());
        }
        let (service, tasks) = (Arc::clone(&self.service), doors.tasks.clone());
        let listener = Listener { socket, port, service, tasks };
        tokio::spawn(listener.run(doors.closed.clone()));
    }
}

impl Doors {
    /// Takes no more connections, and lets those of `ports` finish or cuts them at the deadline.
    async fn finish(&self, service: &Service, ports: &[Port]) {
        self.closed.cancel();
        self.tasks.close();
        service.clients.stop(ports);
        let deadline = service.config.timeouts.stop;
        if tokio::time::timeout(deadline, self.tasks.wait()).await.is_err() {
            let left = self.tasks.len();
            tracing::warn!(connections = left, ?deadline, "connections did not finish; cut");
            service.clients.abort(ports);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.work.closed.cancel();
        self.http.closed.cancel();
        self.service.clients.abort(&[Port::Binary, Port::Debug, Port::Http]);
    }
}

impl Bound {
    fn addresses(&self) -> Addresses {
        let address = |socket: &Option<TcpListener>| socket.as_ref()?.local_addr().ok();
        Addresses {
            listen: address(&self.listen),
            http: address(&self.http),
            debug: address(&self.debug),
        }
    }
}

async fn bind(name: &str, door: Door) -> Result<Option<TcpListener>, Failure> {
    let Door::At(address) = door else { return Ok(None) };
    let bound = TcpListener::bind(address).await;
    bound.map(Some).map_err(|error| unbound(name, address, &error))
}

fn unbound(name: &str, address: SocketAddr, error: &std::io::Error) -> Failure {
    use std::io::ErrorKind::{AddrInUse, AddrNotAvailable, PermissionDenied};
    let (what, way_out) = match error.kind() {
        AddrInUse => ("the port is in use".to_owned(), "free it, or choose another"),
        AddrNotAvailable => {
            ("this machine has no such address".to_owned(), "choose one of its own")
        }
        PermissionDenied => {
            ("only the system may use this port".to_owned(), "choose one above 1023")
        }
        _ => (error.to_string(), "choose another"),
    };
    Failure::new(format!(
        "cannot listen on {address} ({name}): {what}; {way_out} with --{name} ADDR:PORT, or switch \
         it off with --{name} off"
    ))
}

async fn open(config: &Config) -> Result<Engine, Failure> {
    if config.data.is_file() {
        let data = config.data.display();
        return Err(Failure::mistake(format!(
            "{data} is a file, not a directory; name a directory"
        )));
    }
    let (data, options) = (config.data.clone(), config.engine.clone());
    let opened = tokio::task::spawn_blocking(move || Engine::open(data, options));
    let engine = opened.await.map_err(crashed)??;
    report(config, &engine)?;
    Ok(engine)
}

/// Says what opening found, loudly if something was lost or cut.
fn report(config: &Config, engine: &Engine) -> Result<(), Failure> {
    let (data, position) = (config.data.display(), engine.position()?);
    let Recovery { created, clean, torn, new_epoch, records, rebuilt, .. } = engine.recovery();
    let database = engine.database_id();
    tracing::info!(%data, %database, %position, created, clean, records, "opened");
    if let Some((file, offset, bytes)) = torn {
        tracing::warn!(file, offset, bytes, "the log was torn at its end and cut there");
    }
    if let Some(reason) = rebuilt {
        tracing::warn!(%reason, "view files were put aside; all views were rebuilt from the log");
    }
    if *new_epoch {
        tracing::warn!(
            epoch = position.epoch,
            "the last stop was not clean and the durability weaker than fsync: a new epoch begins, \
             because acknowledged writes may be lost"
        );
    }
    Ok(())
}

async fn close(engine: Engine) -> Result<(), Failure> {
    let closed = tokio::task::spawn_blocking(move || engine.close());
    closed.await.map_err(crashed)??;
    tracing::info!("stopped");
    Ok(())
}

fn crashed(error: tokio::task::JoinError) -> Failure {
    Failure::new(format!("the engine crashed: {error}; please report it with the log"))
}

#[cfg(test)]
mod tests {
    use std::io::{Error, ErrorKind};

    use super::*;

    #[test]
    fn each_reason_not_to_listen_has_its_own_way_out() {
        let told = |kind: ErrorKind| {
            let address = SocketAddr::from(([127, 0, 0, 1], 80));
            unbound("http", address, &Error::from(kind)).to_string()
        };
        for (kind, what, way_out) in [
            (ErrorKind::AddrInUse, "the port is in use", "free it"),
            (ErrorKind::AddrNotAvailable, "no such address", "choose one of its own"),
            (ErrorKind::PermissionDenied, "only the system may use", "choose one above 1023"),
        ] {
            let told = told(kind);
            assert!(told.contains(what) && told.contains(way_out), "{told}");
            assert_eq!(told.contains("free it"), kind == ErrorKind::AddrInUse, "{told}");
        }
    }
}
