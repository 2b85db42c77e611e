//! The command that shows a home as it changes, until it is interrupted.
//!
//! Each batch is printed at once. In JSON a line with the position follows each batch: `--after` goes on
//! from there.

use fanfold_client::{Epoch, Position, Sequence, WatchBatch, WatchEvent, WatchQuery};
use futures_util::StreamExt;
use serde::Serialize;
use serde_json::{Value, json};

use crate::arguments::{After, Watch};
use crate::console::{Console, note};
use crate::exit::Failure;
use crate::present::{self, PostJson};
use crate::session::Session;

/// A post that entered.
#[derive(Serialize)]
struct EntryJson<'a> {
    event: &'static str,
    #[serde(flatten)]
    post: PostJson<'a>,
}

/// Prints what happens.
pub(crate) async fn run(
    session: &mut Session,
    console: &mut Console,
    watch: Watch,
) -> Result<(), Failure> {
    let client = session.client().await?;
    let mut query = WatchQuery::of(watch.user);
    query.viewer = session.viewer();
    query.presence = watch.presence;
    query.after = watch.after.map(|after| position(after, client.server().epoch));
    let mut batches = client.watch(query);
    let mut is_first = true;
    while let Some(batch) = batches.next().await {
        let batch = batch?;
        if std::mem::take(&mut is_first) && !session.json() {
            let Position { epoch, sequence } = batch.position;
            note(&format!("watching the home of user {} from {epoch}:{sequence}", watch.user));
        }
        print(session.json(), console, &batch)?;
        console.flush()?;
    }
    Ok(())
}

/// A bare number is of the epoch that the server is in.
fn position(after: After, epoch: Epoch) -> Position {
    let epoch = after.epoch.map_or(epoch, Epoch);
    Position { epoch, sequence: Sequence(after.sequence) }
}

fn print(is_json: bool, console: &mut Console, batch: &WatchBatch) -> Result<(), Failure> {
    for event in &batch.events {
        match (is_json, event) {
            (true, WatchEvent::Entry(post)) => {
                console.json(&EntryJson { event: "entry", post: present::post_json(post) })?;
            }
            (true, WatchEvent::Changed(post)) => {
                console.json(&EntryJson { event: "changed", post: present::post_json(post) })?;
            }
            (true, event) => console.json(&event_json(event))?,
            (false, event) => console.line(&event_text(event))?,
        }
    }
    if is_json && !batch.more {
        let Position { epoch, sequence } = batch.position;
        let (epoch, sequence) = (epoch.0, sequence.0);
        console.json(&json!({"event": "position", "epoch": epoch, "sequence": sequence}))?;
    }
    Ok(())
}

fn event_json(event: &WatchEvent) -> Value {
    match event {
        WatchEvent::Entry(post) => json!({"event": "entry", "id": post.id.0}),
        WatchEvent::Changed(post) => json!({"event": "changed", "id": post.id.0}),
        WatchEvent::Removed(post) => json!({"event": "removed", "post": post.0}),
        WatchEvent::FeedChanged(author) => json!({"event": "feed_changed", "author": author.0}),
        WatchEvent::Gap => json!({"event": "gap"}),
        WatchEvent::Presence { user, online } => {
            json!({"event": "presence", "user": user.0, "online": online})
        }
        WatchEvent::PresenceAnew => json!({"event": "presence_anew"}),
    }
}

fn event_text(event: &WatchEvent) -> String {
    match event {
        WatchEvent::Entry(post) => present::post_text(post),
        WatchEvent::Changed(post) => {
            let edit = present::edit_text(post).unwrap_or_default();
            format!("{}\n    ({edit})", present::post_text(post))
        }
        WatchEvent::Removed(post) => format!("#{post} was deleted"),
        WatchEvent::FeedChanged(author) => {
            format!("the posts of @{author} came in or went out; read the home again to see")
        }
        WatchEvent::Gap => "too much happened to tell; read the home again".to_owned(),
        WatchEvent::Presence { user, online: true } => format!("@{user} is online"),
        WatchEvent::Presence { user, online: false } => format!("@{user} went offline"),
        WatchEvent::PresenceAnew => "who is online is told from here on".to_owned(),
    }
}
