//! Publishes 100,000 posts through one connection, in order, and prints the rate.
//!
//! `start` gives a write its place in the line and returns; it waits while the table of requests in
//! flight is full. The answers are collected behind it, in the same order.
//!
//! Needs a server at fanfold://127.0.0.1:7717.
#![expect(clippy::print_stdout, reason = "an example talks to its reader")]

use std::collections::VecDeque;
use std::error::Error;
use std::time::{Duration, Instant};

use fanfold_client::{Client, NewPost, Pending, UserId};

const POSTS: u64 = 100_000;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let client = Client::builder()
        .max_in_flight(4_096)
        .request_timeout(Duration::from_secs(60))
        .connect("fanfold://127.0.0.1:7717")
        .await?;
    let begin = Instant::now();
    let mut pending: VecDeque<Pending> = VecDeque::new();
    for number in 0..POSTS {
        let post = NewPost::new(UserId(number % 1_000), format!("post {number}"));
        pending.push_back(client.start(post).await?);
        while let Some(answer) = pending.front_mut().and_then(Pending::try_take) {
            answer?;
            pending.pop_front();
        }
    }
    for answer in pending {
        answer.await?;
    }
    let seconds = begin.elapsed().as_secs_f64();
    println!("{POSTS} posts in {seconds:.2} s, {:.0} a second", POSTS as f64 / seconds);
    client.close().await;
    Ok(())
}
