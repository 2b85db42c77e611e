//! The commands that list users: following, followers, mutes, blocks.
//!
//! The cursor of a list is the sequence at which an entry was made; `--all` follows it to the end,
//! a page before the end says how to go on.

use fanfold_client::{Client, EdgePage, EdgeQuery, PageEnd};

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
        print(session, console, &page)?;
        let next = page.edges.last().filter(|_| page.end != PageEnd::End);
        let Some(next) = next else { return Ok(()) };
        if !edges.all {
            if !session.json() {
                console.line(&format!("more: --before {}", next.sequence))?;
            }
            return Ok(());
        }
        query.before = Some(next.sequence);
    }
}

async fn fetch(client: &Client, list: List, query: EdgeQuery) -> Result<EdgePage, Failure> {
    Ok(match list {
        List::Following => client.following(query).await?,
        List::Followers => client.followers(query).await?,
        List::Mutes => client.mutes(query).await?,
        List::Blocks => client.blocks(query).await?,
    })
}

fn print(session: &Session, console: &mut Console, page: &EdgePage) -> Result<(), Failure> {
    for edge in &page.edges {
        match session.json() {
            true => console.json(&present::edge_json(edge))?,
            false => console.line(&edge.user.to_string())?,
        }
    }
    Ok(())
}
