//! Read marks and edits between the two vocabularies: requests inward, results outward, by hand. A part
//! of `translate.rs` and `reply.rs`.

use bytes::Bytes;
use fanfold_engine as engine;
use fanfold_engine::{
    Action, Feed, GroupName, MarksQuery, PostId, UNREAD_DEFAULT, UnreadQuery, UserId,
};
use fanfold_protocol as wire;
use fanfold_protocol::{DeviceMark, Edit, Marks, Reply, Unread, What};

use crate::reply::position;

fn feed(name: Option<&str>) -> Feed {
    name.map_or(Feed::Home, |name| Feed::Group(GroupName::new(name)))
}

pub(crate) fn mark(mark: &wire::Mark) -> (Action, wire::WriteOptions) {
    let (user, post) = (UserId(mark.user), PostId(mark.post));
    (Action::Mark { user, feed: feed(mark.feed()), device: mark.device, post }, mark.options)
}

pub(crate) fn revise(revise: wire::Revise) -> (Action, wire::WriteOptions) {
    let wire::Revise { options, post, revision, text, meta } = revise;
    (Action::Revise { post: PostId(post), revision, text, meta }, options)
}

pub(crate) fn marks_query(marks: &wire::MarksOf) -> MarksQuery {
    let viewer = marks.options.viewer.map(UserId);
    MarksQuery { user: UserId(marks.user), feed: feed(marks.feed()), viewer }
}

pub(crate) fn unread_query(unread: &wire::UnreadOf) -> UnreadQuery {
    UnreadQuery {
        user: UserId(unread.user),
        feed: feed(unread.feed()),
        viewer: unread.options.viewer.map(UserId),
        since: unread.since.map(PostId),
        limit: match unread.limit {
            0 => UNREAD_DEFAULT,
            limit => usize::try_from(limit).unwrap_or(usize::MAX),
        },
    }
}

pub(crate) fn marks(found: engine::Marks) -> Reply {
    let device = |mark: &engine::DeviceMark| DeviceMark { device: mark.device, post: mark.post.0 };
    let devices = found.devices.iter().map(device).collect();
    Reply::Marks(Marks { position: position(found.position), mark: found.mark.0, devices })
}

pub(crate) fn unread(found: engine::Unread) -> Reply {
    Reply::Unread(Unread {
        position: position(found.position),
        mark: found.mark.0,
        count: found.count as u64,
        more: found.is_more,
        oldest: found.oldest.map(|post| post.0),
    })
}

/// That a post was revised, if it was.
pub(crate) fn edit(revision: u32, at: Option<engine::Timestamp>) -> Option<Edit> {
    at.map(|at| Edit { revision, at: at.0 })
}

/// The change of a mark.
pub(crate) fn marked(
    group: Option<(engine::GroupId, GroupName)>,
    device: u64,
    post: PostId,
) -> What {
    let (group, name) = match group {
        Some((group, name)) => (group.0, Bytes::copy_from_slice(name.as_str().as_bytes())),
        None => (0, Bytes::new()),
    };
    What::Mark { post: post.0, device, group, name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_keep_feed_device_and_post() {
        let options = wire::WriteOptions { key: None, actor: Some(1) };
        let name = Some(Bytes::from_static(b"friends"));
        let asked = wire::Mark { options, user: 1, feed: name.clone(), device: 2, post: 3 };
        let (user, post) = (UserId(1), PostId(3));
        let group = Feed::Group(GroupName::new("friends"));
        let expected = Action::Mark { user, feed: group.clone(), device: 2, post };
        assert_eq!(mark(&asked), (expected, options));
        let expected = Action::Mark { user, feed: Feed::Home, device: 2, post };
        assert_eq!(mark(&wire::Mark { feed: None, ..asked }), (expected, options));
        let options = wire::ReadOptions { viewer: Some(4), ..wire::ReadOptions::default() };
        let asked = wire::UnreadOf { options, user: 1, feed: name, since: Some(3), limit: 0 };
        let viewer = Some(UserId(4));
        let expected =
            UnreadQuery { user, feed: group, viewer, since: Some(post), limit: UNREAD_DEFAULT };
        assert_eq!(unread_query(&asked), expected);
        assert_eq!(unread_query(&wire::UnreadOf { limit: 7, ..asked }).limit, 7);
    }

    #[test]
    fn a_revise_keeps_every_field() {
        let (options, text) = (wire::WriteOptions::default(), Bytes::from_static(b"b"));
        let meta = Some(Bytes::from_static(&[1]));
        let asked =
            wire::Revise { options, post: 3, revision: 2, text: text.clone(), meta: meta.clone() };
        let expected = Action::Revise { post: PostId(3), revision: 2, text, meta };
        assert_eq!(revise(asked), (expected, options));
    }
}
