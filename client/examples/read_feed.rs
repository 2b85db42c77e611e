//! Reads a home feed to its end, page by page: `cargo run --example read_feed -- 7`.
//!
//! Needs a server at fanfold://127.0.0.1:7717.
#![expect(clippy::print_stdout, reason = "an example talks to its reader")]

use std::error::Error;

use fanfold_client::{Client, TimelineQuery, UserId};
use futures_util::StreamExt;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let user: UserId = std::env::args().nth(1).unwrap_or_else(|| "7".to_owned()).parse()?;
    let client = Client::connect("fanfold://127.0.0.1:7717").await?;
    let mut pages = client.stream_home(TimelineQuery::of(user).limit(50));
    while let Some(page) = pages.next().await {
        let page = page?;
        println!("-- a page as of sequence {}", page.position.sequence);
        for post in page.posts {
            println!("#{} by {}: {}", post.id, post.author, post.text);
        }
    }
    Ok(())
}
