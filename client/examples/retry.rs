//! Retries a write of one's own accord, safely.
//!
//! The client repeats by itself what a lost connection left unanswered. What is left to the caller
//! is to go on after a deadline. The effect of the write is unknown then, so the retry must carry
//! the key of the first attempt: if that one succeeded after all, its answer comes again.
//!
//! Needs a server at fanfold://127.0.0.1:7717.
#![expect(clippy::print_stdout, reason = "an example talks to its reader")]

use std::error::Error;
use std::time::Duration;

use fanfold_client::{Client, Key, UserId, Write, WriteOptions, Written};

/// Tries up to five times under one key.
async fn publish_surely(client: &Client, key: Key) -> fanfold_client::Result<Written> {
    let options = WriteOptions { key: Some(key), actor: None };
    let write = Write::publish(UserId(9), "exactly once").with(options);
    let mut attempt = 1;
    loop {
        match client.write(write.clone()).await {
            Err(error) if error.is_retryable() && attempt < 5 => {
                println!("attempt {attempt}: {error}");
                let pause = error.retry_after().unwrap_or(Duration::from_millis(200));
                tokio::time::sleep(pause).await;
                attempt += 1;
            }
            outcome => return outcome,
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let client = Client::connect("fanfold://127.0.0.1:7717").await?;
    // An application keeps the key with the task it belongs to, say in its own database.
    let key = Key(*b"order 4711, mail");
    let first = publish_surely(&client, key).await?;
    let second = publish_surely(&client, key).await?;
    println!("the same post both times: {:?} and {:?}", first.post, second.post);
    client.close().await;
    Ok(())
}
