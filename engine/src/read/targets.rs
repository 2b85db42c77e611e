//! What is reacted to and commented on: a post or a comment, whose it is, and whether it stands.

use crate::error::{Error, ErrorKind, Result};
use crate::ids::{PostId, UserId};
use crate::log::record::{Effect, Retired};
use crate::log::response_effect::ResponseEffect;
use crate::log::view::Segments;
use crate::read::content::Reach;
use crate::read::stands::Stands;
use crate::shared::Shared;
use crate::views::graph::EDGE_WIDTH;
use crate::views::state::State;

/// A post or a comment that is, or was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) id: PostId,
    pub(crate) author: UserId,
    /// The post itself, or the one that the comment is about.
    pub(crate) post: PostId,
    /// Whose post that is.
    pub(crate) owner: UserId,
}

/// Whether a target stands, or where that is written.
#[derive(Debug)]
pub(crate) struct Standing {
    post: Stands,
    /// `None`: the target is the post.
    comment: Option<Stands<EDGE_WIDTH>>,
}

impl Target {
    /// A post.
    pub(crate) fn post(id: PostId, author: UserId) -> Self {
        Self { id, author, post: id, owner: author }
    }

    /// What a record is about.
    pub(crate) fn of(effect: &ResponseEffect) -> Self {
        let ResponseEffect { target: id, author, post, owner, .. } = *effect;
        Self { id, author, post, owner }
    }
}

/// What the log says of it, as what never changes. `None` if that is out of reach.
pub(crate) fn find(shared: &Shared, id: PostId, reach: Reach) -> Result<Option<Option<Target>>> {
    let segments = shared.log.segments();
    let Some(effect) = effect(&segments, id, reach)? else { return Ok(None) };
    let (author, post) = match effect {
        Some(Effect::Response(response)) if response.text().is_some() => {
            let ResponseEffect { user: author, post, owner, .. } = response;
            return Ok(Some(Some(Target { id, author, post, owner })));
        }
        Some(Effect::Retired(Retired { comment_of: Some(post), subject, .. })) => (subject, post),
        other => match other.and_then(|effect| effect.post_author()) {
            Some(author) => (author, id),
            None => return Ok(Some(None)),
        },
    };
    if post == id {
        return Ok(Some(Some(Target { id, author, post, owner: author })));
    }
    let Some(effect) = self::effect(&segments, post, reach)? else { return Ok(None) };
    let owner = effect.and_then(|effect| effect.post_author());
    Ok(Some(owner.map(|owner| Target { id, author, post, owner })))
}

/// The effect at that place in the log. `None` if that is out of reach.
pub(crate) fn effect(
    segments: &Segments,
    id: PostId,
    reach: Reach,
) -> Result<Option<Option<Effect>>> {
    if let Some(located) = segments.resident(id.into()) {
        return Ok(Some(Some(located.record()?.effect)));
    }
    if reach == Reach::Memory && segments.sealed_at(id.into()).is_some() {
        return Ok(None);
    }
    Ok(Some(segments.record(id.into())?.map(|record| record.effect)))
}

/// Whether the target stands.
pub(crate) fn standing(state: &State, target: &Target) -> Result<Standing> {
    let owner = state.find(target.owner);
    let Some(owner) = owner.filter(|_| !state.reposts.is_orphan(target.post.into())) else {
        return Ok(Standing { post: Stands::Known(false), comment: None });
    };
    let post = Stands::of(&state.outboxes.posts, owner, target.post.into())?;
    if target.id == target.post {
        return Ok(Standing { post, comment: None });
    }
    let comment = match state.responses.comments_of(target.post) {
        Some(list) => Stands::of(&state.responses.entries, list, target.id.into())?,
        None => Stands::Known(false),
    };
    Ok(Standing { post, comment: Some(comment) })
}

impl Standing {
    pub(crate) fn is_in_files(&self) -> bool {
        self.post.is_in_files() || self.comment.as_ref().is_some_and(Stands::is_in_files)
    }

    pub(crate) fn resolve(&self) -> Result<bool> {
        if !self.post.resolve()? {
            return Ok(false);
        }
        self.comment.as_ref().map_or(Ok(true), Stands::resolve)
    }
}

/// What reads and writes say of a target that is not there.
pub(crate) fn no_target(id: PostId) -> Error {
    Error::new(ErrorKind::NotFound, format!("there is no post or comment {id}"))
}
