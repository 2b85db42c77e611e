//! The counters of the server and of the engine as OpenMetrics text.
//!
//! Nothing is kept here: a scrape reads the atomics and the engine's counters at that moment. Names
//! follow the Prometheus rules: base units, `_total` for what only grows, no label with a user in
//! it. `OPERATIONS.md` describes each (tested).

use std::fmt;
use std::sync::atomic::Ordering;

use fanfold_engine::{Counters as EngineCounters, Error};
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::exemplar::Exemplar;

use crate::clients::Port;
use crate::counters::{BUCKETS_US, Durations};
use crate::service::Service;

const MICROS_PER_SECOND: f64 = 1e6;

/// Everything there is to scrape.
pub(super) fn text(service: &Service) -> Result<String, Error> {
    let snapshot = Snapshot::take(service)?;
    let mut registry = prometheus_client::registry::Registry::default();
    registry.register_collector(Box::new(snapshot));
    let mut out = String::new();
    encode_registry(&mut out, &registry)
        .and_then(|()| encode_eof(&mut out))
        .expect("writing to a string does not fail");
    Ok(out)
}

/// What one scrape saw.
#[derive(Debug)]
struct Snapshot {
    requests: Vec<(&'static str, &'static str, u64)>,
    durations: [(&'static str, Histogram); 2],
    connections: [(&'static str, u64); 3],
    numbers: Vec<Number>,
    seconds: Vec<Number<f64>>,
    is_ready: bool,
}

#[derive(Debug)]
struct Number<T = u64> {
    name: &'static str,
    help: &'static str,
    kind: MetricType,
    value: T,
}

#[derive(Debug)]
struct Histogram {
    sum: f64,
    count: u64,
    buckets: Vec<(f64, u64)>,
}

impl Snapshot {
    fn take(service: &Service) -> Result<Self, Error> {
        let counters = &service.counters;
        let engine = service.engine.counters()?;
        let open = |port: Port| (port.name(), service.clients.count(port) as u64);
        let mut numbers = engine_numbers(&engine);
        numbers.extend(server_numbers(service));
        Ok(Self {
            requests: counters.requests(),
            durations: [("read", (&counters.reads).into()), ("write", (&counters.writes).into())],
            connections: [open(Port::Binary), open(Port::Http), open(Port::Debug)],
            numbers,
            seconds: seconds(service, &engine),
            is_ready: service.not_ready().is_none(),
        })
    }
}

fn counter(name: &'static str, value: u64, help: &'static str) -> Number {
    Number { name, help, kind: MetricType::Counter, value }
}

fn gauge(name: &'static str, value: u64, help: &'static str) -> Number {
    Number { name, help, kind: MetricType::Gauge, value }
}

fn server_numbers(service: &Service) -> Vec<Number> {
    let counters = &service.counters;
    let refused = counters.refused_connections.load(Ordering::Relaxed);
    let ended = counters.ended_sessions.load(Ordering::Relaxed);
    let debug = counters.debug_commands.load(Ordering::Relaxed);
    let cold = counters.cold_reads.load(Ordering::Relaxed);
    let received = counters.bytes_in.load(Ordering::Relaxed);
    vec![
        counter("accepted_connections", service.clients.accepted(), "Connections accepted"),
        counter("refused_connections", refused, "Connections beyond a limit"),
        counter("session_errors", ended, "Sessions of the binary port ended with an error"),
        counter("debug_commands", debug, "Commands answered on the debug port"),
        counter("received_bytes", received, "Bytes received on the binary port"),
        counter("cold_reads", cold, "Reads answered over the blocking lane"),
        gauge("waits", counters.waits.load(Ordering::Relaxed), "Long-polls held"),
    ]
}

#[expect(clippy::too_many_lines, reason = "flat: a line for each number")]
fn engine_numbers(engine: &EngineCounters) -> Vec<Number> {
    vec![
        counter("writes_changed", engine.writes_changed, "Writes that changed something"),
        counter("writes_unchanged", engine.writes_unchanged, "Writes that found all as asked"),
        counter("writes_refused", engine.writes_refused, "Writes refused by the committer"),
        counter("commit_groups", engine.groups, "Groups of writes committed together"),
        counter("log_syncs", engine.syncs, "Syncs of the log"),
        counter("pages", engine.pages, "Pages of timelines read"),
        counter("posts_read", engine.posts_read, "Posts handed out"),
        counter("log_appended_bytes", engine.log_bytes, "Bytes appended to the log"),
        gauge("log_bytes", engine.sealed_bytes, "Bytes of the sealed segments of the log"),
        gauge("view_files", engine.view_files, "View files that are alive"),
        gauge("view_bytes", engine.view_bytes, "Bytes of view files"),
        gauge("view_graves", engine.graves, "Entries in view files that hold no longer"),
        gauge("unflushed", engine.unflushed, "Sequences above what the view files cover"),
        gauge("packed_bytes", engine.packed_bytes, "Bytes of packed segments of the log"),
        gauge("erased", engine.erased, "Posts deleted up to this sequence are erased"),
        counter("scrubbed_bytes", engine.scrubbed_bytes, "Bytes read by the scrubber"),
        gauge("damages", engine.damages, "Damaged places in the log"),
        gauge(
            "background_faults",
            engine.background_faults,
            "How many of flushes, retention and forgetting do not get on",
        ),
        counter("posts_cached", engine.posts_cached, "Posts from the cache of older posts"),
        counter("posts_loaded", engine.posts_loaded, "Posts from files"),
        gauge("posts_cache_bytes", engine.posts_cache_bytes, "Bytes of the cache of older posts"),
        counter("ties_cached", engine.ties_cached, "Lists of followees from the cache of these"),
        counter("ties_loaded", engine.ties_loaded, "Lists of followees from files"),
        gauge("ties_cache_bytes", engine.ties_cache_bytes, "Bytes of the cache of such lists"),
        gauge("log_segments", engine.segments, "Segments of the log"),
        gauge("sequence", engine.sequence, "Newest sequence of the log"),
        gauge("epoch", engine.epoch, "Epoch of the log"),
        gauge("users", engine.users, "Users somebody has written about"),
        gauge(
            "posts",
            engine.posts,
            "Posts that are there: not deleted, nor gone with what they repost",
        ),
        gauge("follows", engine.follows, "Follows that hold"),
        gauge("mutes", engine.mutes, "Mutes that hold"),
        gauge("private_users", engine.private, "Private users"),
        gauge("follow_requests", engine.requests, "Requests to follow that are not answered"),
        gauge("groups", engine.user_groups, "Groups of authors"),
        gauge("group_members", engine.group_members, "Members of all groups"),
        gauge("reactions", engine.reactions, "Reactions that stand"),
        gauge("comments", engine.comments, "Comments that stand"),
        gauge("marks", engine.marks, "Read marks, one for each device and feed"),
        gauge("revised_posts", engine.revised_posts, "Posts that were revised"),
        gauge("suspended_users", engine.suspended_users, "Users who are suspended"),
        gauge("hidden_posts", engine.hidden_posts, "Posts that moderators have hidden"),
        gauge("broadcasts_live", engine.broadcasts_live, "Broadcasts that are live"),
        gauge("broadcasts_scheduled", engine.broadcasts_scheduled, "Broadcasts that are scheduled"),
        gauge("broadcast_replays", engine.broadcast_replays, "Broadcasts that ended"),
        gauge("forgetting", engine.forgetting, "Users who are being forgotten"),
        gauge("forgotten", engine.forgotten, "Users who were forgotten"),
        counter(
            "forgotten_things",
            engine.forgotten_things,
            "Posts, edges and other things removed because their users are forgotten",
        ),
        gauge("live_sessions", engine.live_sessions, "Sessions of broadcast feeds"),
        gauge("live_session_bytes", engine.live_session_bytes, "Memory of these sessions"),
        gauge("blocks", engine.blocks, "Blocks that hold"),
        gauge("receipts", engine.receipts, "Remembered idempotency keys"),
        gauge("inboxes", engine.inboxes, "Readers that have an inbox"),
        gauge("inbox_entries", engine.inbox_entries, "Posts in inboxes"),
        gauge("inbox_bytes", engine.inbox_bytes, "Bytes of inboxes"),
        counter("deliveries", engine.deliveries, "Posts put into inboxes"),
        counter("delivered_posts", engine.delivered_posts, "Posts the fan-out is done with"),
        gauge("delivery_backlog", engine.backlog, "Posts waiting for the fan-out"),
        gauge("delivery_jobs", engine.fan_out_jobs, "Posts with many readers in delivery"),
        counter("inbox_pages", engine.inbox_pages, "Home pages answered out of an inbox"),
        counter("pulled_authors", engine.pulled_authors, "Outboxes merged beside an inbox"),
        counter("inboxes_built", engine.inboxes_built, "Inboxes made by reads"),
        counter("audits", engine.audits, "Homes compared with a naive merge"),
        counter("audit_mismatches", engine.audit_mismatches, "Homes that were wrong"),
        counter("hibernated", engine.hibernated, "Inboxes dropped, their readers being away"),
        gauge("watches", engine.watches, "Watches of homes, long-polls included"),
        gauge("watched_users", engine.watched_users, "Users whose homes are watched"),
        counter("watch_events", engine.watch_events, "Events told to watches"),
        counter("watch_lags", engine.watch_lags, "Watches that fell behind and caught up"),
        counter("watch_gaps", engine.watch_gaps, "Gaps told to watches"),
        gauge("commit_queue_depth", engine.queue_depth, "Writes waiting for the committer"),
    ]
}

fn seconds(service: &Service, engine: &EngineCounters) -> Vec<Number<f64>> {
    let syncing = micros(engine.sync_micros);
    let slowest = micros(engine.sync_micros_max);
    vec![
        Number {
            name: "log_sync_seconds",
            help: "Time spent in syncs of the log",
            kind: MetricType::Counter,
            value: syncing,
        },
        Number {
            name: "log_sync_max_seconds",
            help: "The slowest sync of the log since the start",
            kind: MetricType::Gauge,
            value: slowest,
        },
        Number {
            name: "uptime_seconds",
            help: "Time since the start",
            kind: MetricType::Gauge,
            value: service.started.elapsed().as_secs_f64(),
        },
    ]
}

impl From<&Durations> for Histogram {
    fn from(durations: &Durations) -> Self {
        let counts = durations.counts();
        let bounds = BUCKETS_US.iter().map(|us| micros(*us)).chain([f64::INFINITY]);
        Self {
            sum: micros(durations.sum_us()),
            count: counts.iter().sum(),
            buckets: bounds.zip(counts).collect(),
        }
    }
}

impl prometheus_client::collector::Collector for Snapshot {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let encoder = &mut encoder;
        self.encode_build(encoder)?;
        self.encode_requests(encoder)?;
        self.encode_durations(encoder)?;
        self.encode_connections(encoder)?;
        for number in &self.numbers {
            encode_number(encoder, number)?;
        }
        for number in &self.seconds {
            encode_seconds(encoder, number)?;
        }
        Ok(())
    }
}

impl Snapshot {
    fn encode_build(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let mut build = encoder.encode_descriptor(
            "fanfold_build",
            "Which daemon this is",
            None,
            MetricType::Info,
        )?;
        build.encode_info(&[("version", env!("CARGO_PKG_VERSION"))])?;
        let mut ready = encoder.encode_descriptor(
            "fanfold_ready",
            "1 if the daemon takes reads and writes",
            None,
            MetricType::Gauge,
        )?;
        ready.encode_gauge(&i64::from(self.is_ready))
    }

    fn encode_requests(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let mut family = encoder.encode_descriptor(
            "fanfold_requests",
            "Requests answered on the binary port",
            None,
            MetricType::Counter,
        )?;
        for (op, result, number) in &self.requests {
            let labels = [("op", *op), ("result", *result)];
            family.encode_family(&labels)?.encode_counter(number, NO_EXEMPLAR)?;
        }
        Ok(())
    }

    fn encode_durations(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let mut family = encoder.encode_descriptor(
            "fanfold_request_duration_seconds",
            "From a request taken to its answer ready to be sent",
            None,
            MetricType::Histogram,
        )?;
        for (class, Histogram { sum, count, buckets }) in &self.durations {
            let labels = [("class", *class)];
            let mut member = family.encode_family(&labels)?;
            member.encode_histogram::<[(&str, &str); 1]>(*sum, *count, buckets, None)?;
        }
        Ok(())
    }

    fn encode_connections(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let mut family = encoder.encode_descriptor(
            "fanfold_connections",
            "Open connections",
            None,
            MetricType::Gauge,
        )?;
        for (port, number) in &self.connections {
            family.encode_family(&[("port", *port)])?.encode_gauge(number)?;
        }
        Ok(())
    }
}

const NO_EXEMPLAR: Option<&Exemplar<[(&str, &str); 1], f64>> = None;

fn encode_number(encoder: &mut DescriptorEncoder<'_>, number: &Number) -> fmt::Result {
    let Number { name, help, kind, value } = number;
    let name = format!("fanfold_{name}");
    let mut metric = encoder.encode_descriptor(&name, help, None, *kind)?;
    match kind {
        MetricType::Counter => metric.encode_counter(value, NO_EXEMPLAR),
        _ => metric.encode_gauge(value),
    }
}

fn encode_seconds(encoder: &mut DescriptorEncoder<'_>, number: &Number<f64>) -> fmt::Result {
    let Number { name, help, kind, value } = number;
    let name = format!("fanfold_{name}");
    let mut metric = encoder.encode_descriptor(&name, help, None, *kind)?;
    match kind {
        MetricType::Counter => metric.encode_counter(value, NO_EXEMPLAR),
        _ => metric.encode_gauge(value),
    }
}

#[expect(clippy::cast_precision_loss, reason = "a metric needs no more than 53 bits")]
fn micros(us: u64) -> f64 {
    us as f64 / MICROS_PER_SECOND
}
