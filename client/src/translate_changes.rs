//! The change stream in the client's words. A part of [`translate`].

use fanfold_protocol as wire;

use crate::audience::Audience;
use crate::changes::{
    BroadcastChange, Change, Changed, Changes, EdgeChange, GroupChange, ResponseChange,
};
use crate::ids::{Position, PostId, Sequence, Timestamp, UserId};
use crate::moderation;
use crate::translate::{self, position, text, users};

pub(crate) fn changes(body: wire::Changed) -> Changes {
    let position = position(body.position);
    let at = |sequence| Position { sequence: Sequence(sequence), ..position };
    Changes {
        position,
        next: at(body.next),
        oldest: at(body.oldest),
        changes: body.changes.into_iter().map(change).collect(),
    }
}

fn change(change: wire::Change) -> Change {
    let wire::Change { sequence, time, user, what } = change;
    let what = match what {
        wire::What::Publish { kind, created_at, content, mentions, audience } => {
            Changed::Published {
                kind,
                created_at: created_at.map(Timestamp),
                content: content.map(|(said, meta)| (text(&said), meta.to_vec())),
                mentions: users(mentions),
                audience: Audience::of(&audience),
            }
        }
        wire::What::Repost { kind, created_at, repost, quote, content, mentions, audience } => {
            Changed::Reposted {
                kind,
                created_at: created_at.map(Timestamp),
                repost: translate::repost(repost),
                is_quote: quote,
                content: content.map(|(said, meta)| (text(&said), meta.to_vec())),
                mentions: users(mentions),
                audience: Audience::of(&audience),
            }
        }
        wire::What::Unrepost { root, post } => {
            Changed::Unreposted { root: PostId(root), repost: PostId(post) }
        }
        wire::What::Moderated { kind, post } => {
            Changed::Moderated(moderation::change(kind, PostId(post)))
        }
        wire::What::NoticesRead { up_to } => Changed::NoticesRead(Sequence(up_to)),
        wire::What::Forgotten { is_done } => Changed::Forgotten { is_done },
        wire::What::Erased => Changed::Erased,
        wire::What::Delete { post } => Changed::Deleted(PostId(post)),
        wire::What::Mark { post, device, group, name } => Changed::Marked {
            group: (group != 0).then(|| (Sequence(group), text(&name))),
            device,
            post: PostId(post),
        },
        wire::What::Revise { post, revision, content } => Changed::Revised {
            post: PostId(post),
            revision,
            content: content.map(|(said, meta)| (text(&said), meta.to_vec())),
        },
        wire::What::Befriend { other, forth, back } => {
            Changed::Befriended { other: UserId(other), forth, back }
        }
        wire::What::Private { on } => Changed::Private(on),
        wire::What::Edge { kind, other } => Changed::Edge(edge_change(kind), UserId(other)),
        wire::What::Group { kind, group, name, exclusive, member } => {
            let (kind, group) = (group_change(kind, UserId(member)), Sequence(group));
            Changed::Group { kind, group, name: text(&name), exclusive }
        }
        wire::What::Response { kind, post, target } => Changed::Response {
            kind: response_change(kind),
            post: PostId(post),
            target: PostId(target),
        },
        wire::What::Broadcast { kind, broadcast, at, post_kind, content } => Changed::Broadcast {
            kind: broadcast_change(kind, Timestamp(at)),
            broadcast: Sequence(broadcast),
            post_kind,
            content: content.map(|(said, meta)| (text(&said), meta.to_vec())),
        },
    };
    let (sequence, time, user) = (Sequence(sequence), Timestamp(time), UserId(user));
    Change { sequence, time, user, what }
}

fn response_change(kind: wire::ResponseChange) -> ResponseChange {
    match kind {
        wire::ResponseChange::React(kind) => ResponseChange::React(kind),
        wire::ResponseChange::Unreact(kind) => ResponseChange::Unreact(kind),
        wire::ResponseChange::Comment(said, mentions) => {
            ResponseChange::Comment(said.map(|said| text(&said)), users(mentions))
        }
        wire::ResponseChange::Delete => ResponseChange::Delete,
    }
}

fn edge_change(kind: wire::EdgeChange) -> EdgeChange {
    match kind {
        wire::EdgeChange::Follow => EdgeChange::Follow,
        wire::EdgeChange::Unfollow => EdgeChange::Unfollow,
        wire::EdgeChange::Mute => EdgeChange::Mute,
        wire::EdgeChange::Unmute => EdgeChange::Unmute,
        wire::EdgeChange::Block => EdgeChange::Block,
        wire::EdgeChange::Unblock => EdgeChange::Unblock,
        wire::EdgeChange::Request => EdgeChange::Request,
        wire::EdgeChange::Withdraw => EdgeChange::Withdraw,
        wire::EdgeChange::Deny => EdgeChange::Deny,
    }
}

fn group_change(kind: wire::GroupChange, member: UserId) -> GroupChange {
    match kind {
        wire::GroupChange::Create => GroupChange::Create,
        wire::GroupChange::Delete => GroupChange::Delete,
        wire::GroupChange::Add => GroupChange::Add(member),
        wire::GroupChange::Remove => GroupChange::Remove(member),
    }
}

fn broadcast_change(kind: wire::BroadcastChange, at: Timestamp) -> BroadcastChange {
    match kind {
        wire::BroadcastChange::Schedule => BroadcastChange::Schedule(at),
        wire::BroadcastChange::Reschedule => BroadcastChange::Reschedule(at),
        wire::BroadcastChange::Start => BroadcastChange::Start,
        wire::BroadcastChange::End => BroadcastChange::End,
        wire::BroadcastChange::Cancel => BroadcastChange::Cancel,
    }
}
