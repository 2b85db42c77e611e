//! Replies with empty, short and longer lists, with and without each option.
//!
//! Each flag of a relation has a sample of its own, so that two of them cannot be exchanged.

use bytes::Bytes;
use fanfold_protocol::{
    Audience, BroughtBy, CameBy, Change, Changed, Code, Collapsed, Comment, CommentPage, Counts,
    DeviceMark, Edge, EdgeChange, EdgePage, Edit, ErrorReply, Event, Events, Explained, Fault,
    Follow, Group, GroupChange, Groups, Marks, NoticeGroup, NoticeKind, NoticePage, OnePost,
    Online, Original, Page, PageEnd, Position, Post, PostModeration, Radius, Reactor, ReactorPage,
    Relation, Reply, Repost, Reposter, ReposterPage, ResponseChange, Retry, Scanned, ScannedItems,
    Status, StatusValue, Unread, UserCard, Watching, Welcome, What, Why, Written,
};

pub(super) const POSITION: Position = Position { epoch: 1, sequence: 70_000 };

/// Every reply, by the name of its golden file.
pub(crate) fn replies() -> Vec<(&'static str, Reply)> {
    let mut all = session();
    all.extend(pages());
    all.extend(facts());
    all.extend(scans());
    all.extend(errors());
    all
}

pub(super) fn post(id: u64, text: &'static str) -> Post {
    Post {
        id,
        author: 7,
        at: 1_700_000_000_000,
        committed_at: 1_700_000_000_250,
        kind: 0,
        text: Bytes::from_static(text.as_bytes()),
        meta: Bytes::new(),
        repost: None,
        mentions: Vec::new(),
        audience: Audience::Everybody,
        edit: None,
    }
}

fn imported(id: u64) -> Post {
    Post {
        committed_at: 1_699_999_999_999,
        kind: 513,
        meta: Bytes::from_static(&[9, 8]),
        edit: Some(Edit { revision: 300, at: 1_700_000_000_500 }),
        ..post(id, "")
    }
}

fn session() -> Vec<(&'static str, Reply)> {
    let welcome = Welcome {
        version: 1,
        epoch: 1,
        sequence: 70_000,
        features: 0,
        database: *b"0123456789abcdef",
        server: Bytes::from_static(b"fanfoldd 0.1.0"),
        max_body_bytes: 1_245_184,
        max_in_flight: 256,
    };
    let fields = vec![
        (Bytes::from_static(b"log.bytes"), StatusValue::Number(1 << 40)),
        (
            Bytes::from_static(b"options.durability"),
            StatusValue::Text(Bytes::from_static(b"fsync")),
        ),
    ];
    let published =
        Written { position: POSITION, changed: true, requested: false, post: Some(70_000) };
    let requested = Written { requested: true, post: None, ..published };
    let unchanged = Written { changed: false, post: None, ..published };
    vec![
        ("welcome", Reply::Welcome(welcome)),
        ("pong", Reply::Pong),
        ("status_reply", Reply::Status(Status { position: POSITION, fields })),
        ("written", Reply::Written(published)),
        ("written_unchanged", Reply::Written(unchanged)),
        ("written_requested", Reply::Written(requested)),
    ]
}

/// Of a page of three posts.
fn collapsed() -> Collapsed {
    let brought_by = vec![
        BroughtBy { others: 300, users: vec![9, u64::MAX, 7] },
        BroughtBy::default(),
        BroughtBy { others: 2, users: vec![300, 1] },
    ];
    Collapsed { top: 70_001, brought_by }
}

fn pages() -> Vec<(&'static str, Reply)> {
    let posts = vec![post(70_000, "newest"), imported(69_999), post(1, "h\u{e9}")];
    let full = Page {
        position: POSITION,
        end: PageEnd::More,
        posts,
        counts: None,
        originals: Vec::new(),
        original_counts: Vec::new(),
        came_by: None,
        collapsed: None,
    };
    let empty = Page {
        position: Position::default(),
        end: PageEnd::End,
        posts: Vec::new(),
        counts: None,
        originals: Vec::new(),
        original_counts: Vec::new(),
        came_by: None,
        collapsed: None,
    };
    let cut = Page {
        position: POSITION,
        end: PageEnd::Bytes,
        posts: vec![imported(u64::MAX)],
        counts: None,
        originals: Vec::new(),
        original_counts: Vec::new(),
        came_by: None,
        collapsed: None,
    };
    let edges = vec![
        Edge { user: 3, sequence: 500 },
        Edge { user: u64::MAX, sequence: 499 },
        Edge { user: 0, sequence: 0 },
    ];
    let edge_page = EdgePage { position: POSITION, end: PageEnd::More, edges };
    let no_edges = EdgePage { position: POSITION, end: PageEnd::End, edges: Vec::new() };
    vec![
        ("page", Reply::Page(full)),
        ("page_empty", Reply::Page(empty)),
        ("page_bytes", Reply::Page(cut)),
        (
            "post_reply",
            Reply::Post(OnePost {
                position: POSITION,
                post: imported(300),
                counts: None,
                moderation: PostModeration::default(),
            }),
        ),
        ("edges", Reply::Edges(edge_page)),
        ("edges_empty", Reply::Edges(no_edges)),
    ]
}

fn facts() -> Vec<(&'static str, Reply)> {
    let card = UserCard {
        position: POSITION,
        user: 9,
        posts: 0,
        followers: 120_000_000,
        followees: 2000,
        newest_post: None,
        active_at: None,
        suspended: false,
        private: false,
    };
    let active = UserCard { newest_post: Some(70_000), active_at: Some(1_700_000_000_000), ..card };
    let private = UserCard { private: true, ..card };
    let none = Relation {
        position: POSITION,
        follows: false,
        followed_by: false,
        muted: false,
        blocked: false,
        blocked_by: false,
        apart: false,
        requested: false,
        requested_by: false,
    };
    let relation = |set: fn(&mut Relation)| {
        let mut relation = none;
        set(&mut relation);
        Reply::Relation(relation)
    };
    vec![
        ("user_reply", Reply::User(card)),
        ("user_reply_active", Reply::User(active)),
        ("user_reply_private", Reply::User(private)),
        ("relation_requested", relation(|it| it.requested = true)),
        ("relation_requested_by", relation(|it| it.requested_by = true)),
        ("relation_none", Reply::Relation(none)),
        ("relation_follows", relation(|it| it.follows = true)),
        ("relation_followed_by", relation(|it| it.followed_by = true)),
        ("relation_muted", relation(|it| it.muted = true)),
        ("relation_blocked", relation(|it| it.blocked = true)),
        ("relation_blocked_by", relation(|it| it.blocked_by = true)),
    ]
}

fn scans() -> Vec<(&'static str, Reply)> {
    let posts = ScannedItems::Posts(vec![post(5, "first"), imported(300)]);
    let posts = Scanned { position: POSITION, next: 300, end: PageEnd::More, items: posts };
    let follows = vec![
        Follow { user: 9, author: 7, sequence: 10 },
        Follow { user: 9, author: 300, sequence: 1000 },
    ];
    let items = ScannedItems::Follows(follows);
    let follows = Scanned { position: POSITION, next: 70_000, end: PageEnd::End, items };
    vec![("scanned_posts", Reply::Scanned(posts)), ("scanned_follows", Reply::Scanned(follows))]
}

fn errors() -> Vec<(&'static str, Reply)> {
    let busy = ErrorReply::new(Code::Busy, "the commit queue holds 65536 writes, the limit");
    let bad = ErrorReply::new(Code::BadFrame, "header_crc at byte 16: checksum differs");
    let unknown = ErrorReply {
        code: Code::Other(0x0102),
        radius: Radius::Request,
        fault: Fault::Us,
        retry: Retry::Elsewhere,
        message: Bytes::new(),
        oldest: 0,
    };
    vec![
        ("error_busy", Reply::Error(busy)),
        ("error_bad_frame", Reply::Error(bad)),
        ("error_unknown", Reply::Error(unknown)),
    ]
}

/// Replies that came later: their samples stand last, so that the frames of the others stay.
fn explained(why: Why, since: Option<u64>, by: Option<u64>) -> Explained {
    let time = since.map(|_| 1_370_053_355_000);
    Explained { position: POSITION, why, author: Some(7), since, time, by, group: Bytes::new() }
}

pub(crate) fn later() -> Vec<(&'static str, Reply)> {
    let position = POSITION;
    let nothing = explained(Why::NoSuchPost, None, None);
    let nobody = Online { position, online: false, followers: 0, followees: Vec::new() };
    let some = Online { position, online: true, followers: 300, followees: vec![7, 8, 300] };
    let told = |more, events| Events { position, more, events };
    let all = vec![
        Event::Entry(post(300, "first")),
        Event::Removed(5),
        Event::FeedChanged(7),
        Event::Entry(imported(301)),
    ];
    let (all, idle, gap) =
        (told(true, all), told(false, Vec::new()), told(false, vec![Event::Gap]));
    let presence = vec![
        Event::PresenceAnew,
        Event::Presence { user: 300, online: true },
        Event::Presence { user: 7, online: false },
    ];
    let presence = told(false, presence);
    vec![
        ("online_reply", Reply::Online(some)),
        ("online_nobody", Reply::Online(nobody)),
        ("watching", Reply::Watching(Watching { position: POSITION })),
        ("unwatched", Reply::Unwatched),
        ("events", Reply::Events(all)),
        ("events_idle", Reply::Events(idle)),
        ("events_gap", Reply::Events(gap)),
        ("explained_present", Reply::Explained(explained(Why::Pushed, Some(60), None))),
        ("explained_blocked", Reply::Explained(explained(Why::Blocked, Some(65), Some(7)))),
        ("explained_nothing", Reply::Explained(Explained { author: None, ..nothing })),
        ("events_presence", Reply::Events(presence)),
    ]
}

/// One change of every kind.
fn changed() -> Changed {
    let content = Some((Bytes::from_static(b"first"), Bytes::from_static(&[9, 8])));
    let posted = What::Publish {
        kind: 513,
        created_at: Some(1_370_053_355_000),
        content,
        mentions: Vec::new(),
        audience: Audience::Everybody,
    };
    let bare = What::Publish {
        kind: 0,
        created_at: None,
        content: None,
        mentions: Vec::new(),
        audience: Audience::Mutual,
    };
    let mut whats = vec![posted, bare, What::Erased, What::Delete { post: 300 }];
    whats.extend(EdgeChange::ALL.map(|kind| What::Edge { kind, other: 300 }));
    whats.extend(GroupChange::ALL.map(|kind| What::Group {
        kind,
        group: 69_000,
        name: Bytes::from_static(b"friends"),
        exclusive: kind.has_member(),
        member: if kind.has_member() { 9 } else { 0 },
    }));
    let (post, target) = (300, 69_000);
    let respond = |kind| What::Response { kind, post, target };
    whats.push(What::Response { kind: ResponseChange::React(15), post, target: post });
    whats.push(respond(ResponseChange::Unreact(0)));
    whats.push(respond(ResponseChange::Comment(Some(Bytes::from_static(b"indeed")), Vec::new())));
    whats.push(What::Response {
        kind: ResponseChange::Comment(None, Vec::new()),
        post,
        target: post,
    });
    whats.push(respond(ResponseChange::Delete));
    let repost = Repost { parent: 69_000, root: 300, root_author: 8 };
    let content = Some((Bytes::from_static(b"look"), Bytes::new()));
    let (kind, created_at) = (513, Some(1_699_999_999_999));
    let mentions = vec![9];
    let audience = Audience::Group { group: 300, name: "family".into() };
    let quote = true;
    whats.push(What::Repost { kind, created_at, repost, quote, content, mentions, audience });
    let (created_at, mentions) = (None, Vec::new());
    let audience = Audience::Everybody;
    let (kind, quote, content) = (0, false, None);
    whats.push(What::Repost { kind, created_at, repost, quote, content, mentions, audience });
    whats.push(What::Unrepost { root: 300, post: 69_000 });
    let name = Bytes::from_static(b"friends");
    let content = Some((Bytes::from_static(b"second"), Bytes::new()));
    whats.extend([
        What::Mark { post: 300, device: 0, group: 0, name: Bytes::new() },
        What::Mark { post: 300, device: 9, group: 69_000, name },
        What::Revise { post: 300, revision: 2, content },
        What::Revise { post: 300, revision: 1, content: None },
    ]);
    let change = |(sequence, what)| Change { sequence, time: 1_700_000_000_000, user: 7, what };
    let changes = (69_000..).zip(whats).map(change).collect();
    Changed { position: POSITION, next: 69_500, oldest: 300, changes }
}

/// Replies about read marks and edits: behind the others, for the same reason.
pub(crate) fn marks() -> Vec<(&'static str, Reply)> {
    let position = POSITION;
    let mark = |device, post| DeviceMark { device, post };
    let devices = vec![mark(0, 300), mark(u64::MAX, 16_384)];
    let none = Marks { position, mark: 0, devices: Vec::new() };
    let some = Marks { position, mark: 16_384, devices };
    let few = Unread { position, mark: 300, count: 2, more: false, oldest: Some(16_384) };
    let many = Unread { count: 999, more: true, oldest: None, ..few };
    let events = vec![Event::Changed(imported(300)), Event::Changed(post(301, "as it was"))];
    vec![
        ("marks_reply", Reply::Marks(some)),
        ("marks_none", Reply::Marks(none)),
        ("unread_reply", Reply::Unread(few)),
        ("unread_many", Reply::Unread(many)),
        ("events_changed", Reply::Events(Events { position, more: false, events })),
    ]
}

/// Replies about groups and changes: last of all, for the same reason.
pub(crate) fn groups() -> Vec<(&'static str, Reply)> {
    let group = |id, name: &'static str, exclusive, members| Group {
        id,
        name: Bytes::from_static(name.as_bytes()),
        exclusive,
        members,
    };
    let some = vec![group(300, "friends", false, 0), group(70_000, "caf\u{e9}", true, 2_000)];
    let apart = Relation {
        position: POSITION,
        follows: false,
        followed_by: false,
        muted: false,
        blocked: false,
        blocked_by: false,
        apart: true,
        requested: false,
        requested_by: false,
    };
    let trimmed = ErrorReply::new(Code::Trimmed, "changes above 5 were dropped");
    let left_out = Explained {
        group: Bytes::from_static(b"friends"),
        ..explained(Why::Apart, Some(65), None)
    };
    vec![
        ("changed", Reply::Changed(changed())),
        ("changed_none", Reply::Changed(Changed { changes: Vec::new(), ..changed() })),
        ("error_trimmed", Reply::Error(ErrorReply { oldest: 300, ..trimmed })),
        ("groups_reply", Reply::Groups(Groups { position: POSITION, groups: some })),
        ("groups_none", Reply::Groups(Groups { position: POSITION, groups: Vec::new() })),
        ("relation_apart", Reply::Relation(apart)),
        ("explained_apart", Reply::Explained(left_out)),
    ]
}

/// Replies about reactions and comments: last of all, for the same reason.
pub(crate) fn responses() -> Vec<(&'static str, Reply)> {
    let mut counts = Counts { comments: 300, reposts: 7, mine: 0x8001, ..Counts::default() };
    (counts.reactions[0], counts.reactions[15]) = (10_000_000, 1);
    let posts = vec![post(70_000, "newest"), post(1, "h\u{e9}")];
    let each = Some(vec![counts, Counts::default()]);
    let (originals, original_counts) = (Vec::new(), Vec::new());
    let page = Page {
        position: POSITION,
        end: PageEnd::End,
        posts,
        counts: each,
        originals,
        original_counts,
        came_by: None,
        collapsed: None,
    };
    let moderation = PostModeration::default();
    let one = OnePost { position: POSITION, post: imported(300), counts: Some(counts), moderation };
    let to_comment = Counts { comments: 0, reposts: 0, ..counts };
    let comment = |id, answers, text: &'static str| Comment {
        id,
        author: 9,
        at: 1_700_000_000_000,
        answers,
        text: Bytes::from_static(text.as_bytes()),
        counts: to_comment,
        mentions: Vec::new(),
    };
    let comments = CommentPage {
        position: POSITION,
        end: PageEnd::More,
        newest_first: false,
        total: 300,
        comments: vec![comment(69_000, None, "first"), comment(69_300, Some(69_000), "caf\u{e9}")],
    };
    let newest = CommentPage {
        end: PageEnd::End,
        newest_first: true,
        comments: comments.comments.iter().rev().cloned().collect(),
        ..comments.clone()
    };
    let reactors = vec![
        Reactor { user: 9, kind: 15, sequence: 69_300 },
        Reactor { user: u64::MAX, kind: 0, sequence: 69_000 },
    ];
    let reactors = ReactorPage { position: POSITION, end: PageEnd::More, reactors };
    let nobody = ReactorPage { position: POSITION, end: PageEnd::End, reactors: Vec::new() };
    vec![
        ("page_counted", Reply::Page(page)),
        ("post_reply_counted", Reply::Post(one)),
        ("comments_reply", Reply::Comments(comments)),
        ("comments_reply_newest", Reply::Comments(newest)),
        ("reactors_reply", Reply::Reactors(reactors)),
        ("reactors_none", Reply::Reactors(nobody)),
    ]
}

/// Replies about reposts: last of all, for the same reason.
pub(crate) fn reposts() -> Vec<(&'static str, Reply)> {
    let repost = Some(Repost { parent: 69_000, root: 300, root_author: u64::MAX });
    let reposted = Post { repost, ..post(70_000, "look") };
    let posts = vec![reposted.clone(), Post { repost, ..post(69_500, "") }, imported(300)];
    let page = Page {
        position: POSITION,
        end: PageEnd::End,
        posts,
        counts: None,
        originals: Vec::new(),
        original_counts: Vec::new(),
        came_by: None,
        collapsed: None,
    };
    let originals =
        vec![Original::Post(imported(300)), Original::Deleted { id: 12, author: u64::MAX }];
    let counts = Counts { reposts: 300, ..Counts::default() };
    let groups = vec![Bytes::from_static("caf\u{e9}".as_bytes()), Bytes::from_static(b"work")];
    let came_by = CameBy { groups, posts: vec![vec![0, 1], Vec::new(), vec![1]] };
    let reposters = vec![
        Reposter { user: 9, repost: 69_500, quote: true },
        Reposter { user: u64::MAX, repost: 69_000, quote: false },
    ];
    let (position, end, root) = (POSITION, PageEnd::More, 300);
    let some = ReposterPage { position, end, root, total: 70_000, reposters };
    let none = ReposterPage { end: PageEnd::End, total: 0, reposters: Vec::new(), ..some };
    vec![
        ("page_reposts", Reply::Page(page.clone())),
        ("page_originals", Reply::Page(Page { originals: originals.clone(), ..page.clone() })),
        (
            "page_originals_counted",
            Reply::Page(Page {
                originals,
                counts: Some(vec![counts; 3]),
                original_counts: vec![counts; 2],
                ..page.clone()
            }),
        ),
        ("page_came_by", Reply::Page(Page { came_by: Some(came_by), ..page.clone() })),
        ("page_collapsed", Reply::Page(Page { collapsed: Some(collapsed()), ..page })),
        (
            "post_reply_repost",
            Reply::Post(OnePost {
                position,
                post: reposted,
                counts: None,
                moderation: PostModeration::default(),
            }),
        ),
        ("reposters_reply", Reply::Reposters(some)),
        ("reposters_none", Reply::Reposters(none)),
    ]
}

/// Replies about mentions and notices.
pub(crate) fn notices() -> Vec<(&'static str, Reply)> {
    let edit = Some(Edit { revision: 1, at: 1_700_000_100_000 });
    let audience = Audience::Group { group: 128, name: "family".into() };
    let mentioning = Post { edit, mentions: vec![9, u64::MAX], audience, ..post(300, "look") };
    let moderation = PostModeration::default();
    let one = OnePost { position: POSITION, post: mentioning, counts: None, moderation };
    let comment = Comment {
        id: 69_000,
        author: 9,
        at: 1_700_000_000_000,
        answers: None,
        text: Bytes::from_static(b"look"),
        counts: Counts::default(),
        mentions: vec![128],
    };
    let comments = CommentPage {
        position: POSITION,
        end: PageEnd::End,
        newest_first: false,
        total: 1,
        comments: vec![comment],
    };
    let change = |sequence, what| Change { sequence, time: 1_700_000_000_000, user: 7, what };
    let (kind, created_at, content) = (0, None, None);
    let said = ResponseChange::Comment(None, vec![8]);
    let changes = vec![
        change(
            60,
            What::Publish {
                kind,
                created_at,
                content,
                mentions: vec![9],
                audience: Audience::Author,
            },
        ),
        change(61, What::Response { kind: said, post: 60, target: 60 }),
        change(62, What::NoticesRead { up_to: 61 }),
        change(63, What::Befriend { other: 300, forth: true, back: false }),
        change(64, What::Private { on: true }),
        change(65, What::Edge { kind: EdgeChange::Request, other: 300 }),
    ];
    let changed = Changed { position: POSITION, next: 65, oldest: 0, changes };
    let group = |kind, newest, post, comment, actors: &[u64]| NoticeGroup {
        kind,
        newest,
        post,
        comment,
        actors: actors.to_vec(),
        actor_count: actors.len() as u64 * 100,
    };
    let groups = vec![
        group(NoticeKind::Mention, 69_000, Some(300), None, &[9]),
        group(NoticeKind::Comment, 68_000, Some(300), Some(301), &[9, 10, 11]),
        group(NoticeKind::Reaction, 67_000, Some(300), None, &[u64::MAX]),
        group(NoticeKind::Follow, 5, None, None, &[1, 2]),
        group(NoticeKind::Request, 4, None, None, &[3]),
    ];
    let (end, position) = (PageEnd::More, POSITION);
    let page = NoticePage { position, end, unread: 3, read_up_to: 66_000, groups };
    let (end, groups) = (PageEnd::End, Vec::new());
    let count = NoticePage { position, end, unread: 3, read_up_to: 66_000, groups };
    vec![
        ("post_reply_mentioning", Reply::Post(one)),
        ("comments_reply_mentioning", Reply::Comments(comments)),
        ("changed_notices", Reply::Changed(changed)),
        ("notices_reply", Reply::Notices(page)),
        ("notices_count", Reply::Notices(count)),
    ]
}
