//! Requests, and what they ask for.

use bytes::Bytes;
use fanfold_engine::Collapse;

use super::*;

#[test]
fn a_publication_keeps_every_field() {
    let request = Request::Publish(wire::Publish {
        options: wire::WriteOptions { key: Some([9; 16]), actor: Some(4) },
        author: 4,
        kind: 7,
        created_at: Some(1_370_000_000_000),
        text: Bytes::from_static(b"text"),
        meta: Bytes::from_static(b"meta"),
        mentions: vec![8, 300],
        audience: wire::Audience::Mutual,
    });
    let expected = Command {
        action: Action::Publish(NewPost {
            author: UserId(4),
            kind: 7,
            created_at: Some(Timestamp(1_370_000_000_000)),
            text: Bytes::from_static(b"text"),
            meta: Bytes::from_static(b"meta"),
            repost: None,
            mentions: [UserId(8), UserId(300)].into_iter().collect(),
            audience: fanfold_engine::Audience::Mutual,
        }),
        options: WriteOptions { key: Some(Key([9; 16])), actor: Some(UserId(4)) },
    };
    assert_eq!(command(request.clone()), Some(expected));
    assert_eq!(question(&request), None);
}

#[test]
fn pairs_keep_their_order() {
    let pair = wire::Pair { options: wire::WriteOptions::default(), user: 1, other: 2 };
    let (user, author, other) = (UserId(1), UserId(2), UserId(2));
    let cases = [
        (Request::Unfollow(pair), Action::Unfollow { user, author }),
        (Request::Mute(pair), Action::Mute { user, author }),
        (Request::Unmute(pair), Action::Unmute { user, author }),
        (Request::Block(pair), Action::Block { user, other }),
        (Request::Unblock(pair), Action::Unblock { user, other }),
        (Request::Befriend(pair), Action::Befriend { user, other }),
        (Request::Approve(pair), Action::Approve { user, follower: other }),
        (Request::Deny(pair), Action::Deny { user, follower: other }),
    ];
    for (request, action) in cases {
        assert_eq!(command(request), Some(Command::new(action)));
    }
    let (options, weight) = (wire::WriteOptions::default(), Some(9));
    let follow = Request::Follow(wire::NewFollow { options, user: 1, other: 2, weight });
    let action = Action::Follow { user, author, weight };
    assert_eq!(command(follow), Some(Command::new(action)));
}

#[test]
fn groups_keep_owner_name_and_member() {
    let (options, name) = (wire::WriteOptions::default(), Bytes::from_static(b"friends"));
    let member = wire::GroupMember { options, user: 1, name: name.clone(), author: 2 };
    let (user, author) = (UserId(1), UserId(2));
    let known = || GroupName::new("friends");
    let add = Action::GroupAdd { user, name: known(), author };
    assert_eq!(command(Request::GroupAdd(member.clone())), Some(Command::new(add)));
    let remove = Action::GroupRemove { user, name: known(), author };
    assert_eq!(command(Request::GroupRemove(member)), Some(Command::new(remove)));
    let create = wire::GroupCreate { options, user: 1, name: name.clone(), exclusive: true };
    let expected = Action::GroupCreate { user, name: known(), exclusive: true };
    assert_eq!(command(Request::GroupCreate(create)), Some(Command::new(expected)));
    let delete = Request::GroupDelete(wire::GroupDelete { options, user: 1, name });
    let expected = Action::GroupDelete { user, name: known() };
    assert_eq!(command(delete), Some(Command::new(expected)));
}

#[test]
fn timelines_keep_cursor_viewer_and_limit() {
    let request = Request::Home(wire::Timeline {
        options: wire::ReadOptions { viewer: Some(3), ..wire::ReadOptions::default() },
        user: 5,
        span: wire::Span::After(77),
        limit: 0,
    });
    let expected = TimelineQuery {
        user: UserId(5),
        viewer: Some(UserId(3)),
        span: Span::After(PostId(77)),
        limit: LIMIT_DEFAULT,
    };
    assert_eq!(question(&request), Some(Question::Home(expected)));
    assert_eq!(command(request), None);
    assert_eq!(limit(201), 201);
    let options =
        wire::ReadOptions { viewer: Some(3), counts: true, ..wire::ReadOptions::default() };
    let (user, span, limit) = (5, wire::Span::After(77), 0);
    let counted = Request::Outbox(wire::Timeline { options, user, span, limit });
    let of = CountedQuery::Outbox(expected);
    assert_eq!(question(&counted), Some(Question::Counted(of.clone())));
    let collapse = Some(wire::Collapse { horizon_ms: 5_000, top: Some(80) });
    let options = wire::ReadOptions { collapse, ..options };
    let collapsed = Request::Outbox(wire::Timeline { options, user, span, limit });
    let (horizon, top) = (Duration::from_secs(5), Some(PostId(80)));
    let collapse = Some(Collapse { horizon, top });
    let expected = FullQuery { counts: true, collapse, ..FullQuery::of(of) };
    assert_eq!(question(&collapsed), Some(Question::Full(expected)));
}

#[test]
fn responses_keep_user_target_and_kind() {
    let (options, user) = (wire::WriteOptions::default(), UserId(1));
    let reaction = wire::Reaction { options, user: 1, target: 2, kind: 3 };
    let (target, kind) = (PostId(2), 3);
    let react = Action::React { user, target, kind };
    assert_eq!(command(Request::React(reaction)), Some(Command::new(react)));
    let unreact = Action::Unreact { user, target, kind };
    assert_eq!(command(Request::Unreact(reaction)), Some(Command::new(unreact)));
    let text = Bytes::from_static(b"so");
    let comment = wire::NewComment {
        options,
        user: 1,
        post: 2,
        answers: Some(4),
        text: text.clone(),
        mentions: vec![5],
    };
    let mentions = [UserId(5)].into_iter().collect();
    let answers = Some(PostId(4));
    let expected = Action::Comment { user, post: target, answers, text, mentions };
    assert_eq!(command(Request::Comment(comment)), Some(Command::new(expected)));
    let options = wire::ReadOptions { viewer: Some(9), ..wire::ReadOptions::default() };
    let comments =
        wire::Comments { options, post: 2, newest_first: true, cursor: Some(8), limit: 0 };
    let expected = CommentsQuery {
        post: target,
        viewer: Some(UserId(9)),
        order: CommentOrder::NewestFirst,
        cursor: Some(PostId(8)),
        limit: LIMIT_DEFAULT,
    };
    let asked = question(&Request::Comments(comments));
    assert_eq!(asked, Some(Question::Comments(expected)));
}
