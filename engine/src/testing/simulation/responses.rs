//! Reactions and comments of an engine against the oracle's.

use super::compare::absent;
use super::trouble::{Checked, ensure, same};
use crate::engine::Engine;
use crate::ids::{PostId, UserId};
use crate::limits::LIMIT_MAX;
use crate::query::{
    Comment, CommentOrder, CommentsQuery, CountedQuery, PageEnd, ReactorsQuery, Span, TimelineQuery,
};
use crate::repost::RepostersQuery;
use crate::testing::model::Model;
use crate::testing::workload::Workload;

/// One read of each kind.
pub(super) fn at_random(engine: &Engine, model: &Model, workload: &mut Workload) -> Checked {
    counted(engine, model, &workload.timeline(model.last))?;
    comments(engine, model, &workload.comments(model.last))?;
    reactors(engine, model, &workload.reactors(model.last))?;
    reposters(engine, model, &workload.reposters(model.last))
}

/// A home and an outbox with counts: the same entries as without, and the oracle's counts.
fn counted(engine: &Engine, model: &Model, query: &TimelineQuery) -> Checked {
    for query in [CountedQuery::Home(*query), CountedQuery::Outbox(*query)] {
        let page = engine.counted(&query)?;
        let (plain, viewer) = match &query {
            CountedQuery::Home(query) => (engine.home(query)?, query.viewer.or(Some(query.user))),
            CountedQuery::Outbox(query) => (engine.outbox(query)?, query.viewer),
            CountedQuery::Group(group) => (engine.group(group)?, group.page.viewer),
        };
        same(&page.page.posts, &plain.posts, || format!("counted {query:?}"))?;
        let expected = plain.posts.iter().map(|post| model.counts_of(post.id.0, viewer));
        same(&page.counts, &expected.collect(), || format!("counts of {query:?}"))?;
        if let Some(resident) = engine.resident().counted(&query)? {
            same(&resident, &page, || format!("resident {query:?}"))?;
        }
    }
    Ok(())
}

fn comments(engine: &Engine, model: &Model, query: &CommentsQuery) -> Checked {
    let page = absent(engine.comments(query))?;
    let found = page.as_ref().map(|page| {
        let ids: Vec<u64> = page.comments.iter().map(|comment| comment.id.0).collect();
        (ids, page.end, page.total)
    });
    same(&found, &model.comments_page(query), || format!("comments {query:?}"))?;
    let Some(page) = page else { return Ok(()) };
    if let Some(resident) = engine.resident().comments(query)? {
        same(&resident, &page, || format!("resident comments {query:?}"))?;
    }
    page.comments.iter().try_for_each(|comment| content(model, comment, query.viewer))
}

fn content(model: &Model, comment: &Comment, viewer: Option<UserId>) -> Checked {
    let Some(expected) = model.responses.comments.get(&comment.id.0) else {
        return ensure(false, || format!("comment {} was never written", comment.id));
    };
    let is_same = comment.author == expected.author
        && comment.text[..] == expected.text[..]
        && comment.mentions == expected.mentions
        && comment.answers.map(|answered| answered.0) == expected.answers
        && comment.counts == model.counts_of(comment.id.0, viewer);
    ensure(is_same, || format!("comment {} is {comment:?}, expected {expected:?}", comment.id))
}

fn reactors(engine: &Engine, model: &Model, query: &ReactorsQuery) -> Checked {
    let page = absent(engine.reactors(query))?;
    let found = page.as_ref().map(|page| {
        let reactors = page.reactors.iter();
        (reactors.map(|r| (r.user.0, r.kind, r.sequence.0)).collect::<Vec<_>>(), page.end)
    });
    same(&found, &model.reactors_page(query), || format!("reactors {query:?}"))?;
    match (page, engine.resident().reactors(query)) {
        (Some(page), Ok(Some(resident))) => {
            same(&resident, &page, || format!("resident reactors {query:?}"))
        }
        _ => Ok(()),
    }
}

fn reposters(engine: &Engine, model: &Model, query: &RepostersQuery) -> Checked {
    let page = absent(engine.reposters(query))?;
    let found = page.as_ref().map(|page| {
        let reposters = page.reposters.iter();
        let reposters = reposters.map(|r| (r.user.0, r.repost.0, r.is_quote)).collect::<Vec<_>>();
        (page.root.0, reposters, page.end)
    });
    same(&found, &model.reposters_page(query), || format!("reposters {query:?}"))?;
    match (page, engine.resident().reposters(query)) {
        (Some(page), Ok(Some(resident))) => {
            same(&resident, &page, || format!("resident reposters {query:?}"))
        }
        _ => Ok(()),
    }
}

/// All comments and reactions there are, in both directions. Answers how many reads it took.
pub(super) fn everything(engine: &Engine, model: &Model) -> Checked<u64> {
    let counters = engine.counters()?;
    let standing = (counters.reactions, counters.comments);
    same(&standing, &model.standing_responses(), || "responses that stand".to_owned())?;
    same(&counters.reposts, &model.standing_reposts(), || "reposts that stand".to_owned())?;
    let mut reads = 1;
    for id in model.posts.keys().chain(model.responses.comments.keys()).copied().map(PostId) {
        for order in [CommentOrder::OldestFirst, CommentOrder::NewestFirst] {
            let mut query = CommentsQuery { post: id, viewer: None, order, cursor: None, limit: 7 };
            while let Some((ids, end, _)) = model.comments_page(&query) {
                comments(engine, model, &query)?;
                reads += 1;
                query.cursor = ids.last().copied().map(PostId);
                if end == PageEnd::End {
                    break;
                }
            }
        }
        let (kind, before, limit) = (None, None, LIMIT_MAX);
        reactors(engine, model, &ReactorsQuery { target: id, kind, viewer: None, before, limit })?;
        let (viewer, before) = (None, None);
        reposters(engine, model, &RepostersQuery { post: id, viewer, before, limit })?;
        if let Some((_, _, counts)) = absent(engine.counted_post(id, None))? {
            same(&counts, &model.counts_of(id.0, None), || format!("counts of {id}"))?;
        }
        reads += 2;
    }
    for user in model.posts.values().map(|post| post.author) {
        let span = Span::Newest;
        counted(engine, model, &TimelineQuery { user, viewer: None, span, limit: LIMIT_MAX })?;
        reads += 2;
    }
    Ok(reads)
}
