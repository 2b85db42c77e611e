//! `extras`: what pages cost that bring more along than posts: counts and the reader's own reactions, the
//! originals of reposts, the reader's groups by which posts came, and for whom they stand; each beside a plain
//! page, in turns. Then what a collapsed page costs of which an entry is what hundreds of thousands have reposted.

pub(crate) mod world;

use std::hint::black_box;
use std::time::Instant;

use clap::Args;
use fanfold_engine::{
    Action, Audience, Collapse, Command, CountedQuery, Durability, Engine, FullQuery, Options,
    TimelineQuery,
};

use crate::console::say;
use crate::exit::{Explain, Outcome};
use crate::figures::Loader;
use crate::noise::Watch;

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
pub(crate) struct Extra {
    name: &'static str,
    counts: bool,
    originals: bool,
    groups: bool,
    collapse: bool,
}

const NOTHING: Extra =
    Extra { name: "nothing", counts: false, originals: false, groups: false, collapse: false };

const COLLAPSED: Extra = Extra { name: "others stood for", collapse: true, ..NOTHING };

/// What a page of a usual product brings along; it should cost at most half as much again as a plain one.
pub(crate) const USUAL: Extra = Extra {
    name: "counts, mine, originals, groups",
    counts: true,
    originals: true,
    groups: true,
    collapse: false,
};

const EXTRAS: [Extra; 7] = [
    NOTHING,
    Extra { name: "counts and mine", counts: true, ..NOTHING },
    Extra { name: "originals", originals: true, ..NOTHING },
    Extra { name: "groups", groups: true, ..NOTHING },
    USUAL,
    COLLAPSED,
    Extra { name: "all of it", collapse: true, ..USUAL },
];

/// Runs the job.
pub(crate) fn run(args: &ExtrasArgs) -> Outcome<()> {
    let watch = Watch::start();
    let directory = tempfile::tempdir().explain(|| "cannot make a directory".to_owned())?;
    let options = Options { durability: Durability::Os, ..Options::default() };
    let mut loader = Loader::open_with(directory.path(), options)?;
    world::populate(&mut loader)?;
    let engine = loader.engine().clone();
    let query = world::PAGE;
    let mut plain = Vec::new();
    let mut with: Vec<Vec<f64>> = EXTRAS.iter().map(|_| Vec::new()).collect();
    for _ in 0..args.rounds.max(1) {
        plain.push(timed(|| engine.home(black_box(&query)).is_ok()));
        for (extra, times) in EXTRAS.iter().zip(&mut with) {
            times.push(page_with(&engine, &query, *extra));
        }
    }
    let plain = median(plain);
    say(format!("a page of 20, plain                           {plain:.2} us"));
    for (extra, times) in EXTRAS.iter().zip(with) {
        let time = median(times);
        let (name, ratio) = (extra.name, time / plain);
        say(format!("the same with {name:<31} {time:.2} us, {ratio:.2} x"));
    }
    for (name, time) in sight(&mut loader, args.rounds)? {
        say(format!("plain, {name:<38} {time:.2} us, {:.2} x", time / plain));
    }
    let hot = world::hot(&mut loader)?;
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
    let query = extra.of(page);
    timed(|| engine.full_page(black_box(&query)).is_ok())
}

/// Plain pages while a stranger who has the newest post of all is suspended, and of readers who follow as many
/// authors, of whose posts a tenth is not for everybody. In turns.
fn sight(loader: &mut Loader, rounds: usize) -> Outcome<[(&'static str, f64); 4]> {
    let names = [
        "while somebody is suspended",
        "all for everybody",
        "a tenth for followers",
        "a tenth for mutual",
    ];
    let readers = [Audience::Everybody, Audience::Followers, Audience::Mutual];
    for (number, audience) in (1..).zip(&readers) {
        world::restricted(loader, number, audience)?;
    }
    let engine = loader.engine().clone();
    let mut times = <[Vec<f64>; 4]>::default();
    for _ in 0..rounds.max(1) {
        loader.write(Command::new(Action::Suspend { user: world::STRANGER }))?;
        loader.settle_all()?;
        let [suspended, of_readers @ ..] = &mut times;
        suspended.push(timed(|| engine.home(black_box(&world::PAGE)).is_ok()));
        loader.write(Command::new(Action::Unsuspend { user: world::STRANGER }))?;
        loader.settle_all()?;
        for (number, times) in (1..).zip(of_readers) {
            let page = TimelineQuery { user: world::reader(number), ..world::PAGE };
            times.push(timed(|| engine.home(black_box(&page)).is_ok()));
        }
    }
    let mut times = times.into_iter().map(median);
    Ok(names.map(|name| (name, times.next().unwrap_or_default())))
}

impl Extra {
    /// A page with it.
    pub(crate) fn of(self, page: &TimelineQuery) -> FullQuery {
        let Self { counts, originals, groups, collapse, .. } = self;
        let (of, collapse) = (CountedQuery::Home(*page), collapse.then(Collapse::default));
        FullQuery { of, counts, originals, groups, collapse }
    }
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
