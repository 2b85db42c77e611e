//! How to connect: the target and the options, each with its default and the reason for it.
//!
//! Nothing connects here; `client.rs` does. Options are checked once, before the first connection,
//! and never change afterwards.

use std::time::Duration;

use crate::client::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{
    CONNECT_TIMEOUT_DEFAULT, IN_FLIGHT_DEFAULT, IN_FLIGHT_MAX, KEEP_ALIVE_DEFAULT, NAME_BYTES_MAX,
    REQUEST_TIMEOUT_DEFAULT,
};
use crate::url::Target;

/// The options of a connection. Plain values; [`Client::builder`] sets them one by one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectOptions {
    /// What the client calls itself; shown by the server's list of clients. At most 64 bytes.
    /// Default: `fanfold-client` and the version.
    pub name: String,
    /// Time for one attempt to connect and shake hands. Default 5 s.
    pub connect_timeout: Duration,
    /// Time for a request from call to answer, waiting for a place and reconnects included.
    /// Default 5 s: longer than any healthy commit, shorter than a person's patience.
    pub request_timeout: Duration,
    /// Silence after which an awaited server is pinged; after twice this long the connection
    /// counts as lost. Default 2 s, so that a retry fits into the default request timeout.
    pub keep_alive: Duration,
    /// How many requests may wait for an answer at once; more wait for a free place. 1 to
    /// 1,048,576, default 1,024. The server's own bound is kept in any case.
    pub max_in_flight: usize,
    /// Failed attempts in a row after which the client gives up for good and closes. Default:
    /// never; each request still ends at its own deadline.
    pub reconnect_attempts: Option<u32>,
}

impl Default for ConnectOptions {
    fn default() -> Self {
        Self {
            name: concat!("fanfold-client ", env!("CARGO_PKG_VERSION")).to_owned(),
            connect_timeout: CONNECT_TIMEOUT_DEFAULT,
            request_timeout: REQUEST_TIMEOUT_DEFAULT,
            keep_alive: KEEP_ALIVE_DEFAULT,
            max_in_flight: IN_FLIGHT_DEFAULT,
            reconnect_attempts: None,
        }
    }
}

impl ConnectOptions {
    pub(crate) fn check(&self) -> Result<()> {
        let zero = Duration::ZERO;
        if self.connect_timeout == zero || self.request_timeout == zero || self.keep_alive == zero {
            return Err(invalid("a timeout of zero lets nothing succeed, give at least 1 ms"));
        }
        if self.max_in_flight == 0 || IN_FLIGHT_MAX < self.max_in_flight {
            let given = self.max_in_flight;
            return Err(invalid(format!(
                "max_in_flight is {given}, allowed: 1 to {IN_FLIGHT_MAX}"
            )));
        }
        if NAME_BYTES_MAX < self.name.len() {
            let len = self.name.len();
            return Err(invalid(format!(
                "the name has {len} bytes, the limit is {NAME_BYTES_MAX}"
            )));
        }
        Ok(())
    }
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Invalid, message)
}

/// Sets options, then connects.
///
/// ```no_run
/// # async fn example() -> fanfold_client::Result<()> {
/// use std::time::Duration;
/// let client = fanfold_client::Client::builder()
///     .request_timeout(Duration::from_secs(1))
///     .connect("fanfold://127.0.0.1:7717")
///     .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct ClientBuilder {
    options: ConnectOptions,
}

impl ClientBuilder {
    /// Sets [`ConnectOptions::name`].
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.options.name = name.into();
        self
    }

    /// Sets [`ConnectOptions::connect_timeout`].
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.options.connect_timeout = timeout;
        self
    }

    /// Sets [`ConnectOptions::request_timeout`].
    #[must_use]
    pub fn request_timeout(mut self, timeout: Duration) -> Self {
        self.options.request_timeout = timeout;
        self
    }

    /// Sets [`ConnectOptions::keep_alive`].
    #[must_use]
    pub fn keep_alive(mut self, silence: Duration) -> Self {
        self.options.keep_alive = silence;
        self
    }

    /// Sets [`ConnectOptions::max_in_flight`].
    #[must_use]
    pub fn max_in_flight(mut self, requests: usize) -> Self {
        self.options.max_in_flight = requests;
        self
    }

    /// Sets [`ConnectOptions::reconnect_attempts`].
    #[must_use]
    pub fn reconnect_attempts(mut self, attempts: u32) -> Self {
        self.options.reconnect_attempts = Some(attempts);
        self
    }

    /// Connects and shakes hands.
    ///
    /// # Errors
    ///
    /// As [`Client::connect`], and `Invalid` for an option out of its range.
    pub async fn connect(self, url: &str) -> Result<Client> {
        let target: Target = url.parse()?;
        Client::connect_with(target, self.options).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_allowed() {
        ConnectOptions::default().check().unwrap();
    }

    #[test]
    fn options_out_of_range_are_named() {
        let good = ConnectOptions::default;
        let cases = [
            (ConnectOptions { keep_alive: Duration::ZERO, ..good() }, "timeout of zero"),
            (ConnectOptions { max_in_flight: 0, ..good() }, "max_in_flight is 0"),
            (ConnectOptions { max_in_flight: IN_FLIGHT_MAX + 1, ..good() }, "max_in_flight is 104"),
            (ConnectOptions { name: "x".repeat(65), ..good() }, "65 bytes"),
        ];
        for (options, expected) in cases {
            let error = options.check().unwrap_err();
            assert!(error.message().contains(expected), "{error}");
        }
    }
}
