//! An engine against the oracle: some reads at random, or everything there is.

use super::trouble::{Checked, Trouble, ensure, same};
use super::{notices, responses};
use crate::engine::Engine;
use crate::error::ErrorKind;
use crate::ids::{PostId, Sequence, UserId};
use crate::limits::{LIMIT_MAX, UNREAD_MAX};
use crate::mark::{DeviceMark, Feed, MarksQuery, Unread, UnreadQuery};
use crate::moderation::{ModeratedOf, ModeratedQuery};
use crate::query::{
    EdgePage, EdgeQuery, GroupQuery, MembersQuery, Page, PageEnd, Post, ScanItems, ScanOf,
    ScanQuery, Span, TimelineQuery,
};
use crate::testing::collapse::check_at_random;
use crate::testing::model::{IdPage, Model};
use crate::testing::workload::Workload;

/// How many users the workload knows.
pub(super) const USERS: u64 = 9;

/// Everybody whom the workload may name, known or not.
fn users() -> impl Iterator<Item = UserId> {
    let known = (1..=USERS).map(|n| UserId(n.wrapping_mul(0x0001_0000_0001)));
    known.chain((0..3).map(|n| UserId(u64::MAX - n)))
}

pub(super) fn ids(page: &Page) -> IdPage {
    (page.posts.iter().map(|post| post.id.0).collect(), page.end)
}

/// One read of each kind. Answers how many.
pub(super) fn at_random(engine: &Engine, model: &Model, workload: &mut Workload) -> Checked<u64> {
    let model = &*model.shown();
    let query = workload.timeline(model.last);
    let home = engine.home(&query)?;
    same(&home.position.sequence.0, &model.last, || "position".to_owned())?;
    same(&ids(&home), &model.home(&query), || format!("home {query:?}"))?;
    let reader = query.viewer.or(Some(query.user));
    home.posts.iter().try_for_each(|post| content(model, post, reader))?;
    if let Some(resident) = engine.resident().home(&query)? {
        same(&resident, &home, || format!("resident home {query:?}"))?;
    }
    let outbox = engine.outbox(&query)?;
    same(&ids(&outbox), &model.outbox(&query), || format!("outbox {query:?}"))?;
    let group = workload.group(model.last);
    group_feed(engine, model, &group)?;
    members(engine, model, &workload.members(model.last))?;
    unread(engine, model, &workload.unread(model.last))?;
    group_list(engine, model, group.page.user)?;
    responses::at_random(engine, model, workload)?;
    let collapsed = check_at_random(engine, model, workload)?;
    collapsed.map_err(Trouble::Differs)?;
    moderated(engine, model, &workload.moderated(model.last))?;
    notices::page(engine, model, &workload.notices(model.last))?;
    super::broadcasts::at_random(engine, model, workload)?;
    let edges = workload.edges(model.last);
    neighbours(engine, model, &edges)?;
    let (a, b, viewer) = (workload.user(), workload.user(), workload.viewer());
    counts(engine, model, a, viewer)?;
    relation(engine, model, a, b)?;
    post(engine, model, PostId(workload.random.below(model.last + 2)), viewer)?;
    Ok(19)
}

/// Everything that can be read. Answers how many reads it took.
pub(super) fn everything(engine: &Engine, model: &Model) -> Checked<u64> {
    let model = &*model.shown();
    let position = engine.position()?.sequence.0;
    same(&position, &model.last, || "position".to_owned())?;
    let mut reads = scan_posts(engine, model)? + scan_follows(engine, model)?;
    for user in users() {
        reads += timelines(engine, model, user)?;
        let query = EdgeQuery { user, viewer: None, before: None, limit: LIMIT_MAX };
        neighbours(engine, model, &query)?;
        counts(engine, model, user, None)?;
        reads += groups(engine, model, user)?;
        reads += notices::everything(engine, model, user)?;
        reads += marks(engine, model, user)?;
        reads += super::broadcasts::feed(engine, model, user)?;
        for other in users() {
            relation(engine, model, user, other)?;
            reads += 1;
        }
        reads += 3;
    }
    for id in model.broadcasts.keys() {
        super::broadcasts::one(engine, model, *id, None)?;
        reads += 1;
    }
    for id in model.posts.keys() {
        post(engine, model, PostId(*id), None)?;
        reads += 1;
    }
    let all = ModeratedQuery { of: ModeratedOf::All, viewer: None, before: None, limit: LIMIT_MAX };
    moderated(engine, model, &all)?;
    Ok(reads + 1 + responses::everything(engine, model)?)
}

fn timelines(engine: &Engine, model: &Model, user: UserId) -> Checked<u64> {
    let mut reads = 0;
    let first = TimelineQuery { user, viewer: None, span: Span::Newest, limit: 50 };
    let mut query = first;
    loop {
        let page = engine.home(&query)?;
        same(&ids(&page), &model.home(&query), || format!("home {query:?}"))?;
        reads += 1;
        match page.posts.last() {
            Some(last) if page.end != PageEnd::End => query.span = Span::Before(last.id),
            _ => break,
        }
    }
    let mut query = first;
    loop {
        let page = engine.outbox(&query)?;
        same(&ids(&page), &model.outbox(&query), || format!("outbox {query:?}"))?;
        page.posts.iter().try_for_each(|post| content(model, post, query.viewer))?;
        reads += 1;
        match page.posts.last() {
            Some(last) if page.end != PageEnd::End => query.span = Span::Before(last.id),
            _ => return Ok(reads),
        }
    }
}

/// Every group of the user, with its feed and its members.
fn groups(engine: &Engine, model: &Model, user: UserId) -> Checked<u64> {
    group_list(engine, model, user)?;
    let mut reads = 1;
    for group in engine.groups(user, None)?.groups {
        let page = TimelineQuery { user, viewer: None, span: Span::Newest, limit: LIMIT_MAX };
        group_feed(engine, model, &GroupQuery { name: group.name.clone(), page })?;
        let page = EdgeQuery { user, viewer: None, before: None, limit: LIMIT_MAX };
        members(engine, model, &MembersQuery { name: group.name, page })?;
        reads += 2;
    }
    Ok(reads)
}

fn group_list(engine: &Engine, model: &Model, user: UserId) -> Checked {
    let list = engine.groups(user, Some(user))?.groups.into_iter();
    let found: Vec<_> = list
        .map(|group| (group.id.0, group.name.to_string(), group.exclusive, group.members))
        .collect();
    same(&found, &model.group_list(user), || format!("groups of {user}"))
}

fn group_feed(engine: &Engine, model: &Model, query: &GroupQuery) -> Checked {
    let expected = model.group(query);
    let page = absent(engine.group(query))?;
    same(&page.as_ref().map(ids), &expected, || format!("feed of {query:?}"))?;
    if let Some(page) = &page {
        let reader = query.page.viewer.or(Some(query.page.user));
        page.posts.iter().try_for_each(|post| content(model, post, reader))?;
        if let Some(resident) = engine.resident().group(query)? {
            same(&resident, page, || format!("resident feed of {query:?}"))?;
        }
    }
    Ok(())
}

fn members(engine: &Engine, model: &Model, query: &MembersQuery) -> Checked {
    let page = absent(engine.members(query))?;
    let found = page.map(|page| (pairs(&page), page.end));
    same(&found, &model.members(query), || format!("members {query:?}"))
}

/// What is unread of a feed, and the marks of its devices.
fn unread(engine: &Engine, model: &Model, query: &UnreadQuery) -> Checked {
    let found = absent(engine.unread(query))?;
    let as_model = |it: &Unread| (it.mark.0, it.count, it.is_more, it.oldest.map(|post| post.0));
    let counted = found.as_ref().map(as_model);
    same(&counted, &model.unread(query), || format!("unread {query:?}"))?;
    if let (Some(found), Some(resident)) =
        (found, absent(engine.resident().unread(query))?.flatten())
    {
        same(&resident, &found, || format!("resident unread {query:?}"))?;
    }
    let UnreadQuery { user, feed, .. } = query.clone();
    let expected = model.mark_list(user, &feed);
    let marks = absent(engine.marks(&MarksQuery { user, feed, viewer: None }))?;
    let device = |mark: &DeviceMark| (mark.device, mark.post.0);
    let marks = marks.map(|it| (it.mark.0, it.devices.iter().map(device).collect()));
    same(&marks, &expected, || format!("marks {query:?}"))
}

/// Every feed of the user.
fn marks(engine: &Engine, model: &Model, user: UserId) -> Checked<u64> {
    let groups = engine.groups(user, None)?.groups.into_iter();
    let feeds = groups.map(|group| Feed::Group(group.name)).chain([Feed::Home]);
    let mut reads = 0;
    for feed in feeds {
        let query = UnreadQuery { user, feed, viewer: None, since: None, limit: UNREAD_MAX };
        unread(engine, model, &query)?;
        reads += 2;
    }
    Ok(reads)
}

/// `None` instead of "there is no such".
pub(super) fn absent<T>(answer: crate::error::Result<T>) -> Checked<Option<T>> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn pairs(page: &EdgePage) -> Vec<(u64, u64)> {
    page.edges.iter().map(|edge| (edge.user.0, edge.sequence.0)).collect()
}

fn neighbours(engine: &Engine, model: &Model, query: &EdgeQuery) -> Checked {
    let page = engine.following(query)?;
    same(&(pairs(&page), page.end), &model.following_page(query), || {
        format!("following {query:?}")
    })?;
    let page = engine.followers(query)?;
    same(&(pairs(&page), page.end), &model.followers_page(query), || {
        format!("followers {query:?}")
    })?;
    let query = EdgeQuery { viewer: query.viewer.map(|_| query.user), ..*query };
    let page = engine.requests(&query)?;
    same(&(pairs(&page), page.end), &model.requests_page(&query), || format!("requests {query:?}"))
}

pub(super) fn moderated(engine: &Engine, model: &Model, query: &ModeratedQuery) -> Checked {
    let page = engine.moderated(query)?;
    let rows = page.moderated.iter();
    let rows = rows.map(|row| (row.user.0, row.post.map(|post| post.0), row.since.0)).collect();
    same(&(rows, page.end), &model.moderated(query), || format!("moderated {query:?}"))
}

fn counts(engine: &Engine, model: &Model, user: UserId, viewer: Option<UserId>) -> Checked {
    let card = engine.user(user, viewer)?;
    let found = (card.posts, card.followers, card.followees);
    same(&found, &model.counts(user, viewer), || format!("counts of {user} for {viewer:?}"))
}

fn relation(engine: &Engine, model: &Model, a: UserId, b: UserId) -> Checked {
    let r = engine.relation(a, b, None)?;
    let found = [r.follows, r.followed_by, r.muted, r.blocked, r.blocked_by];
    same(&found, &model.relation(a, b), || format!("relation of {a} and {b}"))?;
    let asks = [engine.user(a, None)?.is_private, r.requested, r.requested_by];
    same(&asks, &model.asks(a, b), || format!("requests between {a} and {b}"))?;
    same(&r.apart, &model.is_apart(a, b), || format!("whether {b} is apart for {a}"))
}

fn post(engine: &Engine, model: &Model, id: PostId, viewer: Option<UserId>) -> Checked {
    let sees = model.sees_post(id, viewer);
    match engine.post(id, viewer) {
        Ok((_, post)) => {
            ensure(sees, || format!("post {id} is there for {viewer:?}"))?;
            content(model, &post, viewer)
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            ensure(!sees, || format!("post {id} is not there for {viewer:?}"))
        }
        Err(error) => Err(error.into()),
    }
}

fn content(model: &Model, post: &Post, reader: Option<UserId>) -> Checked {
    let Some(expected) = model.posts.get(&post.id.0) else {
        return ensure(false, || format!("post {} was never published", post.id));
    };
    let shown = expected.created_at.unwrap_or(post.committed_at.0);
    let is_same = post.author == expected.author
        && post.text[..] == expected.text[..]
        && post.meta[..] == expected.meta[..]
        && post.repost.map(|link| (link.parent.0, link.root.0))
            == model.shown_link(post.id.0, reader)
        && post.mentions == expected.mentions
        && post.revision == expected.revision
        && post.audience == expected.audience
        && post.edited_at.is_some() == (0 < expected.revision)
        && post.at.0 == shown;
    ensure(is_same, || format!("post {} is {post:?}, expected {expected:?}", post.id))
}

/// All posts in log order; their dates never step back.
fn scan_posts(engine: &Engine, model: &Model) -> Checked<u64> {
    let mut alive = model.posts.iter().filter(|(id, _)| model.stands(**id)).map(|(id, _)| *id);
    let mut date = 0;
    let reads = scan(engine, ScanOf::Posts, |items| {
        let ScanItems::Posts(posts) = items else { return Ok(()) };
        posts.iter().try_for_each(|post| {
            same(&Some(post.id.0), &alive.next(), || "scan of posts".to_owned())?;
            let stepped = || format!("post {} was committed before the one before it", post.id);
            ensure(date <= post.committed_at.0, stepped)?;
            date = post.committed_at.0;
            content(model, post, None)
        })
    })?;
    same(&None, &alive.next(), || "scan of posts, at its end".to_owned())?;
    Ok(reads)
}

fn scan_follows(engine: &Engine, model: &Model) -> Checked<u64> {
    let mut expected: Vec<_> = model.follows.iter().map(|((a, b), at)| (*at, *a, *b)).collect();
    expected.sort_unstable();
    let mut found = Vec::new();
    let reads = scan(engine, ScanOf::Follows, |items| {
        if let ScanItems::Follows(follows) = items {
            found.extend(follows.iter().map(|f| (f.sequence.0, f.user.0, f.author.0)));
        }
        Ok(())
    })?;
    // Of two that began in one record either may come first.
    ensure(found.is_sorted_by_key(|(at, ..)| at), || "scan of follows, in order".to_owned())?;
    found.sort_unstable();
    same(&found, &expected, || "scan of follows".to_owned())?;
    Ok(reads)
}

fn scan(engine: &Engine, of: ScanOf, mut each: impl FnMut(&ScanItems) -> Checked) -> Checked<u64> {
    let mut query = ScanQuery { of, after: Sequence(0), until: None, limit: LIMIT_MAX };
    let mut reads = 0;
    loop {
        let step = engine.scan(&query)?;
        each(&step.items)?;
        reads += 1;
        if step.end == PageEnd::End {
            return Ok(reads);
        }
        ensure(query.after < step.next, || format!("the scan stands still at {}", step.next))?;
        query.after = step.next;
    }
}
