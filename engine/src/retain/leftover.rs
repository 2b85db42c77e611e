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
    (effect.subject(), effect.other())
}
