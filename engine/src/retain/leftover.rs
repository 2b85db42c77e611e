//! What a record is without what goes of it, and whom it names.

use bytes::Bytes;

use crate::command::NewPost;
use crate::error::Result;
use crate::ids::UserId;
use crate::log::broadcast_effect::BroadcastEffect;
use crate::log::record::{Effect, Record};
use crate::log::revise_effect::Emptied;
use crate::read::stands::Stands;
use crate::views::graph::EDGE_WIDTH;

/// Whether one of the follows does.
pub(super) fn any_stands(follows: &[Stands<EDGE_WIDTH>]) -> Result<bool> {
    for follow in follows {
        if follow.resolve()? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The post without its text.
pub(super) fn emptied(record: Record) -> Record {
    let fingerprint = if record.key.is_some() { record.effect.fingerprint() } else { 0 };
    let effect = match record.effect {
        Effect::Publish(content) => Effect::Emptied(Emptied::of(&content, fingerprint)),
        Effect::Broadcast(effect) => {
            let (text, meta) = (Bytes::new(), Bytes::new());
            let content = NewPost { text, meta, ..effect.content };
            Effect::Broadcast(BroadcastEffect { content, emptied: Some(fingerprint), ..effect })
        }
        other => other,
    };
    Record { effect, ..record }
}

/// The users that a record names, in the order in which they get their numbers.
pub(super) fn named_by(effect: &Effect) -> (UserId, Option<UserId>) {
    let other = match effect {
        Effect::Follow { author, .. }
        | Effect::Weigh { author, .. }
        | Effect::Unfollow { author, .. }
        | Effect::Mute { author, .. }
        | Effect::Unmute { author, .. } => Some(*author),
        Effect::Befriend(befriend) => Some(befriend.other),
        Effect::Request(request) => Some(request.other),
        Effect::Block { other, .. } | Effect::Unblock { other, .. } => Some(*other),
        Effect::Group(group) => group.author(),
        Effect::Response(response) => Some(response.author),
        Effect::Retired(retired) => retired.other,
        Effect::Publish(post) => post.repost.map(|link| link.root_author),
        Effect::Emptied(emptied) => emptied.repost.map(|link| link.root_author),
        Effect::Delete { .. }
        | Effect::Broadcast(_)
        | Effect::Private { .. }
        | Effect::Revise(_)
        | Effect::Unrepost { .. }
        | Effect::Mark(_)
        | Effect::Forget(_)
        | Effect::Moderation(_)
        | Effect::NoticesRead(_) => None,
    };
    (effect.subject(), other)
}
