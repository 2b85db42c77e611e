//! Decides revisions of posts: whether the post is there, and whether its revision is the expected one. A
//! part of [`decide`](super::decide).

use bytes::Bytes;
use foldhash::{HashMap, HashMapExt};

use super::decide::{Decider, Decision};
use crate::error::{Error, ErrorKind, Result};
use crate::ids::{PostId, Sequence};
use crate::log::record::{Began, Effect};
use crate::log::revise_effect::ReviseEffect;
use crate::views::revisions::Revised;

/// The revisions of a commit group so far, over the state before it, with the meta of each.
#[derive(Debug)]
pub(crate) struct PendingRevisions(HashMap<PostId, (Revised, Bytes)>);

impl PendingRevisions {
    pub(crate) fn new() -> Self {
        Self(HashMap::new())
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Remembers an accepted revision; `at` is its sequence.
    pub(super) fn note(&mut self, effect: &ReviseEffect, at: Sequence) {
        let revised = Revised { revision: effect.revision, at };
        self.0.insert(effect.post, (revised, effect.meta.clone()));
    }
}

impl Decider<'_> {
    /// Decides, and completes the effect: what it replaces, and the meta that is kept.
    pub(super) fn decide_revise(&self, effect: &mut ReviseEffect) -> Result<Decision> {
        let (post, expected) = (effect.post, effect.revision - 1);
        if !self.is_alive(post, effect.author)? {
            return Err(Error::new(ErrorKind::NotFound, format!("there is no post {post}")));
        }
        if effect.repost.is_some() && self.bare_root(post).is_some() {
            let what = format!(
                "post {post} is a repost without a text: there is nothing to revise; repost the \
                 original with a text"
            );
            return Err(Error::invalid(what));
        }
        let known = self.revised(post);
        let current = known.map_or(0, |known| known.revision);
        if current != expected {
            let what = format!(
                "post {post} is at revision {current}, not at {expected}; read it again and revise \
                 that one"
            );
            return Err(Error::new(ErrorKind::Conflict, what));
        }
        effect.before = known.map_or_else(|| post.into(), |known| known.at);
        if !effect.meta_given && effect.meta_of != expected {
            // It was revised between the look of the caller's thread and now.
            effect.meta = self.kept_meta(post, effect.before)?;
            effect.meta_of = expected;
        }
        Ok(Decision::Accept)
    }

    /// The record that has the newest revision of the post, if it was revised.
    pub(super) fn revised_at(&self, post: PostId) -> Began {
        self.revised(post).map(|known| known.at)
    }

    fn revised(&self, post: PostId) -> Option<Revised> {
        let pending = self.pending_revisions().0.get(&post);
        pending.map(|(revised, _)| *revised).or_else(|| self.state().revisions.of(post))
    }

    /// The meta of the newest revision. What is not pending was written a moment ago: it is in the log's
    /// own memory.
    fn kept_meta(&self, post: PostId, at: Sequence) -> Result<Bytes> {
        if let Some((_, meta)) = self.pending_revisions().0.get(&post) {
            return Ok(meta.clone());
        }
        match self.log().record(at)?.map(|record| record.effect) {
            Some(Effect::Revise(revise)) => Ok(revise.meta),
            _ => Err(Error::new(ErrorKind::Corrupt, format!("the log has no revision at {at}"))),
        }
    }
}
