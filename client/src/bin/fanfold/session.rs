//! The options of a run and its connection, made when the first command needs it.
//!
//! The URL comes from `--url`, else from the environment, else it is the local default. A shell
//! lends its connection to each of its lines.

use std::time::Duration;

use fanfold_client::{Client, ConnectOptions, UserId, Write, WriteOptions};

use crate::arguments::Global;
use crate::exit::Failure;

/// The server when neither option nor environment names one.
const URL_DEFAULT: &str = "fanfold://127.0.0.1:7717";

/// The environment variable that names the server.
const URL_VARIABLE: &str = "FANFOLD_URL";

/// Options and connection.
pub(crate) struct Session {
    global: Global,
    client: Option<Client>,
}

impl Session {
    pub(crate) fn new(global: Global) -> Self {
        Self { global, client: None }
    }

    /// A session for one line of a shell: its options over ours, and our connection.
    pub(crate) fn for_line(&self, line: Global) -> Result<Self, Failure> {
        if line.url.is_some() && line.url != self.global.url {
            let message = "the shell stays with its server; start another one for another --url";
            return Err(Failure::Mistake(message.to_owned()));
        }
        let client = self.client.as_ref().map(|client| match line.timeout {
            Some(timeout) => client.with_timeout(timeout),
            None => client.clone(),
        });
        let global = Global {
            url: self.global.url.clone(),
            json: line.json || self.global.json,
            actor: line.actor.or(self.global.actor),
            viewer: line.viewer.or(self.global.viewer),
            timeout: line.timeout.or(self.global.timeout),
        };
        Ok(Self { global, client })
    }

    pub(crate) fn json(&self) -> bool {
        self.global.json
    }

    /// How long a request may take, if `--timeout` says so.
    pub(crate) fn timeout(&self) -> Option<Duration> {
        self.global.timeout
    }

    pub(crate) fn viewer(&self) -> Option<UserId> {
        self.global.viewer
    }

    /// A write on behalf of the user of `--as`.
    pub(crate) fn sign(&self, write: impl Into<Write>) -> Write {
        write.into().with(WriteOptions { key: None, actor: self.global.actor })
    }

    /// Whom `--as` names.
    pub(crate) fn actor(&self) -> Option<UserId> {
        self.global.actor
    }

    /// The connection; makes it at the first call.
    pub(crate) async fn client(&mut self) -> Result<Client, Failure> {
        if let Some(client) = &self.client {
            return Ok(client.clone());
        }
        let client = self.connect(ConnectOptions::default()).await?;
        Ok(self.client.insert(client).clone())
    }

    /// A connection of its own with these options, `--timeout` over them.
    pub(crate) async fn connect(&self, mut options: ConnectOptions) -> Result<Client, Failure> {
        options.name = concat!("fanfold ", env!("CARGO_PKG_VERSION")).to_owned();
        if let Some(timeout) = self.global.timeout {
            options.request_timeout = timeout;
            options.connect_timeout = options.connect_timeout.min(timeout);
        }
        Ok(Client::connect_with(self.url().parse()?, options).await?)
    }

    /// Finishes what is in flight.
    pub(crate) async fn close(self) {
        if let Some(client) = self.client {
            client.close().await;
        }
    }

    /// An empty variable counts as none.
    fn url(&self) -> String {
        let named = || std::env::var(URL_VARIABLE).ok().filter(|url| !url.is_empty());
        self.global.url.clone().or_else(named).unwrap_or_else(|| URL_DEFAULT.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_overrides_the_options_of_the_shell_but_not_its_server() {
        let shell = Global { actor: Some(UserId(1)), json: true, ..Global::default() };
        let session = Session::new(shell);
        let line = Global { viewer: Some(UserId(2)), ..Global::default() };
        let session = session.for_line(line).unwrap();
        assert_eq!((session.actor(), session.viewer()), (Some(UserId(1)), Some(UserId(2))));
        assert!(session.json());
        let line = Global { url: Some("fanfold://other".into()), ..Global::default() };
        assert!(matches!(session.for_line(line), Err(Failure::Mistake(_))));
    }
}
