//! Random requests: every kind, every option present and absent.
//!
//! What is not a valid request is made in `refusals.rs`, by hand.

use fanfold_protocol::limits::{
    BACKUP_NAME_BYTES_MAX, GROUP_NAME_BYTES_MAX, META_BYTES_MAX, NAME_BYTES_MAX,
    TAG_NAME_BYTES_MAX, TEXT_BYTES_MAX, TOKEN_BYTES_MAX, WAIT_MS_MAX,
};
use fanfold_protocol::{
    Backup, Changes, Collapse, CommentDelete, Comments, Delete, Edges, Explain, Forget,
    ForgottenOf, GroupCreate, GroupDelete, GroupFeed, GroupMember, Hello, Hiding, Mark, MarksOf,
    Members, ModeratedOf, ModeratedWhat, NewComment, NewFollow, NewRepost, Notices, NoticesRead,
    Pair, Position, PostById, Private, Publish, Reaction, Reactors, ReadOptions, RelationOf,
    Reposters, Request, Revise, Scan, ScanWhat, Span, Suspension, Tag, Timeline, Touch, UnreadOf,
    Unrepost, Unwatch, UserById, Watch, WriteOptions,
};
use proptest::option;
use proptest::prelude::{Just, Strategy, any, prop_oneof};

use super::{bytes, mentions, number, said_audience, text};

pub(crate) fn request() -> impl Strategy<Value = Request> {
    prop_oneof![
        Just(Request::Ping),
        Just(Request::Status),
        Just(Request::Advise),
        text(BACKUP_NAME_BYTES_MAX).prop_map(|name| Request::Backup(Backup { name })),
        hello().prop_map(Request::Hello),
        publish().prop_map(Request::Publish),
        (write_options(), number())
            .prop_map(|(options, post)| Request::Delete(Delete { options, post })),
        (write_options(), number())
            .prop_map(|(options, user)| Request::Touch(Touch { options, user })),
        pair(),
        (write_options(), number(), any::<bool>())
            .prop_map(|(options, user, on)| Request::Private(Private { options, user, on })),
        follow().prop_map(Request::Follow),
        tag().prop_map(Request::Tag),
        timeline(),
        edges(),
        (counting(), number(), option::of(any::<u32>())).prop_map(|(options, post, revision)| {
            Request::Post(PostById { options, post, revision })
        }),
        (read_options(), number())
            .prop_map(|(options, user)| Request::User(UserById { options, user })),
        (read_options(), number(), number())
            .prop_map(|(options, a, b)| Request::Relation(RelationOf { options, a, b })),
        scan().prop_map(Request::Scan),
        (read_options(), number())
            .prop_map(|(options, user)| Request::Online(UserById { options, user })),
        (read_options(), number(), number())
            .prop_map(|(options, user, post)| Request::Explain(Explain { options, user, post })),
        group_write(),
        marks(),
        revise().prop_map(Request::Revise),
        super::broadcasts::writes(write_options()),
        super::broadcasts::reads(read_options()),
        (timeline_of(), text(GROUP_NAME_BYTES_MAX))
            .prop_map(|(page, name)| Request::Group(GroupFeed { page, name })),
        (edges_of(), text(GROUP_NAME_BYTES_MAX))
            .prop_map(|(page, name)| Request::Members(Members { page, name })),
        (read_options(), number())
            .prop_map(|(options, user)| Request::Groups(UserById { options, user })),
        changes().prop_map(Request::Changes),
        response_write(),
        comments().prop_map(Request::Comments),
        reactors().prop_map(Request::Reactors),
        reposters().prop_map(Request::Reposters),
        repost().prop_map(Request::Repost),
        (write_options(), number(), number())
            .prop_map(|(options, user, post)| Request::Unrepost(Unrepost { options, user, post })),
        notices().prop_map(Request::Notices),
        moderation(),
        forgets(),
        (write_options(), number(), option::of(number())).prop_map(|(options, user, up_to)| {
            Request::NoticesRead(NoticesRead { options, user, up_to })
        }),
        watch().prop_map(Request::Watch),
        any::<u32>().prop_map(|watch| Request::Unwatch(Unwatch { watch })),
    ]
}

fn changes() -> impl Strategy<Value = Changes> {
    let after = option::of((any::<u32>(), number()));
    let begun = option::of(number());
    (read_options(), (after, begun), any::<u32>(), any::<bool>(), 0..=WAIT_MS_MAX).prop_map(
        |(options, (after, begun), limit, content, wait_ms)| {
            let after = after.map(|(epoch, sequence)| Position { epoch, sequence });
            Changes { options, after, begun, limit, content, wait_ms }
        },
    )
}

fn watch() -> impl Strategy<Value = Watch> {
    let after = option::of((any::<u32>(), number()));
    (read_options(), number(), after, any::<bool>()).prop_map(|(options, user, after, presence)| {
        let after = after.map(|(epoch, sequence)| Position { epoch, sequence });
        Watch { options, user, after, presence }
    })
}

fn follow() -> impl Strategy<Value = NewFollow> {
    (write_options(), number(), number(), any::<Option<u8>>())
        .prop_map(|(options, user, other, weight)| NewFollow { options, user, other, weight })
}

fn tag() -> impl Strategy<Value = Tag> {
    (write_options(), number(), text(TAG_NAME_BYTES_MAX), any::<bool>())
        .prop_map(|(options, user, tag, set)| Tag { options, user, tag, set })
}

fn write_options() -> impl Strategy<Value = WriteOptions> {
    (option::of(any::<[u8; 16]>()), option::of(number()))
        .prop_map(|(key, actor)| WriteOptions { key, actor })
}

fn read_options() -> impl Strategy<Value = ReadOptions> {
    option::of(number()).prop_map(|viewer| ReadOptions { viewer, ..ReadOptions::default() })
}

/// Of reads that answer with posts.
fn counting() -> impl Strategy<Value = ReadOptions> {
    (option::of(number()), any::<bool>()).prop_map(|(viewer, counts)| ReadOptions {
        viewer,
        counts,
        ..ReadOptions::default()
    })
}

/// Of reads that answer with a page of posts.
fn paged() -> impl Strategy<Value = ReadOptions> {
    let options = (counting(), any::<bool>(), any::<bool>())
        .prop_map(|(options, originals, groups)| ReadOptions { originals, groups, ..options });
    (options, option::of((number(), option::of(number())))).prop_map(|(options, collapse)| {
        let collapse = collapse.map(|(horizon_ms, top)| Collapse { horizon_ms, top });
        ReadOptions { collapse, ..options }
    })
}

fn response_write() -> impl Strategy<Value = Request> {
    let what = (write_options(), number(), number(), any::<u8>());
    (0..4, what, option::of(number()), (text(TEXT_BYTES_MAX), mentions())).prop_map(
        |(write, (options, user, target, kind), answers, (text, mentions))| match write {
            0 => Request::React(Reaction { options, user, target, kind }),
            1 => Request::Unreact(Reaction { options, user, target, kind }),
            2 => {
                let post = target;
                Request::Comment(NewComment { options, user, post, answers, text, mentions })
            }
            _ => Request::CommentDelete(CommentDelete { options, comment: target }),
        },
    )
}

fn comments() -> impl Strategy<Value = Comments> {
    (read_options(), number(), any::<bool>(), option::of(number()), any::<u32>()).prop_map(
        |(options, post, newest_first, cursor, limit)| Comments {
            options,
            post,
            newest_first,
            cursor,
            limit,
        },
    )
}

fn forgets() -> impl Strategy<Value = Request> {
    let forget = (write_options(), number());
    prop_oneof![
        forget.prop_map(|(options, user)| Request::Forget(Forget { options, user })),
        read_options().prop_map(|options| Request::Forgotten(ForgottenOf { options })),
    ]
}

fn moderation() -> impl Strategy<Value = Request> {
    let user =
        || (write_options(), number()).prop_map(|(options, user)| Suspension { options, user });
    let post = || (write_options(), number()).prop_map(|(options, post)| Hiding { options, post });
    let what = proptest::sample::select(ModeratedWhat::ALL.to_vec());
    let moderated = (read_options(), what, option::of(number()), any::<u32>());
    prop_oneof![
        user().prop_map(Request::Suspend),
        user().prop_map(Request::Unsuspend),
        post().prop_map(Request::Hide),
        post().prop_map(Request::Unhide),
        moderated.prop_map(|(options, what, before, limit)| {
            Request::Moderated(ModeratedOf { options, what, before, limit })
        }),
    ]
}

fn reposters() -> impl Strategy<Value = Reposters> {
    (read_options(), number(), option::of(number()), any::<u32>())
        .prop_map(|(options, post, before, limit)| Reposters { options, post, before, limit })
}

fn repost() -> impl Strategy<Value = NewRepost> {
    let texts = (text(TEXT_BYTES_MAX), bytes(META_BYTES_MAX), mentions(), said_audience());
    let rest = (any::<u16>(), option::of(number()), texts);
    (write_options(), number(), number(), rest).prop_map(
        |(options, user, parent, (kind, created_at, (text, meta, mentions, audience)))| NewRepost {
            options,
            user,
            parent,
            kind,
            created_at,
            text,
            meta,
            mentions,
            audience,
        },
    )
}

fn reactors() -> impl Strategy<Value = Reactors> {
    (read_options(), number(), any::<Option<u8>>(), option::of(number()), any::<u32>()).prop_map(
        |(options, target, kind, before, limit)| Reactors { options, target, kind, before, limit },
    )
}

fn notices() -> impl Strategy<Value = Notices> {
    (read_options(), number(), option::of(number()), any::<u32>(), any::<bool>()).prop_map(
        |(options, user, before, limit, only_count)| Notices {
            options,
            user,
            before,
            limit,
            only_count,
        },
    )
}

fn hello() -> impl Strategy<Value = Hello> {
    let versions = (any::<u16>(), any::<u16>());
    let texts = (text(NAME_BYTES_MAX), bytes(TOKEN_BYTES_MAX));
    (versions, any::<u64>(), option::of(any::<u32>()), texts).prop_map(
        |((min_version, max_version), features, epoch, (name, token))| Hello {
            min_version,
            max_version,
            features,
            epoch,
            name,
            token,
        },
    )
}

fn publish() -> impl Strategy<Value = Publish> {
    let texts = (text(TEXT_BYTES_MAX), bytes(META_BYTES_MAX), mentions(), said_audience());
    (write_options(), number(), any::<u16>(), option::of(number()), texts).prop_map(
        |(options, author, kind, created_at, (text, meta, mentions, audience))| Publish {
            options,
            author,
            kind,
            created_at,
            text,
            meta,
            mentions,
            audience,
        },
    )
}

fn pair() -> impl Strategy<Value = Request> {
    let kinds = [
        Request::Unfollow,
        Request::Mute,
        Request::Unmute,
        Request::Block,
        Request::Unblock,
        Request::Befriend,
        Request::Approve,
        Request::Deny,
    ];
    (proptest::sample::select(kinds.to_vec()), write_options(), number(), number())
        .prop_map(|(kind, options, user, other)| kind(Pair { options, user, other }))
}

fn group_write() -> impl Strategy<Value = Request> {
    let what = (write_options(), number(), text(GROUP_NAME_BYTES_MAX));
    (0..4, what, number(), any::<bool>()).prop_map(
        |(kind, (options, user, name), author, exclusive)| match kind {
            0 => Request::GroupCreate(GroupCreate { options, user, name, exclusive }),
            1 => Request::GroupDelete(GroupDelete { options, user, name }),
            2 => Request::GroupAdd(GroupMember { options, user, name, author }),
            _ => Request::GroupRemove(GroupMember { options, user, name, author }),
        },
    )
}

fn marks() -> impl Strategy<Value = Request> {
    let feed = || option::of(text(GROUP_NAME_BYTES_MAX));
    prop_oneof![
        (write_options(), number(), feed(), number(), number()).prop_map(
            |(options, user, feed, device, post)| {
                Request::Mark(Mark { options, user, feed, device, post })
            }
        ),
        (read_options(), number(), feed())
            .prop_map(|(options, user, feed)| Request::Marks(MarksOf { options, user, feed })),
        (read_options(), number(), feed(), option::of(number()), any::<u32>()).prop_map(
            |(options, user, feed, since, limit)| {
                Request::Unread(UnreadOf { options, user, feed, since, limit })
            }
        ),
    ]
}

fn revise() -> impl Strategy<Value = Revise> {
    let content = (text(TEXT_BYTES_MAX), option::of(bytes(META_BYTES_MAX)));
    (write_options(), number(), any::<u32>(), content).prop_map(
        |(options, post, revision, (text, meta))| Revise { options, post, revision, text, meta },
    )
}

fn timeline() -> impl Strategy<Value = Request> {
    let kinds = proptest::sample::select(vec![Request::Home, Request::Outbox]);
    (kinds, timeline_of()).prop_map(|(kind, timeline)| kind(timeline))
}

fn timeline_of() -> impl Strategy<Value = Timeline> {
    let span = prop_oneof![
        Just(Span::Newest),
        number().prop_map(Span::Before),
        number().prop_map(Span::After)
    ];
    (paged(), number(), span, any::<u32>()).prop_map(|(options, user, span, limit)| Timeline {
        options,
        user,
        span,
        limit,
    })
}

fn edges() -> impl Strategy<Value = Request> {
    let kinds = [
        Request::Following,
        Request::Followers,
        Request::Mutes,
        Request::Blocks,
        Request::Requests,
    ];
    let kinds = proptest::sample::select(kinds.to_vec());
    (kinds, edges_of()).prop_map(|(kind, edges)| kind(edges))
}

fn edges_of() -> impl Strategy<Value = Edges> {
    (read_options(), number(), option::of(number()), any::<u32>())
        .prop_map(|(options, user, before, limit)| Edges { options, user, before, limit })
}

fn scan() -> impl Strategy<Value = Scan> {
    let what = prop_oneof![Just(ScanWhat::Posts), Just(ScanWhat::Follows)];
    (read_options(), what, number(), option::of(number()), any::<u32>()).prop_map(
        |(options, what, after, until, limit)| Scan { options, what, after, until, limit },
    )
}
