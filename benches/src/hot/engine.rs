//! Pages inside the engine: out of an inbox, and merged from the outboxes of a hundred and of two thousand
//! authors with ten posts each, published in turn; and those of the world of `extras`, plain, and with what a page
//! of a usual product brings along.

use std::hint::black_box;

use fanfold_engine::{
    Command, DeliveryOptions, Durability, Engine, Options, PageRef, Policy, PostId, Span,
    TimelineQuery, UserId,
};
use tempfile::TempDir;

use super::Hot;
use crate::exit::{Explain, Outcome};
use crate::extras::{USUAL, world};
use crate::figures::Loader;
use crate::population::Words;

/// Follows every author, and is none.
const READER: UserId = UserId(1_000_000);

const POSTS_EACH: u64 = 10;

pub(super) const CASES: [Hot; 7] = [
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
    Hot {
        name: "home with reposts",
        prepare: || of_extras(|engine| drop(black_box(engine.home(black_box(&world::PAGE))))),
    },
    Hot {
        name: "home with counts, mine, originals, groups",
        prepare: || {
            let query = USUAL.of(&world::PAGE);
            of_extras(move |engine| drop(black_box(engine.full_page(black_box(&query)))))
        },
    },
];

fn home(policy: Policy, authors: u64, span: Span) -> Box<dyn FnMut()> {
    let query = TimelineQuery { user: READER, viewer: None, span, limit: 20 };
    repeated(loaded(policy, authors), move |engine| {
        let _checked = black_box(engine.home(black_box(&query)));
    })
}

fn of_extras(read: impl Fn(&Engine) + 'static) -> Box<dyn FnMut()> {
    let loaded = opened(Policy::default()).and_then(|(directory, mut loader)| {
        world::populate(&mut loader)?;
        Ok((directory, loader.engine().clone()))
    });
    repeated(loaded, read)
}

fn repeated(
    loaded: Outcome<(TempDir, Engine)>,
    read: impl Fn(&Engine) + 'static,
) -> Box<dyn FnMut()> {
    // Without the world there is nothing to repeat; the caller's checks see that it does nothing.
    match loaded {
        Ok((directory, engine)) => Box::new(move || {
            let _kept = &directory;
            read(&engine);
        }),
        Err(failure) => {
            crate::console::note(failure);
            Box::new(|| {})
        }
    }
}

/// As the daemon reads it: nothing is owned, and `see` looks at each post.
fn borrowed() -> Box<dyn FnMut()> {
    let query = TimelineQuery { user: READER, viewer: None, span: Span::Newest, limit: 20 };
    repeated(loaded(Policy::Push, 100), move |engine| {
        let size = |page: PageRef<'_>| page.posts.iter().map(|post| post.text.len()).sum();
        let _checked: Result<usize, _> = black_box(engine.see_home(black_box(&query), size));
    })
}

fn opened(policy: Policy) -> Outcome<(TempDir, Loader)> {
    let directory = tempfile::tempdir().explain(|| "cannot make a directory".to_owned())?;
    let delivery = DeliveryOptions { policy, ..DeliveryOptions::default() };
    let options = Options { durability: Durability::Os, delivery, ..Options::default() };
    let loader = Loader::open_with(directory.path(), options)?;
    Ok((directory, loader))
}

fn loaded(policy: Policy, authors: u64) -> Outcome<(TempDir, Engine)> {
    let (directory, mut loader) = opened(policy)?;
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
