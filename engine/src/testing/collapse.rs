//! Collapsed pages of an engine against the oracle's: at random, and paged to the end with one top.

use std::cell::Cell;
use std::time::Duration;

use super::model::Model;
use super::workload::Workload;
use crate::collapse::{BroughtBy, Collapse};
use crate::engine::Engine;
use crate::error::{ErrorKind, Result};
use crate::full::{FullPage, FullQuery};
use crate::ids::PostId;
use crate::limits::BROUGHT_BY_MAX;
use crate::query::{CountedQuery, PageEnd, Span, TimelineQuery};

/// Horizons of all sizes that histories have: writes of a test may be microseconds apart.
const HORIZONS_MS: [u64; 6] = [1, 3, 4_000, 30_000, 3 * 86_400_000, 366 * 86_400_000];

/// Reads some feed collapsed. Says what is not as the oracle has it, if anything.
pub fn check_at_random(
    engine: &Engine,
    model: &Model,
    workload: &mut Workload,
) -> Result<std::result::Result<(), String>> {
    let of = match workload.random.below(3) {
        0 => CountedQuery::Home(workload.timeline(model.last)),
        1 => CountedQuery::Outbox(workload.timeline(model.last)),
        _ => CountedQuery::Group(workload.group(model.last)),
    };
    let place = usize::try_from(workload.random.below(HORIZONS_MS.len() as u64)).unwrap_or(0);
    let horizon = Duration::from_millis(HORIZONS_MS.get(place).copied().unwrap_or(1));
    let is_topped = workload.random.one_in(3);
    let top = is_topped.then(|| PostId(workload.random.below(model.last + 3)));
    check(engine, model, of, Collapse { horizon, top })
}

/// Reads a feed collapsed, from this page on to the end.
pub fn check(
    engine: &Engine,
    model: &Model,
    mut of: CountedQuery,
    mut collapse: Collapse,
) -> Result<std::result::Result<(), String>> {
    // Counted or not: that takes other ways to the same page.
    let mut counts = collapse.horizon.as_millis().is_multiple_of(2);
    loop {
        counts = !counts;
        let query = FullQuery { collapse: Some(collapse), counts, ..FullQuery::of(of.clone()) };
        let failed = Cell::new(None);
        let shown = |post| match engine.post(PostId(post), None) {
            Ok((_, post)) => post.at.0,
            Err(error) if error.kind() == ErrorKind::NotFound => u64::MAX,
            Err(error) => {
                // A read that met damage says nothing of when the post was shown.
                failed.set(Some(error));
                u64::MAX
            }
        };
        let expected = model.collapsed_page(&of, &collapse, shown);
        failed.take().map_or(Ok(()), Err)?;
        let page = match engine.full_page(&query) {
            Err(error) if error.kind() == ErrorKind::NotFound && expected.is_none() => {
                return Ok(Ok(()));
            }
            page => page?,
        };
        let stood_for = page.collapsed.as_ref().map_or(0, |it| it.brought_by.len());
        if stood_for != page.page.posts.len() {
            return Ok(Err(format!(
                "{query:?} says of {stood_for} posts for whom they stand: {page:?}"
            )));
        }
        let found = read(&page);
        // An epoch that has begun with no record of its own is ahead of what the oracle knows.
        let top = collapse.top_at(page.page.position).0;
        let expected = expected.map(|(posts, end)| {
            let posts = posts.into_iter().map(|(post, others)| (post, named(&others)));
            (posts.collect(), end, top)
        });
        if expected.as_ref() != Some(&found) {
            return Ok(Err(format!("{query:?} is {found:?}, expected {expected:?}")));
        }
        let resident = engine.resident().full_page(&query)?;
        if resident.as_ref().is_some_and(|resident| *resident != page) {
            return Ok(Err(format!("{query:?} is {resident:?} in memory, else {page:?}")));
        }
        let ends = page.page.posts.first().zip(page.page.posts.last());
        let Some((first, last)) = ends.filter(|_| page.page.end != PageEnd::End) else {
            return Ok(Ok(()));
        };
        let span = &mut page_of(&mut of).span;
        *span = match span {
            Span::After(_) => Span::After(first.id),
            Span::Newest | Span::Before(_) => Span::Before(last.id),
        };
        collapse.top = Some(PostId(found.2));
    }
}

/// A page as the oracle has it: (post, some who brought it, how many) each, its end and its top.
type Found = (Vec<(u64, (Vec<u64>, u32))>, PageEnd, u64);

fn read(page: &FullPage) -> Found {
    let collapsed = page.collapsed.clone().unwrap_or_default();
    let brought = |by: &BroughtBy| (by.users.iter().map(|user| user.0).collect(), by.count);
    let posts = page.page.posts.iter().map(|post| post.id.0);
    let posts = posts.zip(collapsed.brought_by.iter().map(brought)).collect();
    (posts, page.page.end, collapsed.top.0)
}

fn named(others: &[u64]) -> (Vec<u64>, u32) {
    let count = u32::try_from(others.len()).unwrap_or(u32::MAX);
    (others.iter().copied().take(BROUGHT_BY_MAX).collect(), count)
}

fn page_of(of: &mut CountedQuery) -> &mut TimelineQuery {
    match of {
        CountedQuery::Home(page) | CountedQuery::Outbox(page) => page,
        CountedQuery::Group(group) => &mut group.page,
    }
}
