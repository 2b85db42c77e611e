//! A home page inside the engine: the merge of many authors and nothing else, no sync, no socket.
//!
//! `20 of 100 authors` is an ordinary reader, `20 of 2000 authors` one at the limit; all authors
//! have ten posts each, published in turn, so that every author may contribute to the page.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use fanfold_benches::Words;
use fanfold_engine::{Command, Durability, Engine, Options, PostId, Span, TimelineQuery, UserId};

/// Follows every author, and is none.
const READER: UserId = UserId(1_000_000);

const POSTS_EACH: u64 = 10;

/// A database in which [`READER`] follows `authors` authors.
fn loaded(directory: &std::path::Path, authors: u64) -> Engine {
    let options = Options { durability: Durability::Os, ..Options::default() };
    let engine = Engine::open(directory, options).expect("a fresh directory opens");
    let mut words = Words::new(1);
    let mut last = None;
    let follows = (1..=authors).map(|author| Command::follow(READER, UserId(author)));
    let author = |number: u64| UserId(1 + number % authors);
    let posts =
        (0..authors * POSTS_EACH).map(|number| Command::publish(author(number), words.text(280)));
    for command in follows.chain(posts) {
        while let Err(busy) = engine.submit(command.clone()).map(|ticket| last = Some(ticket)) {
            assert!(busy.is_retryable(), "{busy}");
            std::thread::yield_now();
        }
    }
    last.expect("something was written").wait().expect("the last write succeeds");
    engine
}

fn home(criterion: &mut Criterion) {
    for authors in [100, 2_000] {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let engine = loaded(directory.path(), authors);
        let middle = Span::Before(PostId(authors + authors * POSTS_EACH / 2));
        for (case, span) in [("newest", Span::Newest), ("middle", middle)] {
            let query = TimelineQuery { user: READER, viewer: None, span, limit: 20 };
            let name = format!("home/{case} 20 of {authors} authors");
            criterion.bench_function(&name, |bencher| {
                bencher.iter(|| engine.home(black_box(&query)).expect("a page"));
            });
        }
    }
}

criterion_group!(benches, home);
criterion_main!(benches);
