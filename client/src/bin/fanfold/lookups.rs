//! The commands that show one thing: ping, status, post, user, relation, online, explain, advise.
//!
//! Each asks once and prints the answer as lines for people or as one JSON object. The forms are in
//! `present.rs`.

use std::time::{Duration, Instant};

use fanfold_client::{Client, CountedPost, Counts, Error, Post, PostId, UserId};
use serde_json::json;

use crate::advice;
use crate::console::Console;
use crate::exit::Failure;
use crate::moderation;
use crate::present;
use crate::reposts;
use crate::session::Session;

pub(crate) async fn ping(session: &mut Session, console: &mut Console) -> Result<(), Failure> {
    let client = session.client().await?;
    let start = Instant::now();
    client.ping().await?;
    let micros = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
    let server = client.server();
    match session.json() {
        true => console.json(&json!({
            "pong": true,
            "micros": micros,
            "server": server.server,
            "database": server.database.to_string(),
        })),
        false => {
            let (millis, rest) = (micros / 1_000, micros % 1_000 / 10);
            console.line(&format!("pong from {} in {millis}.{rest:02} ms", server.server))
        }
    }
}

pub(crate) async fn status(session: &mut Session, console: &mut Console) -> Result<(), Failure> {
    let status = session.client().await?.status().await?;
    if session.json() {
        return console.json(&present::status_json(&status));
    }
    for line in present::status_text(&status) {
        console.line(&line)?;
    }
    Ok(())
}

/// How long a backup may take unless `--timeout` says otherwise: as long as copying a disk.
const BACKUP_PATIENCE: Duration = Duration::from_secs(3_600);

pub(crate) async fn backup(
    session: &mut Session,
    console: &mut Console,
    name: &str,
) -> Result<(), Failure> {
    let patience = session.timeout().unwrap_or(BACKUP_PATIENCE);
    let made = session.client().await?.with_timeout(patience).backup(name).await?;
    if session.json() {
        return console.json(&present::status_json(&made));
    }
    for line in present::status_text(&made) {
        console.line(&line)?;
    }
    Ok(())
}

/// What of a post is shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shown {
    /// What it was responded with.
    pub(crate) counts: bool,
    /// What it refers to, if it is a repost.
    pub(crate) original: bool,
}

pub(crate) async fn post(
    session: &mut Session,
    console: &mut Console,
    post: PostId,
    shown: Shown,
) -> Result<(), Failure> {
    let viewer = session.viewer();
    let client = session.client().await?;
    let (post, counts) = read(&client, post, viewer, shown.counts).await?;
    let link = post.repost.filter(|_| shown.original);
    let original = match link {
        Some(link) => {
            Some(reposts::original(read(&client, link.root, viewer, shown.counts).await, link)?)
        }
        None => None,
    };
    let original = original.as_ref().map(|(original, counts)| (original, counts.as_ref()));
    if session.json() {
        return console.json(&present::original_json(&post, counts.as_ref(), original));
    }
    console.line(&present::original_text(&post, counts.as_ref(), original))?;
    if let Some(note) = moderation::note(&post) {
        console.line(&format!("    ({note})"))?;
    }
    let edit = present::edit_text(&post).filter(|_| !shown.counts);
    edit.map_or(Ok(()), |edit| console.line(&format!("    ({edit})")))
}

/// A post, and what it was responded with if that is wanted.
async fn read(
    client: &Client,
    post: PostId,
    viewer: Option<UserId>,
    counts: bool,
) -> Result<(Post, Option<Counts>), Error> {
    if !counts {
        return Ok((client.post(post, viewer).await?, None));
    }
    let CountedPost { post, counts } = client.counted_post(post, viewer).await?;
    Ok((post, Some(counts)))
}

pub(crate) async fn user(
    session: &mut Session,
    console: &mut Console,
    user: UserId,
) -> Result<(), Failure> {
    let viewer = session.viewer();
    let card = session.client().await?.user(user, viewer).await?;
    match session.json() {
        true => console.json(&present::user_json(&card)),
        false => console.line(&present::user_text(&card)),
    }
}

pub(crate) async fn relation(
    session: &mut Session,
    console: &mut Console,
    a: UserId,
    b: UserId,
) -> Result<(), Failure> {
    let viewer = session.viewer();
    let relation = session.client().await?.relation(a, b, viewer).await?;
    if session.json() {
        return console.json(&present::relation_json(a, b, &relation));
    }
    for line in present::relation_text(a, b, &relation) {
        console.line(&line)?;
    }
    Ok(())
}

pub(crate) async fn online(
    session: &mut Session,
    console: &mut Console,
    user: UserId,
) -> Result<(), Failure> {
    let viewer = session.viewer();
    let online = session.client().await?.online(user, viewer).await?;
    match session.json() {
        true => console.json(&present::online_json(user, &online)),
        false => console.line(&present::online_text(user, &online)),
    }
}

pub(crate) async fn explain(
    session: &mut Session,
    console: &mut Console,
    user: UserId,
    post: PostId,
) -> Result<(), Failure> {
    let viewer = session.viewer();
    let explained = session.client().await?.explain(user, post, viewer).await?;
    match session.json() {
        true => console.json(&present::explained_json(user, post, &explained)),
        false => console.line(&present::explained_text(user, post, &explained)),
    }
}

pub(crate) async fn advise(session: &mut Session, console: &mut Console) -> Result<(), Failure> {
    let advice = session.client().await?.advise().await?;
    if session.json() {
        return console.json(&advice::json(&advice));
    }
    advice::text(&advice).iter().try_for_each(|line| console.line(line))
}
