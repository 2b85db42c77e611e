//! The state of the daemon in numbers: what `INFO` prints and what a `status` request gets.
//!
//! The server's own sections come first, the engine's after them. Names are stable; `OPERATIONS.md`
//! describes each (tested).

use std::sync::atomic::{AtomicU64, Ordering};

use fanfold_engine::{Error, Position, Status, StatusValue};
use fanfold_protocol::Reply;

use crate::clients::Port;
use crate::reply;
use crate::service::{SERVER_NAME, Service};

/// Section, name, value.
pub(crate) type Field = (&'static str, &'static str, StatusValue);

/// Everything there is to tell, section by section.
pub(crate) fn fields(service: &Service) -> Result<Vec<Field>, Error> {
    let Status { position, fields } = service.engine.status()?;
    let own = [server(service, position), clients(service), requests(service)];
    Ok(own.into_iter().flatten().chain(fields).collect())
}

/// The answer to a `status` request: names are `section.name`.
pub(crate) fn status(service: &Service) -> Result<Reply, Error> {
    let named = |(section, name, value): Field| (format!("{section}.{name}"), value);
    let fields = fields(service)?.into_iter().map(named).collect();
    Ok(reply::status(service.engine.position()?, fields))
}

fn server(service: &Service, position: Position) -> Vec<Field> {
    let address = |address: Option<std::net::SocketAddr>| {
        text(address.map_or_else(|| "off".to_owned(), |address| address.to_string()))
    };
    let state = match service.not_ready() {
        None => "ready".to_owned(),
        Some(reason) => format!("not ready: {reason}"),
    };
    let addresses = &service.addresses;
    let section = |name, value| ("server", name, value);
    vec![
        section("version", text(SERVER_NAME)),
        section("state", text(state)),
        section("uptime_seconds", number(service.started.elapsed().as_secs())),
        section("process_id", number(u64::from(std::process::id()))),
        section("database", text(service.engine.database_id().to_string())),
        section("position", text(position.to_string())),
        section("data", text(service.config.data.display().to_string())),
        section("listen", address(addresses.listen)),
        section("http", address(addresses.http)),
        section("debug", address(addresses.debug)),
        section("workers", number(service.config.workers as u64)),
    ]
}

fn clients(service: &Service) -> Vec<Field> {
    let open = |port| number(service.clients.count(port) as u64);
    let section = |name, value| ("clients", name, value);
    vec![
        section("binary_open", open(Port::Binary)),
        section("http_open", open(Port::Http)),
        section("debug_open", open(Port::Debug)),
        section("binary_max", number(service.config.max_connections as u64)),
        section("accepted", number(service.clients.accepted())),
        section("refused", counter(&service.counters.refused_connections)),
        section("ended_with_error", counter(&service.counters.ended_sessions)),
    ]
}

fn requests(service: &Service) -> Vec<Field> {
    let counters = &service.counters;
    let (answered, refused) = counters.totals();
    let section = |name, value| ("requests", name, value);
    vec![
        section("answered", number(answered)),
        section("answered_with_error", number(refused)),
        section("cold_reads", counter(&counters.cold_reads)),
        section("waits", counter(&counters.waits)),
        section("lane_free", number(service.lane.free() as u64)),
        section("debug_commands", counter(&counters.debug_commands)),
        section("bytes_in", counter(&counters.bytes_in)),
    ]
}

fn number(value: u64) -> StatusValue {
    StatusValue::Number(value)
}

fn counter(value: &AtomicU64) -> StatusValue {
    number(value.load(Ordering::Relaxed))
}

fn text(value: impl Into<String>) -> StatusValue {
    StatusValue::Text(value.into())
}
