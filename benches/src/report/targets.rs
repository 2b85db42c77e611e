//! What Fanfold must show: ratios within one run, sizes and times.

use super::target::{Place, Target, Want};

const ONE: &str = "1 connection";
const FIFTY: &str = "50 connections";
const DEEP: &str = "50 connections x 16";

const PEERS_AT_ONE: &[Place] = &[("pages", ONE, "redis"), ("pages", ONE, "postgresql")];
const PEERS_AT_FIFTY: &[Place] = &[("pages", FIFTY, "redis"), ("pages", FIFTY, "postgresql")];
const PEERS_DEEP: &[Place] = &[("pages", DEEP, "redis"), ("pages", DEEP, "postgresql")];

const READER_PEERS: &[Place] = &[
    ("reader", "2,000 authors", "redis"),
    ("reader", "2,000 authors", "postgresql"),
    ("reader", "2,000 authors", "rocksdb"),
];

const fn target(name: &'static str, ours: Place, want: Want) -> Target {
    Target { name, ours, want }
}

/// In the order of the page.
pub(super) const TARGETS: [Target; 29] = [
    target(
        "pages, 1 connection, beside the echo",
        ("pages", ONE, "fanfold"),
        Want::Times(0.85, &[("pages", ONE, "echo")]),
    ),
    target(
        "pages, 1 connection, beside the peers",
        ("pages", ONE, "fanfold"),
        Want::Times(1.0, PEERS_AT_ONE),
    ),
    target(
        "pages, 50 connections, beside the echo",
        ("pages", FIFTY, "fanfold"),
        Want::Times(0.7, &[("pages", FIFTY, "echo")]),
    ),
    target(
        "pages, 50 connections, beside Redis",
        ("pages", FIFTY, "fanfold"),
        Want::Times(2.5, &[("pages", FIFTY, "redis")]),
    ),
    target(
        "pages, 50 connections x 16, beside the echo",
        ("pages", DEEP, "fanfold"),
        Want::Times(0.4, &[("pages", DEEP, "echo")]),
    ),
    target(
        "pages, 50 connections x 16, beside Redis",
        ("pages", DEEP, "fanfold"),
        Want::Times(3.0, &[("pages", DEEP, "redis")]),
    ),
    target(
        "p99 of pages, 1 connection",
        ("pages", ONE, "fanfold"),
        Want::P99Times(1.0, PEERS_AT_ONE),
    ),
    target(
        "p99 of pages, 50 connections",
        ("pages", FIFTY, "fanfold"),
        Want::P99Times(1.0, PEERS_AT_FIFTY),
    ),
    target(
        "p99 of pages, 50 connections x 16",
        ("pages", DEEP, "fanfold"),
        Want::P99Times(1.0, PEERS_DEEP),
    ),
    target(
        "pages in process, posts in the cache of the processor",
        // 34 MB of posts.
        ("growth", "pages", "fanfold @ 10,000 users"),
        Want::AtLeast(400_000.0),
    ),
    target(
        "pages in process, posts in memory",
        ("growth", "pages", "fanfold @ 1,000,000 users"),
        Want::AtLeast(200_000.0),
    ),
    target(
        "deliveries, one core",
        ("fan-out", "one core", "fanfold, in process"),
        Want::AtLeast(10_000_000.0),
    ),
    target(
        "deliveries, beside Redis",
        ("fan-out", "one core", "fanfold, in process"),
        Want::Times(20.0, &[("fan-out", "by the clock", "redis")]),
    ),
    target(
        "deliveries, beside RocksDB",
        ("fan-out", "one core", "fanfold, in process"),
        Want::Times(12.0, &[("fan-out", "by the clock", "rocksdb")]),
    ),
    target(
        "a post to a million followers",
        ("celebrity", "1,000,000 followers", "fanfold, in process"),
        Want::AtMost(0.1),
    ),
    target(
        "p99 of a reader of 2,000 authors",
        ("reader", "2,000 authors", "fanfold, in process"),
        Want::P99AtMost(200.0),
    ),
    target(
        "a reader of 2,000 authors, beside the peers",
        ("reader", "2,000 authors", "fanfold, in process"),
        Want::Times(14.0, READER_PEERS),
    ),
    target(
        "publishes in process, 1 client, beside RocksDB",
        ("publish", "1 client", "fanfold, in process"),
        Want::Times(1.0, &[("publish", "1 client", "rocksdb")]),
    ),
    target(
        "publishes in process, 1 client, beside a bare synced append",
        ("publish", "1 client", "fanfold, in process"),
        Want::Times(0.75, &[("publish", "1 client", "append")]),
    ),
    target(
        "publishes, 1 client, beside the peers",
        ("publish", "1 client", "fanfold"),
        Want::Times(
            1.0,
            &[("publish", "1 client", "redis"), ("publish", "1 client", "postgresql")],
        ),
    ),
    target(
        "publishes, 64 clients, beside the peers",
        ("publish", "64 clients", "fanfold"),
        Want::Times(
            1.5,
            &[
                ("publish", "64 clients", "redis"),
                ("publish", "64 clients", "postgresql"),
                ("publish", "64 clients", "rocksdb"),
            ],
        ),
    ),
    target(
        "memory of an inbox entry",
        ("sizes", "memory, an inbox entry", "fanfold, in process"),
        Want::AtMost(8.0),
    ),
    target(
        "disk of a sealed timeline entry",
        ("disk", "a sealed timeline entry", "fanfold"),
        Want::AtMost(4.0),
    ),
    target("posts on disk", ("disk", "warm posts by 64 clients", "fanfold"), Want::AtMost(1.15)),
    target(
        "first page after a clean stop, 50 million inbox entries",
        ("growth", "first page after a clean stop", "fanfold @ 100,000 users"),
        Want::AtMost(0.1),
    ),
    target("first page after a kill", ("restart", "kill", "fanfold"), Want::AtMost(1.0)),
    target(
        "growth of a page",
        ("growth", "pages", "fanfold @ 1,000,000 users"),
        Want::Times(0.33, &[("growth", "pages", "fanfold @ 10,000 users")]),
    ),
    target(
        "growth of a publish",
        ("growth", "publishes", "fanfold @ 1,000,000 users"),
        Want::Times(0.33, &[("growth", "publishes", "fanfold @ 10,000 users")]),
    ),
    target(
        "growth of a delivery",
        ("growth", "deliveries", "fanfold @ 1,000,000 users"),
        Want::Times(0.33, &[("growth", "deliveries", "fanfold @ 10,000 users")]),
    ),
];
