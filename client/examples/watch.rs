//! Shows a home as it changes: `cargo run --example watch -- 7`.
//!
//! Needs a server at fanfold://127.0.0.1:7717.
#![expect(clippy::print_stdout, reason = "an example talks to its reader")]

use std::error::Error;

use fanfold_client::{Client, UserId, WatchEvent, WatchQuery};
use futures_util::StreamExt;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let user: UserId = std::env::args().nth(1).unwrap_or_else(|| "7".to_owned()).parse()?;
    let client = Client::connect("fanfold://127.0.0.1:7717").await?;
    let mut watch = client.watch(WatchQuery::of(user));
    while let Some(batch) = watch.next().await {
        let batch = batch?;
        for event in batch.events {
            match event {
                WatchEvent::Entry(post) => {
                    println!("#{} by {}: {}", post.id, post.author, post.text)
                }
                WatchEvent::Changed(post) => println!("{} says now: {}", post.id, post.text),
                WatchEvent::Removed(post) => println!("#{post} is gone"),
                WatchEvent::FeedChanged(author) => println!("read again what {author} wrote"),
                WatchEvent::Gap => println!("read the home again"),
                // Only for a query with `presence`.
                WatchEvent::Presence { user, online } => println!("{user} online: {online}"),
                WatchEvent::PresenceAnew => {}
            }
        }
    }
    Ok(())
}
