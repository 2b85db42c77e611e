//! The reads of [`Client`].
//!
//! A read that starts after a write was answered sees that write. Reads in flight together have no
//! order, among each other or with writes.

use fanfold_protocol::{self as wire, Explain, PostById, RelationOf, Request, UserById};

use crate::advice::Advice;
use crate::answer::{EdgePage, Explained, Online, Page, Post, Relation, Scan, Status, UserCard};
use crate::client::Client;
use crate::error::Result;
use crate::ids::{PostId, UserId};
use crate::query::{EdgeQuery, ScanQuery, TimelineQuery, read_options};

/// A method per read that takes a query.
macro_rules! query_reads {
    ($($(#[$doc:meta])* $name:ident($query:ty) -> $answer:ty = $variant:ident;)*) => {
        $(
            $(#[$doc])*
            ///
            /// # Errors
            ///
            /// See [`ErrorKind`](crate::ErrorKind); `Limit` or `Invalid` for a limit above 200.
            pub async fn $name(&self, query: $query) -> Result<$answer> {
                self.call(Request::$variant(query.to_wire())).await
            }
        )*
    };
}

impl Client {
    /// Asks for a sign of life.
    ///
    /// # Errors
    ///
    /// `Disconnected` or `TimedOut` if none comes.
    pub async fn ping(&self) -> Result<()> {
        self.call(Request::Ping).await
    }

    /// The server's status.
    ///
    /// # Errors
    ///
    /// See [`ErrorKind`](crate::ErrorKind).
    pub async fn status(&self) -> Result<Status> {
        self.call(Request::Status).await
    }

    /// Makes a backup of the running database, called `name`, where the server keeps backups. The
    /// answer comes when all of it is durable: give it the time with
    /// [`with_timeout`](Self::with_timeout).
    ///
    /// # Errors
    ///
    /// `Invalid` if the name is none or the server has no place for backups, `Conflict` if there is
    /// one of that name.
    pub async fn backup(&self, name: &str) -> Result<Status> {
        let name = bytes::Bytes::copy_from_slice(name.as_bytes());
        self.call(Request::Backup(wire::Backup { name })).await
    }

    /// What each delivery policy costs, for what was read and published lately: estimates.
    ///
    /// # Errors
    ///
    /// See [`ErrorKind`](crate::ErrorKind).
    pub async fn advise(&self) -> Result<Advice> {
        self.call::<Status>(Request::Advise).await.map(Advice::of)
    }

    query_reads! {
        /// A page of a home feed: the posts of everybody the user follows.
        home(TimelineQuery) -> Page = Home;
        /// A page of a user's own posts.
        outbox(TimelineQuery) -> Page = Outbox;
        /// Whom a user follows, newest first.
        following(EdgeQuery) -> EdgePage = Following;
        /// Who follows a user, newest first.
        followers(EdgeQuery) -> EdgePage = Followers;
        /// Whom a user muted, newest first.
        mutes(EdgeQuery) -> EdgePage = Mutes;
        /// Whom a user blocked, newest first.
        blocks(EdgeQuery) -> EdgePage = Blocks;
        /// Who asks to follow a private user, newest first.
        requests(EdgeQuery) -> EdgePage = Requests;
        /// A page of everything, in log order: for exports.
        scan(ScanQuery) -> Scan = Scan;
    }

    /// One post, as `viewer` sees it; without a viewer, as the trusted application does.
    ///
    /// # Errors
    ///
    /// `NotFound` if it does not exist, was deleted, or is hidden from the viewer.
    pub async fn post(&self, post: PostId, viewer: Option<UserId>) -> Result<Post> {
        let (options, post, revision) = (read_options(viewer), post.0, None);
        self.call(Request::Post(PostById { options, post, revision })).await
    }

    /// A post as it was at one revision, while the server keeps it; the newest in any case.
    ///
    /// # Errors
    ///
    /// As [`post`](Self::post); `NotFound` also if there is no such revision, or it is not kept.
    pub async fn revision(
        &self,
        post: PostId,
        revision: u32,
        viewer: Option<UserId>,
    ) -> Result<Post> {
        let (options, post, revision) = (read_options(viewer), post.0, Some(revision));
        self.call(Request::Post(PostById { options, post, revision })).await
    }

    /// The counts of a user. A user nobody wrote about reads as zeros.
    ///
    /// # Errors
    ///
    /// See [`ErrorKind`](crate::ErrorKind).
    pub async fn user(&self, user: UserId, viewer: Option<UserId>) -> Result<UserCard> {
        let request = UserById { options: read_options(viewer), user: user.0 };
        self.call(Request::User(request)).await
    }

    /// Who is online around a user: which followees, how many followers.
    ///
    /// # Errors
    ///
    /// `Denied` for another viewer than the user.
    pub async fn online(&self, user: UserId, viewer: Option<UserId>) -> Result<Online> {
        let request = UserById { options: read_options(viewer), user: user.0 };
        self.call(Request::Online(request)).await
    }

    /// Why a post is in the home of `user`, or why it is not.
    ///
    /// # Errors
    ///
    /// `Denied` for another viewer than the user.
    pub async fn explain(
        &self,
        user: UserId,
        post: PostId,
        viewer: Option<UserId>,
    ) -> Result<Explained> {
        let request = Explain { options: read_options(viewer), user: user.0, post: post.0 };
        self.call(Request::Explain(request)).await
    }

    /// How `a` stands to `b`.
    ///
    /// # Errors
    ///
    /// See [`ErrorKind`](crate::ErrorKind).
    pub async fn relation(&self, a: UserId, b: UserId, viewer: Option<UserId>) -> Result<Relation> {
        let request = RelationOf { options: read_options(viewer), a: a.0, b: b.0 };
        self.call(Request::Relation(request)).await
    }
}
