//! Forgetting a user: nothing of theirs shows from the record on, all of it goes, over crashes too, and
//! soon it is in no file; then the id is somebody new.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use fanfold_engine::testing::memory::MemoryStorage;
use fanfold_engine::{
    Action, Audience, BroadcastAction, BroadcastId, ChangesQuery, Command, CommentOrder,
    CommentsQuery, ContentWanted, EdgeQuery, Engine, ErrorKind, Feed, GroupName, Key, MarksQuery,
    NewPost, NoticesQuery, Options, PostId, ReactorsQuery, Receipt, ReplayContent, Result,
    SEGMENT_BYTES_MIN, Span, Storage, TimelineQuery, UserId, WriteOptions, check_storage,
    inspect_file,
};

const GONE: UserId = UserId(7_654_321);
const ANN: UserId = UserId(1);
const BOB: UserId = UserId(2);
const CAT: UserId = UserId(3);
/// Users that are named before, so that the number of who goes is not found by chance.
const OTHERS: u64 = 3_000;

fn options(forget_at_once: usize) -> Options {
    let cold_after = Duration::from_secs(1_000_000);
    let (segment_bytes, flush_records) = (SEGMENT_BYTES_MIN, 900);
    Options { segment_bytes, flush_records, cold_after, forget_at_once, ..Options::default() }
}

fn open(storage: &MemoryStorage, forget_at_once: usize) -> Engine {
    let storage = Arc::new(storage.clone()) as Arc<dyn Storage>;
    Engine::open_on(storage, options(forget_at_once)).unwrap()
}

fn act(engine: &Engine, action: Action) -> Receipt {
    engine.write(Command::new(action)).unwrap()
}

fn group() -> GroupName {
    GroupName::new("close")
}

fn react(user: UserId, target: PostId) -> Action {
    Action::React { user, target, kind: 3 }
}

fn comment(user: UserId, post: PostId, text: &str) -> Action {
    let (answers, mentions) = (None, [].into_iter().collect());
    Action::Comment { user, post, answers, text: text.to_owned().into(), mentions }
}

fn timeline(user: UserId) -> TimelineQuery {
    TimelineQuery { user, viewer: None, span: Span::Newest, limit: 200 }
}

fn home(engine: &Engine, user: UserId) -> Vec<PostId> {
    engine.home(&timeline(user)).unwrap().posts.iter().map(|post| post.id).collect()
}

fn comments(post: PostId) -> CommentsQuery {
    let (order, cursor) = (CommentOrder::OldestFirst, None);
    CommentsQuery { post, viewer: None, order, cursor, limit: 50 }
}

fn edge(user: UserId) -> EdgeQuery {
    EdgeQuery { user, viewer: None, before: None, limit: 200 }
}

/// A world in which somebody has done everything, and everything was done to them.
struct World {
    /// Of Ann.
    post: PostId,
    /// Of who goes.
    theirs: PostId,
    /// What Ann says of it.
    quote: PostId,
    scheduled: PostId,
}

fn build(engine: &Engine) -> World {
    for other in 100..100 + OTHERS {
        act(engine, Action::Follow { user: UserId(other), author: ANN, weight: None });
    }
    let post = engine.write(Command::publish(ANN, "<ann's own>")).unwrap().post.unwrap();
    let keyed = WriteOptions { key: Some(Key([0xc7; 16])), actor: None };
    let theirs = engine.write(Command::publish(GONE, "<text that goes>").with(keyed)).unwrap();
    let theirs = theirs.post.unwrap();
    let text = "<revision that goes>".to_owned().into();
    act(engine, Action::Revise { post: theirs, revision: 0, text, meta: None });
    for (user, author) in [(GONE, ANN), (ANN, GONE), (BOB, GONE), (GONE, GONE), (BOB, ANN)] {
        act(engine, Action::Follow { user, author, weight: Some(4) });
    }
    act(engine, Action::Mute { user: GONE, author: BOB });
    act(engine, Action::Mute { user: UserId(100), author: GONE });
    act(engine, Action::Block { user: UserId(101), other: GONE });
    act(engine, Action::Block { user: GONE, other: UserId(102) });
    for (user, author) in [(GONE, ANN), (ANN, GONE), (ANN, BOB)] {
        act(engine, Action::GroupCreate { user, name: group(), exclusive: false });
        act(engine, Action::GroupAdd { user, name: group(), author });
    }
    act(engine, react(GONE, post));
    act(engine, react(BOB, post));
    act(engine, react(BOB, theirs));
    act(engine, comment(GONE, post, "<comment that goes>"));
    act(engine, comment(BOB, theirs, "<comment on what goes>"));
    act(engine, comment(BOB, post, "<bob's comment>"));
    let quote = NewPost { author: ANN, text: "<ann's quote>".into(), ..NewPost::default() };
    let quote = act(engine, Action::Repost { post: quote, parent: theirs }).post.unwrap();
    engine.write(Command::repost(GONE, post)).unwrap();
    engine.write(Command::repost(BOB, theirs)).unwrap();
    let mark = Action::Mark { user: GONE, feed: Feed::Home, device: 5, post };
    act(engine, mark);
    act(engine, Action::NoticesRead { user: GONE, up_to: None });
    act(engine, Action::Tag { user: GONE, tag: "vip".to_owned(), is_set: true });
    let content =
        || NewPost { author: GONE, text: "<show that goes>".into(), ..NewPost::default() };
    let later = fanfold_engine::Timestamp(9_000_000_000_000);
    let schedule = BroadcastAction::Schedule { at: later, content: content() };
    let scheduled = act(engine, Action::Broadcast(schedule)).position.sequence.into();
    act(engine, Action::Broadcast(BroadcastAction::StartNew { content: content() }));
    World { post, theirs, quote, scheduled }
}

/// And everything that is less common, by who goes and towards them.
fn build_more(engine: &Engine, world: &World) {
    let publish = |author, text: &'static str, audience, mentions: &[UserId]| {
        let mentions = mentions.iter().copied().collect();
        let post = NewPost { author, text: text.into(), audience, mentions, ..NewPost::default() };
        act(engine, Action::Publish(post)).post.unwrap()
    };
    let friends = publish(GONE, "<text for friends that goes>", Audience::Mutual, &[BOB]);
    act(engine, Action::GroupAdd { user: GONE, name: group(), author: BOB });
    publish(GONE, "<text for a group that goes>", Audience::group(group()), &[ANN, BOB]);
    publish(ANN, "<ann names somebody>", Audience::Everybody, &[GONE]);
    act(engine, Action::Befriend { user: UserId(103), other: GONE });
    act(engine, Action::Private { user: UserId(104), is_on: true });
    act(engine, Action::Follow { user: GONE, author: UserId(104), weight: Some(9) });
    act(engine, Action::Private { user: GONE, is_on: true });
    let keyed = WriteOptions { key: Some(Key([0xc8; 16])), actor: None };
    engine.write(Command::follow(UserId(105), GONE).with(keyed)).unwrap();
    // Some of it ended long before.
    for (user, author) in [(GONE, UserId(106)), (UserId(106), GONE)] {
        act(engine, Action::Follow { user, author, weight: Some(7) });
        act(engine, Action::Unfollow { user, author });
        act(engine, Action::Mute { user, author });
        act(engine, Action::Unmute { user, author });
        act(engine, Action::Block { user, other: author });
        act(engine, Action::Unblock { user, other: author });
    }
    act(engine, Action::Delete { post: publish(GONE, "<gone before>", Audience::Everybody, &[]) });
    let said = act(engine, comment(GONE, world.post, "<another comment that goes>")).post.unwrap();
    act(engine, react(BOB, said));
    act(engine, react(GONE, said));
    act(engine, Action::Unreact { user: GONE, target: said, kind: 3 });
    act(engine, react(GONE, friends));
    let feed = Feed::Group(group());
    act(engine, Action::Mark { user: GONE, feed, device: 6, post: friends });
    let content = NewPost { author: GONE, text: "<stage that goes>".into(), ..NewPost::default() };
    let start = BroadcastAction::StartNew { content };
    let live = act(engine, Action::Broadcast(start)).position.sequence;
    let text = Some("<replay that goes>".into());
    let replay = ReplayContent { text, ..ReplayContent::default() };
    let end = BroadcastAction::End { broadcast: BroadcastId(live.0), replay };
    act(engine, Action::Broadcast(end));
    act(engine, Action::Hide { post: world.theirs });
    act(engine, Action::Suspend { user: GONE });
}

/// What holds from the record on, whatever is left.
fn check_hidden(engine: &Engine, world: &World) {
    let World { post, quote, .. } = world;
    assert_eq!(home(engine, BOB), [*post], "the quote and the reposts are hidden");
    let hidden = engine.post(*quote, None).unwrap_err().kind();
    assert_eq!(hidden, ErrorKind::NotFound, "the quote");
    assert_eq!(engine.user(GONE, None).unwrap().active_at, None);
    check_gone(engine, world);
}

/// What holds then too when nothing is left.
fn check_gone(engine: &Engine, world: &World) {
    let World { post, theirs, scheduled, .. } = world;
    let found = |kind: ErrorKind, what: &str| assert_eq!(kind, ErrorKind::NotFound, "{what}");
    assert_eq!(home(engine, ANN), [], "she follows nobody else");
    assert!(home(engine, GONE).is_empty());
    assert!(engine.outbox(&timeline(GONE)).unwrap().posts.is_empty());
    for id in [theirs, scheduled] {
        found(engine.post(*id, None).unwrap_err().kind(), "post");
    }
    found(engine.broadcast(BroadcastId(scheduled.0), None).unwrap_err().kind(), "broadcast");
    let page = engine.followers(&edge(ANN)).unwrap();
    assert!(page.edges.iter().all(|edge| edge.user != GONE));
    for page in [engine.following(&edge(GONE)), engine.followers(&edge(GONE))] {
        assert!(page.unwrap().edges.is_empty());
    }
    assert!(engine.mutes(&edge(UserId(100))).unwrap().edges.is_empty());
    assert!(engine.blocks(&edge(UserId(101))).unwrap().edges.is_empty());
    let reactors =
        ReactorsQuery { target: *post, kind: None, viewer: None, before: None, limit: 9 };
    let reactors = engine.reactors(&reactors).unwrap().reactors;
    assert_eq!(reactors.iter().map(|it| it.user).collect::<Vec<_>>(), [BOB]);
    let found_comments = engine.comments(&comments(*post)).unwrap().comments;
    assert_eq!(found_comments.iter().map(|it| it.author).collect::<Vec<_>>(), [BOB]);
    found(engine.comments(&comments(*theirs)).unwrap_err().kind(), "comments");
    let notices = |user| {
        let query = NoticesQuery { user, viewer: None, before: None, limit: 50 };
        engine.notices(&query).unwrap().groups
    };
    assert!(notices(ANN).iter().all(|group| !group.actors.contains(&GONE)));
    assert!(notices(GONE).is_empty());
    assert!(engine.groups(GONE, None).unwrap().groups.is_empty());
    assert_eq!(engine.groups(ANN, None).unwrap().groups.first().unwrap().members, 1);
    let marks = MarksQuery { user: GONE, feed: Feed::Home, viewer: None };
    assert!(engine.marks(&marks).unwrap().devices.is_empty());
    let card = engine.user(GONE, None).unwrap();
    assert_eq!((card.posts, card.followers, card.followees), (0, 0, 0));
    let relation = engine.relation(ANN, GONE, None).unwrap();
    assert!(!relation.follows && !relation.followed_by);
    let content = ContentWanted::Yes;
    let query = ChangesQuery { after: None, begun: None, limit: 4_096, content };
    let changes = format!("{:?}", engine.changes(&query, None).unwrap().changes);
    assert!(!changes.contains("that goes"), "{changes}");
}

fn refused(answer: Result<Receipt>) -> ErrorKind {
    answer.unwrap_err().kind()
}

#[test]
fn nothing_shows_from_the_record_on_and_nothing_is_left_behind_it() {
    let storage = MemoryStorage::default();
    let engine = open(&storage, 0);
    let world = build(&engine);
    let forget = || Command::new(Action::Forget { user: GONE });
    let actor = WriteOptions { key: None, actor: Some(GONE) };
    assert_eq!(refused(engine.write(forget().with(actor))), ErrorKind::Denied);
    assert!(!engine.write(Command::new(Action::Forget { user: UserId(55) })).unwrap().changed);
    assert!(engine.write(forget()).unwrap().changed);
    assert!(!engine.write(forget()).unwrap().changed, "it is under way");
    check_hidden(&engine, &world);
    for command in [
        Command::publish(GONE, "x"),
        Command::follow(BOB, GONE),
        Command::new(Action::Unfollow { user: ANN, author: GONE }),
        Command::new(react(ANN, world.theirs)),
        Command::delete(world.theirs),
        Command::new(Action::Touch { user: GONE }),
    ] {
        assert_eq!(refused(engine.write(command.clone())), ErrorKind::Conflict, "{command:?}");
    }
    assert_eq!(engine.forgotten(None).unwrap().users.first().unwrap().user, GONE);
    assert_eq!(engine.forgotten(Some(ANN)).unwrap_err().kind(), ErrorKind::Denied);
    let active = engine.user(UserId(100), None).unwrap().active_at;
    // A crash in the middle, twice; each time less is left.
    let mut engine = engine;
    let mut storage = storage;
    for most in [3, 5] {
        assert_eq!(engine.forget_some(most).unwrap(), most);
        check_hidden(&engine, &world);
        storage = storage.durable_image();
        engine = open(&storage, 0);
        check_hidden(&engine, &world);
    }
    assert!(5 < engine.finish_forgetting().unwrap());
    assert!(engine.forgotten(None).unwrap().users.is_empty());
    check_gone(&engine, &world);
    let quotes = [world.quote, world.post];
    assert_eq!(home(&engine, BOB), quotes, "what ann says of a deleted post");
    // A crash may have taken some of it.
    assert!(engine.user(UserId(100), None).unwrap().active_at <= active, "it was the engine");
    let counts = engine.counted_post(world.post, None).unwrap().2;
    assert_eq!((counts.reactions[3], counts.comments, counts.reposts), (1, 1, 0));
    assert_eq!(engine.user(ANN, None).unwrap().followers, OTHERS + 1);
    // Somebody new.
    let new = engine.write(Command::publish(GONE, "hello")).unwrap().post.unwrap();
    assert_eq!(refused(engine.write(Command::delete(world.theirs))), ErrorKind::NotFound);
    engine.write(Command::follow(BOB, GONE)).unwrap();
    assert_eq!(home(&engine, BOB), [new, world.quote, world.post]);
}

#[test]
fn it_goes_by_itself_and_over_a_restart() {
    let storage = MemoryStorage::default();
    let engine = open(&storage, 0);
    build(&engine);
    act(&engine, Action::Forget { user: GONE });
    engine.close().unwrap();
    let engine = open(&storage, 16);
    let begun = Instant::now();
    while !engine.forgotten(None).unwrap().users.is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(60), "it takes too long");
        std::thread::sleep(Duration::from_millis(5));
    }
    engine.write(Command::publish(GONE, "hello")).unwrap();
    assert_eq!(engine.user(GONE, None).unwrap().posts, 1);
}

/// Tags have no records: of who was forgotten since the file of tags was written it must not be believed.
#[test]
fn tags_do_not_come_back_with_a_crash() {
    let storage = MemoryStorage::default();
    let tag = |engine: &Engine| {
        let action = Action::Tag { user: GONE, tag: "vip".to_owned(), is_set: true };
        engine.write(Command::new(action)).unwrap().changed
    };
    let engine = open(&storage, 0);
    engine.write(Command::follow(GONE, ANN)).unwrap();
    assert!(tag(&engine) && !tag(&engine));
    engine.close().unwrap();
    let engine = open(&storage, 0);
    assert!(!tag(&engine), "they are kept over a stop");
    act(&engine, Action::Forget { user: GONE });
    engine.finish_forgetting().unwrap();
    let engine = open(&storage.durable_image(), 0);
    assert!(tag(&engine), "and gone with the user");
    engine.close().unwrap();
}

/// What keeps the place of a forgotten key would be taken for it.
#[test]
fn a_key_of_zeros_is_refused() {
    let engine = open(&MemoryStorage::default(), 0);
    let keyed = |key| WriteOptions { key: Some(Key(key)), actor: None };
    let publish = |key| engine.write(Command::publish(ANN, "post").with(keyed(key)));
    assert_eq!(publish([0; 16]).unwrap_err().kind(), ErrorKind::Invalid);
    for at in [0, 15] {
        let mut key = [0; 16];
        key[at] = 1;
        assert!(publish(key).unwrap().changed);
    }
}

/// What was asked for under a key is answered as it was at first, whether or not whom it is about was
/// forgotten since, and however the views came to be.
#[test]
fn keyed_retries_about_who_was_forgotten_get_the_first_answer() {
    let storage = MemoryStorage::default();
    let engine = open(&storage, 0);
    // Follows already, and so may say something.
    engine.write(Command::follow(CAT, GONE)).unwrap();
    act(&engine, Action::Private { user: GONE, is_on: true });
    let theirs = engine.write(Command::publish(GONE, "<text that goes>")).unwrap().post.unwrap();
    let post = engine.write(Command::publish(ANN, "<ann's own>")).unwrap().post.unwrap();
    let keyed = |action, key| {
        Command::new(action).with(WriteOptions { key: Some(Key([key; 16])), actor: None })
    };
    let mentions = [GONE].into_iter().collect();
    let text = || "<bob's answer>".to_owned().into();
    let commands = [
        keyed(Action::Follow { user: BOB, author: GONE, weight: None }, 1),
        keyed(Action::Mute { user: BOB, author: GONE }, 2),
        keyed(Action::Comment { user: BOB, post, answers: None, text: text(), mentions }, 3),
        keyed(Action::Block { user: ANN, other: GONE }, 4),
        keyed(comment(CAT, theirs, "<cat's comment>"), 5),
        keyed(react(CAT, theirs), 6),
        keyed(Action::Forget { user: GONE }, 7),
    ];
    let write = |engine: &Engine| -> Vec<_> {
        let answers = commands.iter().map(|command| engine.write(command.clone()));
        let said = |it: Receipt| (it.position.sequence, it.post, it.requested);
        answers.map(|answer| answer.map(said).map_err(|error| error.kind())).collect()
    };
    let first = write(&engine);
    assert!(first.iter().all(|answer| answer.is_ok()), "{first:?}");
    assert!(first.first().unwrap().as_ref().unwrap().2, "a request");
    assert_eq!(write(&engine), first, "being forgotten");
    engine.finish_forgetting().unwrap();
    let (last, then) = (write(&engine), first.len() - 3);
    assert_eq!(last[..then], first[..then]);
    assert_eq!(last[then..], [Err(ErrorKind::NotFound), Err(ErrorKind::NotFound), first[6]]);
    engine.retain().unwrap();
    assert_eq!(write(&engine), last);
    let digests = engine.digests().unwrap();
    engine.close().unwrap();
    let views = storage.list().unwrap().into_iter().filter(|name| name.ends_with(".view"));
    views.for_each(|name| storage.remove(&name).unwrap());
    let engine = open(&storage, 0);
    assert_eq!(engine.digests().unwrap(), digests);
    assert_eq!(write(&engine), last, "out of the log alone");
    engine.close().unwrap();
}

/// As files have a number that is mostly small.
fn varint(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while 0x80 <= number {
        bytes.push(0x80 | u8::try_from(number & 0x7f).unwrap());
        number >>= 7;
    }
    bytes.push(u8::try_from(number).unwrap());
    bytes
}

/// Every file as text, but for those that may name whoever was forgotten.
fn decoded(storage: &MemoryStorage) -> Vec<(String, String)> {
    let now = storage.image();
    let is_told = |name: &String| !name.starts_with("users-") && !name.starts_with("forgotten-");
    let names = now.list().unwrap().into_iter().filter(is_told);
    let decode = |name: String| {
        let mut text = String::new();
        let _ = inspect_file(&now, &name, &mut text);
        (name, text)
    };
    names.map(decode).collect()
}

/// What is no log, and lists no users, has the id in no form.
fn check_bytes(storage: &MemoryStorage) {
    let forms = [GONE.0.to_le_bytes().to_vec(), varint(GONE.0), GONE.to_string().into_bytes()];
    for name in storage.list().unwrap() {
        let may_have_it = ["users-", "log-"].iter().any(|known| name.starts_with(known));
        let bytes = storage.bytes(&name);
        let has = |form: &Vec<u8>| bytes.windows(form.len()).any(|part| part == form);
        assert!(may_have_it || !forms.iter().any(has), "{name} has the id");
    }
}

/// On a full disk the segment with what somebody did could not be sealed, so nothing of it was found to go; yet all
/// was said to be erased, and no later round looked again.
#[test]
fn what_stands_in_a_segment_that_cannot_be_sealed_is_not_called_erased() {
    let storage = MemoryStorage::default();
    let engine = open(&storage, 0);
    act(&engine, Action::Follow { user: ANN, author: BOB, weight: None });
    let big = Command::publish(BOB, "x".repeat(60_000));
    storage.set_capacity(Some(storage.used() + 3 * SEGMENT_BYTES_MIN));
    // Until there is no room for another segment; there is some in the last one.
    while engine.write(big.clone()).is_ok() {}
    storage.set_capacity(Some(storage.used()));
    act(&engine, Action::Follow { user: GONE, author: ANN, weight: None });
    act(&engine, Action::Mute { user: GONE, author: BOB });
    act(&engine, Action::Forget { user: GONE });
    engine.finish_forgetting().unwrap();
    assert_eq!(engine.retain().unwrap_err().kind(), ErrorKind::StorageFull);
    storage.set_capacity(None);
    engine.retain().unwrap();
    let all = decoded(&storage);
    let logs = all.iter().filter(|(name, _)| name.starts_with("log-"));
    let lines = logs.flat_map(|(_, text)| text.lines());
    let left: Vec<&str> = lines.filter(|line| line.contains(&GONE.to_string())).collect();
    let is_known = |line: &&str| line.contains("retired: ") || line.contains("forget user=");
    assert!(!left.is_empty() && left.iter().all(is_known), "{left:#?}");
}

#[test]
fn soon_it_is_in_no_file() {
    let storage = MemoryStorage::default();
    let engine = open(&storage, 0);
    let world = build(&engine);
    build_more(&engine, &world);
    // Files have all of it.
    engine.retain().unwrap();
    let ordinal = u32::try_from(OTHERS).unwrap() + 1;
    let texts = [
        "<text that goes>",
        "<revision that goes>",
        "<comment that goes>",
        "<show that goes>",
        "<text for friends that goes>",
        "<text for a group that goes>",
        "<gone before>",
        "<another comment that goes>",
        "<stage that goes>",
        "<replay that goes>",
    ];
    let own = format!("ordinal {ordinal}");
    let pointing = format!(":{ordinal}");
    let names = |line: &str| {
        let words: Vec<&str> = line.split(' ').collect();
        line.contains(&format!("{own}:"))
            || line.ends_with(&own)
            || words.contains(&&*pointing)
            || words.iter().any(|word| word.ends_with(&pointing))
    };
    let lines = |storage: &MemoryStorage| -> Vec<String> {
        let all = decoded(storage);
        let lines = all.iter().flat_map(|(name, text)| text.lines().map(move |it| (name, it)));
        let found = lines.filter(|(name, line)| match name.ends_with(".view") {
            true => names(line),
            false => line.contains(&GONE.to_string()),
        });
        found.map(|(name, line)| format!("{name}: {line}")).collect()
    };
    assert!(10 < lines(&storage).len(), "the search finds what is there");
    act(&engine, Action::Forget { user: GONE });
    engine.finish_forgetting().unwrap();
    let digests = engine.digests().unwrap();
    let done = engine.retain().unwrap();
    assert_eq!(engine.digests().unwrap(), digests, "{done:?}");
    for text in texts.iter().chain(&["<comment on what goes>"]) {
        assert!(!storage.has_text(text), "{text}");
    }
    assert!(storage.has_text("<ann's quote>") && storage.has_text("<bob's comment>"));
    let key = "c7c7c7";
    let left = lines(&storage);
    let is_known = |line: &&String| {
        // The stub of the id, what others did, that the user was forgotten, and the delete of a post that
        // others reposted.
        let of_others =
            line.contains(&format!("author={ANN}")) || line.contains(&format!("author={BOB}"));
        line.contains("retired: record of user 7654321") && !line.contains("noticed")
            || line.contains("forget user=")
            || line.contains("delete post=") && line.contains(&format!("post={}", world.theirs))
            || of_others && (line.contains("repost") || line.contains("<ann names somebody>"))
            || line.contains("reposts-")
    };
    let unknown: Vec<&String> = left.iter().filter(|line| !is_known(line)).collect();
    assert!(unknown.is_empty(), "{unknown:#?}");
    for (name, text) in decoded(&storage) {
        assert!(!text.to_lowercase().contains(key), "{name} has the key");
    }
    engine.close().unwrap();
    assert!(check_storage(&storage).unwrap().is_clean());
    check_bytes(&storage);
    let views = storage.list().unwrap().into_iter().filter(|name| name.ends_with(".view"));
    views.for_each(|name| storage.remove(&name).unwrap());
    let engine = open(&storage, 0);
    assert_eq!(engine.digests().unwrap(), digests, "out of the log alone");
}
