//! Requests with small and large numbers, with and without each option.
//!
//! Numbers stand at the edges of varint lengths where that costs nothing: 128, 16,384, the last.

use bytes::Bytes;
use fanfold_protocol::{
    Audience, Backup, Changes, Collapse, CommentDelete, Comments, Delete, Edges, Explain, Forget,
    ForgottenOf, GroupCreate, GroupDelete, GroupFeed, GroupMember, Hello, Hiding, Mark, MarksOf,
    Members, ModeratedOf, ModeratedWhat, NewComment, NewFollow, NewRepost, Notices, NoticesRead,
    Pair, Position, PostById, Private, Publish, Reaction, Reactors, ReadOptions, RelationOf,
    Reposters, Request, Revise, Scan, ScanWhat, Span, Suspension, Tag, Timeline, Touch, UnreadOf,
    Unrepost, Unwatch, UserById, Watch, WriteOptions,
};

const KEY: [u8; 16] = *b"sixteen byte key";
const VIEWED: ReadOptions = ReadOptions {
    viewer: Some(4242),
    counts: false,
    originals: false,
    groups: false,
    collapse: None,
};

const COUNTED: ReadOptions = ReadOptions { counts: true, ..VIEWED };

fn keyed(actor: Option<u64>) -> WriteOptions {
    WriteOptions { key: Some(KEY), actor }
}

/// Every request, by the name of its golden file.
pub(crate) fn requests() -> Vec<(&'static str, Request)> {
    let mut all = session();
    all.extend(posts());
    all.extend(pairs());
    all.extend(timelines());
    all.extend(lists());
    all.extend(scans());
    all
}

fn session() -> Vec<(&'static str, Request)> {
    let first = Hello {
        min_version: 1,
        max_version: 1,
        features: 0,
        epoch: None,
        name: Bytes::from_static(b"fanfold 0.1.0"),
        token: Bytes::new(),
    };
    let again = Hello {
        max_version: 258,
        features: 0x0102_0304_0506_0708,
        epoch: Some(0x0a0b_0c0d),
        name: Bytes::from_static("caf\u{e9}".as_bytes()),
        token: Bytes::from_static(&[0, 255]),
        min_version: 0,
    };
    vec![
        ("hello", Request::Hello(first)),
        ("hello_again", Request::Hello(again)),
        ("ping", Request::Ping),
        ("status", Request::Status),
    ]
}

fn posts() -> Vec<(&'static str, Request)> {
    let plain = Publish {
        options: WriteOptions::default(),
        author: 7,
        kind: 0,
        created_at: None,
        text: Bytes::from_static(b"hello, world"),
        meta: Bytes::new(),
        mentions: Vec::new(),
        audience: Audience::Everybody,
    };
    let full = Publish {
        options: keyed(Some(7)),
        author: u64::MAX,
        kind: u16::MAX,
        created_at: Some(1_700_000_000_000),
        text: Bytes::from_static("gr\u{fc}\u{df}e \u{1f44b}".as_bytes()),
        meta: Bytes::from_static(&[0, 1, 2, 254, 255]),
        mentions: Vec::new(),
        audience: Audience::Everybody,
    };
    let empty = Publish { options: keyed(None), text: Bytes::new(), ..plain.clone() };
    let delete = Delete { options: WriteOptions::default(), post: 300 };
    let by_actor = Delete { options: WriteOptions { key: None, actor: Some(7) }, post: 300 };
    vec![
        ("publish", Request::Publish(plain)),
        ("publish_full", Request::Publish(full)),
        ("publish_empty", Request::Publish(empty)),
        ("delete", Request::Delete(delete)),
        ("delete_by_actor", Request::Delete(by_actor)),
    ]
}

fn pairs() -> Vec<(&'static str, Request)> {
    let plain = Pair { options: WriteOptions::default(), user: 9, other: 7 };
    let follow = NewFollow { options: keyed(Some(9)), user: 9, other: 7, weight: None };
    vec![
        ("follow", Request::Follow(follow)),
        ("unfollow", Request::Unfollow(plain)),
        ("mute", Request::Mute(plain)),
        ("unmute", Request::Unmute(plain)),
        ("block", Request::Block(plain)),
        ("unblock", Request::Unblock(plain)),
        ("befriend", Request::Befriend(plain)),
        ("private_on", Request::Private(Private { options: plain.options, user: 9, on: true })),
        ("private_off", Request::Private(Private { options: plain.options, user: 9, on: false })),
        ("approve", Request::Approve(plain)),
        ("deny", Request::Deny(plain)),
        ("touch", Request::Touch(Touch { options: WriteOptions::default(), user: 128 })),
    ]
}

fn timelines() -> Vec<(&'static str, Request)> {
    let newest =
        Timeline { options: ReadOptions::default(), user: 9, span: Span::Newest, limit: 0 };
    let before = Timeline { span: Span::Before(16_384), limit: 200, ..newest };
    let after = Timeline { options: VIEWED, span: Span::After(u64::MAX), limit: 1, ..newest };
    let huge = Timeline { limit: u32::MAX, ..newest };
    vec![
        ("home", Request::Home(newest)),
        ("home_before", Request::Home(before)),
        ("home_after", Request::Home(after)),
        ("outbox", Request::Outbox(huge)),
        (
            "post",
            Request::Post(PostById { options: ReadOptions::default(), post: 300, revision: None }),
        ),
        ("post_viewed", Request::Post(PostById { options: VIEWED, post: 300, revision: Some(2) })),
    ]
}

fn lists() -> Vec<(&'static str, Request)> {
    let newest = Edges { options: ReadOptions::default(), user: 9, before: None, limit: 20 };
    let before = Edges { options: VIEWED, before: Some(300), ..newest };
    vec![
        ("following", Request::Following(newest)),
        ("followers", Request::Followers(before)),
        ("mutes", Request::Mutes(newest)),
        ("blocks", Request::Blocks(newest)),
        ("requests", Request::Requests(before)),
        ("user", Request::User(UserById { options: VIEWED, user: 9 })),
        ("relation", Request::Relation(RelationOf { options: ReadOptions::default(), a: 9, b: 7 })),
    ]
}

fn scans() -> Vec<(&'static str, Request)> {
    let options = ReadOptions::default();
    let posts = Scan { options, what: ScanWhat::Posts, after: 0, until: None, limit: 0 };
    let follows = Scan { what: ScanWhat::Follows, after: 77, until: Some(1000), ..posts };
    vec![("scan_posts", Request::Scan(posts)), ("scan_follows", Request::Scan(follows))]
}

/// Requests that came later: their samples stand last, so that the frames of the others stay.
pub(crate) fn later() -> Vec<(&'static str, Request)> {
    let name = Bytes::from_static(b"before-upgrade.1");
    let options = WriteOptions::default();
    let weighted = NewFollow { options, user: 9, other: 7, weight: Some(15) };
    let tag = Tag { options, user: 9, tag: Bytes::from_static(b"vip"), set: true };
    let now = Watch { options: ReadOptions::default(), user: 9, after: None, presence: false };
    let after = Some(Position { epoch: 1, sequence: 70_000 });
    vec![
        ("backup", Request::Backup(Backup { name })),
        ("online", Request::Online(UserById { options: ReadOptions::default(), user: 9 })),
        ("watch", Request::Watch(now)),
        (
            "watch_after",
            Request::Watch(Watch { options: VIEWED, user: 4242, after, presence: true }),
        ),
        ("unwatch", Request::Unwatch(Unwatch { watch: 300 })),
        ("explain", Request::Explain(Explain { options: VIEWED, user: 4242, post: 70_000 })),
        ("advise", Request::Advise),
        ("follow_weighted", Request::Follow(weighted)),
        ("tag", Request::Tag(tag)),
    ]
}

/// Requests about read marks and edits: behind the others, for the same reason.
pub(crate) fn marks() -> Vec<(&'static str, Request)> {
    let (plain, feed) = (WriteOptions::default(), Some(Bytes::from_static(b"friends")));
    let home = Mark { options: plain, user: 9, feed: None, device: 0, post: 16_384 };
    let group = Mark { options: keyed(Some(9)), feed: feed.clone(), device: u64::MAX, ..home };
    let marks = MarksOf { options: ReadOptions::default(), user: 9, feed: None };
    let of_group = MarksOf { options: VIEWED, user: 4242, feed: feed.clone() };
    let unread =
        UnreadOf { options: ReadOptions::default(), user: 9, feed: None, since: None, limit: 0 };
    let since = UnreadOf { options: VIEWED, user: 4242, feed, since: Some(70_000), limit: 99 };
    let (text, meta) = (Bytes::from_static(b"hello, worlds"), Some(Bytes::new()));
    let revise = Revise { options: plain, post: 300, revision: 0, text, meta: None };
    let full = Revise { options: keyed(Some(7)), revision: 70_000, meta, ..revise.clone() };
    vec![
        ("mark", Request::Mark(home)),
        ("mark_group", Request::Mark(group)),
        ("revise", Request::Revise(revise)),
        ("revise_full", Request::Revise(full)),
        ("marks", Request::Marks(marks)),
        ("marks_group", Request::Marks(of_group)),
        ("unread", Request::Unread(unread)),
        ("unread_since", Request::Unread(since)),
    ]
}

/// Requests about groups and changes: last of all, for the same reason.
pub(crate) fn groups() -> Vec<(&'static str, Request)> {
    let (plain, name) = (WriteOptions::default(), Bytes::from_static(b"friends"));
    let cafe = Bytes::from_static("caf\u{e9}".as_bytes());
    let create = GroupCreate { options: plain, user: 9, name: name.clone(), exclusive: false };
    let exclusive =
        GroupCreate { options: keyed(Some(9)), name: cafe.clone(), exclusive: true, ..create };
    let delete = GroupDelete { options: plain, user: 9, name: name.clone() };
    let add = GroupMember { options: keyed(None), user: 9, name: name.clone(), author: 70_000 };
    let remove = GroupMember { options: plain, name: cafe.clone(), ..add };
    let options = ReadOptions::default();
    let all = Changes { options, after: None, begun: None, limit: 0, content: true, wait_ms: 0 };
    let position = Some(Position { epoch: 1, sequence: 70_000 });
    let after = Changes {
        after: position,
        begun: Some(300),
        limit: 300,
        content: false,
        wait_ms: 60_000,
        ..all
    };
    let page = Timeline { options: VIEWED, user: 4242, span: Span::Before(16_384), limit: 20 };
    let edges = Edges { options: ReadOptions::default(), user: 9, before: Some(300), limit: 0 };
    vec![
        ("group_create", Request::GroupCreate(create)),
        ("group_create_exclusive", Request::GroupCreate(exclusive)),
        ("group_delete", Request::GroupDelete(delete)),
        ("group_add", Request::GroupAdd(add)),
        ("group_remove", Request::GroupRemove(remove)),
        ("group", Request::Group(GroupFeed { page, name })),
        ("groups", Request::Groups(UserById { options: VIEWED, user: 4242 })),
        ("changes", Request::Changes(all)),
        ("changes_after", Request::Changes(after)),
        ("members", Request::Members(Members { page: edges, name: cafe })),
    ]
}

/// Requests about reactions and comments: last of all, for the same reason.
pub(crate) fn responses() -> Vec<(&'static str, Request)> {
    let (plain, plainly) = (WriteOptions::default(), ReadOptions::default());
    let react = Reaction { options: keyed(Some(9)), user: 9, target: 69_000, kind: 15 };
    let unreact = Reaction { options: plain, kind: 0, ..react };
    let text = Bytes::from_static("caf\u{e9}?".as_bytes());
    let mentions = Vec::new();
    let comment =
        NewComment { options: keyed(None), user: 9, post: 300, answers: None, text, mentions };
    let answer = NewComment { options: plain, answers: Some(69_000), ..comment.clone() };
    let delete = CommentDelete { options: keyed(Some(7)), comment: 69_000 };
    let oldest =
        Comments { options: plainly, post: 300, newest_first: false, cursor: None, limit: 0 };
    let newest = Comments {
        options: VIEWED,
        newest_first: true,
        cursor: Some(69_000),
        limit: 200,
        ..oldest
    };
    let all = Reactors { options: plainly, target: 300, kind: None, before: None, limit: 0 };
    let some = Reactors { options: VIEWED, kind: Some(3), before: Some(69_000), limit: 5, ..all };
    let home = Timeline { options: COUNTED, user: 9, span: Span::Newest, limit: 0 };
    let counts = ReadOptions { counts: true, ..plainly };
    vec![
        ("react", Request::React(react)),
        ("unreact", Request::Unreact(unreact)),
        ("comment", Request::Comment(comment)),
        ("comment_answer", Request::Comment(answer)),
        ("comment_delete", Request::CommentDelete(delete)),
        ("comments", Request::Comments(oldest)),
        ("comments_newest", Request::Comments(newest)),
        ("reactors", Request::Reactors(all)),
        ("reactors_of_a_kind", Request::Reactors(some)),
        ("home_counted", Request::Home(home)),
        ("post_counted", Request::Post(PostById { options: counts, post: 300, revision: None })),
    ]
}

/// Requests about reposts: last of all, for the same reason.
pub(crate) fn reposts() -> Vec<(&'static str, Request)> {
    let (plain, plainly) = (WriteOptions::default(), ReadOptions::default());
    let bare = NewRepost {
        options: plain,
        user: 9,
        parent: 69_000,
        kind: 0,
        created_at: None,
        text: Bytes::new(),
        meta: Bytes::new(),
        mentions: Vec::new(),
        audience: Audience::Everybody,
    };
    let quote = NewRepost {
        options: keyed(Some(9)),
        kind: 513,
        created_at: Some(1_699_999_999_999),
        text: Bytes::from_static("caf\u{e9}!".as_bytes()),
        meta: Bytes::from_static(&[9, 8]),
        mentions: vec![8, 128],
        audience: Audience::Followers,
        ..bare
    };
    let unrepost = Unrepost { options: keyed(None), user: 9, post: 300 };
    let options = ReadOptions { originals: true, ..COUNTED };
    let home = Timeline { options, user: 9, span: Span::Newest, limit: 0 };
    let grouped = ReadOptions { groups: true, ..VIEWED };
    let collapsed = ReadOptions { collapse: Some(Collapse::default()), ..VIEWED };
    let further = Some(Collapse { horizon_ms: 86_400_000, top: Some(70_001) });
    let further = ReadOptions { collapse: further, ..COUNTED };
    let all = Reposters { options: plainly, post: 300, before: None, limit: 0 };
    let some = Reposters { options: VIEWED, before: Some(69_000), limit: 5, ..all };
    vec![
        ("repost", Request::Repost(bare)),
        ("repost_quote", Request::Repost(quote)),
        ("unrepost", Request::Unrepost(unrepost)),
        ("reposters", Request::Reposters(all)),
        ("reposters_before", Request::Reposters(some)),
        ("home_originals", Request::Home(home)),
        ("home_groups", Request::Home(Timeline { options: grouped, ..home })),
        ("home_collapsed", Request::Home(Timeline { options: collapsed, ..home })),
        ("home_collapsed_next", Request::Home(Timeline { options: further, ..home })),
    ]
}

/// Requests about users who are forgotten.
pub(crate) fn forgets() -> Vec<(&'static str, Request)> {
    let options = WriteOptions::default();
    let keyed = Forget { options: keyed(None), user: u64::MAX };
    let read = ReadOptions::default();
    vec![
        ("forget", Request::Forget(Forget { options, user: 9 })),
        ("forget_keyed", Request::Forget(keyed)),
        ("forgotten", Request::Forgotten(ForgottenOf { options: read })),
    ]
}

/// Requests about moderation.
pub(crate) fn moderation() -> Vec<(&'static str, Request)> {
    let (plain, plainly) = (WriteOptions::default(), ReadOptions::default());
    let (user, post) =
        (Suspension { options: plain, user: 9 }, Hiding { options: plain, post: 300 });
    let keyed_user = Suspension { options: keyed(None), user: u64::MAX };
    let what = ModeratedWhat::All;
    let all = ModeratedOf { options: plainly, what, before: None, limit: 0 };
    let what = ModeratedWhat::Posts;
    let posts = ModeratedOf { what, before: Some(69_000), limit: 5, ..all };
    vec![
        ("suspend", Request::Suspend(user)),
        ("suspend_keyed", Request::Suspend(keyed_user)),
        ("unsuspend", Request::Unsuspend(user)),
        ("hide", Request::Hide(post)),
        ("unhide", Request::Unhide(post)),
        ("moderated", Request::Moderated(all)),
        ("moderated_posts", Request::Moderated(posts)),
    ]
}

/// Requests about mentions and notices.
pub(crate) fn notices() -> Vec<(&'static str, Request)> {
    let options = keyed(Some(9));
    let look = Publish {
        options,
        author: 9,
        kind: 0,
        created_at: None,
        text: Bytes::from_static(b"look"),
        meta: Bytes::new(),
        mentions: vec![8, 128, u64::MAX],
        audience: Audience::Group { group: 0, name: "family".into() },
    };
    let comment = NewComment {
        options,
        user: 9,
        post: 300,
        answers: None,
        text: Bytes::from_static(b"look"),
        mentions: vec![8],
    };
    let newest = Notices {
        options: ReadOptions::default(),
        user: 9,
        before: None,
        limit: 0,
        only_count: false,
    };
    let older = Notices { options: VIEWED, before: Some(69_000), limit: 5, ..newest };
    let count = Notices { only_count: true, ..newest };
    let all = NoticesRead { options, user: 9, up_to: None };
    let some = NoticesRead { options: WriteOptions::default(), up_to: Some(69_000), ..all };
    vec![
        ("publish_mentioning", Request::Publish(look)),
        ("comment_mentioning", Request::Comment(comment)),
        ("notices", Request::Notices(newest)),
        ("notices_before", Request::Notices(older)),
        ("notices_only_count", Request::Notices(count)),
        ("notices_read", Request::NoticesRead(all)),
        ("notices_read_up_to", Request::NoticesRead(some)),
    ]
}
