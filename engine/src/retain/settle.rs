//! Replay over a log that retention has thinned: the end of an entry that is gone ends nothing.

use crate::error::Result;
use crate::ids::{Sequence, UserId};
use crate::log::record::{Began, Effect, Record, Retired};
use crate::views::graph::Pairs;
use crate::views::state::State;
use crate::views::users::Ordinal;

/// What the record means to `state`, if not what it says.
pub(crate) fn settled(state: &State, record: &Record) -> Result<Option<Record>> {
    let mut settled = record.clone();
    match &mut settled.effect {
        Effect::Delete { post, author, .. } => {
            let posts = &state.outboxes.posts;
            let entry = Sequence::from(*post);
            let stands = match state.users.find(*author) {
                Some(author) => posts.part(author).contains(entry)?,
                None => false,
            };
            if !stands {
                let fingerprint = record.effect.fingerprint();
                let subject = *author;
                let retired = Retired { subject, other: None, is_post: false, fingerprint };
                settled.effect = Effect::Retired(retired);
            }
        }
        Effect::Unfollow { user, began, .. } => follow(state, *user, began)?,
        Effect::Block { user, other, forth, back } => {
            follow(state, *user, forth)?;
            follow(state, *other, back)?;
        }
        Effect::Unmute { user, author, began } => {
            pair(state, &state.graph.mutes, (*user, *author), began);
        }
        Effect::Unblock { user, other, began } => {
            pair(state, &state.graph.blocks, (*user, *other), began);
        }
        Effect::Weigh { user, author, .. } => {
            if !follows(state, *user, *author)? {
                let fingerprint = record.effect.fingerprint();
                let (subject, other) = (*user, Some(*author));
                let retired = Retired { subject, other, is_post: false, fingerprint };
                settled.effect = Effect::Retired(retired);
            }
        }
        Effect::Revise(revise) => {
            let stands = match state.users.find(revise.author) {
                Some(author) => state.outboxes.posts.part(author).contains(revise.post.into())?,
                None => false,
            };
            if !stands {
                let fingerprint = record.effect.fingerprint();
                let subject = revise.author;
                let retired = Retired { subject, other: None, is_post: false, fingerprint };
                settled.effect = Effect::Retired(retired);
            }
        }
        Effect::Publish(_)
        | Effect::Emptied(_)
        | Effect::Follow { .. }
        | Effect::Mute { .. }
        // Of groups everything is in memory: the fold itself sees what is not there.
        | Effect::Group(_)
        | Effect::Mark(_)
        | Effect::Retired(_) => {}
    }
    Ok((settled != *record).then_some(settled))
}

/// Whether the follow stands.
fn follows(state: &State, user: UserId, author: UserId) -> Result<bool> {
    match (state.users.find(user), state.users.find(author)) {
        (Some(user), Some(author)) => Ok(state.graph.followed_since(user, author)?.is_some()),
        _ => Ok(false),
    }
}

/// Drops `began` if the user has no such follow.
fn follow(state: &State, user: UserId, began: &mut Began) -> Result<()> {
    if let (Some(entry), Some(user)) = (*began, state.users.find(user))
        && !state.graph.following.part(user).contains(entry)?
    {
        *began = None;
    }
    Ok(())
}

/// Drops `began` if no such pair stands.
fn pair(state: &State, pairs: &Pairs, (first, second): (UserId, UserId), began: &mut Began) {
    let known = |user: UserId| -> Option<Ordinal> { state.users.find(user) };
    let stands = match (known(first), known(second)) {
        (Some(first), Some(second)) => pairs.since(first, second),
        _ => None,
    };
    if stands != *began {
        *began = None;
    }
}
