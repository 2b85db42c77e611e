//! Moderation: users who are suspended, and posts that are hidden. For moderators: the server refuses whoever acts or
//! looks as a user.

use fanfold_protocol as wire;
use fanfold_protocol::Request;

use crate::answer::{PageEnd, Written};
use crate::changes::ModerationChange;
use crate::client::Client;
use crate::error::Result;
use crate::ids::{Position, PostId, Sequence, UserId};
use crate::query::read_options;
use crate::translate::{end, position};
use crate::write::Write;

/// A user who is suspended, or a post that is hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moderated {
    /// The user, or the author of the post.
    pub user: UserId,
    /// The post; absent: the user is suspended.
    pub post: Option<PostId>,
    /// Since when, and the cursor of the next page.
    pub since: Sequence,
}

/// A page of what is moderated, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModeratedPage {
    /// The point in history for which the page holds.
    pub position: Position,
    /// Why it ends.
    pub end: PageEnd,
    /// Strictly descending by `since`.
    pub moderated: Vec<Moderated>,
}

/// Which part of what is moderated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ModeratedOf {
    /// All of it.
    #[default]
    All,
    /// Users who are suspended.
    Users,
    /// Posts that are hidden.
    Posts,
}

/// A page of what is moderated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ModeratedQuery {
    /// Which part.
    pub of: ModeratedOf,
    /// Only what began before this; absent means from the newest.
    pub before: Option<Sequence>,
    /// How many; 0 means the server's default.
    pub limit: u32,
    /// Who looks: the server refuses everybody but the trusted application, which is absent here.
    pub viewer: Option<UserId>,
}

impl Write {
    /// Nobody else sees anything of the user from then on, and nothing is written in their name.
    #[must_use]
    pub fn suspend(user: UserId) -> Self {
        Self { request: Request::Suspend(suspension(user)) }
    }

    /// Ends a suspension.
    #[must_use]
    pub fn unsuspend(user: UserId) -> Self {
        Self { request: Request::Unsuspend(suspension(user)) }
    }

    /// Nobody but its author sees the post from then on.
    #[must_use]
    pub fn hide(post: PostId) -> Self {
        Self { request: Request::Hide(hiding(post)) }
    }

    /// The post shows again.
    #[must_use]
    pub fn unhide(post: PostId) -> Self {
        Self { request: Request::Unhide(hiding(post)) }
    }
}

fn suspension(user: UserId) -> wire::Suspension {
    wire::Suspension { options: wire::WriteOptions::default(), user: user.0 }
}

fn hiding(post: PostId) -> wire::Hiding {
    wire::Hiding { options: wire::WriteOptions::default(), post: post.0 }
}

impl Client {
    /// Suspends a user; one who is suspended already stays that, without change.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    pub async fn suspend(&self, user: UserId) -> Result<Written> {
        self.write(Write::suspend(user)).await
    }

    /// Ends a suspension; without one it succeeds without change.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    pub async fn unsuspend(&self, user: UserId) -> Result<Written> {
        self.write(Write::unsuspend(user)).await
    }

    /// Hides a post from all but its author; one that is hidden already stays that, without change.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write); `NotFound` if there is no such post, `Invalid` for a bare repost.
    pub async fn hide(&self, post: PostId) -> Result<Written> {
        self.write(Write::hide(post)).await
    }

    /// Shows a hidden post again; one that is not hidden stays as it is, without change.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write); `NotFound` if there never was such a post.
    pub async fn unhide(&self, post: PostId) -> Result<Written> {
        self.write(Write::unhide(post)).await
    }

    /// A page of who is suspended and what is hidden, newest first.
    ///
    /// # Errors
    ///
    /// `Denied` if a viewer is given.
    pub async fn moderated(&self, query: ModeratedQuery) -> Result<ModeratedPage> {
        let what = match query.of {
            ModeratedOf::All => wire::ModeratedWhat::All,
            ModeratedOf::Users => wire::ModeratedWhat::Users,
            ModeratedOf::Posts => wire::ModeratedWhat::Posts,
        };
        self.call(Request::Moderated(wire::ModeratedOf {
            options: read_options(query.viewer),
            what,
            before: query.before.map(|before| before.0),
            limit: query.limit,
        }))
        .await
    }
}

/// What a reply says.
pub(crate) fn moderated(body: wire::ModeratedPage) -> ModeratedPage {
    let item = |item: wire::Moderated| Moderated {
        user: UserId(item.user),
        post: item.post.map(PostId),
        since: Sequence(item.since),
    };
    ModeratedPage {
        position: position(body.position),
        end: end(body.end),
        moderated: body.moderated.into_iter().map(item).collect(),
    }
}

/// What a change of the stream says.
pub(crate) fn change(kind: wire::ModerationChange, post: PostId) -> ModerationChange {
    match kind {
        wire::ModerationChange::Suspend => ModerationChange::Suspend,
        wire::ModerationChange::Unsuspend => ModerationChange::Unsuspend,
        wire::ModerationChange::Hide => ModerationChange::Hide(post),
        wire::ModerationChange::Unhide => ModerationChange::Unhide(post),
    }
}
