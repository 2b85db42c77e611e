//! Reads from memory alone: what an asynchronous server may do on its own threads.

use crate::broadcast::{BroadcastCard, BroadcastFeed, BroadcastFeedRef, BroadcastsQuery};
use crate::command::{Action, Command};
use crate::commit::prepare_broadcasts::is_resident;
use crate::error::Result;
use crate::full::{FullPage, FullQuery};
use crate::ids::{BroadcastId, Position, PostId, UserId};
use crate::mark::{Unread, UnreadQuery};
use crate::notice::{NoticesPage, NoticesQuery};
use crate::query::{
    CommentsPage, CommentsQuery, CountedPage, CountedQuery, Counts, EdgePage, EdgeQuery,
    GroupQuery, Page, PageRef, Post, ReactorsPage, ReactorsQuery, Relation, TimelineQuery,
    UserCard,
};
use crate::read::broadcast_draft::BroadcastDraft;
use crate::read::broadcasts;
use crate::read::content::{Content, Reach};
use crate::read::draft::Draft;
use crate::read::edges::{self, EdgeKind, follows_since};
use crate::read::{comments, feed, full, notices, reactors, reposters, sight, targets, unread};
use crate::repost::{RepostersPage, RepostersQuery};
use crate::shared::Shared;

/// The engine as far as it is in memory of its own. Each read answers what the read of the same name
/// on [`Engine`](crate::Engine) answers, or `None` if that would look at a file, which a thread that
/// may wait for a disk has to do then.
#[derive(Clone, Copy, Debug)]
pub struct Resident<'a>(&'a Shared);

impl<'a> Resident<'a> {
    pub(crate) fn new(shared: &'a Shared) -> Self {
        Self(shared)
    }

    /// Finishes a draft that is within memory.
    fn see<R>(
        &self,
        draft: Result<Option<Draft<'_>>>,
        finish: impl FnOnce(&Draft<'_>) -> Result<Option<R>>,
    ) -> Result<Option<R>> {
        let finished = draft.and_then(|draft| draft.map_or(Ok(None), |draft| finish(&draft)));
        self.0.noticing(finished)
    }

    /// See [`Engine::home`](crate::Engine::home).
    pub fn home(&self, query: &TimelineQuery) -> Result<Option<Page>> {
        self.see(feed::home(self.0, query, Reach::Memory), |draft| draft.page())
    }

    /// The same page as of [`home`](Self::home), borrowed: `look` sees it while nothing is locked.
    pub fn see_home<R>(
        &self,
        query: &TimelineQuery,
        look: impl FnOnce(PageRef<'_>) -> R,
    ) -> Result<Option<R>> {
        self.see(feed::home(self.0, query, Reach::Memory), |draft| draft.see(look))
    }

    /// See [`Engine::group`](crate::Engine::group).
    pub fn group(&self, query: &GroupQuery) -> Result<Option<Page>> {
        self.see(feed::group(self.0, query, Reach::Memory), |draft| draft.page())
    }

    /// The same page as of [`group`](Self::group), borrowed: `look` sees it while nothing is locked.
    pub fn see_group<R>(
        &self,
        query: &GroupQuery,
        look: impl FnOnce(PageRef<'_>) -> R,
    ) -> Result<Option<R>> {
        self.see(feed::group(self.0, query, Reach::Memory), |draft| draft.see(look))
    }

    /// See [`Engine::unread`](crate::Engine::unread).
    pub fn unread(&self, query: &UnreadQuery) -> Result<Option<Unread>> {
        self.0.noticing(unread::unread(self.0, query, Reach::Memory))
    }

    /// See [`Engine::broadcasts`](crate::Engine::broadcasts).
    pub fn broadcasts(&self, query: &BroadcastsQuery) -> Result<Option<BroadcastFeed>> {
        self.see_broadcasts_as(query, |draft| draft.page())
    }

    /// The same page as of [`broadcasts`](Self::broadcasts), borrowed: `look` sees it while nothing is
    /// locked.
    pub fn see_broadcasts<R>(
        &self,
        query: &BroadcastsQuery,
        look: impl FnOnce(BroadcastFeedRef<'_>) -> R,
    ) -> Result<Option<R>> {
        self.see_broadcasts_as(query, |draft| draft.see(look))
    }

    fn see_broadcasts_as<R>(
        &self,
        query: &BroadcastsQuery,
        finish: impl FnOnce(&BroadcastDraft<'_>) -> Result<Option<R>>,
    ) -> Result<Option<R>> {
        let draft = broadcasts::broadcasts(self.0, query, Reach::Memory);
        let finished = draft.and_then(|draft| draft.map_or(Ok(None), |draft| finish(&draft)));
        self.0.noticing(finished)
    }

    /// See [`Engine::broadcast`](crate::Engine::broadcast).
    pub fn broadcast(
        &self,
        id: BroadcastId,
        viewer: Option<UserId>,
    ) -> Result<Option<BroadcastCard>> {
        self.0.noticing(broadcasts::broadcast(self.0, id, viewer, Reach::Memory))
    }

    /// See [`Engine::outbox`](crate::Engine::outbox).
    pub fn outbox(&self, query: &TimelineQuery) -> Result<Option<Page>> {
        self.see(feed::outbox(self.0, query, Reach::Memory), |draft| draft.page())
    }

    /// The same page as of [`outbox`](Self::outbox), borrowed: `look` sees it while nothing is locked.
    pub fn see_outbox<R>(
        &self,
        query: &TimelineQuery,
        look: impl FnOnce(PageRef<'_>) -> R,
    ) -> Result<Option<R>> {
        self.see(feed::outbox(self.0, query, Reach::Memory), |draft| draft.see(look))
    }

    /// See [`Engine::post`](crate::Engine::post).
    pub fn post(&self, id: PostId, viewer: Option<UserId>) -> Result<Option<(Position, Post)>> {
        self.0.noticing(feed::post(self.0, id, viewer, Reach::Memory))
    }

    /// See [`Engine::counted`](crate::Engine::counted).
    pub fn counted(&self, query: &CountedQuery) -> Result<Option<CountedPage>> {
        self.0.noticing(feed::counted(self.0, query, Reach::Memory))
    }

    /// See [`Engine::counted_post`](crate::Engine::counted_post).
    pub fn counted_post(
        &self,
        id: PostId,
        viewer: Option<UserId>,
    ) -> Result<Option<(Position, Post, Counts)>> {
        self.0.noticing(feed::counted_post(self.0, id, viewer, Reach::Memory))
    }

    /// See [`Engine::comments`](crate::Engine::comments).
    pub fn comments(&self, query: &CommentsQuery) -> Result<Option<CommentsPage>> {
        self.0.noticing(comments::comments(self.0, query, Reach::Memory))
    }

    /// See [`Engine::reactors`](crate::Engine::reactors).
    pub fn reactors(&self, query: &ReactorsQuery) -> Result<Option<ReactorsPage>> {
        self.0.noticing(reactors::reactors(self.0, query, Reach::Memory))
    }

    /// See [`Engine::full_page`](crate::Engine::full_page).
    pub fn full_page(&self, query: &FullQuery) -> Result<Option<FullPage>> {
        self.0.noticing(full::page(self.0, query, Reach::Memory))
    }

    /// See [`Engine::reposters`](crate::Engine::reposters).
    pub fn reposters(&self, query: &RepostersQuery) -> Result<Option<RepostersPage>> {
        self.0.noticing(reposters::reposters(self.0, query, Reach::Memory))
    }

    /// See [`Engine::notices`](crate::Engine::notices).
    pub fn notices(&self, query: &NoticesQuery) -> Result<Option<NoticesPage>> {
        self.0.noticing(notices::notices(self.0, query, Reach::Memory))
    }

    /// See [`Engine::following`](crate::Engine::following).
    pub fn following(&self, query: &EdgeQuery) -> Result<Option<EdgePage>> {
        self.0.noticing(edges::edges(self.0, EdgeKind::Following, query, Reach::Memory))
    }

    /// See [`Engine::followers`](crate::Engine::followers).
    pub fn followers(&self, query: &EdgeQuery) -> Result<Option<EdgePage>> {
        self.0.noticing(edges::edges(self.0, EdgeKind::Followers, query, Reach::Memory))
    }

    /// See [`Engine::mutes`](crate::Engine::mutes).
    pub fn mutes(&self, query: &EdgeQuery) -> Result<Option<EdgePage>> {
        self.0.noticing(edges::edges(self.0, EdgeKind::Mutes, query, Reach::Memory))
    }

    /// See [`Engine::blocks`](crate::Engine::blocks).
    pub fn blocks(&self, query: &EdgeQuery) -> Result<Option<EdgePage>> {
        self.0.noticing(edges::edges(self.0, EdgeKind::Blocks, query, Reach::Memory))
    }

    /// See [`Engine::requests`](crate::Engine::requests).
    pub fn requests(&self, query: &EdgeQuery) -> Result<Option<EdgePage>> {
        self.0.noticing(edges::edges(self.0, EdgeKind::Requests, query, Reach::Memory))
    }

    /// See [`Engine::user`](crate::Engine::user).
    pub fn user(&self, user: UserId, viewer: Option<UserId>) -> Result<Option<UserCard>> {
        self.0.noticing(edges::user(self.0, user, viewer, Reach::Memory))
    }

    /// See [`Engine::relation`](crate::Engine::relation).
    pub fn relation(
        &self,
        a: UserId,
        b: UserId,
        viewer: Option<UserId>,
    ) -> Result<Option<Relation>> {
        self.0.noticing(edges::relation(self.0, (a, b), viewer, Reach::Memory))
    }

    /// Whether what a repost of `parent` would refer to is known without a file.
    fn knows_root(&self, parent: PostId) -> Result<bool> {
        let segments = self.0.log.segments();
        let found = Content::new(self.0, &segments).post(parent.into(), Reach::Memory)?;
        let Some(post) = found else { return Ok(false) };
        let Some(post) = post else { return Ok(true) };
        let root = post.repost.map_or((post.id, post.author), |link| (link.root, link.root_author));
        let root = targets::Target::post(root.0, root.1);
        Ok(!targets::standing(&*self.0.state()?, &root)?.is_in_files())
    }

    /// Whether it is known without a file whether there is that post, and whether `actor` sees it.
    fn knows_post(&self, actor: Option<UserId>, post: PostId) -> Result<bool> {
        let segments = self.0.log.segments();
        let found = Content::new(self.0, &segments).post(post.into(), Reach::Memory)?;
        let Some(found) = found else { return Ok(false) };
        let Some(found) = found else { return Ok(true) };
        let sees = |user| sight::is_known(self.0, user, (post, found.author));
        let is_there = feed::post(self.0, found.id, None, Reach::Memory);
        let is_known = is_there.map_or(true, |found| found.is_some());
        Ok(is_known && actor.map_or(Ok(true), sees)?)
    }

    /// Whether it is known without a file whether `user` sees that post, if it is there.
    fn knows_sight(&self, user: UserId, post: PostId) -> Result<bool> {
        let segments = self.0.log.segments();
        let found = Content::new(self.0, &segments).post(post.into(), Reach::Memory)?;
        match found {
            None => Ok(false),
            Some(None) => Ok(true),
            Some(Some(found)) => sight::is_known(self.0, user, (post, found.author)),
        }
    }

    /// The same of what is responded to, by `user`.
    fn knows_target(&self, user: Option<UserId>, target: PostId) -> Result<bool> {
        match targets::find(self.0, target, Reach::Memory)? {
            None => Ok(false),
            Some(None) => Ok(true),
            Some(Some(found)) => {
                let sees = |user| sight::is_known(self.0, user, (found.post, found.owner));
                let standing = targets::standing(&*self.0.state()?, &found)?;
                Ok(!standing.is_in_files() && user.map_or(Ok(true), sees)?)
            }
        }
    }

    /// Whether [`submit`](crate::Engine::submit) would look at no file for this command.
    pub fn can_submit(&self, command: &Command) -> Result<bool> {
        let shared = self.0;
        let knows = |user: UserId, author: UserId| -> Result<bool> {
            Ok(!follows_since(&*shared.state()?, user, author)?.is_in_files())
        };
        let knows_target = |user, target| self.knows_target(user, target);
        match command.action {
            Action::Delete { post }
            | Action::Revise { post, .. }
            | Action::Hide { post }
            | Action::Unhide { post } => self.knows_post(command.options.actor, post),
            Action::React { user, target, .. } | Action::Unreact { user, target, .. } => {
                knows_target(Some(user), target)
            }
            Action::Comment { user, post, answers, .. } => {
                knows_target(Some(user), answers.unwrap_or(post))
            }
            Action::CommentDelete { comment } => knows_target(command.options.actor, comment),
            Action::Repost { ref post, parent } => {
                Ok(self.knows_root(parent)? && self.knows_sight(post.author, parent)?)
            }
            Action::Unrepost { user, post } => self.knows_sight(user, post),
            Action::Follow { user, author, .. } | Action::Unfollow { user, author } => {
                knows(user, author)
            }
            Action::Approve { user, follower } => knows(follower, user),
            Action::Befriend { user, other } | Action::Block { user, other } => {
                Ok(knows(user, other)? && knows(other, user)?)
            }
            Action::Broadcast(ref action) => is_resident(action, command.options, shared),
            Action::Publish(_)
            | Action::Mute { .. }
            | Action::Unmute { .. }
            | Action::Unblock { .. }
            | Action::GroupCreate { .. }
            | Action::GroupDelete { .. }
            | Action::GroupAdd { .. }
            | Action::GroupRemove { .. }
            | Action::Private { .. }
            | Action::Deny { .. }
            | Action::NoticesRead { .. }
            | Action::Mark { .. }
            | Action::Forget { .. }
            | Action::Suspend { .. }
            | Action::Unsuspend { .. }
            | Action::Touch { .. }
            | Action::Tag { .. } => Ok(true),
        }
    }
}
