//! Random replies: every kind, every option present and absent, lists from empty on.
//!
//! What is not a valid reply is made in `refusals.rs`, by hand.

use bytes::Bytes;
use fanfold_protocol::limits::{
    GROUP_NAME_BYTES_MAX, MESSAGE_BYTES_MAX, META_BYTES_MAX, NAME_BYTES_MAX, STATUS_NAME_BYTES_MAX,
    STATUS_TEXT_BYTES_MAX, TEXT_BYTES_MAX,
};
use fanfold_protocol::{
    BeingForgotten, BroughtBy, CameBy, Change, Changed, Code, Collapsed, Comment, CommentPage,
    Counts, DeviceMark, Edge, EdgeChange, EdgePage, Edit, ErrorReply, Event, Events, Explained,
    Fault, Follow, ForgottenList, Group, GroupChange, Groups, Marks, Moderated, ModeratedPage,
    ModerationChange, NoticeGroup, NoticeKind, NoticePage, OnePost, Online, Original, Page,
    PageEnd, Position, Post, PostModeration, Radius, Reactor, ReactorPage, Relation, Reply, Repost,
    Reposter, ReposterPage, ResponseChange, Retry, Scanned, ScannedItems, Status, StatusValue,
    Unread, UserCard, Watching, Welcome, What, Why, Written,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Just, Strategy, any, prop_oneof};

use super::{audience, bytes, mentions, number, run, text};

pub(crate) fn reply() -> impl Strategy<Value = Reply> {
    prop_oneof![
        Just(Reply::Pong),
        welcome().prop_map(Reply::Welcome),
        status().prop_map(Reply::Status),
        (position(), any::<[bool; 2]>(), option::of(number())).prop_map(
            |(position, [changed, requested], post)| {
                Reply::Written(Written { position, changed, requested, post })
            }
        ),
        page().prop_map(Reply::Page),
        (position(), post(3), option::of(counts()), any::<[bool; 2]>()).prop_map(
            |(position, post, counts, [hidden, suspended])| {
                let moderation = PostModeration { hidden, suspended };
                Reply::Post(OnePost { position, post, counts, moderation })
            }
        ),
        edges().prop_map(Reply::Edges),
        user().prop_map(Reply::User),
        relation().prop_map(Reply::Relation),
        scanned().prop_map(Reply::Scanned),
        online().prop_map(Reply::Online),
        explained().prop_map(Reply::Explained),
        groups().prop_map(Reply::Groups),
        super::broadcasts::replies(position().boxed(), end()),
        changed().prop_map(Reply::Changed),
        comments().prop_map(Reply::Comments),
        reactors().prop_map(Reply::Reactors),
        reposters().prop_map(Reply::Reposters),
        notices().prop_map(Reply::Notices),
        moderated().prop_map(Reply::Moderated),
        forgotten().prop_map(Reply::Forgotten),
        marks().prop_map(Reply::Marks),
        unread().prop_map(Reply::Unread),
        position().prop_map(|position| Reply::Watching(Watching { position })),
        Just(Reply::Unwatched),
        events().prop_map(Reply::Events),
        error().prop_map(Reply::Error),
    ]
}

fn position() -> impl Strategy<Value = Position> {
    (any::<u32>(), number()).prop_map(|(epoch, sequence)| Position { epoch, sequence })
}

fn end() -> impl Strategy<Value = PageEnd> {
    prop_oneof![Just(PageEnd::More), Just(PageEnd::End), Just(PageEnd::Bytes)]
}

fn post(id: u64) -> impl Strategy<Value = Post> {
    let texts = (text(TEXT_BYTES_MAX), bytes(META_BYTES_MAX), mentions(), audience());
    let rest = (any::<u16>(), option::of(repost()));
    let edit = option::of((any::<u32>(), number()));
    let edit = edit.prop_map(|edit| edit.map(|(revision, at)| Edit { revision, at }));
    (number(), number(), number(), rest, texts, edit).prop_map(
        move |(
            author,
            at,
            committed_at,
            (kind, repost),
            (text, meta, mentions, audience),
            edit,
        )| Post {
            id,
            author,
            at,
            committed_at,
            kind,
            text,
            meta,
            repost,
            mentions,
            audience,
            edit,
        },
    )
}

fn original() -> impl Strategy<Value = Original> {
    let deleted = (number(), number());
    prop_oneof![
        number().prop_flat_map(post).prop_map(Original::Post),
        deleted.prop_map(|(id, author)| Original::Deleted { id, author }),
    ]
}

fn repost() -> impl Strategy<Value = Repost> {
    (number(), number(), number()).prop_map(|(parent, root, root_author)| Repost {
        parent,
        root,
        root_author,
    })
}

fn reposters() -> impl Strategy<Value = ReposterPage> {
    let reposters = run(20).prop_flat_map(|ids| {
        let reposter = |repost| {
            (number(), any::<bool>()).prop_map(move |(user, quote)| Reposter {
                user,
                repost,
                quote,
            })
        };
        ids.into_iter().rev().map(reposter).collect::<Vec<_>>()
    });
    (position(), end(), number(), number(), reposters).prop_map(
        |(position, end, root, total, reposters)| ReposterPage {
            position,
            end,
            root,
            total,
            reposters,
        },
    )
}

/// Posts with rising ids.
fn posts() -> impl Strategy<Value = Vec<Post>> {
    run(8).prop_flat_map(|ids| ids.into_iter().map(post).collect::<Vec<_>>())
}

fn welcome() -> impl Strategy<Value = Welcome> {
    let place = (any::<u32>(), number(), any::<[u8; 16]>());
    let limits = (any::<u32>(), any::<u32>());
    (any::<u16>(), place, any::<u64>(), text(NAME_BYTES_MAX), limits).prop_map(
        |(version, (epoch, sequence, database), features, server, limits)| Welcome {
            version,
            epoch,
            sequence,
            features,
            database,
            server,
            max_body_bytes: limits.0,
            max_in_flight: limits.1,
        },
    )
}

fn status() -> impl Strategy<Value = Status> {
    let value = prop_oneof![
        number().prop_map(StatusValue::Number),
        text(STATUS_TEXT_BYTES_MAX).prop_map(StatusValue::Text)
    ];
    (position(), vec((text(STATUS_NAME_BYTES_MAX), value), 0..8))
        .prop_map(|(position, fields)| Status { position, fields })
}

fn page() -> impl Strategy<Value = Page> {
    let counts = (any::<bool>(), counts());
    let groups = option::of(vec(text(GROUP_NAME_BYTES_MAX), 0..4));
    let rest = (counts, vec(original(), 0..3), groups, option::of((number(), vec(number(), 8))));
    (position(), end(), posts(), rest).prop_map(
        |(position, end, mut posts, ((counted, each), originals, groups, others))| {
            posts.reverse();
            let counts = counted.then(|| posts.iter().map(|_| each).collect());
            let of_originals = if counted { originals.len() } else { 0 };
            let original_counts = std::iter::repeat_n(each, of_originals).collect();
            let came_by = groups.map(|groups| {
                let count = u16::try_from(groups.len()).expect("a few");
                let places = |(place, _): (u16, _)| (place % 5..count).collect();
                CameBy { posts: (0..).zip(&posts).map(places).collect(), groups }
            });
            let collapsed = others.map(|(top, others)| {
                let users = |others: &u64| {
                    [4, *others, 5]
                        .into_iter()
                        .take(usize::try_from(*others % 4).expect("below four"))
                };
                let brought_by = |others: &u64| BroughtBy {
                    others: users(others).len() as u64,
                    users: users(others).collect(),
                };
                Collapsed {
                    top,
                    brought_by: others.iter().take(posts.len()).map(brought_by).collect(),
                }
            });
            Page { position, end, posts, counts, originals, original_counts, came_by, collapsed }
        },
    )
}

fn counts() -> impl Strategy<Value = Counts> {
    let number = prop_oneof![Just(0), number()];
    (self::number(), self::number(), any::<u16>(), proptest::array::uniform16(number)).prop_map(
        |(comments, reposts, mine, reactions)| Counts { comments, reposts, mine, reactions },
    )
}

fn comments() -> impl Strategy<Value = CommentPage> {
    let comment = |id| {
        let numbers = (number(), number(), option::of(number()));
        (numbers, text(TEXT_BYTES_MAX), counts(), mentions()).prop_map(
            move |((author, at, answers), text, counts, mentions)| Comment {
                id,
                author,
                at,
                answers,
                text,
                counts,
                mentions,
            },
        )
    };
    let comments =
        run(8).prop_flat_map(move |ids| ids.into_iter().map(comment).collect::<Vec<_>>());
    (position(), end(), any::<bool>(), number(), comments).prop_map(
        |(position, end, newest_first, total, mut comments)| {
            if newest_first {
                comments.reverse();
            }
            CommentPage { position, end, newest_first, total, comments }
        },
    )
}

fn reactors() -> impl Strategy<Value = ReactorPage> {
    let reactors = run(20).prop_flat_map(|sequences| {
        let reactor = |sequence| {
            (number(), 0..16u8).prop_map(move |(user, kind)| Reactor { user, kind, sequence })
        };
        sequences.into_iter().rev().map(reactor).collect::<Vec<_>>()
    });
    (position(), end(), reactors).prop_map(|(position, end, reactors)| ReactorPage {
        position,
        end,
        reactors,
    })
}

fn notices() -> impl Strategy<Value = NoticePage> {
    let groups = run(20).prop_flat_map(|sequences| {
        let group = |newest| {
            let kind = proptest::sample::select(NoticeKind::ALL.to_vec());
            let about = (option::of(number()), option::of(number()));
            (kind, about, mentions(), number()).prop_map(
                move |(kind, (post, comment), actors, actor_count)| NoticeGroup {
                    kind,
                    newest,
                    post,
                    comment,
                    actors,
                    actor_count,
                },
            )
        };
        sequences.into_iter().rev().map(group).collect::<Vec<_>>()
    });
    (position(), end(), number(), number(), groups).prop_map(
        |(position, end, unread, read_up_to, groups)| NoticePage {
            position,
            end,
            unread,
            read_up_to,
            groups,
        },
    )
}

fn edges() -> impl Strategy<Value = EdgePage> {
    let edges = run(20).prop_flat_map(|sequences| {
        let edge = |sequence| number().prop_map(move |user| Edge { user, sequence });
        sequences.into_iter().rev().map(edge).collect::<Vec<_>>()
    });
    (position(), end(), edges).prop_map(|(position, end, edges)| EdgePage { position, end, edges })
}

fn user() -> impl Strategy<Value = UserCard> {
    let counts = (number(), number(), number());
    let newest = (option::of(number()), option::of(number()));
    let flags = (any::<bool>(), any::<bool>());
    (position(), number(), counts, newest, flags).prop_map(
        |(position, user, (posts, followers, followees), (newest_post, active_at), flags)| {
            let (suspended, private) = flags;
            UserCard {
                position,
                user,
                posts,
                followers,
                followees,
                newest_post,
                active_at,
                suspended,
                private,
            }
        },
    )
}

fn forgotten() -> impl Strategy<Value = ForgottenList> {
    let users = run(20).prop_flat_map(|sequences| {
        let user = |since| {
            let named = (number(), number());
            named.prop_map(move |(user, removed)| BeingForgotten { since, user, removed })
        };
        sequences.into_iter().map(user).collect::<Vec<_>>()
    });
    (position(), users).prop_map(|(position, users)| ForgottenList { position, users })
}

fn moderated() -> impl Strategy<Value = ModeratedPage> {
    let moderated = run(20).prop_flat_map(|sequences| {
        let item = |since| {
            let named = (number(), option::of(number()));
            named.prop_map(move |(user, post)| Moderated { since, user, post })
        };
        sequences.into_iter().rev().map(item).collect::<Vec<_>>()
    });
    (position(), end(), moderated).prop_map(|(position, end, moderated)| ModeratedPage {
        position,
        end,
        moderated,
    })
}

fn relation() -> impl Strategy<Value = Relation> {
    (position(), any::<[bool; 8]>()).prop_map(
        |(
            position,
            [follows, followed_by, muted, blocked, blocked_by, apart, requested, requested_by],
        )| Relation {
            position,
            follows,
            followed_by,
            muted,
            blocked,
            blocked_by,
            apart,
            requested,
            requested_by,
        },
    )
}

fn scanned() -> impl Strategy<Value = Scanned> {
    let follows = run(20).prop_flat_map(|sequences| {
        let follow = |sequence| {
            (number(), number()).prop_map(move |(user, author)| Follow { user, author, sequence })
        };
        sequences.into_iter().map(follow).collect::<Vec<_>>()
    });
    let items =
        prop_oneof![posts().prop_map(ScannedItems::Posts), follows.prop_map(ScannedItems::Follows)];
    (position(), number(), end(), items).prop_map(|(position, next, end, items)| Scanned {
        position,
        next,
        end,
        items,
    })
}

fn explained() -> impl Strategy<Value = Explained> {
    let whys = [Why::Pushed, Why::Blocked, Why::Apart, Why::Suspended, Why::Hidden];
    let why = proptest::sample::select(whys.to_vec());
    let number = || option::of(number());
    let numbers = (number(), number(), number(), number());
    (position(), why, numbers, text(GROUP_NAME_BYTES_MAX)).prop_map(
        |(position, why, (author, since, time, by), group)| Explained {
            position,
            why,
            author,
            since,
            time,
            by,
            group: if why == Why::Apart { group } else { Bytes::new() },
        },
    )
}

fn groups() -> impl Strategy<Value = Groups> {
    let group = |id| {
        (text(GROUP_NAME_BYTES_MAX), any::<bool>(), number())
            .prop_map(move |(name, exclusive, members)| Group { id, name, exclusive, members })
    };
    let groups = run(8).prop_flat_map(move |ids| ids.into_iter().map(group).collect::<Vec<_>>());
    (position(), groups).prop_map(|(position, groups)| Groups { position, groups })
}

fn changed() -> impl Strategy<Value = Changed> {
    let change = |sequence| {
        (number(), number(), what()).prop_map(move |(time, user, what)| Change {
            sequence,
            time,
            user,
            what,
        })
    };
    let changes = run(8).prop_flat_map(move |at| at.into_iter().map(change).collect::<Vec<_>>());
    (position(), number(), number(), changes)
        .prop_map(|(position, next, oldest, changes)| Changed { position, next, oldest, changes })
}

fn said() -> impl Strategy<Value = (Bytes, Bytes)> {
    (text(TEXT_BYTES_MAX), bytes(META_BYTES_MAX))
}

fn response() -> impl Strategy<Value = ResponseChange> {
    prop_oneof![
        (0..16u8).prop_map(ResponseChange::React),
        (0..16u8).prop_map(ResponseChange::Unreact),
        (option::of(text(TEXT_BYTES_MAX)), mentions())
            .prop_map(|(text, mentions)| ResponseChange::Comment(text, mentions)),
        Just(ResponseChange::Delete),
    ]
}

fn marks() -> impl Strategy<Value = Marks> {
    let mark = |device| number().prop_map(move |post| DeviceMark { device, post });
    let marks = run(8).prop_flat_map(move |ids| ids.into_iter().map(mark).collect::<Vec<_>>());
    (position(), number(), marks).prop_map(|(position, mark, devices)| Marks {
        position,
        mark,
        devices,
    })
}

fn unread() -> impl Strategy<Value = Unread> {
    (position(), number(), number(), any::<bool>(), option::of(number())).prop_map(
        |(position, mark, count, more, oldest)| Unread { position, mark, count, more, oldest },
    )
}

fn what() -> impl Strategy<Value = What> {
    let content = || option::of((text(TEXT_BYTES_MAX), bytes(META_BYTES_MAX)));
    let edges = proptest::sample::select(EdgeChange::ALL.to_vec());
    let groups = proptest::sample::select(GroupChange::ALL.to_vec());
    let group = (number(), text(GROUP_NAME_BYTES_MAX), any::<bool>(), number());
    let moderations = proptest::sample::select(ModerationChange::ALL.to_vec());
    prop_oneof![
        any::<bool>().prop_map(|is_done| What::Forgotten { is_done }),
        (moderations, number()).prop_map(|(kind, post)| {
            let post = if kind.has_post() { post } else { 0 };
            What::Moderated { kind, post }
        }),
        (any::<u16>(), option::of(number()), content(), mentions(), audience()).prop_map(
            |(kind, created_at, content, mentions, audience)| What::Publish {
                kind,
                created_at,
                content,
                mentions,
                audience,
            },
        ),
        number().prop_map(|up_to| What::NoticesRead { up_to }),
        (number(), any::<[bool; 2]>()).prop_map(|(other, [forth, back])| What::Befriend {
            other,
            forth,
            back
        }),
        any::<bool>().prop_map(|on| What::Private { on }),
        Just(What::Erased),
        (response(), number(), number()).prop_map(|(kind, post, target)| What::Response {
            kind,
            post,
            target
        }),
        number().prop_map(|post| What::Delete { post }),
        (number(), number()).prop_map(|(root, post)| What::Unrepost { root, post }),
        (
            any::<u16>(),
            option::of(number()),
            (repost(), any::<bool>()),
            option::of(said()),
            (mentions(), audience())
        )
            .prop_map(
                |(kind, created_at, (repost, quote), content, (mentions, audience))| {
                    What::Repost { kind, created_at, repost, quote, content, mentions, audience }
                }
            ),
        (edges, number()).prop_map(|(kind, other)| What::Edge { kind, other }),
        (groups, group).prop_map(|(kind, (group, name, exclusive, member))| {
            let member = if kind.has_member() { member } else { 0 };
            What::Group { kind, group, name, exclusive, member }
        }),
        (number(), number(), number(), text(GROUP_NAME_BYTES_MAX))
            .prop_map(|(post, device, group, name)| What::Mark { post, device, group, name }),
        (number(), any::<u32>(), content()).prop_map(|(post, revision, content)| What::Revise {
            post,
            revision,
            content
        }),
        super::broadcasts::what(),
    ]
}

fn online() -> impl Strategy<Value = Online> {
    (position(), any::<bool>(), number(), run(20)).prop_map(
        |(position, online, followers, followees)| Online {
            position,
            online,
            followers,
            followees,
        },
    )
}

fn events() -> impl Strategy<Value = Events> {
    let event = prop_oneof![
        number().prop_flat_map(post).prop_map(Event::Entry),
        number().prop_map(Event::Removed),
        number().prop_map(Event::FeedChanged),
        Just(Event::Gap),
        (number(), any::<bool>()).prop_map(|(user, online)| Event::Presence { user, online }),
        Just(Event::PresenceAnew),
        number().prop_flat_map(post).prop_map(Event::Changed),
    ];
    (position(), any::<bool>(), vec(event, 0..8)).prop_map(|(position, more, events)| Events {
        position,
        more,
        events,
    })
}

fn error() -> impl Strategy<Value = ErrorReply> {
    let radius = prop_oneof![Just(Radius::Request), Just(Radius::Session)];
    let fault = prop_oneof![Just(Fault::Peer), Just(Fault::Us), Just(Fault::Resource)];
    let retry = prop_oneof![
        Just(Retry::Never),
        any::<u32>().prop_map(Retry::After),
        Just(Retry::Elsewhere)
    ];
    (any::<u16>(), radius, fault, retry, text(MESSAGE_BYTES_MAX)).prop_map(
        |(code, radius, fault, retry, message)| ErrorReply {
            oldest: if code == Code::Trimmed.number() { 300 } else { 0 },
            code: Code::from(code),
            radius,
            fault,
            retry,
            message,
        },
    )
}
