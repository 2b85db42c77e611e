//! `group`: named lists of authors. Create, delete, add, remove, list.
//!
//! Several authors are several writes, one after the other: the first that is refused ends the command,
//! and what was done before stays done. Repeating the command changes nothing about that.

use fanfold_client::{EdgeQuery, UserId, Write};
use serde_json::json;

use crate::arguments::{GroupCommand, GroupList};
use crate::console::Console;
use crate::edges::print_page;
use crate::exit::Failure;
use crate::present;
use crate::safe::safe;
use crate::session::Session;
use crate::writes;

/// Runs one command about groups.
pub(crate) async fn run(
    session: &mut Session,
    console: &mut Console,
    command: GroupCommand,
) -> Result<(), Failure> {
    match command {
        GroupCommand::Create { of, exclusive } => {
            let write = Write::group_create(of.user, &of.name, exclusive);
            writes::run(session, console, write).await
        }
        GroupCommand::Delete(of) => {
            writes::run(session, console, Write::group_delete(of.user, &of.name)).await
        }
        GroupCommand::Add { of, authors } => {
            let write = |author| Write::group_add(of.user, &of.name, author);
            each(session, console, &authors, write).await
        }
        GroupCommand::Remove { of, authors } => {
            let write = |author| Write::group_remove(of.user, &of.name, author);
            each(session, console, &authors, write).await
        }
        GroupCommand::List(list) => match &list.name {
            None => groups(session, console, list.user).await,
            Some(name) => members(session, console, name, &list).await,
        },
    }
}

async fn each(
    session: &mut Session,
    console: &mut Console,
    authors: &[UserId],
    write: impl Fn(UserId) -> Write,
) -> Result<(), Failure> {
    let client = session.client().await?;
    for author in authors {
        let written = client.write(session.sign(write(*author))).await?;
        match session.json() {
            true => console.json(&present::written_json(&written))?,
            false => {
                console.line(&format!("{author}: {}", present::written_text(&written)))?;
            }
        }
    }
    Ok(())
}

async fn groups(session: &mut Session, console: &mut Console, user: UserId) -> Result<(), Failure> {
    let viewer = session.viewer();
    let list = session.client().await?.groups(user, viewer).await?;
    for group in &list.groups {
        match session.json() {
            true => console.json(&json!({
                "id": group.id.0,
                "name": group.name,
                "exclusive": group.exclusive,
                "members": group.members,
            }))?,
            false => {
                let kind = if group.exclusive { ", exclusive" } else { "" };
                let (id, name, members) = (group.id, safe(&group.name), group.members);
                console.line(&format!("#{id}  {name}  members: {members}{kind}"))?;
            }
        }
    }
    Ok(())
}

/// Prints a page of members, or all pages.
async fn members(
    session: &mut Session,
    console: &mut Console,
    name: &str,
    list: &GroupList,
) -> Result<(), Failure> {
    let group = session.client().await?.group(list.user, name);
    let mut query = EdgeQuery {
        user: list.user,
        before: list.before,
        limit: list.limit.unwrap_or_default(),
        viewer: session.viewer(),
    };
    loop {
        let page = group.members(query).await?;
        match print_page(session, console, &page, list.all)? {
            Some(next) => query.before = Some(next),
            None => return Ok(()),
        }
    }
}
