//! What the quickstart shows: some home feeds as people like to read them, and what to try next.
//!
//! The readers shown are the first one, one with a typical number of followees, and the one with
//! the most.

use std::collections::BTreeMap;
use std::fmt::Write;

use fanfold_engine::{Engine, Post, Span, TimelineQuery, UserId};

use super::load::Loaded;
use super::population::{FIRST_READER, Follow};
use crate::exit::Failure;
use crate::service::Addresses;
use crate::text::{count, escape, time, wrap};

const POSTS_SHOWN: usize = 4;
const NAMES_SHOWN: usize = 5;
const WIDTH: usize = 74;

/// The home feeds of three readers.
pub(super) fn feeds(engine: &Engine, loaded: &Loaded) -> Result<String, Failure> {
    let followed = followed(&loaded.follows);
    let mut out = String::new();
    for reader in readers(&followed) {
        let authors = followed.get(&reader).map_or(&[][..], Vec::as_slice);
        let user = UserId(reader);
        let query = TimelineQuery { user, viewer: None, span: Span::Newest, limit: POSTS_SHOWN };
        let page = engine.home(&query)?;
        let _infallible =
            writeln!(out, "--- home of user {reader}, who {}\n", whom(authors, loaded));
        for post in &page.posts {
            out.push_str(&entry(post, loaded));
        }
    }
    Ok(out)
}

/// Commands to copy, with the addresses of this server.
pub(super) fn next_steps(addresses: Addresses) -> String {
    let mut out = String::from("What to try next, in another terminal:\n\n");
    let mut step = |command: String, meaning: &str| {
        let _infallible = writeln!(out, "  {command:<58} {meaning}");
    };
    let fanfold = "cargo run -q --release --bin fanfold --";
    if let Some(listen) = addresses.listen {
        let url = match listen.port() {
            7717 => String::new(),
            _ => format!(" --url fanfold://{listen}"),
        };
        step(format!("{fanfold} home {FIRST_READER}{url}"), "a home feed");
        step(format!("{fanfold} publish 1 hello{url}"), "a post by user 1");
    }
    if let Some(debug) = addresses.debug {
        let nc = format!("nc {} {}", debug.ip(), debug.port());
        step(format!("printf 'HOME {FIRST_READER}\\n' | {nc}"), "the same feed, as plain text");
        step(format!("printf 'HELP\\n' | {nc}"), "what else the text port knows");
    }
    if let Some(http) = addresses.http {
        step(format!("curl http://{http}/metrics"), "counters for Prometheus");
    }
    out.push_str("\nServing until Ctrl-C.\n");
    out
}

/// Whom each reader follows, largest audience first.
fn followed(follows: &[Follow]) -> BTreeMap<u64, Vec<u64>> {
    let mut followed: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    for Follow { reader, author } in follows {
        followed.entry(*reader).or_default().push(*author);
    }
    followed
}

/// The first, one in the middle by number of followees, and the one with the most.
fn readers(followed: &BTreeMap<u64, Vec<u64>>) -> Vec<u64> {
    let mut by_number: Vec<u64> =
        followed.keys().copied().filter(|reader| *reader != FIRST_READER).collect();
    by_number.sort_by_key(|reader| followed.get(reader).map_or(0, Vec::len));
    let middle = by_number.get(by_number.len() / 2).copied();
    [Some(FIRST_READER), middle, by_number.last().copied()].into_iter().flatten().collect()
}

fn whom(authors: &[u64], loaded: &Loaded) -> String {
    let name = |author: &u64| loaded.names.get(author).map_or("?", String::as_str);
    let names: Vec<&str> = authors.iter().take(NAMES_SHOWN).map(name).collect();
    let others = match authors.len().saturating_sub(NAMES_SHOWN) {
        0 => String::new(),
        others => format!(" and {}", count(others, "other", "others")),
    };
    format!("follows {}{others}", names.join(", "))
}

fn entry(post: &Post, loaded: &Loaded) -> String {
    let author = post.author.0;
    let name = loaded.names.get(&author).map_or("?", String::as_str);
    let mut out = format!("  {name} (user {author}), {}, post {}\n", time(post.at), post.id);
    for line in wrap(&String::from_utf8_lossy(&post.text), WIDTH) {
        let _infallible = writeln!(out, "      {}", escape(line.as_bytes()));
    }
    out.push('\n');
    out
}
