//! A walk through everything that holds, in log order: the base of an export.
//!
//! A step reads records without the state lock, then asks the state once which of them still hold.

use crate::error::Result;
use crate::ids::{Sequence, UserId};
use crate::limits::SCAN_RECORDS_MAX;
use crate::log::record::Effect;
use crate::log::view::Segments;
use crate::query::{FollowItem, PageEnd, Post, Scan, ScanItems, ScanOf, ScanQuery};
use crate::read::edges::followed_since;
use crate::read::feed::{as_post, check_limit};
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
    let state = shared.state()?;
    let items = match query.of {
        ScanOf::Posts => ScanItems::Posts(holding(found.posts, |post| is_alive(&state, post))?),
        ScanOf::Follows => {
            ScanItems::Follows(holding(found.follows, |follow| stands(&state, follow))?)
        }
    };
    Ok(Scan { position: state.position, next: found.next, end: found.end, items })
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
            (ScanOf::Follows, Effect::Follow { user, author }) => {
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

/// Those of `items` that still hold.
fn holding<T>(items: Vec<T>, holds: impl Fn(&T) -> Result<bool>) -> Result<Vec<T>> {
    let judged = items.into_iter().map(|item| Ok((holds(&item)?, item)));
    let judged: Vec<(bool, T)> = judged.collect::<Result<_>>()?;
    Ok(judged.into_iter().filter_map(|(holds, item)| holds.then_some(item)).collect())
}

fn stands(state: &State, item: &FollowItem) -> Result<bool> {
    Ok(followed_since(state, item.user, item.author)? == Some(item.sequence))
}

fn is_alive(state: &State, post: &Post) -> Result<bool> {
    match state.users.find(post.author) {
        Some(author) => state.outboxes.posts.contains(author, post.id.into()),
        None => Ok(false),
    }
}
