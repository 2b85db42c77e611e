//! Read marks and unread counts of the oracle.

use super::{Model, named};
use crate::error::ErrorKind;
use crate::ids::{PostId, UserId};
use crate::mark::{Feed, UnreadQuery};

/// Mark, how many are unread, whether there are more, the oldest of them.
pub type ModelUnread = (u64, usize, bool, Option<u64>);

impl Model {
    /// The id of a user's feed, 0 for the home; `None` if they have no such group.
    fn feed(&self, user: UserId, feed: &Feed) -> Option<u64> {
        match feed {
            Feed::Home => Some(0),
            Feed::Group(name) => self.groups.get(&named(user, name)).map(|group| group.id),
        }
    }

    /// Whether a mark changes anything, or why it is refused.
    pub(super) fn changes_mark(
        &self,
        (user, feed): (UserId, &Feed),
        device: u64,
        post: PostId,
    ) -> Result<bool, ErrorKind> {
        let Some(feed) = self.feed(user, feed) else { return Err(ErrorKind::NotFound) };
        let own = self.marks.get(&(user.0, feed, device));
        let devices = self.devices(user, feed).len();
        match own {
            _ if self.last < post.0 => Err(ErrorKind::Invalid),
            own if post.0 <= own.copied().unwrap_or(0) => Ok(false),
            None if self.limits.devices <= devices => Err(ErrorKind::Limit),
            _ => Ok(true),
        }
    }

    pub(super) fn mark(&mut self, (user, feed): (UserId, &Feed), device: u64, post: PostId) {
        if let Some(feed) = self.feed(user, feed) {
            self.marks.insert((user.0, feed, device), post.0);
        }
    }

    fn devices(&self, user: UserId, feed: u64) -> Vec<(u64, u64)> {
        let of_feed = (user.0, feed, 0)..=(user.0, feed, u64::MAX);
        self.marks.range(of_feed).map(|((_, _, device), post)| (*device, *post)).collect()
    }

    /// The mark of a feed, and (device, post) of each device; `None` if there is no such group.
    #[must_use]
    pub fn mark_list(&self, user: UserId, feed: &Feed) -> Option<(u64, Vec<(u64, u64)>)> {
        let devices = self.devices(user, self.feed(user, feed)?);
        let mark = devices.iter().map(|(_, post)| *post).max().unwrap_or(0);
        Some((mark, devices))
    }

    /// What is unread; `None` if there is no such group.
    #[must_use]
    pub fn unread(&self, query: &UnreadQuery) -> Option<ModelUnread> {
        let UnreadQuery { user, feed, since, limit, .. } = query;
        let (mark, _) = self.mark_list(*user, feed)?;
        let above = since.map_or(mark, |since| since.0);
        // Since when the author's posts are in the feed, if they are.
        let began = |author: UserId| match feed {
            Feed::Home if self.is_apart(*user, author) => None,
            Feed::Home => self.follows.get(&(user.0, author.0)).copied(),
            Feed::Group(_) if self.is_blocked_between(*user, author) => None,
            Feed::Group(name) => {
                self.groups.get(&named(*user, name))?.members.get(&author.0).copied()
            }
        };
        let is_muted = |author: UserId| self.mutes.contains_key(&(user.0, author.0));
        // Nor are posts counted that repost what the user does not see.
        let hides = |author: UserId| {
            let is_apart = *feed == Feed::Home && self.is_apart(*user, author);
            is_apart || is_muted(author) || self.is_blocked_between(*user, author)
        };
        let unread: Vec<u64> = self
            .posts
            .iter()
            .filter(|(id, post)| {
                above < **id
                    && self.shows_moderated(**id, Some(*user))
                    && self.is_there(post)
                    && post.author != *user
                    && !is_muted(post.author)
                    && began(post.author).is_some_and(|began| began < **id)
                    && !self.original_author(post).is_some_and(hides)
                    && self.is_meant_for(*user, post)
            })
            .map(|(id, _)| *id)
            .collect();
        let is_more = *limit < unread.len();
        let oldest = if is_more { None } else { unread.first().copied() };
        Some((mark, unread.len().min(*limit), is_more, oldest))
    }
}
