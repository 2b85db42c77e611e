//! The commands that list users: following, followers, mutes, blocks.
//!
//! The cursor of a list is the sequence at which an entry was made; `--all` follows it to the end,
//! a page before the end says how to go on.

use fanfold_client::{Client, EdgePage, EdgeQuery, PageEnd, Sequence};

use crate::arguments::Edges;
use crate::console::Console;
use crate::exit::Failure;
use crate::present;
use crate::session::Session;

/// Which list.
#[derive(Clone, Copy, Debug)]
pub(crate) enum List {
    Following,
    Followers,
    Mutes,
    Blocks,
    Requests,
}

/// Prints a page, or all pages.
pub(crate) async fn run(
    session: &mut Session,
    console: &mut Console,
    list: List,
    edges: Edges,
) -> Result<(), Failure> {
    let client = session.client().await?;
    let mut query = EdgeQuery {
        user: edges.user,
        before: edges.before,
        limit: edges.limit.unwrap_or_default(),
        viewer: session.viewer(),
    };
    loop {
        let page = fetch(&client, list, query).await?;
        match print_page(session, console, &page, edges.all)? {
            Some(next) => query.before = Some(next),
            None => return Ok(()),
        }
    }
}

async fn fetch(client: &Client, list: List, query: EdgeQuery) -> Result<EdgePage, Failure> {
    Ok(match list {
        List::Following => client.following(query).await?,
        List::Followers => client.followers(query).await?,
        List::Mutes => client.mutes(query).await?,
        List::Blocks => client.blocks(query).await?,
        List::Requests => client.requests(query).await?,
    })
}

/// Prints a page of users. Answers where to go on, if all pages are wanted and there is one more.
pub(crate) fn print_page(
    session: &Session,
    console: &mut Console,
    page: &EdgePage,
    all: bool,
) -> Result<Option<Sequence>, Failure> {
    for edge in &page.edges {
        match session.json() {
            true => console.json(&present::edge_json(edge))?,
            false => console.line(&edge.user.to_string())?,
        }
    }
    let next = page.edges.last().filter(|_| page.end != PageEnd::End);
    let next = next.map(|edge| edge.sequence);
    if let Some(next) = next.filter(|_| !all && !session.json()) {
        console.line(&format!("more: --before {next}"))?;
    }
    Ok(next.filter(|_| all))
}
