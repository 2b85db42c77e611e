//! `marks` and `unread`: how far a user has seen a feed, and how much is left; and the revisions of a post.

use fanfold_client::{Client, ErrorKind, Feed, Post, PostId, UnreadQuery, UserId};
use serde_json::json;

use crate::arguments::{FeedOf, Unread};
use crate::console::Console;
use crate::exit::Failure;
use crate::present;
use crate::safe::safe;
use crate::session::Session;
use crate::time;

/// The feed that `--feed` names.
pub(crate) fn feed(name: Option<String>) -> Feed {
    match name {
        Some(name) if name != "home" => Feed::Group(name),
        _ => Feed::Home,
    }
}

/// Prints the mark of each device, and that of the feed.
pub(crate) async fn marks(
    session: &mut Session,
    console: &mut Console,
    of: FeedOf,
) -> Result<(), Failure> {
    let (viewer, feed) = (session.viewer(), feed(of.feed));
    let found = session.client().await?.marks(of.user, &feed, viewer).await?;
    if session.json() {
        let device =
            |mark: &fanfold_client::DeviceMark| json!({"device": mark.device, "post": mark.post.0});
        let devices: Vec<_> = found.devices.iter().map(device).collect();
        return console.json(&json!({
            "user": of.user.0,
            "feed": name(&feed),
            "mark": found.mark.0,
            "devices": devices,
            "epoch": found.position.epoch.0,
            "sequence": found.position.sequence.0,
        }));
    }
    for mark in &found.devices {
        console.line(&format!("device {}: #{}", mark.device, mark.post))?;
    }
    console.line(&format!("{} of {}: #{}", safe(name(&feed)), of.user, found.mark))
}

/// Prints how much is unread.
pub(crate) async fn unread(
    session: &mut Session,
    console: &mut Console,
    asked: Unread,
) -> Result<(), Failure> {
    let Unread { of, since, limit } = asked;
    let (user, feed) = (of.user, feed(of.feed));
    let (limit, viewer) = (limit.unwrap_or_default(), session.viewer());
    let query = UnreadQuery { user, feed: feed.clone(), since, limit, viewer };
    let found = session.client().await?.unread(query).await?;
    if session.json() {
        return console.json(&json!({
            "user": user.0,
            "feed": name(&feed),
            "unread": found.count,
            "more": found.more,
            "mark": found.mark.0,
            "oldest": found.oldest.map(|post| post.0),
            "epoch": found.position.epoch.0,
            "sequence": found.position.sequence.0,
        }));
    }
    let more = if found.more { "+" } else { "" };
    let oldest = found.oldest.map_or_else(String::new, |post| format!(", the oldest is #{post}"));
    console.line(&format!("{}{more} unread{oldest}", found.count))
}

fn name(feed: &Feed) -> &str {
    match feed {
        Feed::Home => "home",
        Feed::Group(name) => name,
    }
}

/// Prints all revisions of a post that are kept, newest first.
pub(crate) async fn revisions(
    session: &mut Session,
    console: &mut Console,
    id: PostId,
) -> Result<(), Failure> {
    let viewer = session.viewer();
    let client = session.client().await?;
    for post in kept(&client, id, viewer).await? {
        match session.json() {
            true => console.json(&present::post_json(&post))?,
            false => {
                let since = time::minute(post.edited_at.unwrap_or(post.committed_at));
                let text = safe(&post.text).replace('\n', "\n    ");
                console.line(&format!("revision {}  {since}  {text}", post.revision))?;
            }
        }
    }
    Ok(())
}

/// A revision never changes: those below the newest are as they were when that was read.
async fn kept(client: &Client, id: PostId, viewer: Option<UserId>) -> Result<Vec<Post>, Failure> {
    let mut found = vec![client.post(id, viewer).await?];
    let newest = found.first().map_or(0, |post| post.revision);
    for revision in (0..newest).rev() {
        match client.revision(id, revision, viewer).await {
            Ok(post) => found.push(post),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                // Not kept; or the post was deleted meanwhile, and then that is the answer.
                client.post(id, viewer).await?;
                break;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(found)
}
