//! Reactions and comments on their way out: counts, comments, who reacted. A part of `reply.rs`, with
//! the same rule: by hand, and no decision.

use bytes::BytesMut;
use fanfold_engine as engine;
use fanfold_engine::{CommentOrder, CommentsQuery, Error};
use fanfold_protocol::{
    Code, Comment, CommentPage, Counts, ErrorReply, OnePost, PageWriter, Reactor, ReactorPage,
    Reply, ResponseChange, What,
};

use crate::reply::{self, Refusal, end, position, post, post_ref, refuse};

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
    let mut writer = PageWriter::start(request_id, position(page.position), out);
    let pushed = page.posts.iter().try_for_each(|post| writer.push(post_ref(&post.borrow())));
    let each = each.iter().map(counts);
    match pushed.and_then(|()| writer.finish_counted(end(page.end), each)) {
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
    let (comments, mine) = (u64::from(of.comments), of.mine);
    Counts { comments, mine, reactions: of.reactions.map(u64::from) }
}

pub(crate) fn comments(query: &CommentsQuery, page: engine::CommentsPage) -> Reply {
    let comment = |comment: engine::Comment| Comment {
        id: comment.id.0,
        author: comment.author.0,
        at: comment.at.0,
        answers: comment.answers.map(|answered| answered.0),
        counts: counts(&comment.counts),
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
        engine::ResponseChange::Comment(text) => ResponseChange::Comment(text),
        engine::ResponseChange::Delete => ResponseChange::Delete,
        _ => return None,
    };
    Some(What::Response { kind, post: post.0, target: target.0 })
}
