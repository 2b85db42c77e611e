//! How far the entries of a feed are counted, author by author, as of one position; ends above a limit.

use crate::error::Result;
use crate::ids::{Position, PostId, Sequence};
use crate::mark::{Unread, UnreadQuery};
use crate::read::then::Then;
use crate::read::ties::Ties;
use crate::views::outbox::Outbox;
use crate::views::state::State;
use crate::views::users::Ordinal;
use crate::views::walk::Up;

/// An author, and from where on their posts count.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counts {
    pub(super) author: Ordinal,
    pub(super) above: Sequence,
}

/// What was found so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Found {
    pub(super) count: usize,
    pub(super) oldest: Option<Sequence>,
}

/// What an answer says beside the count.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub(super) position: Position,
    pub(super) mark: PostId,
    pub(super) limit: usize,
}

/// How far a count is, author by author.
#[derive(Clone, Debug)]
pub(super) struct Course {
    pub(super) frame: Frame,
    pub(super) user: Ordinal,
    pub(super) authors: Vec<Counts>,
    /// How many of them are done.
    pub(super) done: usize,
    pub(super) found: Found,
}

/// What one look adds to it.
pub(super) struct Step {
    pub(super) done: usize,
    /// How far the next author was counted.
    pub(super) above: Sequence,
    pub(super) found: Found,
    /// Whether nothing is left that can change the answer.
    pub(super) is_all: bool,
}

impl Course {
    pub(super) fn is_new(&self) -> bool {
        (self.done, self.found.count) == (0, 0)
    }

    pub(super) fn left(&self) -> &[Counts] {
        self.authors.get(self.done..).unwrap_or_default()
    }

    /// Whether what was looked at was judged as it would have been at the position of the count.
    pub(super) fn judged_as(
        &self,
        judged_by: (&State, &Ties<'_>),
        query: &UnreadQuery,
        looked: &[Sequence],
    ) -> bool {
        let authors: Vec<Ordinal> = self.authors.iter().map(|counts| counts.author).collect();
        let (position, authors) = (self.frame.position, Some(authors.as_slice()));
        let then = Then { position, authors, is_idle: false };
        then.judged_as(judged_by, [Some(query.user), None], looked)
    }

    /// Looks at up to `most` entries more; ends above the limit.
    pub(super) fn step(
        &self,
        outboxes: &impl Outbox,
        most: usize,
        mut counts: impl FnMut(Sequence, Ordinal) -> bool,
    ) -> Result<Step> {
        let Frame { position, limit, .. } = self.frame;
        let (mut found, mut left) = (self.found, most);
        for (index, Counts { author, above }) in self.left().iter().enumerate() {
            let (mut walk, mut above) = (Up::new(outboxes.part(*author), *above), *above);
            while let Some((post, _)) = walk.next()?.filter(|post| post.0 <= position.sequence) {
                if left == 0 {
                    return Ok(Step { done: self.done + index, above, found, is_all: false });
                }
                (left, above) = (left - 1, post);
                if counts(post, *author) {
                    found.add(post);
                }
                if limit < found.count {
                    return Ok(Step { done: self.done + index, above, found, is_all: true });
                }
            }
        }
        Ok(Step { done: self.authors.len(), above: Sequence(0), found, is_all: true })
    }

    pub(super) fn advance(&mut self, step: Step) {
        let Step { done, above, found, .. } = step;
        (self.done, self.found) = (done, found);
        self.authors.get_mut(done).into_iter().for_each(|next| next.above = above);
    }
}

impl Found {
    pub(super) fn add(&mut self, post: Sequence) {
        self.count += 1;
        self.oldest = Some(self.oldest.map_or(post, |oldest| oldest.min(post)));
    }

    /// Of entries that are listed newest first.
    pub(super) fn in_order(entries: &[Sequence]) -> Self {
        Self { count: entries.len(), oldest: entries.last().copied() }
    }
}

impl Frame {
    pub(super) fn answer(self, found: Found) -> Unread {
        let Self { position, mark, limit } = self;
        let is_more = limit < found.count;
        let oldest = found.oldest.filter(|_| !is_more).map(PostId::from);
        Unread { position, mark, count: found.count.min(limit), is_more, oldest }
    }
}
