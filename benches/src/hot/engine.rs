//! Pages inside the engine: out of an inbox, and merged from the outboxes of a hundred and of two thousand
//! authors with ten posts each, published in turn.

use std::hint::black_box;

use fanfold_engine::{
    Command, DeliveryOptions, Durability, Engine, Options, PageRef, Policy, PostId, Span,
    TimelineQuery, UserId,
};

use super::Hot;
use crate::figures::Loader;
use crate::population::Words;

/// Follows every author, and is none.
const READER: UserId = UserId(1_000_000);

const POSTS_EACH: u64 = 10;

pub(super) const CASES: [Hot; 5] = [
    Hot { name: "home out of an inbox", prepare: || home(Policy::Push, 100, Span::Newest) },
    Hot { name: "home out of an inbox, borrowed", prepare: borrowed },
    Hot { name: "home of 100 authors, merged", prepare: || home(Policy::Pull, 100, Span::Newest) },
    Hot {
        name: "home of 2,000 authors, merged",
        prepare: || home(Policy::Pull, 2_000, Span::Newest),
    },
    Hot {
        name: "home of 2,000 authors, merged, from the middle",
        prepare: || home(Policy::Pull, 2_000, Span::Before(PostId(12_000))),
    },
];

fn home(policy: Policy, authors: u64, span: Span) -> Box<dyn FnMut()> {
    // Without the world there is nothing to repeat; the caller's checks see that it does nothing.
    match loaded(policy, authors) {
        Ok((directory, engine)) => {
            let query = TimelineQuery { user: READER, viewer: None, span, limit: 20 };
            Box::new(move || {
                let _kept = &directory;
                let _checked = black_box(engine.home(black_box(&query)));
            })
        }
        Err(failure) => {
            crate::console::note(failure);
            Box::new(|| {})
        }
    }
}

/// As the daemon reads it: nothing is owned, and `see` looks at each post.
fn borrowed() -> Box<dyn FnMut()> {
    match loaded(Policy::Push, 100) {
        Ok((directory, engine)) => {
            let query = TimelineQuery { user: READER, viewer: None, span: Span::Newest, limit: 20 };
            Box::new(move || {
                let _kept = &directory;
                let size = |page: PageRef<'_>| page.posts.iter().map(|post| post.text.len()).sum();
                let _checked: Result<usize, _> =
                    black_box(engine.see_home(black_box(&query), size));
            })
        }
        Err(failure) => {
            crate::console::note(failure);
            Box::new(|| {})
        }
    }
}

fn loaded(policy: Policy, authors: u64) -> crate::exit::Outcome<(tempfile::TempDir, Engine)> {
    use crate::exit::Explain;
    let directory = tempfile::tempdir().explain(|| "cannot make a directory".to_owned())?;
    let delivery = DeliveryOptions { policy, ..DeliveryOptions::default() };
    let options = Options { durability: Durability::Os, delivery, ..Options::default() };
    let mut loader = Loader::open_with(directory.path(), options)?;
    let mut words = Words::new(1);
    for author in 1..=authors {
        loader.write(Command::follow(READER, UserId(author)))?;
    }
    for number in 0..authors * POSTS_EACH {
        loader.write(Command::publish(UserId(1 + number % authors), words.text(280)))?;
    }
    loader.settle_all()?;
    Ok((directory, loader.engine().clone()))
}
