//! Posts that refer to others, and who reposted what.

use fanfold_protocol::{self as wire, Request};

use crate::answer::{PageEnd, Post, Written};
use crate::client::Client;
use crate::error::Result;
use crate::ids::{Position, PostId, UserId};
use crate::query::read_options;
use crate::write::{NewPost, Write};

/// What a repost refers to. Without a text a repost is *bare*: one for each user and root, and gone with
/// its root. With one it is a quote, and stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repost {
    /// What was reposted: the root, or a repost of it.
    pub parent: PostId,
    /// The first post of the chain.
    pub root: PostId,
    /// Whose the root is.
    pub root_author: UserId,
}

/// What reposts of a page refer to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Original {
    /// It stands.
    Post(Post),
    /// It was deleted; only quotes lead here.
    Deleted {
        /// What it was.
        id: PostId,
        /// Whose it was.
        author: UserId,
    },
}

impl Original {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> PostId {
        match self {
            Self::Post(post) => post.id,
            Self::Deleted { id, .. } => *id,
        }
    }
}

/// One repost, as a list of them has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reposter {
    /// Who.
    pub user: UserId,
    /// The repost, and the cursor of the list.
    pub repost: PostId,
    /// Whether it says something of its own.
    pub is_quote: bool,
}

/// A page of who reposted a post, newest first. Who quoted it twice is listed twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReposterPage {
    /// The point in history for which the page holds.
    pub position: Position,
    /// Why it ends.
    pub end: PageEnd,
    /// The first post of the chain, which all of these lead to.
    pub root: PostId,
    /// All reposts of it that stand, hidden ones included.
    pub total: u64,
    /// The reposts, strictly descending.
    pub reposters: Vec<Reposter>,
}

/// A page of who reposted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RepostersQuery {
    /// Which post; of a repost those who reposted its root.
    pub post: PostId,
    /// Only reposts before this one; absent means from the newest.
    pub before: Option<PostId>,
    /// How many reposts; 0 means the server's default.
    pub limit: u32,
    /// Who looks; absent means the trusted application.
    pub viewer: Option<UserId>,
}

impl RepostersQuery {
    /// Who reposted `post` lately.
    #[must_use]
    pub fn of(post: PostId) -> Self {
        Self { post, before: None, limit: 0, viewer: None }
    }

    /// The reposts before `repost`: the next page.
    #[must_use]
    pub fn before(mut self, repost: PostId) -> Self {
        self.before = Some(repost);
        self
    }

    /// At most `limit` reposts.
    #[must_use]
    pub fn limit(mut self, limit: u32) -> Self {
        self.limit = limit;
        self
    }

    /// As `viewer` sees it.
    #[must_use]
    pub fn viewer(mut self, viewer: UserId) -> Self {
        self.viewer = Some(viewer);
        self
    }
}

impl Write {
    /// Reposts a post, or a repost, without a text.
    #[must_use]
    pub fn repost(user: UserId, post: PostId) -> Self {
        Self::quote(user, post, "")
    }

    /// Reposts a post, or a repost, and says something of it.
    pub fn quote(user: UserId, post: PostId, text: impl Into<String>) -> Self {
        NewPost::new(user, text).reposting(post)
    }

    /// Ends the user's bare repost; `post` is any post of the chain.
    #[must_use]
    pub fn unrepost(user: UserId, post: PostId) -> Self {
        let options = wire::WriteOptions::default();
        let unrepost = wire::Unrepost { options, user: user.0, post: post.0 };
        Self { request: Request::Unrepost(unrepost) }
    }

    /// Whether it makes a repost.
    #[must_use]
    pub fn is_repost(&self) -> bool {
        matches!(self.request, Request::Repost(_))
    }
}

impl Client {
    /// Reposts a post, without a text. One that stands succeeds without change, and is named.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write); `NotFound` if the post or its root is not there, `Conflict` after a
    /// block.
    pub async fn repost(&self, user: UserId, post: PostId) -> Result<Written> {
        self.write(Write::repost(user, post)).await
    }

    /// Reposts a post and says something of it.
    ///
    /// # Errors
    ///
    /// As [`repost`](Self::repost).
    pub async fn quote(
        &self,
        user: UserId,
        post: PostId,
        text: impl Into<String>,
    ) -> Result<Written> {
        self.write(Write::quote(user, post, text)).await
    }

    /// Ends the user's bare repost; one that does not stand succeeds without change.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write); `NotFound` if there never was such a post.
    pub async fn unrepost(&self, user: UserId, post: PostId) -> Result<Written> {
        self.write(Write::unrepost(user, post)).await
    }

    /// A page of who reposted a post, newest first.
    ///
    /// # Errors
    ///
    /// `NotFound` if the post or its root is not there, or not for this viewer.
    pub async fn reposters(&self, query: RepostersQuery) -> Result<ReposterPage> {
        self.call(Request::Reposters(wire::Reposters {
            options: read_options(query.viewer),
            post: query.post.0,
            before: query.before.map(|before| before.0),
            limit: query.limit,
        }))
        .await
    }
}
