//! Notices and mentions on their way in and out. A part of `translate.rs` and `reply.rs`, with the same rule:
//! by hand, and no decision.

use fanfold_engine::{
    self as engine, Action, LIMIT_DEFAULT, Mentions, MentionsRef, NoticesQuery, Sequence, UserId,
};
use fanfold_protocol::{self as wire, NoticeGroup, NoticeKind, NoticePage, Reply};

use crate::reply::{end, position};

/// Whom a post or a comment mentions, inward.
pub(crate) fn mentions(users: Vec<u64>) -> Mentions {
    users.into_iter().map(UserId).collect()
}

/// The same, outward; nobody costs nothing.
pub(crate) fn users(mentions: MentionsRef<'_>) -> Vec<u64> {
    mentions.iter().map(|user| user.0).collect()
}

/// The question that a request asks.
pub(crate) fn query(notices: &wire::Notices) -> NoticesQuery {
    let limit = match (notices.only_count, notices.limit) {
        (true, _) => 0,
        (false, 0) => LIMIT_DEFAULT,
        (false, limit) => usize::try_from(limit).unwrap_or(usize::MAX),
    };
    NoticesQuery {
        user: UserId(notices.user),
        viewer: notices.options.viewer.map(UserId),
        before: notices.before.map(Sequence),
        limit,
    }
}

/// The command that a request is.
pub(crate) fn read(read: wire::NoticesRead) -> (Action, wire::WriteOptions) {
    let wire::NoticesRead { options, user, up_to } = read;
    (Action::NoticesRead { user: UserId(user), up_to: up_to.map(Sequence) }, options)
}

/// A page as a reply. What this protocol has no word for is left out.
pub(crate) fn page(page: engine::NoticesPage) -> Reply {
    let end = if page.groups.is_empty() { wire::PageEnd::End } else { end(page.end) };
    Reply::Notices(NoticePage {
        position: position(page.position),
        end,
        unread: u64::from(page.unread),
        read_up_to: page.read_up_to.0,
        groups: page.groups.iter().filter_map(group).collect(),
    })
}

fn group(group: &engine::NoticeGroup) -> Option<NoticeGroup> {
    Some(NoticeGroup {
        kind: kind(group.kind)?,
        newest: group.newest.0,
        post: group.post.map(|id| id.0),
        comment: group.comment.map(|id| id.0),
        actors: group.actors.iter().map(|actor| actor.0).collect(),
        actor_count: u64::from(group.count),
    })
}

fn kind(kind: engine::NoticeKind) -> Option<NoticeKind> {
    Some(match kind {
        engine::NoticeKind::Mention => NoticeKind::Mention,
        engine::NoticeKind::Comment => NoticeKind::Comment,
        engine::NoticeKind::Reaction => NoticeKind::Reaction,
        engine::NoticeKind::Follow => NoticeKind::Follow,
        engine::NoticeKind::Repost => NoticeKind::Repost,
        engine::NoticeKind::Request => NoticeKind::Request,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_of_0_is_the_default_and_a_count_has_none() {
        let asked = wire::Notices {
            options: wire::ReadOptions::default(),
            user: 7,
            before: Some(3),
            limit: 0,
            only_count: false,
        };
        let expected = NoticesQuery {
            user: UserId(7),
            viewer: None,
            before: Some(Sequence(3)),
            limit: LIMIT_DEFAULT,
        };
        assert_eq!(query(&asked), expected);
        let limit = |limit, only_count| query(&wire::Notices { limit, only_count, ..asked }).limit;
        assert_eq!((limit(5, false), limit(5, true), limit(201, false)), (5, 0, 201));
    }
}
