//! Prepares commands about broadcasts: whose it is, and what its replay will say. A part of
//! [`prepare`](super::prepare).
//!
//! Both stand in the record that began the broadcast and never change, so they are looked up on the
//! caller's thread.

use super::decide_broadcasts::no_broadcast;
use crate::audience::Audience;
use crate::broadcast::{BroadcastAction, ReplayContent};
use crate::command::{NewPost, WriteOptions};
use crate::error::{Error, ErrorKind, Result};
use crate::ids::{BroadcastId, Timestamp, UserId};
use crate::log::broadcast_effect::{BroadcastAct, BroadcastEffect, Said};
use crate::log::record::{Bygone, Effect};
use crate::mentions::Mentions;
use crate::shared::Shared;

/// What the action will do, if it is accepted.
pub(super) fn broadcast(
    action: BroadcastAction,
    options: WriteOptions,
    shared: &Shared,
) -> Result<BroadcastEffect> {
    let named = |broadcast, act| -> Result<BroadcastEffect> {
        let author = author(broadcast, options, shared)?;
        Ok(BroadcastEffect::new(NewPost { author, ..NewPost::default() }, act))
    };
    let began = None;
    match action {
        BroadcastAction::Schedule { at, content } => {
            Ok(BroadcastEffect::new(bare(content), BroadcastAct::Schedule { at }))
        }
        BroadcastAction::StartNew { content } => {
            let act = BroadcastAct::Start { broadcast: None, began };
            Ok(BroadcastEffect::new(bare(content), act))
        }
        BroadcastAction::Reschedule { broadcast, at } => {
            named(broadcast, BroadcastAct::Reschedule { broadcast, began, at })
        }
        BroadcastAction::Start { broadcast } => {
            named(broadcast, BroadcastAct::Start { broadcast: Some(broadcast), began })
        }
        BroadcastAction::Cancel { broadcast } => {
            named(broadcast, BroadcastAct::Cancel { broadcast, began })
        }
        BroadcastAction::End { broadcast, replay } => {
            let author = author(broadcast, options, shared)?;
            let (text, kind, meta) =
                (replay.text.is_some(), replay.kind.is_some(), replay.meta.is_some());
            let (started, said) = (Timestamp(0), Said { text, kind, meta });
            let act = BroadcastAct::End { broadcast, began, started, said };
            let content = replay_content(broadcast, replay, shared)?;
            Ok(BroadcastEffect::new(NewPost { author, ..content }, act))
        }
    }
}

/// Whether [`broadcast`] would look at no file.
pub(crate) fn is_resident(
    action: &BroadcastAction,
    options: WriteOptions,
    shared: &Shared,
) -> Result<bool> {
    let broadcast = match action {
        BroadcastAction::Schedule { .. } | BroadcastAction::StartNew { .. } => return Ok(true),
        BroadcastAction::Reschedule { broadcast, .. }
        | BroadcastAction::Start { broadcast }
        | BroadcastAction::End { broadcast, .. }
        | BroadcastAction::Cancel { broadcast } => *broadcast,
    };
    let stands = shared.state()?.broadcasts.owner(broadcast).is_some();
    let reads_log =
        if stands { matches!(action, BroadcastAction::End { .. }) } else { options.key.is_some() };
    Ok(!reads_log || shared.log.segments().resident(broadcast.into()).is_some())
}

/// The time to show of a replay is the time at which it ended, and it mentions nobody and refers to nothing.
fn bare(content: NewPost) -> NewPost {
    let audience = Audience::Everybody;
    NewPost { created_at: None, mentions: Mentions::new(), repost: None, audience, ..content }
}

/// Whose broadcast it is; refuses everybody else.
fn author(broadcast: BroadcastId, options: WriteOptions, shared: &Shared) -> Result<UserId> {
    let owner = {
        let state = shared.state()?;
        state.broadcasts.owner(broadcast).map(|owner| state.users.id(owner))
    };
    if let Some(owner) = owner {
        return match options.actor.filter(|actor| *actor != owner) {
            None => Ok(owner),
            Some(actor) => Err(Error::new(
                ErrorKind::Denied,
                format!("broadcast {broadcast} is of user {owner}; user {actor} cannot change it"),
            )),
        };
    }
    // Who sends again what they sent under a key may mean a broadcast that is gone since.
    let record = match options.key {
        Some(_) => shared.log.segments().record(broadcast.into())?,
        None => None,
    };
    let had = record.filter(|record| begins_broadcast(&record.effect));
    let had = had.map(|record| record.effect.subject());
    let had = match had {
        Some(had) if shared.state()?.is_bygone(had, broadcast.into()) => None,
        had => had,
    };
    had.filter(|had| options.actor.is_none_or(|actor| actor == *had))
        .ok_or_else(|| no_broadcast(broadcast))
}

fn begins_broadcast(effect: &Effect) -> bool {
    match effect {
        Effect::Broadcast(effect) => effect.broadcast().is_none(),
        Effect::Retired(retired) => retired.broadcast == Some(Bygone::Began),
        _ => false,
    }
}

/// What was not said is as the broadcast has it.
fn replay_content(
    broadcast: BroadcastId,
    replay: ReplayContent,
    shared: &Shared,
) -> Result<NewPost> {
    let record = shared.log.segments().record(broadcast.into())?;
    let own = match record.map(|record| record.effect) {
        Some(Effect::Broadcast(effect)) => effect.content,
        _ => NewPost::default(),
    };
    Ok(NewPost {
        kind: replay.kind.unwrap_or(own.kind),
        text: replay.text.unwrap_or(own.text),
        meta: replay.meta.unwrap_or(own.meta),
        ..NewPost::default()
    })
}
