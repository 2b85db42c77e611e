//! Pages that end by their bytes, and paging as an application does it: to the end, both ways,
//! while posts are deleted and published in between.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;

use fanfold_engine::testing::memory::MemoryStorage;
use fanfold_engine::{
    Command, Durability, Engine, ErrorKind, LIMIT_MAX, Options, PAGE_BYTES_MAX, Page, PageEnd,
    PostId, ScanOf, ScanQuery, Sequence, Span, Storage, TimelineQuery, UserId,
};

const READER: UserId = UserId(1);

fn engine() -> Engine {
    let storage = Arc::new(MemoryStorage::default()) as Arc<dyn Storage>;
    let options = Options { durability: Durability::Os, ..Options::default() };
    Engine::open_on(storage, options).unwrap()
}

/// Five authors publish in turn; the reader follows them all.
fn filled(posts: u64, text_bytes: usize) -> (Engine, Vec<u64>) {
    let engine = engine();
    let authors = (10..15).map(UserId);
    authors.clone().for_each(|a| assert!(engine.write(Command::follow(READER, a)).is_ok()));
    let text = "t".repeat(text_bytes);
    let publish = |author| engine.write(Command::publish(author, text.clone())).unwrap().post;
    let turns = (0..posts).zip(authors.cycle());
    let mut ids: Vec<_> = turns.map(|(_, author)| publish(author).unwrap().0).collect();
    ids.reverse();
    (engine, ids)
}

fn page(engine: &Engine, span: Span, limit: usize) -> Page {
    engine.home(&TimelineQuery { user: READER, viewer: None, span, limit }).unwrap()
}

fn ids(page: &Page) -> Vec<u64> {
    page.posts.iter().map(|post| post.id.0).collect()
}

/// Pages down from the newest post to the end.
fn down(engine: &Engine, limit: usize) -> (Vec<u64>, Vec<PageEnd>) {
    let (mut all, mut ends, mut span) = (Vec::new(), Vec::new(), Span::Newest);
    loop {
        let page = page(engine, span, limit);
        all.extend(ids(&page));
        ends.push(page.end);
        if page.end == PageEnd::End {
            return (all, ends);
        }
        span = Span::Before(page.posts.last().unwrap().id);
    }
}

/// Pages up from the oldest post to the newest.
fn up(engine: &Engine, limit: usize) -> (Vec<u64>, Vec<PageEnd>) {
    let (mut pages, mut ends, mut span) = (Vec::new(), Vec::new(), Span::After(PostId(0)));
    loop {
        let page = page(engine, span, limit);
        ends.push(page.end);
        pages.push(ids(&page));
        if page.end == PageEnd::End {
            return (pages.into_iter().rev().flatten().collect(), ends);
        }
        span = Span::After(page.posts.first().unwrap().id);
    }
}

#[test]
fn paging_reaches_every_entry_once_in_pages_of_any_size() {
    let (engine, expected) = filled(101, 10);
    for limit in [1, 7, 20, 100, 101, LIMIT_MAX] {
        for (all, ends) in [down(&engine, limit), up(&engine, limit)] {
            assert_eq!(all, expected, "pages of {limit}");
            assert_eq!(ends.len(), 101_usize.div_ceil(limit), "full pages of {limit}");
        }
    }
}

#[test]
fn a_page_of_large_posts_ends_by_its_bytes() {
    let (engine, expected) = filled(50, 60_000);
    let per_page = PAGE_BYTES_MAX.div_ceil(60_000);
    let newest = page(&engine, Span::Newest, LIMIT_MAX);
    assert_eq!((newest.posts.len(), newest.end), (per_page, PageEnd::Bytes));
    // Cut on the far side of the cursor: the entries next to it are there.
    let nearest = page(&engine, Span::After(PostId(0)), LIMIT_MAX);
    assert_eq!((nearest.posts.len(), nearest.end), (per_page, PageEnd::Bytes));
    assert_eq!(ids(&nearest).last(), expected.last());
    for (all, ends) in [down(&engine, LIMIT_MAX), up(&engine, LIMIT_MAX)] {
        assert_eq!(all, expected);
        assert_eq!(ends.len(), 50_usize.div_ceil(per_page));
    }
}

/// A page that reaches its limit and its bytes with the same entry has what was asked for.
#[test]
fn a_page_that_is_full_in_both_ways_says_more() {
    let (engine, _) = filled(50, 60_000);
    let per_page = PAGE_BYTES_MAX.div_ceil(60_000);
    let full = page(&engine, Span::Newest, per_page);
    assert_eq!((full.posts.len(), full.end), (per_page, PageEnd::More));
}

/// Paging never repeats an entry and never skips one that is in the feed throughout.
#[test]
fn deletes_and_posts_between_two_pages_disturb_nothing() {
    let (engine, expected) = filled(60, 10);
    let first = page(&engine, Span::Newest, 20);
    let cursor = first.posts.last().unwrap().id;
    // The cursor's own post goes, one below it goes, and a new one comes.
    engine.write(Command::delete(cursor)).unwrap();
    let gone = expected.get(25).copied().unwrap();
    engine.write(Command::delete(PostId(gone))).unwrap();
    engine.write(Command::publish(UserId(10), "new")).unwrap();
    let second = page(&engine, Span::Before(cursor), 20);
    let mut rest = expected.get(20..41).unwrap().to_vec();
    rest.retain(|id| *id != gone);
    assert_eq!(ids(&second), rest);
    assert_eq!(second.end, PageEnd::More);
    let above = page(&engine, Span::After(cursor), LIMIT_MAX);
    assert_eq!(above.posts.len(), 20, "nineteen of the first page and the new one");
}

#[test]
fn limits_out_of_range_are_refused_by_name() {
    let engine = engine();
    for limit in [0, LIMIT_MAX + 1] {
        let query = TimelineQuery { user: READER, viewer: None, span: Span::Newest, limit };
        let error = engine.home(&query).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.to_string().contains("1 to 200"), "{error}");
    }
}

/// A client may send any number as a cursor; the last one of all overflowed.
#[test]
fn nothing_stands_after_the_last_number_of_all() {
    let (engine, _) = filled(10, 5);
    let end = u64::MAX;
    assert!(page(&engine, Span::After(PostId(end)), 9).posts.is_empty());
    for of in [ScanOf::Posts, ScanOf::Follows] {
        let query = ScanQuery { of, after: Sequence(end), until: None, limit: 50 };
        assert_eq!(engine.scan(&query).unwrap().end, PageEnd::End);
    }
    assert_eq!(engine.post(PostId(end), None).unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(engine.write(Command::delete(PostId(end))).unwrap_err().kind(), ErrorKind::NotFound);
}
