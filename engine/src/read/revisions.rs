//! What a post says now, and what it said before.
//!
//! A superseded text is shown to nobody, unless the option `keep_revisions` is set: from the moment of the
//! revise, though it may be in the log for some days more.

use crate::error::{Error, ErrorKind, Result};
use crate::ids::{Position, PostId, Sequence, UserId};
use crate::log::record::Effect;
use crate::query::Post;
use crate::read::content::{Content, Reach, as_content};
use crate::read::judge::Judge;
use crate::read::parents::conceal;
use crate::read::stands::Stands;
use crate::read::ties::settled;
use crate::read::visibility::Viewer;
use crate::shared::Shared;

/// The post with its newest text, whether it is deleted or not; the inner `None` if nothing of it is
/// left. `None` if that is out of reach.
pub(crate) fn newest(shared: &Shared, id: PostId, reach: Reach) -> Result<Option<Option<Post>>> {
    let (segments, revised) = {
        let state = shared.state()?;
        (shared.log.segments(), state.revisions.of(id))
    };
    let content = Content::new(shared, &segments);
    match revised {
        Some(revised) => content.at(revised.at, reach),
        None => content.post(id.into(), reach),
    }
}

/// All revisions of a post that are kept, newest first.
pub(crate) fn revisions(
    shared: &Shared,
    id: PostId,
    viewer: Option<UserId>,
) -> Result<(Position, Vec<Post>)> {
    let mut found = Vec::new();
    let position = walk(shared, id, viewer, |post| {
        found.push(post);
        true
    })?;
    Ok((position, found))
}

/// One revision of a post; `NotFound` if there is none, or it is not kept.
pub(crate) fn revision(
    shared: &Shared,
    (id, revision): (PostId, u32),
    viewer: Option<UserId>,
) -> Result<(Position, Post)> {
    let (mut newest, mut found) = (0, None);
    let position = walk(shared, id, viewer, |post| {
        newest = newest.max(post.revision);
        let is_it = post.revision == revision;
        found = is_it.then_some(post);
        !is_it
    })?;
    let absent = || {
        let why = match revision <= newest {
            true => "is not kept (option keep-revisions)",
            false => "does not exist",
        };
        let what = format!("revision {revision} of post {id} {why}; the newest is {newest}");
        Error::new(ErrorKind::NotFound, what)
    };
    found.map(|post| (position, post)).ok_or_else(absent)
}

/// Hands out the kept revisions, newest first, until it is told to stop.
fn walk(
    shared: &Shared,
    id: PostId,
    viewer: Option<UserId>,
    mut go_on: impl FnMut(Post) -> bool,
) -> Result<Position> {
    let absent = || Error::new(ErrorKind::NotFound, format!("there is no post {id}"));
    let segments = shared.log.segments();
    let record = segments.record(id.into())?.filter(|record| !is_retired(&record.effect));
    let author = record.and_then(|record| record.effect.post_author()).ok_or_else(absent)?;
    let looked = settled(shared, Reach::Files, |state, ties| {
        let author = state.find(author).ok_or_else(absent)?;
        let is_hidden = Viewer::new(state, viewer).is_hidden(author)
            || !Judge::for_viewer((state, ties), viewer).sees(id.into(), Some(author));
        let stands = Stands::of(&state.outboxes.posts, author, id.into())?;
        let stands = if is_hidden { Stands::Known(false) } else { stands };
        Ok((state.position, stands, state.revisions.of(id), shared.log.segments()))
    })?;
    let (position, stands, revised, segments) = looked.ok_or_else(absent)?;
    if !stands.resolve()? {
        return Err(absent());
    }
    let mut at = revised.map_or_else(|| id.into(), |revised| revised.at);
    while let Some(record) = segments.record(at)? {
        let before = match &record.effect {
            Effect::Revise(revise) => Some(revise.before),
            _ => None,
        };
        let is_emptied = record.effect.is_emptied();
        let post = as_content(at, record).filter(|_| !is_emptied);
        let Some(mut post) = post else { break };
        let _known = conceal(shared, viewer, post.repost.iter_mut(), Reach::Files)?;
        let (wants_more, keeps) = (go_on(post), shared.options.keep_revisions);
        match before.filter(|_| wants_more && keeps) {
            Some(before) => at = before,
            None => break,
        }
    }
    Ok(position)
}

fn is_retired(effect: &Effect) -> bool {
    matches!(effect, Effect::Retired(_))
}

/// The post as it is now, if it is not deleted; and whether that is of a record above `until`.
pub(crate) fn told(shared: &Shared, id: PostId, until: Sequence) -> Result<Option<(Post, bool)>> {
    match crate::read::feed::post(shared, id, None, Reach::Files) {
        Ok(found) => {
            let revised = shared.state()?.revisions.of(id);
            let is_later = revised.is_some_and(|revised| until < revised.at);
            Ok(found.map(|(_, post)| (post, is_later)))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
