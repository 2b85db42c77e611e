//! Edits: what was replaced is shown to nobody and is in no file once it is erased, unless revisions are
//! kept; the post stays what it is.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use fanfold_engine::testing::memory::MemoryStorage;
use fanfold_engine::{
    Action, Command, Engine, ErrorKind, Key, Options, PostId, SEGMENT_BYTES_MIN, Span, Storage,
    TimelineQuery, UserId, WriteOptions,
};

const AUTHOR: UserId = UserId(7);
const READER: UserId = UserId(8);

fn open(storage: &MemoryStorage, keep_revisions: bool) -> Engine {
    let cold_after = Duration::from_secs(1_000_000);
    let segment_bytes = SEGMENT_BYTES_MIN;
    let options = Options { segment_bytes, cold_after, keep_revisions, ..Options::default() };
    Engine::open_on(Arc::new(storage.clone()) as Arc<dyn Storage>, options).unwrap()
}

fn revise(post: PostId, revision: u32, text: &str) -> Command {
    let text = Bytes::copy_from_slice(text.as_bytes());
    Command::new(Action::Revise { post, revision, text, meta: None })
}

fn home(engine: &Engine) -> Vec<(u64, u32, String)> {
    let query = TimelineQuery { user: READER, viewer: None, span: Span::Newest, limit: 200 };
    let posts = engine.home(&query).unwrap().posts.into_iter();
    posts.map(|it| (it.id.0, it.revision, String::from_utf8(it.text.to_vec()).unwrap())).collect()
}

fn without_views(storage: &MemoryStorage) {
    let views = storage.list().unwrap().into_iter().filter(|name| name.ends_with(".view"));
    views.for_each(|name| storage.remove(&name).unwrap());
}

#[test]
fn a_replaced_text_is_in_no_file_and_the_post_is_what_it_was() {
    let storage = MemoryStorage::default();
    let engine = open(&storage, false);
    engine.write(Command::follow(READER, AUTHOR)).unwrap();
    let options = WriteOptions { key: Some(Key([5; 16])), actor: Some(AUTHOR) };
    let publish = Command::publish(AUTHOR, "<the first text>").with(options);
    let first = engine.write(publish.clone()).unwrap();
    let post = first.post.unwrap();
    // Packed once before it is revised: erasing must find its way into packed segments.
    engine.retain().unwrap();
    engine.write(revise(post, 0, "<the second text>")).unwrap();
    engine.retain().unwrap();
    assert!(!storage.has_text("<the first text>"));
    engine.write(revise(post, 1, "<the third text>")).unwrap();
    let expected = vec![(post.0, 2, "<the third text>".to_owned())];
    assert_eq!(home(&engine), expected);
    engine.retain().unwrap();
    assert!(!storage.has_text("<the second text>"));
    assert!(storage.has_text("<the third text>"), "the search finds what is there");
    assert_eq!(home(&engine), expected);
    assert_eq!(engine.write(publish.clone()).unwrap(), first, "under the same key");
    let digests = engine.digests().unwrap();
    engine.close().unwrap();
    without_views(&storage);
    let engine = open(&storage, false);
    assert_eq!(engine.digests().unwrap(), digests, "out of the log alone");
    assert_eq!(home(&engine), expected);
    assert_eq!(engine.write(publish).unwrap(), first);
    engine.write(Command::delete(post)).unwrap();
    engine.retain().unwrap();
    assert!(!storage.has_text("<the third text>"));
    let error = engine.write(revise(post, 2, "late")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[test]
fn kept_revisions_are_read_until_they_are_kept_no_more() {
    let storage = MemoryStorage::default();
    let engine = open(&storage, true);
    let texts = ["<first>", "<second>", "<third>"];
    let publish = |text: &'static str| engine.write(Command::publish(AUTHOR, text)).unwrap();
    let (post, other) = (publish(texts[0]).post.unwrap(), publish("<other>").post.unwrap());
    engine.write(revise(other, 0, "<other, revised>")).unwrap();
    engine.write(revise(post, 0, texts[1])).unwrap();
    engine.write(revise(post, 1, texts[2])).unwrap();
    engine.retain().unwrap();
    let (_, all) = engine.revisions(post, None).unwrap();
    let all: Vec<_> = all.iter().map(|it| (it.revision, it.id, it.text.to_vec())).collect();
    let text = |n: usize| texts.get(n).unwrap().as_bytes().to_vec();
    assert_eq!(all, [(2, post, text(2)), (1, post, text(1)), (0, post, text(0))]);
    assert_eq!(engine.revision(post, 1, None).unwrap().1.text, texts[1]);
    assert_eq!(engine.revision(post, 3, None).unwrap_err().kind(), ErrorKind::NotFound);
    // With the post go all of them, however old.
    engine.write(Command::delete(other)).unwrap();
    engine.retain().unwrap();
    assert!(!storage.has_text("<other"));
    assert!(texts.iter().all(|text| storage.has_text(text)));
    engine.close().unwrap();
    let engine = open(&storage, false);
    assert_eq!(engine.revisions(post, None).unwrap().1.len(), 1, "the newest");
    assert_eq!(engine.revision(post, 0, None).unwrap_err().kind(), ErrorKind::NotFound);
    engine.retain().unwrap();
    let left: Vec<_> = texts.iter().map(|text| storage.has_text(text)).collect();
    assert_eq!(left, [false, false, true]);
}

#[test]
fn revisions_one_behind_the_other_keep_the_meta_of_the_one_before() {
    let storage = MemoryStorage::default();
    let engine = open(&storage, false);
    let post = engine.write(Command::publish(AUTHOR, "a")).unwrap().post.unwrap();
    let with_meta = |revision| {
        let (text, meta) = (Bytes::from_static(b"b"), Some(Bytes::from_static(b"m")));
        Command::new(Action::Revise { post, revision, text, meta })
    };
    let sent = [with_meta(0), revise(post, 1, "c"), revise(post, 1, "d"), revise(post, 2, "e")];
    let tickets: Vec<_> = sent.map(|command| engine.submit(command).unwrap()).into();
    let answers = tickets.into_iter().map(|ticket| ticket.wait());
    let answers: Vec<_> = answers.map(|answer| answer.map_err(|error| error.kind())).collect();
    assert_eq!(answers.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, true, false, true]);
    assert_eq!(answers.get(2).unwrap(), &Err(ErrorKind::Conflict));
    let (_, found) = engine.post(post, None).unwrap();
    assert_eq!((&found.text[..], &found.meta[..], found.revision), (&b"e"[..], &b"m"[..], 3));
    let stranger = WriteOptions { key: None, actor: Some(READER) };
    let error = engine.write(revise(post, 3, "x").with(stranger)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
}
