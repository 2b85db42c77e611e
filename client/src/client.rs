//! The handle: cheap to clone, all clones share one connection.
//!
//! The writes are in `writes.rs`, the reads in `reads.rs`, the streams in `feed.rs`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use fanfold_protocol::Request;

use crate::answer::ServerInfo;
use crate::connection::Connection;
use crate::dial::dial;
use crate::error::{Error, Result};
use crate::options::{ClientBuilder, ConnectOptions};
use crate::pending::answer;
use crate::random::{Jitter, Keys, draw};
use crate::shared::{Receiver, Shared};
use crate::translate::{FromReply, server_info};
use crate::url::Target;

/// A client of one server.
///
/// Clones share one pipelined connection, which a background task owns. When the last clone is
/// dropped, what was sent is still finished, then the connection closes; [`close`](Self::close)
/// waits for that.
#[derive(Clone, Debug)]
pub struct Client {
    handle: Arc<Handle>,
    timeout: Duration,
}

/// Closes the client with its last clone.
#[derive(Debug)]
struct Handle {
    shared: Arc<Shared>,
    target: Target,
    options: ConnectOptions,
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shared.begin_close();
    }
}

impl Client {
    /// Connects to `fanfold://[token@]host[:port]` with default options. The port defaults to 7717.
    ///
    /// # Errors
    ///
    /// `Invalid` for a URL of another form; `Disconnected` or `TimedOut` if nobody answers;
    /// `Protocol` if what answers is no Fanfold server; `Denied` for a wrong token. Only this
    /// first connection fails a call at once; a later loss is repaired by itself.
    pub async fn connect(url: &str) -> Result<Self> {
        Self::builder().connect(url).await
    }

    /// Options one by one, then connect.
    #[must_use]
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// Connects to a parsed URL with given options.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect), and `Invalid` for an option out of its range.
    pub async fn connect_with(target: Target, options: ConnectOptions) -> Result<Self> {
        options.check()?;
        let link = dial(&target, &options).await?;
        let keys = Keys::new(draw()?);
        let server = server_info(&link.welcome);
        let shared = Arc::new(Shared::new(options.max_in_flight, server, keys));
        let timeout = options.request_timeout;
        let jitter = Jitter::new(seed(draw()?));
        let connection =
            Connection::new(Arc::clone(&shared), target.clone(), options.clone(), jitter);
        tokio::spawn(connection.run(link));
        Ok(Self { handle: Arc::new(Handle { shared, target, options }), timeout })
    }

    /// The same client whose requests end after `timeout`.
    #[must_use]
    pub fn with_timeout(&self, timeout: Duration) -> Self {
        Self { handle: Arc::clone(&self.handle), timeout }
    }

    /// Who answered the hello of the newest connection.
    #[must_use]
    pub fn server(&self) -> ServerInfo {
        self.shared().server()
    }

    /// Takes no more requests, on any clone, finishes those in flight and closes the connection.
    /// Takes at most as long as the longest request still has.
    pub async fn close(self) {
        self.shared().begin_close();
        self.shared().finished().await;
    }

    /// How to make another connection to the same server.
    pub(crate) fn dialling(&self) -> (&Target, &ConnectOptions) {
        (&self.handle.target, &self.handle.options)
    }

    /// A number for jitter that no other call got.
    pub(crate) fn seed(&self) -> u64 {
        let [a, b, c, d, e, f, g, h, ..] = self.shared().keys.next().0;
        u64::from_le_bytes([a, b, c, d, e, f, g, h])
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.handle.shared
    }

    /// Lines a request up, waiting for a place.
    pub(crate) async fn submit(&self, request: Request) -> Result<Receiver> {
        self.shared().submit(request, Instant::now() + self.timeout).await
    }

    /// Asks and waits for the answer.
    pub(crate) async fn call<A: FromReply>(&self, request: Request) -> Result<A> {
        let received = self.submit(request).await?.await;
        answer(received.unwrap_or_else(|_| Err(Error::closed())))
    }
}

fn seed(random: u128) -> u64 {
    u64::try_from(random >> 64).unwrap_or_default()
}
