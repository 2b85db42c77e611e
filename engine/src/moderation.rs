//! What moderators keep from others, to be looked at by the trusted application.

use crate::ids::{Position, PostId, Sequence, UserId};
use crate::query::PageEnd;

/// Which of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "it is about users or about posts")]
pub enum ModeratedOf {
    /// All of it.
    #[default]
    All,
    /// Users who are suspended.
    Users,
    /// Posts that are hidden.
    Posts,
}

/// A page of what is moderated, newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModeratedQuery {
    /// Which of it.
    pub of: ModeratedOf,
    /// Who looks: must be absent, for only the trusted application may.
    pub viewer: Option<UserId>,
    /// Only what began below this sequence; absent starts at the newest.
    pub before: Option<Sequence>,
    /// How many: 1..=200.
    pub limit: usize,
}

/// A user who is suspended, or a post that is hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moderated {
    /// The user, or the author of the post.
    pub user: UserId,
    /// The post; absent: the user is suspended.
    pub post: Option<PostId>,
    /// Since when: the cursor of the next page.
    pub since: Sequence,
}

/// The answer to a [`ModeratedQuery`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModeratedPage {
    /// The position of the answer.
    pub position: Position,
    /// Newest first.
    pub moderated: Vec<Moderated>,
    /// Why it ends.
    pub end: PageEnd,
}

/// How a single post is moderated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PostModeration {
    /// The post is hidden: nobody else than its author sees it.
    pub hidden: bool,
    /// Its author is suspended.
    pub suspended: bool,
}
