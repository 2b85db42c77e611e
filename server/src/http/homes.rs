//! `/home/USER/wait`: a long-poll for browsers and scripts; `/example/USER`: a page that uses it.
//!
//! These show what is in the database, so they are answered only to who names this machine by its
//! address or as `localhost`: a web page of somebody else, whose name was made to point here, does not.

use std::future::Future;
use std::time::Duration;

use fanfold_engine::{ErrorKind, PostId, UserId};
use hyper::StatusCode;
use hyper::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderValue};

use super::Page;
use super::pages::{PLAIN, page};
use crate::limits::{WAIT_DEFAULT, WAIT_MAX};
use crate::service::Service;
use crate::wait::{WaitQuery, wait};

const JSON: &str = "application/json; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";
const EXAMPLE: &str = include_str!("example.html");

/// What the example may do: its own script, and requests to where it came from.
const POLICY: &str = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; \
                      connect-src 'self'";

/// What a path asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Wait(Result<WaitQuery, String>),
    Example,
}

/// What the path asks for, if it is one of these.
pub(super) fn asked(path: &str, query: Option<&str>) -> Option<Asked> {
    if let Some(user) = path.strip_prefix("/example/") {
        return user.parse::<u64>().is_ok().then_some(Asked::Example);
    }
    let user = path.strip_prefix("/home/")?.strip_suffix("/wait")?;
    let user = number("user", user).map(UserId);
    Some(Asked::Wait(user.and_then(|user| wait_query(user, query.unwrap_or_default()))))
}

/// Whether the peer knows with whom it speaks.
pub(super) fn is_for_us(host: Option<&HeaderValue>) -> bool {
    let Some(host) = host else { return true };
    let Ok(host) = host.to_str() else { return false };
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => name,
        _ => host,
    };
    let address = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost") || address.parse::<std::net::IpAddr>().is_ok()
}

pub(super) async fn answer(
    service: &Service,
    asked: Asked,
    ending: impl Future<Output = ()>,
) -> Page {
    let query = match asked {
        Asked::Wait(Ok(query)) => query,
        Asked::Wait(Err(what)) => {
            return page(StatusCode::BAD_REQUEST, PLAIN, format!("{what}\n"));
        }
        Asked::Example => {
            let mut page = page(StatusCode::OK, HTML, EXAMPLE.to_owned());
            let policy = HeaderValue::from_static(POLICY);
            page.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
            return page;
        }
    };
    let mut page = match wait(service, query, ending).await {
        Ok(waited) => page(StatusCode::OK, JSON, waited.json()),
        Err(why) if why.kind() == ErrorKind::Limit => {
            page(StatusCode::SERVICE_UNAVAILABLE, PLAIN, format!("{why}\n"))
        }
        Err(why) => page(StatusCode::INTERNAL_SERVER_ERROR, PLAIN, format!("{why}\n")),
    };
    page.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    page
}

pub(super) fn refused() -> Page {
    let text = "homes are answered only to who names this machine by its address or as localhost\n";
    page(StatusCode::FORBIDDEN, PLAIN, text.to_owned())
}

fn wait_query(user: UserId, query: &str) -> Result<WaitQuery, String> {
    let mut wait = WaitQuery { user, after: None, patience: WAIT_DEFAULT };
    for part in query.split('&').filter(|part| !part.is_empty()) {
        match part.split_once('=') {
            Some(("after", id)) => wait.after = Some(PostId(number("after", id)?)),
            Some(("timeout", seconds)) => wait.patience = patience(number("timeout", seconds)?)?,
            _ => return Err(format!("`{part}` is neither after=ID nor timeout=SECONDS")),
        }
    }
    Ok(wait)
}

/// Seconds within the limit.
fn patience(seconds: u64) -> Result<Duration, String> {
    let asked = Duration::from_secs(seconds);
    let max = WAIT_MAX.as_secs();
    if asked <= WAIT_MAX { Ok(asked) } else { Err(format!("timeout {seconds} is above {max}")) }
}

fn number(what: &str, text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("{what} `{text}` is not a number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read() {
        let query = |after, seconds| {
            let patience = Duration::from_secs(seconds);
            Some(Asked::Wait(Ok(WaitQuery { user: UserId(7), after, patience })))
        };
        assert_eq!(asked("/home/7/wait", None), query(None, 30));
        assert_eq!(asked("/home/7/wait", Some("after=9&timeout=2")), query(Some(PostId(9)), 2));
        assert_eq!(asked("/example/7", None), Some(Asked::Example));
        assert_eq!(asked("/example/x", None), None);
        assert_eq!(asked("/home/7", None), None);
        for (path, query, what) in [
            ("/home/x/wait", None, "user `x` is not a number"),
            ("/home/7/wait", Some("after=-1"), "after `-1` is not a number"),
            ("/home/7/wait", Some("timeout=61"), "timeout 61 is above 60"),
            ("/home/7/wait", Some("limit=3"), "`limit=3` is neither after=ID nor timeout=SECONDS"),
        ] {
            assert_eq!(asked(path, query), Some(Asked::Wait(Err(what.to_owned()))));
        }
    }

    #[test]
    fn only_this_machine_is_meant() {
        let is_ours = |host: &'static str| is_for_us(Some(&HeaderValue::from_static(host)));
        assert!(is_for_us(None));
        for host in ["localhost", "LOCALHOST:7718", "127.0.0.1:7718", "[::1]:7718", "[::1]"] {
            assert!(is_ours(host), "{host}");
        }
        for host in ["evil.example", "evil.example:7718", "127.0.0.1.evil.example", ""] {
            assert!(!is_ours(host), "{host}");
        }
    }
}
