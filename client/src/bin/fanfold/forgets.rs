//! `forget` and `forgotten`: a user goes, and who is going.

use std::time::Duration;

use fanfold_client::{BeingForgotten, UserId, Write};
use serde_json::json;

use crate::arguments::Forget;
use crate::console::{Console, note};
use crate::exit::Failure;
use crate::session::Session;
use crate::writes;

/// Between two looks whether anything is left.
const PAUSE: Duration = Duration::from_millis(200);

/// Has a user forgotten, and waits until nothing is left of them if that is asked for.
pub(crate) async fn forget(
    session: &mut Session,
    console: &mut Console,
    forget: Forget,
) -> Result<(), Failure> {
    let Forget { user, wait } = forget;
    writes::run(session, console, Write::forget(user)).await?;
    if !wait {
        return Ok(());
    }
    while let Some(left) = progress(session, user).await? {
        if !session.json() {
            note(&format!("{} removed", left.removed));
        }
        tokio::time::sleep(PAUSE).await;
    }
    match session.json() {
        true => Ok(()),
        false => console.line("forgotten"),
    }
}

/// How far it is; nothing if nothing is left.
async fn progress(session: &mut Session, user: UserId) -> Result<Option<BeingForgotten>, Failure> {
    let viewer = session.viewer();
    let list = session.client().await?.forgotten(viewer).await?;
    Ok(list.users.into_iter().find(|known| known.user == user))
}

/// Prints who is being forgotten, the longest first.
pub(crate) async fn forgotten(session: &mut Session, console: &mut Console) -> Result<(), Failure> {
    let viewer = session.viewer();
    let list = session.client().await?.forgotten(viewer).await?;
    if session.json() {
        let user = |it: &BeingForgotten| json!({"user": it.user.0, "since": it.since.0, "removed": it.removed});
        let users: Vec<_> = list.users.iter().map(user).collect();
        return console.json(&json!({
            "users": users,
            "epoch": list.position.epoch.0,
            "sequence": list.position.sequence.0,
        }));
    }
    for BeingForgotten { user, since, removed } in &list.users {
        console.line(&format!("user {user}, since #{since}: {removed} removed"))?;
    }
    match list.users.is_empty() {
        true => console.line("nobody is being forgotten"),
        false => Ok(()),
    }
}
