//! The change stream on its way out: a part of `reply.rs`, with the same rule: by hand, and no decision.

use fanfold_engine as engine;
use fanfold_protocol::{Change, Changed, EdgeChange, GroupChange, Reply, What};

use crate::audiences;
use crate::broadcasts;
use crate::marks;
use crate::moderation;
use crate::notices;
use crate::reply::{copy, position};
use crate::reposts;
use crate::responses;

pub(crate) fn changed(found: engine::Changes) -> Reply {
    Reply::Changed(Changed {
        position: position(found.position),
        next: found.next.sequence.0,
        oldest: found.oldest.sequence.0,
        changes: found.changes.into_iter().filter_map(change).collect(),
    })
}

/// None for what this protocol has no word for.
fn change(change: engine::Change) -> Option<Change> {
    let engine::Change { sequence, time, what } = change;
    let (user, what) = match what {
        engine::Changed::Published {
            author,
            kind,
            created_at,
            content,
            repost,
            is_quote: quote,
            mentions,
            audience,
        } => {
            let audience = audiences::audience(&audience);
            let created_at = created_at.map(|at| at.0);
            let mentions = notices::users(mentions.borrow());
            let what = match repost.map(reposts::link) {
                Some(repost) => {
                    What::Repost { kind, created_at, repost, quote, content, mentions, audience }
                }
                None => What::Publish { kind, created_at, content, mentions, audience },
            };
            (author, what)
        }
        engine::Changed::NoticesRead { user, up_to } => {
            (user, What::NoticesRead { up_to: up_to.0 })
        }
        engine::Changed::Unreposted { user, root, repost } => {
            (user, What::Unrepost { root: root.0, post: repost.0 })
        }
        engine::Changed::Erased { author } => (author, What::Erased),
        engine::Changed::Deleted { post, author } => (author, What::Delete { post: post.0 }),
        engine::Changed::Revised { post, author, revision, content } => {
            (author, What::Revise { post: post.0, revision, content })
        }
        engine::Changed::Marked { user, group, device, post } => {
            (user, marks::marked(group, device, post))
        }
        engine::Changed::Befriended { user, other, forth, back } => {
            (user, What::Befriend { other: other.0, forth, back })
        }
        engine::Changed::Private { user, is_on } => (user, What::Private { on: is_on }),
        engine::Changed::Edge { kind, user, other } => {
            (user, What::Edge { kind: edge_change(kind)?, other: other.0 })
        }
        engine::Changed::Group { kind, user, group, name, exclusive } => {
            let (kind, member) = group_change(kind)?;
            let (group, name) = (group.0, copy(&name));
            (user, What::Group { kind, group, name, exclusive, member })
        }
        engine::Changed::Response { kind, user, post, target } => {
            (user, responses::change(kind, post, target)?)
        }
        engine::Changed::Broadcast { kind, author, broadcast, post_kind, content } => {
            (author, broadcasts::change(kind, broadcast, post_kind, content)?)
        }
        engine::Changed::Forgotten { user, is_done } => (user, What::Forgotten { is_done }),
        engine::Changed::Moderated { kind, user, post } => (user, moderation::change(kind, post)?),
        _ => return None,
    };
    Some(Change { sequence: sequence.0, time: time.0, user: user.0, what })
}

fn edge_change(kind: engine::EdgeChange) -> Option<EdgeChange> {
    Some(match kind {
        engine::EdgeChange::Follow => EdgeChange::Follow,
        engine::EdgeChange::Unfollow => EdgeChange::Unfollow,
        engine::EdgeChange::Mute => EdgeChange::Mute,
        engine::EdgeChange::Unmute => EdgeChange::Unmute,
        engine::EdgeChange::Block => EdgeChange::Block,
        engine::EdgeChange::Unblock => EdgeChange::Unblock,
        engine::EdgeChange::Request => EdgeChange::Request,
        engine::EdgeChange::Withdraw => EdgeChange::Withdraw,
        engine::EdgeChange::Deny => EdgeChange::Deny,
        _ => return None,
    })
}

fn group_change(kind: engine::GroupChange) -> Option<(GroupChange, u64)> {
    Some(match kind {
        engine::GroupChange::Create => (GroupChange::Create, 0),
        engine::GroupChange::Delete => (GroupChange::Delete, 0),
        engine::GroupChange::Add(author) => (GroupChange::Add, author.0),
        engine::GroupChange::Remove(author) => (GroupChange::Remove, author.0),
        _ => return None,
    })
}
