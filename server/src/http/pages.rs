//! Path to answer; pure but for the counters it reads.
//!
//! Health says that the process lives, readiness that it should get work. Both answer one line.

use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::{Method, StatusCode};

use super::{Page, metrics};
use crate::service::{SERVER_NAME, Service};

pub(super) const PLAIN: &str = "text/plain; charset=utf-8";
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

const PATHS: [(&str, &str); 6] = [
    ("/", "this page"),
    ("/healthz", "200 while the process lives"),
    ("/readyz", "200 if it takes reads and writes, else 503 and the reason"),
    ("/metrics", "counters, as OpenMetrics text for Prometheus"),
    ("/home/USER/wait?after=ID&timeout=SECONDS", "held until the home has a newer entry; JSON"),
    ("/example/USER", "a page that shows new entries of a home as they commit"),
];

pub(super) fn answer(service: &Service, method: &Method, path: &str) -> Page {
    let is_known = PATHS.iter().any(|(known, _)| *known == path) && !path.contains("USER");
    if !is_known {
        return page(StatusCode::NOT_FOUND, PLAIN, format!("no page {path} here\n\n{}", list()));
    }
    if !is_read(method) {
        return not_allowed(method);
    }
    match path {
        "/healthz" => page(StatusCode::OK, PLAIN, "ok\n".to_owned()),
        "/readyz" => match service.not_ready() {
            None => page(StatusCode::OK, PLAIN, "ready\n".to_owned()),
            Some(why) => {
                page(StatusCode::SERVICE_UNAVAILABLE, PLAIN, format!("not ready: {why}\n"))
            }
        },
        "/metrics" => match metrics::text(service) {
            Ok(text) => page(StatusCode::OK, OPEN_METRICS, text),
            Err(why) => page(StatusCode::INTERNAL_SERVER_ERROR, PLAIN, format!("{why}\n")),
        },
        _ => page(StatusCode::OK, PLAIN, index(service)),
    }
}

/// Whether the method changes nothing.
pub(super) fn is_read(method: &Method) -> bool {
    method == Method::GET || method == Method::HEAD
}

pub(super) fn not_allowed(method: &Method) -> Page {
    let text = format!("{method} is not allowed, only GET: this port changes nothing\n");
    let mut page = page(StatusCode::METHOD_NOT_ALLOWED, PLAIN, text);
    page.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    page
}

fn index(service: &Service) -> String {
    let debug = match service.addresses.debug {
        Some(address) => format!("text commands (try HELP) at {address}"),
        None => "text commands are off".to_owned(),
    };
    let binary = match service.addresses.listen {
        Some(address) => format!("binary protocol at {address}"),
        None => "the binary protocol is off".to_owned(),
    };
    format!("{SERVER_NAME}, a feed database\n\n{}\n{binary}\n{debug}\n", list())
}

fn list() -> String {
    PATHS.iter().map(|(path, meaning)| format!("{path:<10} {meaning}\n")).collect()
}

pub(super) fn page(status: StatusCode, content: &'static str, text: String) -> Page {
    let mut page = Page::new(text.into());
    *page.status_mut() = status;
    page.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content));
    page
}
