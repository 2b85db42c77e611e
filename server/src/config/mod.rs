//! What is meant: the checked configuration of a daemon.
//!
//! `args.rs` holds what was typed; here typed text, environment and TOML file become one [`Config`]
//! (`resolve.rs`), by the table in `settings.rs`. A `Config` can also be built by hand, as tests and
//! embedding programs do.
//!
//! Invariants:
//! * A `Config` that passed [`Config::check`] names three distinct doors, each loopback unless
//!   `insecure`.
//! * Precedence: TOML file < environment < flags.

mod environment;
mod file;
mod parse;
mod resolve;
mod settings;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::{fmt, thread};

use fanfold_engine::Options;

use crate::exit::Failure;
use crate::limits::{CONNECTIONS_DEFAULT, Timeouts};

pub(crate) use environment::strangers;
pub(crate) use parse::duration;
pub use resolve::{Origin, Resolved, Typed, resolve};
pub use settings::{SETTINGS, Setting};

/// Everything a [`Server`](crate::Server) needs to know.
#[derive(Clone, Debug)]
pub struct Config {
    /// The data directory; created if it is missing.
    pub data: PathBuf,
    /// The binary protocol.
    pub listen: Door,
    /// Metrics and health.
    pub http: Door,
    /// Text commands for people.
    pub debug: Door,
    /// Whether other machines may connect although there is no access control yet.
    pub insecure: bool,
    /// How many connections the binary port takes. 10,000.
    pub max_connections: usize,
    /// Threads of the server's runtime; the binary builds it. The number of cores.
    pub workers: usize,
    /// One of [`logging::LEVELS`](crate::logging::LEVELS); the binary sets it up.
    pub log_level: String,
    /// Where backups go; none without it.
    pub backup_dir: Option<PathBuf>,
    /// How the engine is opened.
    pub engine: Options,
    /// How long the server waits for its peers.
    pub timeouts: Timeouts,
}

/// Where one of the three ports is, if anywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a door is somewhere or nowhere")]
pub enum Door {
    /// Not opened.
    Off,
    /// Listening there; port 0 lets the system choose.
    At(SocketAddr),
}

impl Config {
    /// The defaults over `data`, with the three doors on loopback ports which the system chooses.
    #[must_use]
    pub fn local(data: impl Into<PathBuf>) -> Self {
        let door = Door::At(SocketAddr::from(([127, 0, 0, 1], 0)));
        Self {
            data: data.into(),
            listen: door,
            http: door,
            debug: door,
            insecure: false,
            max_connections: CONNECTIONS_DEFAULT,
            workers: cores(),
            log_level: "info".to_owned(),
            backup_dir: None,
            engine: Options::default(),
            timeouts: Timeouts::default(),
        }
    }

    /// Refuses addresses that other machines can reach, unless `insecure`, and doors that collide.
    pub fn check(&self) -> Result<(), Failure> {
        self.check_spelled(&str::to_owned)
    }

    /// [`check`](Self::check), naming each setting as `spell` says.
    fn check_spelled(&self, spell: &dyn Fn(&'static str) -> String) -> Result<(), Failure> {
        let doors = self.doors();
        for (position, (name, door)) in doors.iter().enumerate() {
            let Door::At(address) = door else { continue };
            if !address.ip().is_loopback() && !self.insecure {
                return Err(exposed(&spell(name), *address));
            }
            let others = doors.iter().skip(position + 1);
            if let Some((other, _)) = others.into_iter().find(|(_, other)| other == door)
                && address.port() != 0
            {
                let (name, other) = (spell(name), spell(other));
                return Err(Failure::mistake(format!(
                    "{name} and {other} are both {address}; give each its own port, or `off`"
                )));
            }
        }
        Ok(())
    }

    fn doors(&self) -> [(&'static str, Door); 3] {
        [("listen", self.listen), ("http", self.http), ("debug", self.debug)]
    }
}

impl Door {
    /// The address, unless the door is off.
    #[must_use]
    pub fn address(self) -> Option<SocketAddr> {
        match self {
            Self::Off => None,
            Self::At(address) => Some(address),
        }
    }
}

impl fmt::Display for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("off"),
            Self::At(address) => address.fmt(f),
        }
    }
}

fn exposed(name: &str, address: SocketAddr) -> Failure {
    Failure::mistake(format!(
        "{name} = {address} can be reached from other machines and there is no access control yet; \
         use a loopback address such as 127.0.0.1:{}, or add --insecure if you trust the network",
        address.port()
    ))
}

/// How many workers there are unless configured.
pub(crate) fn cores() -> usize {
    thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Door {
        Door::At(text.parse().unwrap())
    }

    #[test]
    fn an_exposed_address_needs_insecure() {
        let mut config = Config::local("data");
        config.http = at("0.0.0.0:7718");
        let message = config.check().unwrap_err().to_string();
        assert!(message.starts_with("http = 0.0.0.0:7718 can be reached"), "{message}");
        assert!(message.contains("--insecure"), "{message}");
        config.insecure = true;
        assert_eq!(config.check(), Ok(()));
    }

    #[test]
    fn ipv6_loopback_is_loopback() {
        let mut config = Config::local("data");
        config.listen = at("[::1]:7717");
        assert_eq!(config.check(), Ok(()));
    }

    #[test]
    fn doors_must_not_collide() {
        let mut config = Config::local("data");
        config.listen = at("127.0.0.1:7717");
        config.debug = at("127.0.0.1:7717");
        let message = config.check().unwrap_err().to_string();
        assert!(message.starts_with("listen and debug are both 127.0.0.1:7717"), "{message}");
        config.debug = Door::Off;
        assert_eq!(config.check(), Ok(()));
    }
}
