//! `fanfold export`: all follows and posts into files, in the formats that `import` reads.
//!
//! Both files hold what was made up to one position, that of the first answer. What is unfollowed
//! or deleted while the export runs may be in them or not.

use fanfold_client::{
    Client, Epoch, Follow, PageEnd, Post, ScanItems, ScanQuery, ScanWhat, Sequence,
};
use serde_json::json;

use crate::arguments::Export;
use crate::console::Console;
use crate::exit::Failure;
use crate::files::Output;
use crate::present::{self, grouped};
use crate::session::Session;

/// The largest page: fewest round trips.
const PAGE_ITEMS: u32 = 200;

/// What the export has fixed and counted.
#[derive(Default)]
struct Tally {
    until: Option<Sequence>,
    epoch: Epoch,
    follows: u64,
    posts: u64,
}

/// Runs the export and prints what was written.
pub(crate) async fn run(
    session: &mut Session,
    console: &mut Console,
    arguments: Export,
) -> Result<(), Failure> {
    let client = session.client().await?;
    let graph = arguments.graph.as_deref().map(Output::create).transpose()?;
    let posts = arguments.posts.as_deref().map(Output::create).transpose()?;
    let mut tally = Tally::default();
    if let Some(graph) = graph {
        copy(&client, ScanWhat::Follows, graph, &mut tally).await?;
    }
    if let Some(posts) = posts {
        copy(&client, ScanWhat::Posts, posts, &mut tally).await?;
    }
    let sequence = tally.until.unwrap_or_default();
    match session.json() {
        true => console.json(&json!({
            "follows": tally.follows,
            "posts": tally.posts,
            "epoch": tally.epoch.0,
            "sequence": sequence.0,
        })),
        false => console.line(&format!(
            "exported {} follows and {} posts as of sequence {sequence}",
            grouped(tally.follows),
            grouped(tally.posts)
        )),
    }
}

async fn copy(
    client: &Client,
    what: ScanWhat,
    mut output: Output,
    tally: &mut Tally,
) -> Result<(), Failure> {
    let mut query = ScanQuery::of(what).limit(PAGE_ITEMS);
    query.until = tally.until;
    loop {
        let page = client.scan(query).await?;
        query.until = Some(*tally.until.get_or_insert(page.position.sequence));
        tally.epoch = page.position.epoch;
        match &page.items {
            ScanItems::Follows(follows) => {
                tally.follows += follows.len() as u64;
                follows.iter().try_for_each(|follow| write_follow(&mut output, follow))?;
            }
            ScanItems::Posts(posts) => {
                tally.posts += posts.len() as u64;
                posts.iter().try_for_each(|post| write_post(&mut output, post))?;
            }
        }
        if page.end == PageEnd::End {
            return output.finish();
        }
        if page.next <= query.after {
            let message = format!("the scan does not go on after sequence {}", query.after);
            return Err(Failure::Local(message));
        }
        query.after = page.next;
    }
}

fn write_follow(output: &mut Output, follow: &Follow) -> Result<(), Failure> {
    output.write(format!("{}\t{}\n", follow.user, follow.author).as_bytes())
}

fn write_post(output: &mut Output, post: &Post) -> Result<(), Failure> {
    let mut line = serde_json::to_vec(&present::post_json(post))
        .map_err(|error| Failure::local("cannot describe a post as JSON", &error))?;
    line.push(b'\n');
    output.write(&line)
}
