//! Reactions and comments on their way out: counts, comments, who reacted. A part of `reply.rs`, with
//! the same rule: by hand, and no decision.

use bytes::{Bytes, BytesMut};
use fanfold_engine as engine;
use fanfold_engine::{CommentOrder, CommentsQuery, Error};
use fanfold_protocol::{
    CameBy, Code, Comment, CommentPage, Counts, ErrorReply, OnePost, Original, PageRest,
    PageWriter, Reactor, ReactorPage, Reply, ResponseChange, What,
};

use crate::notices;
use crate::reply::{self, Refusal, end, position, post, push, refuse};
use crate::reposts;

/// Appends a page with counts.
pub(crate) fn counted_page(
    result: Result<engine::CountedPage, Error>,
    request_id: u32,
    out: &mut BytesMut,
) -> Refusal {
    let engine::CountedPage { page, counts: each } = match result {
        Ok(page) => page,
        Err(error) => return refuse(request_id, reply::refusal(&error), out),
    };
    let each: Vec<Counts> = each.iter().map(counts).collect();
    let rest = PageRest { counts: Some(&each), ..PageRest::default() };
    page_with(&page, rest, request_id, out)
}

/// Appends a page with its originals.
pub(crate) fn page_with_originals(
    query: &engine::OriginalsQuery,
    result: Result<engine::OriginalsPage, Error>,
    request_id: u32,
    out: &mut BytesMut,
) -> Refusal {
    let found = match result {
        Ok(page) => page,
        Err(error) => return refuse(request_id, reply::refusal(&error), out),
    };
    let engine::OriginalsPage { page, counts: each, originals, original_counts, came_by } = found;
    let each: Vec<Counts> = each.iter().map(counts).collect();
    let original_counts: Vec<Counts> = original_counts.iter().map(counts).collect();
    let originals: Vec<Original> = originals.into_iter().map(reposts::original).collect();
    let counts = query.counts.then_some(each.as_slice());
    let came_by = query.groups.then(|| groups_of(&came_by, page.posts.len()));
    let (originals, original_counts) = (&originals, &original_counts);
    let rest = PageRest { counts, originals, original_counts, came_by: came_by.as_ref() };
    page_with(&page, rest, request_id, out)
}

fn groups_of(found: &engine::CameBy, posts: usize) -> CameBy {
    let name = |name: &engine::GroupName| Bytes::copy_from_slice(name.as_str().as_bytes());
    let posts = (0..posts).map(|post| found.places(post).collect());
    CameBy { groups: found.groups.iter().map(name).collect(), posts: posts.collect() }
}

fn page_with(
    page: &engine::Page,
    rest: PageRest<'_>,
    request_id: u32,
    out: &mut BytesMut,
) -> Refusal {
    let mut writer = PageWriter::start(request_id, position(page.position), out);
    let mut mentions = Vec::new();
    let pushed =
        page.posts.iter().try_for_each(|post| push(&mut writer, &post.borrow(), &mut mentions));
    match pushed.and_then(|()| writer.finish_with(end(page.end), rest)) {
        Ok(()) => None,
        Err(error) => refuse(request_id, ErrorReply::new(Code::Internal, error.to_string()), out),
    }
}

pub(crate) fn counted_post(
    (at, found, each): (engine::Position, engine::Post, engine::Counts),
) -> Reply {
    Reply::Post(OnePost { position: position(at), post: post(found), counts: Some(counts(&each)) })
}

fn counts(of: &engine::Counts) -> Counts {
    let (comments, reposts, mine) = (u64::from(of.comments), u64::from(of.reposts), of.mine);
    Counts { comments, reposts, mine, reactions: of.reactions.map(u64::from) }
}

pub(crate) fn comments(query: &CommentsQuery, page: engine::CommentsPage) -> Reply {
    let comment = |comment: engine::Comment| Comment {
        id: comment.id.0,
        author: comment.author.0,
        at: comment.at.0,
        answers: comment.answers.map(|answered| answered.0),
        counts: counts(&comment.counts),
        mentions: notices::users(comment.mentions.borrow()),
        text: comment.text,
    };
    Reply::Comments(CommentPage {
        position: position(page.position),
        end: end(page.end),
        newest_first: query.order == CommentOrder::NewestFirst,
        total: page.total,
        comments: page.comments.into_iter().map(comment).collect(),
    })
}

pub(crate) fn reactors(page: engine::ReactorsPage) -> Reply {
    let reactor = |reactor: &engine::Reactor| Reactor {
        user: reactor.user.0,
        kind: reactor.kind,
        sequence: reactor.sequence.0,
    };
    Reply::Reactors(ReactorPage {
        position: position(page.position),
        end: end(page.end),
        reactors: page.reactors.iter().map(reactor).collect(),
    })
}

/// A change in response to a post; none if the protocol has no tag for it.
pub(crate) fn change(
    kind: engine::ResponseChange,
    post: engine::PostId,
    target: engine::PostId,
) -> Option<What> {
    let kind = match kind {
        engine::ResponseChange::React(kind) => ResponseChange::React(kind),
        engine::ResponseChange::Unreact(kind) => ResponseChange::Unreact(kind),
        engine::ResponseChange::Comment(text, mentions) => {
            ResponseChange::Comment(text, notices::users(mentions.borrow()))
        }
        engine::ResponseChange::Delete => ResponseChange::Delete,
        _ => return None,
    };
    Some(What::Response { kind, post: post.0, target: target.0 })
}
