//! `extras`: what pages cost that bring more along than posts: counts and the reader's own reactions, the
//! originals of reposts, the reader's groups by which posts came, and for whom they stand; each beside a plain
//! page, in turns. Then what a collapsed page costs of which an entry is what hundreds of thousands have reposted.
//!
//! The world: a reader of a hundred authors, of whose posts one in five is a repost (half of them with a
//! text), all of them with reactions and a comment, who reacted to every other post and has five groups of twenty of the authors each.

use std::hint::black_box;
use std::time::Instant;

use clap::Args;
use fanfold_engine::{
    Action, Collapse, Command, CountedQuery, Durability, Engine, FullQuery, GroupName, Mentions,
    NewPost, Options, PostId, Span, TimelineQuery, UserId,
};

use crate::console::say;
use crate::exit::{Explain, Outcome};
use crate::figures::Loader;
use crate::noise::Watch;

/// Who follows everybody.
const READER: UserId = UserId(u64::MAX - 1);

/// Authors of the pages.
const AUTHORS: u64 = 100;

/// Posts of each.
const POSTS: u64 = 20;

/// The reader's groups; each has its part of the authors.
const GROUPS: u64 = 5;

/// One post in so many is a repost.
const REPOSTS: u64 = 5;

/// Who reposts one post without being followed.
const STRANGERS: u64 = 300_000;

/// Pages of one measurement.
const PAGES: u32 = 20_000;

/// The arguments of `extras`.
#[derive(Args, Debug)]
pub(crate) struct ExtrasArgs {
    /// Rounds of which the median counts
    #[arg(long, default_value_t = 5)]
    rounds: usize,
}

/// What a page brings along.
#[derive(Clone, Copy, Debug)]
struct Extra {
    name: &'static str,
    counts: bool,
    originals: bool,
    groups: bool,
    collapse: bool,
}

const NOTHING: Extra =
    Extra { name: "nothing", counts: false, originals: false, groups: false, collapse: false };

const COLLAPSED: Extra = Extra { name: "others stood for", collapse: true, ..NOTHING };

const EXTRAS: [Extra; 6] = [
    NOTHING,
    Extra { name: "counts and mine", counts: true, ..NOTHING },
    Extra { name: "originals", originals: true, ..NOTHING },
    Extra { name: "groups", groups: true, ..NOTHING },
    COLLAPSED,
    Extra { name: "all of it", counts: true, originals: true, groups: true, collapse: true },
];

/// Runs the job.
pub(crate) fn run(args: &ExtrasArgs) -> Outcome<()> {
    let watch = Watch::start();
    let directory = tempfile::tempdir().explain(|| "cannot make a directory".to_owned())?;
    let options = Options { durability: Durability::Os, ..Options::default() };
    let mut loader = Loader::open_with(directory.path(), options)?;
    populate(&mut loader)?;
    let engine = loader.engine().clone();
    let query = TimelineQuery { user: READER, viewer: None, span: Span::Newest, limit: 20 };
    let mut plain = Vec::new();
    let mut with: Vec<Vec<f64>> = EXTRAS.iter().map(|_| Vec::new()).collect();
    for _ in 0..args.rounds.max(1) {
        plain.push(timed(|| engine.home(black_box(&query)).is_ok()));
        for (extra, times) in EXTRAS.iter().zip(&mut with) {
            times.push(page_with(&engine, &query, *extra));
        }
    }
    let plain = median(plain);
    say(format!("a page of 20, plain                    {plain:.2} us"));
    for (extra, times) in EXTRAS.iter().zip(with) {
        let time = median(times);
        let (name, ratio) = (extra.name, time / plain);
        say(format!("the same with {name:<24} {time:.2} us, {ratio:.2} x"));
    }
    let hot = hot(&mut loader)?;
    let shown = ["plain", "collapsed"].into_iter().zip([NOTHING, COLLAPSED]);
    for (name, extra) in shown {
        let times = (0..args.rounds.max(1)).map(|_| page_with(&engine, &query, extra));
        let time = median(times.collect());
        say(format!("a page with one of {hot} reposts of a post, {name:<9} {time:.2} us"));
    }
    watch.finish("extras");
    Ok(())
}

/// Microseconds of a page that brings that along.
fn page_with(engine: &Engine, page: &TimelineQuery, extra: Extra) -> f64 {
    let Extra { counts, originals, groups, .. } = extra;
    let collapse = extra.collapse.then(Collapse::default);
    let query = FullQuery { of: CountedQuery::Home(*page), counts, originals, groups, collapse };
    timed(|| engine.full_page(black_box(&query)).is_ok())
}

fn populate(loader: &mut Loader) -> Outcome<()> {
    let name = |group: u64| GroupName::new(&format!("group {group}"));
    for group in 0..GROUPS {
        let (user, name) = (READER, name(group));
        loader.write(Command::new(Action::GroupCreate { user, name, exclusive: false }))?;
    }
    for author in 1..=AUTHORS {
        let (user, author, name) = (READER, UserId(author), name(author % GROUPS));
        loader.write(Command::follow(user, author))?;
        loader.write(Command::new(Action::GroupAdd { user, name, author }))?;
    }
    loader.settle_all()?;
    let first = GROUPS + 2 * AUTHORS + 1;
    (0..AUTHORS * POSTS).try_for_each(|number| post(loader, first, number))?;
    loader.settle_all()?;
    (first..first + AUTHORS * POSTS).map(PostId).try_for_each(|post| respond(loader, post))?;
    loader.settle_all()
}

/// Strangers repost one post, every tenth with a text, and then some of the authors. Answers how many there are.
fn hot(loader: &mut Loader) -> Outcome<u64> {
    let parent = PostId(GROUPS + 2 * AUTHORS + 1);
    let strangers = (0..STRANGERS).map(|number| (1_000 + number, number.is_multiple_of(10)));
    let authors = (1..=AUTHORS / 10).map(|author| (author * 10, true));
    for (author, is_quote) in strangers.chain(authors) {
        let text = if is_quote { "look" } else { "" };
        let post = NewPost { author: UserId(author), text: text.into(), ..NewPost::default() };
        loader.write(Command::new(Action::Repost { post, parent }))?;
    }
    loader.settle_all()?;
    Ok(STRANGERS + AUTHORS / 10)
}

/// Thirty reactions of three kinds, a comment, and to every other post a reaction of the reader.
fn respond(loader: &mut Loader, post: PostId) -> Outcome<()> {
    for user in 1..=30 {
        let kind = u8::try_from(user % 3).unwrap_or(0);
        let action = Action::React { user: UserId(user), target: post, kind };
        loader.write(Command::new(action))?;
    }
    if post.0.is_multiple_of(2) {
        loader.write(Command::new(Action::React { user: READER, target: post, kind: 1 }))?;
    }
    let (user, text, mentions) = (UserId(1), "indeed".into(), Mentions::new());
    loader.write(Command::new(Action::Comment { user, post, answers: None, text, mentions }))
}

/// Writes a post, or a repost of the one that is half as old.
fn post(loader: &mut Loader, first: u64, number: u64) -> Outcome<()> {
    let author = UserId(number % AUTHORS + 1);
    let text = "a text of usual length, as people write them, ".repeat(6);
    if number < AUTHORS || !number.is_multiple_of(REPOSTS) {
        return loader.write(Command::publish(author, text));
    }
    // A repost names a post that is committed.
    loader.settle_all()?;
    let is_quote = number.is_multiple_of(2 * REPOSTS);
    let text = if is_quote { text } else { String::new() };
    let post = NewPost { author, text: text.into(), ..NewPost::default() };
    // One of the first posts of all, of which none is a repost; another one each time.
    let parent = PostId(first + (number * 7 + number / AUTHORS) % AUTHORS);
    loader.write(Command::new(Action::Repost { post, parent }))
}

/// Microseconds of one.
fn timed(mut read: impl FnMut() -> bool) -> f64 {
    let begun = Instant::now();
    for _ in 0..PAGES {
        black_box(read());
    }
    begun.elapsed().as_secs_f64() * 1e6 / f64::from(PAGES)
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or_default()
}
