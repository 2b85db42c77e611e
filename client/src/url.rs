//! Where a server is: `fanfold://[token@]host[:port]`, and nothing else.
//!
//! Not a general URL parser: a scheme of another kind, a path, a query or a fragment is refused
//! with the way out, instead of being ignored. The token is taken literally (all before the last
//! `@`) and never printed.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, ErrorKind, Result};
use crate::limits::TOKEN_BYTES_MAX;

/// The port when the URL names none.
pub const DEFAULT_PORT: u16 = 7717;

const SCHEME: &str = "fanfold://";

/// A parsed `fanfold://` URL. `Display` leaves the token out.
#[derive(Clone, PartialEq, Eq)]
pub struct Target {
    host: String,
    port: u16,
    token: Option<String>,
}

impl Target {
    /// The name or address to connect to, without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port to connect to.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The access token, if the URL carries one.
    #[must_use]
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }
}

impl FromStr for Target {
    type Err = Error;

    fn from_str(url: &str) -> Result<Self> {
        let rest = after_scheme(url)?;
        let (token, place) = match rest.rsplit_once('@') {
            Some((token, place)) => (Some(checked_token(token)?), place),
            None => (None, rest),
        };
        let (host, port) = host_and_port(without_extras(place)?)?;
        Ok(Self { host, port, token })
    }
}

fn after_scheme(url: &str) -> Result<&str> {
    if let Some(rest) = url.strip_prefix(SCHEME) {
        return Ok(rest);
    }
    match url.split_once("://") {
        Some((scheme, _)) => {
            Err(invalid(format!("unknown scheme {scheme}://, expected {SCHEME}host:port")))
        }
        None => Err(invalid(format!("the url has no scheme, expected {SCHEME}host:port"))),
    }
}

fn checked_token(token: &str) -> Result<String> {
    if token.is_empty() {
        return Err(invalid("the token before the @ is empty, leave out the @ to send none"));
    }
    if TOKEN_BYTES_MAX < token.len() {
        let len = token.len();
        return Err(invalid(format!("the token has {len} bytes, the limit is {TOKEN_BYTES_MAX}")));
    }
    Ok(token.to_owned())
}

fn without_extras(place: &str) -> Result<&str> {
    let place = place.strip_suffix('/').unwrap_or(place);
    match place.find(['/', '?', '#']) {
        Some(start) => {
            let extra = place.get(start..).unwrap_or_default();
            Err(invalid(format!("{extra:?} after host and port is not understood, remove it")))
        }
        None => Ok(place),
    }
}

fn host_and_port(place: &str) -> Result<(String, u16)> {
    let (host, port) = match place.strip_prefix('[') {
        Some(rest) => {
            let (host, tail) = rest
                .split_once(']')
                .ok_or_else(|| invalid(format!("{place:?} has no closing bracket")))?;
            match tail.strip_prefix(':') {
                Some(port) => (host, Some(port)),
                None if tail.is_empty() => (host, None),
                None => return Err(invalid(format!("{tail:?} after the bracket, expected :port"))),
            }
        }
        None => match place.split_once(':') {
            Some((_, port)) if port.contains(':') => {
                return Err(invalid(format!("write an IPv6 address in brackets: [{place}]")));
            }
            Some((host, port)) => (host, Some(port)),
            None => (place, None),
        },
    };
    if host.is_empty() {
        return Err(invalid(format!("the url names no host, expected {SCHEME}host:port")));
    }
    Ok((host.to_owned(), port.map_or(Ok(DEFAULT_PORT), parse_port)?))
}

fn parse_port(text: &str) -> Result<u16> {
    match text.parse() {
        Ok(port) if 0 < port => Ok(port),
        _ => Err(invalid(format!("{text:?} is not a port, expected 1 to 65535"))),
    }
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Invalid, message)
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let token = self.token.as_ref().map(|_| "hidden");
        f.debug_struct("Target")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("token", &token)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(url: &str) -> (String, u16, Option<String>) {
        let target: Target = url.parse().unwrap();
        (target.host, target.port, target.token)
    }

    #[test]
    fn all_forms_parse() {
        assert_eq!(parts("fanfold://127.0.0.1:7717"), ("127.0.0.1".into(), 7717, None));
        assert_eq!(parts("fanfold://db.local"), ("db.local".into(), DEFAULT_PORT, None));
        assert_eq!(parts("fanfold://db.local/"), ("db.local".into(), DEFAULT_PORT, None));
        assert_eq!(parts("fanfold://s3c:r@et@db:1"), ("db".into(), 1, Some("s3c:r@et".into())));
        assert_eq!(parts("fanfold://[::1]:9"), ("::1".into(), 9, None));
        assert_eq!(parts("fanfold://[::1]"), ("::1".into(), DEFAULT_PORT, None));
    }

    #[test]
    fn every_mistake_is_named() {
        let cases = [
            ("redis://x", "unknown scheme redis://"),
            ("127.0.0.1:7717", "has no scheme"),
            ("fanfold://", "names no host"),
            ("fanfold://:7717", "names no host"),
            ("fanfold://x:0", "not a port"),
            ("fanfold://x:70000", "not a port"),
            ("fanfold://::1", "brackets"),
            ("fanfold://[::1", "closing bracket"),
            ("fanfold://[::1]9", "expected :port"),
            ("fanfold://x:1?timeout=3", "\"?timeout=3\""),
            ("fanfold://x/db", "\"/db\""),
            ("fanfold://@x", "token before the @ is empty"),
        ];
        for (url, expected) in cases {
            let error = url.parse::<Target>().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid);
            assert!(error.message().contains(expected), "{url}: {error}");
        }
    }

    #[test]
    fn the_token_is_never_printed() {
        let target: Target = "fanfold://secret@[::1]:9".parse().unwrap();
        assert_eq!(target.to_string(), "[::1]:9");
        assert!(!format!("{target:?}").contains("secret"));
    }
}
