//! The change stream: what the log of the database says, from a position on, in order.
//!
//! It is read in parts, each with the position to go on from, so that who builds something of their own
//! from it keeps that position beside what they built. At least once: what comes twice has the same
//! sequence.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use fanfold_protocol::{self as wire, Request};
use futures_core::Stream;

use crate::audience::Audience;
use crate::client::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::ids::{Position, PostId, Sequence, Timestamp, UserId};
use crate::query::read_options;
use crate::repost::Repost;

/// How long a part of an endless stream waits for the next change: below any usual deadline.
const WAIT: Duration = Duration::from_secs(2);

/// The pause before a part is asked for again that could not be had.
const RETRY_PAUSE: Duration = Duration::from_millis(250);

/// A part of the change stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChangesQuery {
    /// Everything up to here is known already; absent begins with the first change of all.
    pub after: Option<Position>,
    /// [`Changes::oldest`] of the first part, by who began with the first change of all and read every
    /// part since: they go on while retention drops nothing more. A stream sees to it by itself.
    pub begun: Option<Sequence>,
    /// How many changes at most; 0 means the server's default (1,000), 4,096 is the most.
    pub limit: u32,
    /// Whether posts come with text and meta.
    pub content: bool,
    /// How long the server waits for a change if there is none yet; below the client's deadline.
    pub wait: Duration,
}

/// Some changes, in the order of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes {
    /// The newest position when they were read.
    pub position: Position,
    /// Everything up to here is told: where to go on.
    pub next: Position,
    /// The oldest position, but for the very beginning, from which one can go on at present.
    pub oldest: Position,
    /// Oldest first; none says that nothing happened up to `next`.
    pub changes: Vec<Change>,
}

/// One change: one committed command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its place in the log, of the epoch of the answer.
    pub sequence: Sequence,
    /// When it was committed.
    pub time: Timestamp,
    /// Who did it; of a post its author.
    pub user: UserId,
    /// What happened.
    pub what: Changed,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Changed {
    /// A post came to be; its id is the sequence.
    Published {
        /// The application's own number.
        kind: u16,
        /// The time to show, if one was given.
        created_at: Option<Timestamp>,
        /// Text and the application's own bytes, if they were asked for. Not of a post that was revised
        /// by now, unless the server keeps revisions: the newest has them.
        content: Option<(String, Vec<u8>)>,
        /// Whom it mentions.
        mentions: Vec<UserId>,
        /// Who sees it.
        audience: Audience,
    },
    /// A post came to be that refers to another; its id is the sequence.
    Reposted {
        /// The application's own number.
        kind: u16,
        /// The time to show, if one was given.
        created_at: Option<Timestamp>,
        /// What it refers to.
        repost: Repost,
        /// Whether it says something of its own, told or not. If not, it is gone with its root.
        is_quote: bool,
        /// Text and the application's own bytes, if they were asked for.
        content: Option<(String, Vec<u8>)>,
        /// Whom it mentions.
        mentions: Vec<UserId>,
        /// Who sees it.
        audience: Audience,
    },
    /// A bare repost ended.
    Unreposted {
        /// The first post of the chain.
        root: PostId,
        /// The repost.
        repost: PostId,
    },
    /// A post came to be that is deleted by now: what it said is told to nobody.
    Erased,
    /// A post was deleted.
    Deleted(PostId),
    /// A post says something else.
    Revised {
        /// The post.
        post: PostId,
        /// Which revision it has from then on.
        revision: u32,
        /// Text and the application's own bytes, if they were asked for, and are neither replaced nor
        /// deleted by now.
        content: Option<(String, Vec<u8>)>,
    },
    /// A device of the user has seen a feed up to a post.
    Marked {
        /// When the group began, and what it is called; absent for the home.
        group: Option<(Sequence, String)>,
        /// The device.
        device: u64,
        /// Up to where.
        post: PostId,
    },
    /// Moderators did something about the user, or about a post of theirs.
    Moderated(ModerationChange),
    /// Follows began in one step: two were befriended, a request was approved, or a follow ended the user's
    /// own request.
    Befriended {
        /// With whom.
        other: UserId,
        /// The user follows the other from here on, and did not before.
        forth: bool,
        /// The other follows the user from here on, and did not before.
        back: bool,
    },
    /// The user is private from here on, or is not any more.
    Private(bool),
    /// Something between the user and another. A block ends the follows both ways.
    Edge(EdgeChange, UserId),
    /// Something about a group of the user. A delete ends all memberships.
    Group {
        /// What.
        kind: GroupChange,
        /// When, in the log, the group began.
        group: Sequence,
        /// What it is called.
        name: String,
        /// Its members are left out of the owner's home.
        exclusive: bool,
    },
    /// Something in response to a post. Deleting a post ends all of it, deleting a comment the reactions to
    /// that.
    Response {
        /// What.
        kind: ResponseChange,
        /// The post, or the one that the comment is about.
        post: PostId,
        /// What was reacted to, answered or deleted: the post itself, or a comment on it.
        target: PostId,
    },
    /// The user has read their notices up to here.
    NoticesRead(Sequence),
    /// Nobody sees anything of the user from here on; or nothing is left of them.
    Forgotten {
        /// Nothing is left: what is told of the user later is of somebody new.
        is_done: bool,
    },
    /// Something about a broadcast of the user. One that came to be and is gone by now is erased.
    Broadcast {
        /// What.
        kind: BroadcastChange,
        /// Its id.
        broadcast: Sequence,
        /// The application's own number of a new one, and of a replay; else 0.
        post_kind: u16,
        /// Text and the application's own bytes of a new one, and of a replay, if they were asked for.
        content: Option<(String, Vec<u8>)>,
    },
}

/// What happened in response to a post.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResponseChange {
    /// A reaction of this kind began.
    React(u8),
    /// A reaction of this kind ended.
    Unreact(u8),
    /// A comment came to be; its id is the sequence. Without its text if that was not asked for, or if it
    /// is deleted by now; and whom it mentions.
    Comment(Option<String>, Vec<UserId>),
    /// A comment was deleted.
    Delete,
}

/// What happened about a broadcast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
#[non_exhaustive]
pub enum BroadcastChange {
    /// A new one, to start then.
    Schedule(Timestamp),
    /// It is to start then.
    Reschedule(Timestamp),
    Start,
    /// The sequence is the id of its replay, a post.
    End,
    Cancel,
}

/// What moderators did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ModerationChange {
    /// The user is suspended.
    Suspend,
    /// The user is not suspended any more.
    Unsuspend,
    /// This post of the user is hidden.
    Hide(PostId),
    /// It is hidden no more.
    Unhide(PostId),
}

/// What happened between two users.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
#[non_exhaustive]
pub enum EdgeChange {
    Follow,
    Unfollow,
    Mute,
    Unmute,
    Block,
    Unblock,
    /// The user asks to follow the other.
    Request,
    /// The user does not ask any more.
    Withdraw,
    /// The user does not let the other follow.
    Deny,
}

/// What happened about a group, and to which member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
#[non_exhaustive]
pub enum GroupChange {
    Create,
    Delete,
    Add(UserId),
    Remove(UserId),
}

impl ChangesQuery {
    /// From the first change of all.
    #[must_use]
    pub fn all() -> Self {
        Self { after: None, begun: None, limit: 0, content: true, wait: Duration::ZERO }
    }

    /// What comes behind this position.
    #[must_use]
    pub fn after(mut self, position: Position) -> Self {
        self.after = Some(position);
        self
    }

    /// At most `limit` changes a part.
    #[must_use]
    pub fn limit(mut self, limit: u32) -> Self {
        self.limit = limit;
        self
    }

    /// Posts without text and meta.
    #[must_use]
    pub fn without_content(mut self) -> Self {
        self.content = false;
        self
    }

    /// Waits so long for a change if there is none yet.
    #[must_use]
    pub fn wait(mut self, wait: Duration) -> Self {
        self.wait = wait;
        self
    }

    fn to_wire(self) -> wire::Changes {
        let after =
            self.after.map(|at| wire::Position { epoch: at.epoch.0, sequence: at.sequence.0 });
        wire::Changes {
            options: read_options(None),
            after,
            begun: self.begun.map(|begun| begun.0),
            limit: self.limit,
            content: self.content,
            wait_ms: u32::try_from(self.wait.as_millis()).unwrap_or(u32::MAX),
        }
    }
}

/// A part on its way.
type Fetch = Pin<Box<dyn Future<Output = Result<Changes>> + Send>>;

/// The parts of the change stream, one behind the other. Ends after an error; without
/// [`follow`](Self::follow) also once everything is told.
pub struct ChangeStream {
    client: Client,
    query: ChangesQuery,
    follows: bool,
    fetch: Option<Fetch>,
    ended: bool,
}

impl Client {
    /// A part of the change stream.
    ///
    /// # Errors
    ///
    /// `Trimmed` if changes behind the position were dropped since, because they hold no longer:
    /// [`Error::oldest`](crate::Error::oldest) says from where one can go on, and from the very
    /// beginning one always can. `Conflict` if the position is of another epoch, and what was told
    /// before may be lost.
    pub async fn changes(&self, query: ChangesQuery) -> Result<Changes> {
        self.call(Request::Changes(query.to_wire())).await
    }

    /// All parts of the change stream from the query's position on.
    #[must_use]
    pub fn stream_changes(&self, query: ChangesQuery) -> ChangeStream {
        ChangeStream { client: self.clone(), query, follows: false, fetch: None, ended: false }
    }
}

impl ChangeStream {
    /// Goes on for ever: waits for what comes, and over restarts of the server.
    #[must_use]
    pub fn follow(mut self) -> Self {
        self.follows = true;
        self.query.wait = WAIT;
        self
    }

    fn fetch(&self) -> Fetch {
        let (client, query, follows) = (self.client.clone(), self.query, self.follows);
        Box::pin(async move {
            loop {
                match client.changes(query).await {
                    Err(error) if follows && is_passing(&client, &error) => {
                        tokio::time::sleep(error.retry_after().unwrap_or(RETRY_PAUSE)).await;
                    }
                    other => return other,
                }
            }
        })
    }

    /// Decides from a part how to go on.
    fn advance(&mut self, result: &Result<Changes>) {
        match result {
            Ok(part) => {
                if self.query.after.is_none() {
                    self.query.begun = Some(part.oldest.sequence);
                }
                self.query.after = Some(part.next);
                self.ended = !self.follows && part.position <= part.next;
            }
            Err(_) => self.ended = true,
        }
    }
}

/// Whether asking again may mend it: a server that ends is no client that was closed.
fn is_passing(client: &Client, error: &Error) -> bool {
    let is_server_ending = error.kind() == ErrorKind::Closed && !client.shared().is_shut();
    error.is_retryable() || is_server_ending
}

impl Stream for ChangeStream {
    type Item = Result<Changes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.ended {
            return Poll::Ready(None);
        }
        let mut fetch = self.fetch.take().unwrap_or_else(|| self.fetch());
        let Poll::Ready(result) = fetch.as_mut().poll(context) else {
            self.fetch = Some(fetch);
            return Poll::Pending;
        };
        self.advance(&result);
        Poll::Ready(Some(result))
    }
}

impl fmt::Debug for ChangeStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChangeStream")
            .field("query", &self.query)
            .field("follows", &self.follows)
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}
