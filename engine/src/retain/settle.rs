//! Replay over a log that retention has thinned: the end of an entry that is gone ends nothing.

use crate::error::Result;
use crate::ids::{PostId, UserId};
use crate::log::befriend_effect::BefriendEffect;
use crate::log::concerned::concerned;
use crate::log::moderation_effect::{ModerationAct, ModerationEffect};
use crate::log::record::{Began, Effect, Record, Retired};
use crate::log::request_effect::{RequestAct, RequestEffect};
use crate::log::response_effect::{ResponseAct, ResponseEffect};
use crate::views::graph::Pairs;
use crate::views::state::State;
use crate::views::users::Ordinal;

/// What the record means to `state`, if not what it says.
pub(crate) fn settled(state: &State, record: &Record) -> Result<Option<Record>> {
    let mut settled = record.clone();
    match &mut settled.effect {
        Effect::Delete { post, author, .. } => {
            if !stands(state, *author, *post)? {
                settled.effect = ended(*author, None, &record.effect);
            }
        }
        Effect::Response(response) => {
            if !means_something(state, response)? {
                let (subject, other) = (response.user, Some(response.author));
                settled.effect = ended(subject, other, &record.effect);
            }
        }
        Effect::Unrepost { user, root, began, .. } => {
            let user = state.users.find(*user);
            let stands = user.and_then(|user| state.reposts.bare(*root, user));
            *began = began.filter(|began| stands == Some(*began));
        }
        Effect::Weigh { user, author, .. } => {
            if !follows(state, *user, *author)? {
                let (subject, other) = (*user, Some(*author));
                settled.effect = ended(subject, other, &record.effect);
            }
        }
        Effect::Revise(revise) => {
            if !stands(state, revise.author, revise.post)? {
                settled.effect = ended(revise.author, None, &record.effect);
            }
        }
        // A post that is gone is hidden no more, whether its delete is in the log still or not.
        Effect::Moderation(ModerationEffect { user, act: ModerationAct::Hide { post } }) => {
            if !stands(state, *user, *post)? {
                settled.effect = ended(*user, None, &record.effect);
            }
        }
        effect @ (Effect::Unfollow { .. }
        | Effect::Befriend(_)
        | Effect::Private { .. }
        | Effect::Request(_)
        | Effect::Unmute { .. }
        | Effect::Block { .. }
        | Effect::Unblock { .. }) => settle_tie(state, effect)?,
        Effect::Publish(_)
        | Effect::Emptied(_)
        | Effect::Follow { .. }
        | Effect::Mute { .. }
        // Of groups, broadcasts and moderation everything is in memory: the fold itself sees what is not
        // there.
        | Effect::Group(_)
        | Effect::Moderation(_)
        // A mark never goes down, whatever it is folded over.
        | Effect::NoticesRead(_)
        | Effect::Mark(_)
        | Effect::Forget(_)
        | Effect::Broadcast(_)
        | Effect::Retired(_) => {}
    }
    Ok((settled != *record).then_some(settled))
}

/// Drops what a record ends between users, and of who is private, as far as it does not stand.
fn settle_tie(state: &State, effect: &mut Effect) -> Result<()> {
    match effect {
        Effect::Unfollow { user, began, .. } => follow(state, *user, began)?,
        Effect::Block { user, other, forth, back, requests: [asked, was_asked] } => {
            request(state, (*user, *other), asked);
            request(state, (*other, *user), was_asked);
            follow(state, *user, forth)?;
            follow(state, *other, back)?;
        }
        Effect::Unmute { user, author, began } => {
            pair(state, &state.graph.mutes, (*user, *author), began);
        }
        Effect::Unblock { user, other, began } => {
            pair(state, &state.graph.blocks, (*user, *other), began);
        }
        Effect::Befriend(BefriendEffect { user, other, forth, back, .. }) => {
            request(state, (*user, *other), &mut forth.request);
            request(state, (*other, *user), &mut back.request);
        }
        Effect::Private { user, began, .. } => {
            pair(state, &state.requests.private, (*user, *user), began);
        }
        Effect::Request(RequestEffect { user, other, act }) => match act {
            RequestAct::Ask { .. } => {}
            RequestAct::Withdraw { began } => request(state, (*user, *other), began),
            RequestAct::Deny { began } => request(state, (*other, *user), began),
        },
        _ => {}
    }
    Ok(())
}

/// Whether the author has the post.
fn stands(state: &State, author: UserId, post: PostId) -> Result<bool> {
    let author = state.users.find(author);
    author.map_or(Ok(false), |author| state.outboxes.posts.part(author).contains(post.into()))
}

/// What is left of a record that means nothing any more.
fn ended(subject: UserId, other: Option<UserId>, effect: &Effect) -> Effect {
    let (noticed, fingerprint, answered) =
        (concerned(effect), effect.fingerprint(), effect.answered());
    let retired = Retired::of(subject);
    Effect::Retired(Retired { other, noticed, fingerprint, answered, ..retired })
}

/// Whether what it is about is there: a response to what is gone counts for nothing, and a comment
/// that is gone is not deleted again. Who reacted is in memory, so that the fold itself sees what an
/// end finds.
fn means_something(state: &State, response: &ResponseEffect) -> Result<bool> {
    if let ResponseAct::Unreact { .. } = response.act {
        return Ok(true);
    }
    let Some(owner) = state.users.find(response.owner) else { return Ok(false) };
    if !state.outboxes.posts.part(owner).contains(response.post.into())? {
        return Ok(false);
    }
    // A comment may answer one that was deleted later and is gone by now.
    if response.target == response.post || response.text().is_some() {
        return Ok(true);
    }
    let Some(list) = state.responses.comments_of(response.post) else { return Ok(false) };
    state.responses.entries.part(list).contains(response.target.into())
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

/// Drops `began` if `user` does not ask to follow `author` since then.
fn request(state: &State, (user, author): (UserId, UserId), began: &mut Began) {
    pair(state, &state.requests.asked, (author, user), began);
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
