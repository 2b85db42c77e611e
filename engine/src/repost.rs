//! Posts that refer to others: what they refer to, and who reposted what.
//!
//! A repost is a post of its author like any other. It names its *parent*, what was reposted, and its
//! *root*, the first post of the chain. With a text it is a quote and stays when the root is deleted;
//! without one it is *bare*, one for each user and root, and gone with the root.

use bytes::Bytes;

use crate::audience::Circle;
use crate::ids::{Position, PostId, Sequence, Timestamp, UserId};
use crate::query::{PageEnd, Post};

/// What a repost refers to. The engine finds it out from the parent: nobody says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repost {
    /// What was reposted: the root, or a repost of it. The root too for who does not see that repost.
    pub parent: PostId,
    /// Whose the parent is.
    pub parent_author: UserId,
    /// The first post of the chain.
    pub root: PostId,
    /// Whose the root is.
    pub root_author: UserId,
    /// The root's time to show.
    pub root_at: Timestamp,
    /// Who sees the root, and so who sees what refers to it.
    pub root_circle: Circle,
}

impl Repost {
    /// The same without a word of the parent.
    pub(crate) fn of_root(self) -> Self {
        Self { parent: self.root, parent_author: self.root_author, ..self }
    }
}

/// A page of who reposted a post, newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RepostersQuery {
    /// The post. Of a repost: those who reposted its root.
    pub post: PostId,
    /// Who looks; absent means the trusted application.
    pub viewer: Option<UserId>,
    /// Only reposts below this one; absent starts at the newest.
    pub before: Option<PostId>,
    /// How many: 1..=200.
    pub limit: usize,
}

/// One repost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reposter {
    /// Who.
    pub user: UserId,
    /// The repost, and the cursor of the next page.
    pub repost: PostId,
    /// Whether it says something of its own.
    pub is_quote: bool,
}

/// A page of who reposted a post, newest first. Who quoted it twice is listed twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepostersPage {
    /// The position of the answer.
    pub position: Position,
    /// The first post of the chain, which all of these lead to.
    pub root: PostId,
    /// All reposts that stand, hidden ones too.
    pub total: u64,
    /// Newest first.
    pub reposters: Vec<Reposter>,
    /// Why it ends where it ends.
    pub end: PageEnd,
}

/// The original that entries of a page refer to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "it is there or it is not")]
#[expect(clippy::large_enum_variant, reason = "nearly all of them are posts")]
pub enum Original {
    /// It stands.
    Post(Post),
    /// It was deleted: only quotes lead here.
    Deleted {
        /// What it was.
        id: PostId,
        /// Whose it was.
        author: UserId,
    },
}

impl From<Post> for Original {
    fn from(post: Post) -> Self {
        Self::Post(post)
    }
}

impl Original {
    /// The original's id.
    #[must_use]
    pub fn id(&self) -> PostId {
        match self {
            Self::Post(post) => post.id,
            Self::Deleted { id, .. } => *id,
        }
    }

    /// What it says; nothing if it was deleted.
    #[must_use]
    pub fn text(&self) -> Option<&Bytes> {
        match self {
            Self::Post(post) => Some(&post.text),
            Self::Deleted { .. } => None,
        }
    }

    /// Bytes of content.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Post(post) => post.borrow().bytes_len(),
            Self::Deleted { .. } => 0,
        }
    }
}

impl RepostersQuery {
    /// The cursor, or above everything.
    pub(crate) fn below(&self) -> Sequence {
        self.before.map_or(Sequence(u64::MAX), Sequence::from)
    }
}
