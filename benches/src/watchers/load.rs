//! The load: who follows whom, and posts at a steady rate, whatever the daemon does meanwhile.

use std::time::{Duration, Instant};

use fanfold_client::{Client, NewPost, UserId};
use tokio::task::JoinSet;

use super::{AUTHORS, CELEBRITY, WATCHERS, WatchArgs};
use crate::exit::{Explain, Failure, Outcome};

/// An acknowledged post.
#[derive(Clone, Copy, Debug)]
pub(super) struct Post {
    pub(super) id: u64,
    pub(super) author: UserId,
    pub(super) acknowledged: Instant,
}

/// All acknowledged posts, ascending.
#[derive(Debug)]
pub(super) struct Published(pub(super) Vec<Post>);

impl Published {
    /// How many entries all watchers together are to be told.
    pub(super) fn entries(&self, args: &WatchArgs) -> u64 {
        let fans = |post: &Post| match post.author {
            CELEBRITY => args.watchers,
            author => {
                let first = (author.0 - AUTHORS) * args.fans;
                args.fans.min(args.watchers - first)
            }
        };
        self.0.iter().map(fans).sum()
    }
}

/// Lets every watcher follow its author and the one whom all follow.
pub(super) async fn follow(client: &Client, args: &WatchArgs) -> Outcome<()> {
    let mut pending = Vec::new();
    for number in 0..args.watchers {
        let watcher = UserId(WATCHERS + number);
        for author in [args.author_of(number), CELEBRITY] {
            let write = fanfold_client::Write::follow(watcher, author);
            pending.push(client.start(write).await.explain(|| "a follow".to_owned())?);
        }
    }
    for follow in pending {
        follow.await.explain(|| "a follow".to_owned())?;
    }
    Ok(())
}

/// Publishes at the rate that was asked for, and never waits for an answer before the next post.
pub(super) async fn publish(client: &Client, args: &WatchArgs) -> Outcome<Published> {
    let mut posts = JoinSet::new();
    let (begin, every) = (Instant::now(), Duration::from_secs(1) / u32_of(args.posts));
    let count = args.posts * args.seconds;
    for number in 0..count {
        tokio::time::sleep_until((begin + every * u32_of(number)).into()).await;
        let author = UserId(AUTHORS + number % args.authors());
        posts.spawn(publish_one(client.clone(), author, number));
        if number % (args.celebrity * args.posts) == args.posts / 2 {
            posts.spawn(publish_one(client.clone(), CELEBRITY, number));
        }
    }
    let mut published = Vec::new();
    while let Some(post) = posts.join_next().await {
        published.push(post.explain(|| "a publisher panicked".to_owned())??);
    }
    published.sort_unstable_by_key(|post| post.id);
    Ok(Published(published))
}

async fn publish_one(client: Client, author: UserId, number: u64) -> Outcome<Post> {
    let text = format!("post {number}: {}", "some words ".repeat(8));
    let written = client.write(NewPost::new(author, text)).await;
    let written = written.explain(|| format!("post {number}"))?;
    let acknowledged = Instant::now();
    let post = written.post.ok_or_else(|| Failure::failed("a publish without an id"))?;
    Ok(Post { id: post.0, author, acknowledged })
}

fn u32_of(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
