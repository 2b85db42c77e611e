//! A walk through everything that holds, in log order: the base of an export.
//!
//! A step reads records without the state lock, then asks the state once which of them still hold.

use crate::error::Result;
use crate::ids::{Position, Sequence, UserId};
use crate::limits::{PAGE_BYTES_MAX, SCAN_RECORDS_MAX};
use crate::log::record::Effect;
use crate::log::view::Segments;
use crate::query::{FollowItem, PageEnd, Post, Scan, ScanItems, ScanOf, ScanQuery};
use crate::read::content::{Content, Reach, as_content};
use crate::read::edges::follows_since;
use crate::read::feed::check_limit;
use crate::read::revisions::newest;
use crate::read::stands::{Since, Stands};
use crate::read::visibility::Viewer;
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
    let mut found = look(&shared.log.segments(), query, until)?;
    let (position, items) = match query.of {
        ScanOf::Posts => {
            let posts = std::mem::take(&mut found.posts);
            let (position, posts) = judge(shared, posts, is_alive, Alive::resolve)?;
            (position, ScanItems::Posts(found.newest(shared, posts)?))
        }
        ScanOf::Follows => {
            let look = |state: &State, f: &FollowItem| {
                let is_hidden = |user| state.find(user).is_none();
                match is_hidden(f.user) || is_hidden(f.author) {
                    true => Ok(Since::Known(None)),
                    false => follows_since(state, f.user, f.author),
                }
            };
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
            (ScanOf::Posts, Effect::Publish(_) | Effect::Emptied(_) | Effect::Broadcast(_)) => {
                let post = as_content(sequence, record);
                bytes += post.as_ref().map_or(0, |post| post.borrow().bytes_len());
                found.posts.extend(post);
            }
            (ScanOf::Follows, Effect::Follow { user, author, .. }) => {
                found.follows.push(follow(*user, *author, sequence));
            }
            (ScanOf::Follows, Effect::Befriend(befriend)) => {
                let begun = befriend.begun();
                found.follows.extend(begun.map(|(user, author)| follow(user, author, sequence)));
            }
            _ => {}
        }
        let count = found.posts.len().max(found.follows.len());
        if query.limit <= count || PAGE_BYTES_MAX <= bytes {
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

/// Whether a post is shown to the application, and where its text is if it was revised.
struct Alive {
    stands: Stands,
    revised: Option<Sequence>,
}

impl Alive {
    /// `None` if it is not shown.
    #[expect(clippy::option_option, reason = "the inner one is of a post that was never revised")]
    fn resolve(&self) -> Result<Option<Option<Sequence>>> {
        Ok(self.stands.resolve()?.then_some(self.revised))
    }
}

fn is_alive(state: &State, post: &Post) -> Result<Alive> {
    // It sees all but what is of those who are being forgotten, and what others say of that.
    let application = Viewer::new(state, None);
    let stands = match state.find(post.author) {
        Some(_) if state.reposts.is_orphan(post.id.into()) => Stands::Known(false),
        Some(_) if application.misses_chain(post.id) => Stands::Known(false),
        Some(author) => Stands::of(&state.outboxes.posts, author, post.id.into())?,
        None => Stands::Known(false),
    };
    let revised = state.revisions.of(post.id).map(|revised| revised.at);
    Ok(Alive { stands, revised })
}

impl Found {
    /// The posts that are not deleted, with their newest texts. Ends where these fill a page.
    #[expect(clippy::option_option, reason = "see `Alive`")]
    fn newest(
        &mut self,
        shared: &Shared,
        posts: Vec<(Post, Option<Option<Sequence>>)>,
    ) -> Result<Vec<Post>> {
        let segments = shared.log.segments();
        let content = Content::new(shared, &segments);
        let (mut shown, mut bytes, count) = (Vec::new(), 0, posts.len());
        for (index, (post, alive)) in posts.into_iter().enumerate() {
            let id = post.id;
            let post = match alive {
                None => None,
                Some(None) => Some(post),
                Some(Some(place)) => match content.at(place, Reach::Files)?.flatten() {
                    Some(revised) => Some(revised),
                    // It was revised again meanwhile.
                    None => newest(shared, id, Reach::Files)?.flatten(),
                },
            };
            bytes += post.as_ref().map_or(0, |post| post.borrow().bytes_len());
            shown.extend(post);
            if PAGE_BYTES_MAX <= bytes && index + 1 < count {
                (self.next, self.end) = (id.into(), PageEnd::More);
                break;
            }
        }
        Ok(shown)
    }
}
