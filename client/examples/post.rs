//! Publishes one post and prints its id: `cargo run --example post -- 9 "hello"`.
//!
//! Needs a server at fanfold://127.0.0.1:7717.
#![expect(clippy::print_stdout, reason = "an example talks to its reader")]

use std::error::Error;

use fanfold_client::{Client, UserId};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let author: UserId = arguments.next().unwrap_or_else(|| "9".to_owned()).parse()?;
    let text = arguments.next().unwrap_or_else(|| "hello".to_owned());
    let client = Client::connect("fanfold://127.0.0.1:7717").await?;
    let written = client.publish(author, text).await?;
    if let Some(post) = written.post {
        println!("published as post {post}, at sequence {}", written.position.sequence);
    }
    client.close().await;
    Ok(())
}
