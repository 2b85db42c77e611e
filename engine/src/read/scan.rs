//! A walk through everything that holds, in log order: the base of an export.
//!
//! A step reads records without the state lock, then asks the state once which of them still hold.

use crate::error::Result;
use crate::ids::{Position, Sequence, UserId};
use crate::limits::SCAN_RECORDS_MAX;
use crate::log::record::Effect;
use crate::log::view::Segments;
use crate::query::{FollowItem, PageEnd, Post, Scan, ScanItems, ScanOf, ScanQuery};
use crate::read::edges::follows_since;
use crate::read::feed::{as_post, check_limit};
use crate::read::stands::{Since, Stands};
use crate::shared::Shared;
use crate::views::state::State;

/// What a step found in the log, before it is known whether it still holds.
struct Found {
    posts: Vec<Post>,
    follows: Vec<FollowItem>,
    /// The last sequence looked at.
    next: Sequence,
    end: PageEnd,
}

/// One step of the scan.
pub(crate) fn scan(shared: &Shared, query: &ScanQuery) -> Result<Scan> {
    check_limit(query.limit)?;
    let newest = shared.state()?.position.sequence;
    let until = query.until.map_or(newest, |until| until.min(newest));
    let found = look(&shared.log.segments(), query, until)?;
    let (position, items) = match query.of {
        ScanOf::Posts => {
            let (position, posts) = judge(shared, found.posts, is_alive, Stands::resolve)?;
            let alive = posts.into_iter().filter_map(|(post, is_alive)| is_alive.then_some(post));
            (position, ScanItems::Posts(alive.collect()))
        }
        ScanOf::Follows => {
            let look = |state: &State, f: &FollowItem| follows_since(state, f.user, f.author);
            let (position, follows) = judge(shared, found.follows, look, Since::resolve)?;
            let stands = |(follow, since): (FollowItem, Option<Sequence>)| {
                (since == Some(follow.sequence)).then_some(follow)
            };
            (position, ScanItems::Follows(follows.into_iter().filter_map(stands).collect()))
        }
    };
    Ok(Scan { position, next: found.next, end: found.end, items })
}

fn look(segments: &Segments, query: &ScanQuery, until: Sequence) -> Result<Found> {
    let mut found =
        Found { posts: Vec::new(), follows: Vec::new(), next: query.after, end: PageEnd::More };
    let mut bytes = 0;
    for _ in 0..SCAN_RECORDS_MAX {
        let sequence = segments.skip_holes(found.next.next());
        if until < sequence {
            found.end = PageEnd::End;
            found.next = found.next.max(until);
            break;
        }
        found.next = sequence;
        let Some(record) = segments.record(sequence)? else { continue };
        match (query.of, &record.effect) {
            (ScanOf::Posts, Effect::Publish(_)) => {
                let post = as_post(sequence, record);
                bytes += post.as_ref().map_or(0, |post| post.text.len() + post.meta.len());
                found.posts.extend(post);
            }
            (ScanOf::Follows, Effect::Follow { user, author, .. }) => {
                found.follows.push(follow(*user, *author, sequence));
            }
            _ => {}
        }
        let count = found.posts.len().max(found.follows.len());
        if count == query.limit || crate::limits::PAGE_BYTES_MAX <= bytes {
            break;
        }
    }
    Ok(found)
}

fn follow(user: UserId, author: UserId, sequence: Sequence) -> FollowItem {
    FollowItem { user, author, sequence }
}

/// Judges all items as of one position: `look` asks the state, `resolve` the files.
fn judge<T, L, J>(
    shared: &Shared,
    items: Vec<T>,
    look: impl Fn(&State, &T) -> Result<L>,
    resolve: impl Fn(&L) -> Result<J>,
) -> Result<(Position, Vec<(T, J)>)> {
    let (position, looked) = {
        let state = shared.state()?;
        let looked: Vec<L> = items.iter().map(|item| look(&state, item)).collect::<Result<_>>()?;
        (state.position, looked)
    };
    let judged = items.into_iter().zip(&looked);
    let judged = judged.map(|(item, look)| Ok((item, resolve(look)?))).collect::<Result<_>>()?;
    Ok((position, judged))
}

fn is_alive(state: &State, post: &Post) -> Result<Stands> {
    match state.users.find(post.author) {
        Some(author) => Stands::of(&state.outboxes.posts, author, post.id.into()),
        None => Ok(Stands::Known(false)),
    }
}
