//! What is told of a post that went: nothing to who could not see it, not even that it was there.
//!
//! For whom a post was stands in its own record alone: views forget it with the post, and so may be ahead.
//! The log has the record until retention erases it; of what is erased nobody knows, and then its author
//! is told as changed. That is always right, and seldom.

use super::catch_up::What;
use super::insight::{Meant, Seen};
use super::sight::Sight;
use crate::audience::Circle;
use crate::ids::{PostId, UserId};
use crate::log::record::{Effect, Record};
use crate::shared::Shared;
use crate::views::moderation::Kept;

/// A post and its author.
pub(crate) type Lost = (PostId, UserId);

/// A post that is gone, and its bare reposts with it.
#[derive(Clone, Debug)]
pub(crate) struct Gone {
    post: Lost,
    /// Moderators had hidden it from all but its author.
    was_hidden: bool,
    known: Option<Known>,
}

/// What its record says.
#[derive(Clone, Copy, Debug)]
struct Known {
    circle: Circle,
    meant: Option<Meant>,
    root: Option<Lost>,
}

impl Gone {
    /// Looks a post up that went. May wait for a disk, if the post is old.
    pub(crate) fn look(shared: &Shared, post: Lost, was_hidden: bool) -> Self {
        // Damage is not ours to report: a read will.
        let record = shared.log.segments().record(post.0.into()).unwrap_or(None);
        let known = record.as_ref().and_then(Known::of);
        Self { post, was_hidden, known }
    }

    /// The same where the record is not looked for.
    pub(crate) fn unknown(post: Lost, was_hidden: bool) -> Self {
        Self { post, was_hidden, known: None }
    }

    /// What the user, who has that sight, is told of `lost`: the post itself, or a bare repost of it.
    pub(crate) fn told(
        &self,
        lost: Lost,
        (user, sight, kept): (UserId, &Sight, &Kept),
        seen: impl FnOnce(Option<Meant>) -> Seen,
    ) -> Option<What> {
        let (post, author) = self.post;
        if self.was_hidden && user != author {
            return None;
        }
        let Some(known) = self.known else { return Some(What::FeedChanged(lost.1)) };
        let (meant, root) = match lost.0 == post {
            true => (known.meant, known.root),
            false => (Meant::of_bare(lost.1, (author, known.circle)), Some(self.post)),
        };
        let is_kept = kept.keeps(lost, user)
            || root.is_some_and(|root| sight.hides(root.1) || kept.keeps(root, user));
        if is_kept {
            return None;
        }
        match seen(meant) {
            Seen::Yes => Some(What::Removed(lost.0)),
            Seen::No => None,
            Seen::Unsure(author) => Some(What::FeedChanged(author)),
        }
    }
}

impl Known {
    fn of(record: &Record) -> Option<Self> {
        let (circle, link) = match &record.effect {
            Effect::Publish(post) => (post.audience.circle(), post.repost),
            Effect::Emptied(emptied) => (emptied.audience.circle(), emptied.repost),
            Effect::Broadcast(broadcast) if broadcast.replay().is_some() => {
                (Circle::EVERYBODY, None)
            }
            _ => return None,
        };
        let root = link.map(|link| (link.root, link.root_author));
        Some(Self { circle, meant: Meant::of(record), root })
    }
}
