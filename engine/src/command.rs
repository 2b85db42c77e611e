//! Every intent to write, as the caller states it.
//!
//! A [`Command`] is checked against what can be known without the state by [`Command::validate`];
//! what needs the state (does the edge exist, is the limit reached) is decided by the committer, in
//! log order. Not here: what a command *does*; that is the record it becomes.

use bytes::Bytes;

use crate::audience::Audience;
use crate::broadcast::BroadcastAction;
use crate::delivery::ranks::{WEIGHT_MAX, check_tag};
use crate::error::{Error, ErrorKind, Result};
use crate::group_name::GroupName;
use crate::ids::{Key, PostId, Sequence, Timestamp, UserId};
use crate::limits::{META_BYTES_MAX, REACTION_KINDS, TEXT_BYTES_MAX};
use crate::mark::Feed;
use crate::mentions::Mentions;
use crate::repost::Repost;

/// Who acts and under which idempotency key; both may be absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WriteOptions {
    /// The same key again, by the same acting user, gets the first answer.
    pub key: Option<Key>,
    /// The user on whose behalf the application acts; absent means the trusted application.
    pub actor: Option<UserId>,
}

/// One intent to write, with who wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// What is to happen.
    pub action: Action,
    /// Who acts and under which key.
    pub options: WriteOptions,
}

/// What a [`Command`] wants to happen.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// A new post by `author`.
    Publish(NewPost),
    /// The post disappears from every feed at the next read.
    Delete {
        /// The post.
        post: PostId,
    },
    /// `user` follows `author`: all of the author's posts, past ones too, enter the user's home. If the author
    /// is private it is a request, until they approve or deny it.
    Follow {
        /// The follower.
        user: UserId,
        /// The followed; may be the user themselves.
        author: UserId,
        /// How much it matters that the author's posts come early, 0 to 15: a hint for delivery, never
        /// part of an answer. Absent: 0, or what it is if the follow stands. Another weight
        /// than that of a follow that stands changes it.
        weight: Option<u8>,
    },
    /// Both follow each other from here on, in one step. Either of the two may ask for it, and the application:
    /// that both want it is for the application to know, and a private user is not asked.
    Befriend {
        /// One of the two.
        user: UserId,
        /// The other.
        other: UserId,
    },
    /// The user is private from here on, or is not any more: who follows them has to ask, and what they have
    /// for everybody, of the past too, is for who follows them. Followers stay, and so do requests.
    Private {
        /// Who.
        user: UserId,
        /// Whether they are private from here on.
        is_on: bool,
    },
    /// Lets somebody follow who asked. `NotFound` if they neither asked nor follow already.
    Approve {
        /// Who is asked.
        user: UserId,
        /// Who asks.
        follower: UserId,
    },
    /// Ends a request to follow; its user may ask again.
    Deny {
        /// Who is asked.
        user: UserId,
        /// Who asks.
        follower: UserId,
    },
    /// Ends a follow, or takes a request to follow back.
    Unfollow {
        /// The follower.
        user: UserId,
        /// The followed.
        author: UserId,
    },
    /// Hides the author's posts from `user`'s home, and keeps the follow.
    Mute {
        /// Who no longer wants to see.
        user: UserId,
        /// Who is no longer seen.
        author: UserId,
    },
    /// Ends a mute.
    Unmute {
        /// Who muted.
        user: UserId,
        /// Who was muted.
        author: UserId,
    },
    /// Ends the follows both ways, refuses new ones, hides each from the other.
    Block {
        /// Who blocks.
        user: UserId,
        /// Who is blocked.
        other: UserId,
    },
    /// Ends a block; restores no follow.
    Unblock {
        /// Who blocked.
        user: UserId,
        /// Who was blocked.
        other: UserId,
    },
    /// `user` begins a group of that name, without members.
    GroupCreate {
        /// The owner.
        user: UserId,
        /// What they call it.
        name: GroupName,
        /// Its members are left out of the owner's home, while they are members.
        exclusive: bool,
    },
    /// The group ends, and with it all memberships.
    GroupDelete {
        /// The owner.
        user: UserId,
        /// The group.
        name: GroupName,
    },
    /// `author` becomes a member: all of their posts, past ones too, enter the group's feed. Needs no
    /// follow and survives an unfollow.
    GroupAdd {
        /// The owner of the group.
        user: UserId,
        /// The group.
        name: GroupName,
        /// Who becomes a member; may be the owner.
        author: UserId,
    },
    /// Ends a membership.
    GroupRemove {
        /// The owner of the group.
        user: UserId,
        /// The group.
        name: GroupName,
        /// Who is a member no longer.
        author: UserId,
    },
    /// `user` reacts to a post or a comment. One of each kind, however often it is said.
    React {
        /// Who reacts.
        user: UserId,
        /// To what: a post or a comment.
        target: PostId,
        /// How: 0 to 15; which is which is the application's business.
        kind: u8,
    },
    /// Ends a reaction.
    Unreact {
        /// Who reacted.
        user: UserId,
        /// To what.
        target: PostId,
        /// How.
        kind: u8,
    },
    /// `user` comments on a post; the receipt names the comment.
    Comment {
        /// Who comments.
        user: UserId,
        /// On what.
        post: PostId,
        /// The comment of the same post that this one answers.
        answers: Option<PostId>,
        /// UTF-8, not empty, at most [`comment_bytes_max`](crate::Options::comment_bytes_max).
        text: Bytes,
        /// Whom it mentions: each gets a notice. At most 50, and nobody who blocks the user or is blocked by
        /// them.
        mentions: Mentions,
    },
    /// A comment goes; those that answer it stay. Its author and the author of the post may.
    CommentDelete {
        /// The comment.
        comment: PostId,
    },
    /// A post that refers to another, of which the receipt names the id. Without a text it is bare: a
    /// user has one for each root, and saying it again names the first.
    Repost {
        /// The repost itself: who, and what they say of it; may be empty.
        post: NewPost,
        /// What is reposted: a post, or a repost.
        parent: PostId,
    },
    /// Ends the user's bare repost.
    Unrepost {
        /// Who reposted.
        user: UserId,
        /// Any post of the chain: the root, or a repost of it.
        post: PostId,
    },
    /// The user has read their notices up to there. A mark only rises; one that is not above the one that
    /// there is changes nothing.
    NoticesRead {
        /// Whose notices.
        user: UserId,
        /// Everything up to here, at most the newest sequence; absent: up to their newest notice.
        up_to: Option<Sequence>,
    },
    /// The post says something else from now on. Its id, place, kind and times stay.
    Revise {
        /// The post.
        post: PostId,
        /// The revision it is known to have: 0 of a new post, one more with each revise. `Conflict` if
        /// it has another one.
        revision: u32,
        /// What it says from now on: UTF-8, at most 64 KiB.
        text: Bytes,
        /// The application's bytes, at most 4 KiB; absent keeps those it has.
        meta: Option<Bytes>,
    },
    /// One of the user's devices has seen a feed up to there. A mark only rises; one that is not above
    /// the device's own changes nothing.
    Mark {
        /// Whose mark.
        user: UserId,
        /// Of which feed.
        feed: Feed,
        /// Which device: a number of the application's choice, 0 if it tells none apart.
        device: u64,
        /// Up to where: compared by order, never looked up; at most the newest sequence.
        post: PostId,
    },
    /// Something about a broadcast.
    Broadcast(BroadcastAction),
    /// Nobody sees anything of the user from now on, and all there is of them goes: posts, edges, reactions,
    /// comments, groups, broadcasts, notices. Writes by or about them are refused until nothing is left;
    /// then they are somebody new. For the trusted application alone.
    Forget {
        /// Who.
        user: UserId,
    },
    /// Nobody but the user themself sees anything of theirs from now on, and nothing is written in their
    /// name. For moderators: only the trusted application may, as with the three below.
    Suspend {
        /// The user.
        user: UserId,
    },
    /// Everything of the user shows as before.
    Unsuspend {
        /// The user.
        user: UserId,
    },
    /// Nobody but its author sees the post from now on, nor reposts of it. `NotFound` if there is no such post.
    Hide {
        /// The post; a bare repost goes with its original, and is `Invalid` here.
        post: PostId,
    },
    /// The post shows as before.
    Unhide {
        /// The post.
        post: PostId,
    },
    /// Marks the user as active now: a hint for caches, never logged.
    Touch {
        /// The user.
        user: UserId,
    },
    /// Gives the user a tag, or takes it away: a hint for delivery, never logged. Tags that the settings
    /// give a weight have their users' posts come earlier. A user nobody has written about has none.
    Tag {
        /// The user.
        user: UserId,
        /// 1 to 32 letters, digits, `.`, `_` and `-`; a user has at most 8.
        tag: String,
        /// Whether the user has it from now on.
        is_set: bool,
    },
}

/// The content of a post to be published.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewPost {
    /// Who publishes.
    pub author: UserId,
    /// The application's own kind of post; opaque.
    pub kind: u16,
    /// The time to show, for imports; absent means the commit time. Never changes the order.
    pub created_at: Option<Timestamp>,
    /// UTF-8, at most 64 KiB, may be empty.
    pub text: Bytes,
    /// Opaque bytes of the application, at most 4 KiB.
    pub meta: Bytes,
    /// What it refers to. Absent in a command: the engine finds it out for [`Action::Repost`].
    pub repost: Option<Repost>,
    /// Whom it mentions: each gets a notice if they see it. At most 50, and nobody who blocks the author
    /// or is blocked by them.
    pub mentions: Mentions,
    /// Who sees it. Of a bare repost it is everybody who sees the original; of a replay everybody.
    pub audience: Audience,
}

/// The answer to a command: what it did, and at which position.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Receipt {
    /// The position at which the command holds: every read at or after it sees the effect.
    pub position: crate::ids::Position,
    /// False if everything was already as asked.
    pub changed: bool,
    /// The new post, for a publish or a repost and for the end of a broadcast; the new comment, for a comment. Of a bare repost that
    /// stands already, that one.
    pub post: Option<PostId>,
    /// A follow was not made but asked for: its user is private, and has not answered yet.
    pub requested: bool,
}

impl Command {
    /// `action` by the trusted application, without a key.
    #[must_use]
    pub fn new(action: Action) -> Self {
        Self { action, options: WriteOptions::default() }
    }

    /// A post of plain text.
    #[must_use]
    pub fn publish(author: UserId, text: impl Into<Bytes>) -> Self {
        Self::new(Action::Publish(NewPost { author, text: text.into(), ..NewPost::default() }))
    }

    /// `user` follows `author`.
    #[must_use]
    pub fn follow(user: UserId, author: UserId) -> Self {
        Self::new(Action::Follow { user, author, weight: None })
    }

    /// `user` reposts `parent`, without a text.
    #[must_use]
    pub fn repost(user: UserId, parent: PostId) -> Self {
        let post = NewPost { author: user, ..NewPost::default() };
        Self::new(Action::Repost { post, parent })
    }

    /// Deletes `post`.
    #[must_use]
    pub fn delete(post: PostId) -> Self {
        Self::new(Action::Delete { post })
    }

    /// The same command under `options`.
    #[must_use]
    pub fn with(mut self, options: WriteOptions) -> Self {
        self.options = options;
        self
    }

    /// Checks everything that needs no state.
    pub fn validate(&self) -> Result<()> {
        self.options.check()?;
        match &self.action {
            Action::Publish(post) => validate_post(post)?,
            Action::Repost { post, .. } => validate_repost(post)?,
            Action::Revise { revision: u32::MAX, post, .. } => {
                let what = format!("revision {} of post {post} is the last there is", u32::MAX);
                return Err(Error::invalid(what));
            }
            Action::Revise { text, meta, .. } => {
                validate_content(text, meta.as_deref().unwrap_or_default())?;
            }
            Action::Broadcast(broadcast) => broadcast.validate()?,
            Action::Comment { text, mentions, .. } => {
                mentions.check()?;
                check_utf8(text)?;
            }
            Action::Follow { weight: Some(weight), .. } if WEIGHT_MAX < *weight => {
                let what = format!("weight {weight} is out of range; give 0 to {WEIGHT_MAX}");
                return Err(Error::invalid(what));
            }
            Action::Tag { tag, .. } => check_tag(tag)?,
            Action::Forget { user } => check_trusted(self.options.actor, *user)?,
            Action::Mute { user, author } if user == author => return Err(oneself("mute", *user)),
            Action::Block { user, other } if user == other => return Err(oneself("block", *user)),
            Action::Befriend { user, other } if user == other => {
                return Err(oneself("befriend", *user));
            }
            Action::GroupCreate { name, .. }
            | Action::GroupDelete { name, .. }
            | Action::GroupAdd { name, .. }
            | Action::GroupRemove { name, .. }
            | Action::Mark { feed: Feed::Group(name), .. } => name.check()?,
            Action::React { kind, .. } | Action::Unreact { kind, .. } => check_kind(*kind)?,
            Action::Mute { .. }
            | Action::Block { .. }
            | Action::Delete { .. }
            | Action::CommentDelete { .. }
            | Action::Follow { .. }
            | Action::Unfollow { .. }
            | Action::Befriend { .. }
            | Action::Private { .. }
            | Action::Approve { .. }
            | Action::Deny { .. }
            | Action::Unmute { .. }
            | Action::Unblock { .. }
            | Action::Unrepost { .. }
            | Action::NoticesRead { .. }
            | Action::Suspend { .. }
            | Action::Unsuspend { .. }
            | Action::Hide { .. }
            | Action::Unhide { .. }
            | Action::Mark { feed: Feed::Home, .. }
            | Action::Touch { .. } => {}
        }
        match (self.options.actor, self.action.subject()) {
            (Some(actor), _) if self.action.is_moderation() => Err(Error::new(
                ErrorKind::Denied,
                format!("user {actor} cannot moderate: only the trusted application does"),
            )),
            (Some(actor), Some(subject)) if !self.action.is_up_to(actor, subject) => {
                Err(Error::new(
                    ErrorKind::Denied,
                    format!("user {actor} cannot act for user {subject}"),
                ))
            }
            _ => Ok(()),
        }
    }
}

impl Action {
    /// Whether `actor` may do it, of which `subject` is the first who may.
    fn is_up_to(&self, actor: UserId, subject: UserId) -> bool {
        actor == subject || matches!(self, Self::Befriend { other, .. } if *other == actor)
    }

    /// The user in whose name this acts; unknown for a delete or a revise until what it is about is looked
    /// up.
    #[must_use]
    pub fn subject(&self) -> Option<UserId> {
        match self {
            Self::Publish(post) | Self::Repost { post, .. } => Some(post.author),
            Self::Delete { .. }
            | Self::CommentDelete { .. }
            | Self::Revise { .. }
            | Self::Hide { .. }
            | Self::Unhide { .. } => None,
            Self::Broadcast(broadcast) => broadcast.subject(),
            Self::Follow { user, .. }
            | Self::Unfollow { user, .. }
            | Self::Befriend { user, .. }
            | Self::Private { user, .. }
            | Self::Approve { user, .. }
            | Self::Deny { user, .. }
            | Self::Mute { user, .. }
            | Self::Unmute { user, .. }
            | Self::Block { user, .. }
            | Self::Unblock { user, .. }
            | Self::GroupCreate { user, .. }
            | Self::GroupDelete { user, .. }
            | Self::GroupAdd { user, .. }
            | Self::GroupRemove { user, .. }
            | Self::React { user, .. }
            | Self::Unreact { user, .. }
            | Self::Comment { user, .. }
            | Self::Unrepost { user, .. }
            | Self::Forget { user }
            | Self::NoticesRead { user, .. }
            | Self::Mark { user, .. }
            | Self::Suspend { user }
            | Self::Unsuspend { user }
            | Self::Touch { user }
            | Self::Tag { user, .. } => Some(*user),
        }
    }
}

/// Users do not forget each other, nor themselves.
fn check_trusted(actor: Option<UserId>, user: UserId) -> Result<()> {
    let Some(actor) = actor else { return Ok(()) };
    let what = format!("user {actor} cannot have user {user} forgotten: that is the application's");
    Err(Error::new(ErrorKind::Denied, what))
}

impl Action {
    /// Whether it is for moderators.
    pub(crate) fn is_moderation(&self) -> bool {
        matches!(
            self,
            Self::Suspend { .. } | Self::Unsuspend { .. } | Self::Hide { .. } | Self::Unhide { .. }
        )
    }
}

impl WriteOptions {
    fn check(&self) -> Result<()> {
        match self.key {
            Some(Key::NONE) => Err(Error::invalid(
                "an idempotency key of 16 zero bytes is no key; draw 16 random bytes, or give none",
            )),
            _ => Ok(()),
        }
    }
}

fn validate_post(post: &NewPost) -> Result<()> {
    if post.repost.is_some() {
        let what = "a post that is published says itself that it reposts; use a repost";
        return Err(Error::invalid(what));
    }
    post.mentions.check()?;
    post.audience.check()?;
    validate_content(&post.text, &post.meta)
}

/// A bare repost says nothing that could be kept from anybody.
fn validate_repost(post: &NewPost) -> Result<()> {
    validate_post(post)?;
    if post.text.is_empty() && !post.audience.is_everybody() {
        let what = "a repost without a text is for everybody who sees the original; give it a text, or \
                    no audience";
        return Err(Error::invalid(what));
    }
    Ok(())
}

pub(crate) fn validate_content(text: &[u8], meta: &[u8]) -> Result<()> {
    if TEXT_BYTES_MAX < text.len() {
        let len = text.len();
        return Err(Error::limit(format!("text of {len} bytes; the limit is {TEXT_BYTES_MAX}")));
    }
    if META_BYTES_MAX < meta.len() {
        let len = meta.len();
        return Err(Error::limit(format!("meta of {len} bytes; the limit is {META_BYTES_MAX}")));
    }
    check_utf8(text)
}

fn check_utf8(text: &[u8]) -> Result<()> {
    match std::str::from_utf8(text) {
        Ok(_) => Ok(()),
        Err(error) => Err(Error::invalid("text is not UTF-8").because(error)),
    }
}

/// Refuses kinds of reactions that there are not.
pub(crate) fn check_kind(kind: u8) -> Result<()> {
    if usize::from(kind) < REACTION_KINDS {
        return Ok(());
    }
    let last = REACTION_KINDS - 1;
    Err(Error::invalid(format!("kind {kind} of a reaction is out of range; give 0 to {last}")))
}

fn oneself(verb: &str, user: UserId) -> Error {
    Error::invalid(format!("user {user} cannot {verb} themselves"))
}
