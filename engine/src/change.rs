//! What a change stream is asked for, and what it tells: the log, record by record, for those who build
//! something of their own from it.

use bytes::Bytes;

use crate::audience::Audience;
use crate::group_name::GroupName;
use crate::ids::{BroadcastId, GroupId, Position, PostId, Sequence, Timestamp, UserId};
use crate::mentions::Mentions;
use crate::repost::Repost;

/// A part of the change stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChangesQuery {
    /// Everything up to here is known already; absent begins with the first change of all.
    pub after: Option<Position>,
    /// The `oldest` of the first answer, by who began with the first change of all and read every part
    /// since: they go on while retention drops nothing more, wherever they are.
    pub begun: Option<Sequence>,
    /// How many changes at most: 1..=4,096.
    pub limit: usize,
    /// Whether posts come with text and meta.
    pub content: ContentWanted,
}

/// Whether posts come with text and meta.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there is nothing between the two")]
pub enum ContentWanted {
    /// They do.
    #[default]
    Yes,
    /// They do not.
    No,
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
    /// Its place in the log, of the epoch of the answer. What comes twice has it twice.
    pub sequence: Sequence,
    /// When it was committed.
    pub time: Timestamp,
    /// What happened.
    pub what: Changed,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Changed {
    /// A post came to be; its id is the sequence of the change.
    Published {
        /// By whom.
        author: UserId,
        /// The application's kind.
        kind: u16,
        /// The time to show, if one was given.
        created_at: Option<Timestamp>,
        /// Text and meta, if they are wanted; absent if the post was revised by now and its revisions
        /// are not kept: the newest has them.
        content: Option<(Bytes, Bytes)>,
        /// What it refers to, if it is a repost.
        repost: Option<Repost>,
        /// It is a repost that says something of its own, told or not: it stays when its root goes.
        is_quote: bool,
        /// Whom it mentions.
        mentions: Mentions,
        /// Who sees it.
        audience: Audience,
    },
    /// A bare repost ended. Deleting it tells of a delete instead, and deleting its root of nothing more.
    Unreposted {
        /// Who had reposted.
        user: UserId,
        /// The first post of the chain.
        root: PostId,
        /// The repost.
        repost: PostId,
    },
    /// A post, or a broadcast, came to be that is gone by now: what it said is told to nobody.
    Erased {
        /// By whom.
        author: UserId,
    },
    /// A post was deleted.
    Deleted {
        /// The post.
        post: PostId,
        /// Whose it was.
        author: UserId,
    },
    /// Something between two users.
    Edge {
        /// What.
        kind: EdgeChange,
        /// Who did it.
        user: UserId,
        /// To whom.
        other: UserId,
    },
    /// Follows began in one step: two were befriended, a request was approved, or a follow ended the user's own
    /// request.
    Befriended {
        /// Who did it.
        user: UserId,
        /// With whom.
        other: UserId,
        /// `user` follows `other` from here on, and did not before.
        forth: bool,
        /// `other` follows `user` from here on, and did not before.
        back: bool,
    },
    /// A user is private from here on, or is not any more.
    Private {
        /// Who.
        user: UserId,
        /// Whether they are private.
        is_on: bool,
    },
    /// Something about a group.
    Group {
        /// What, with the member that it is about.
        kind: GroupChange,
        /// The owner.
        user: UserId,
        /// The group.
        group: GroupId,
        /// What it is called.
        name: GroupName,
        /// Its members are left out of the owner's home.
        exclusive: bool,
    },
    /// Something in response to a post.
    Response {
        /// What.
        kind: ResponseChange,
        /// Who did it.
        user: UserId,
        /// The post, or the one that the comment is about.
        post: PostId,
        /// What was reacted to, answered or deleted: the post itself, or a comment on it.
        target: PostId,
    },
    /// A user has read their notices.
    NoticesRead {
        /// Who.
        user: UserId,
        /// Everything up to here.
        up_to: Sequence,
    },
    /// A post says something else.
    Revised {
        /// The post.
        post: PostId,
        /// Whose it is.
        author: UserId,
        /// Which revision it has from then on.
        revision: u32,
        /// Text and meta, all of them, if they are wanted; absent if the post was revised again or deleted
        /// by now.
        content: Option<(Bytes, Bytes)>,
    },
    /// A device has seen a feed up to a post. Marks of a group end with it.
    Marked {
        /// Whose device.
        user: UserId,
        /// The group, and what it is called; absent for the home.
        group: Option<(GroupId, GroupName)>,
        /// The device.
        device: u64,
        /// Up to where.
        post: PostId,
    },
    /// Nobody sees anything of the user from here on; or nothing is left of them.
    Forgotten {
        /// Who.
        user: UserId,
        /// Nothing is left: what is told of the user later is of somebody new.
        is_done: bool,
    },
    /// Moderators suspended a user or hid a post, or took that back. A post that is deleted is hidden no more.
    Moderated {
        /// What.
        kind: ModerationChange,
        /// Who it is about, or whose post.
        user: UserId,
        /// The post; absent if it is about the user.
        post: Option<PostId>,
    },
    /// Something about a broadcast. What came to be is told with what it says, unless it is gone by now:
    /// then as erased.
    Broadcast {
        /// What.
        kind: BroadcastChange,
        /// Whose it is.
        author: UserId,
        /// The broadcast: of a new one the sequence of the change.
        broadcast: BroadcastId,
        /// The application's kind, of a new broadcast and of a replay; else 0.
        post_kind: u16,
        /// Text and meta of a new broadcast and of a replay, if they are wanted.
        content: Option<(Bytes, Bytes)>,
    },
}

/// What happened in response to a post. Deleting a post ends all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResponseChange {
    /// A reaction of this kind began.
    React(u8),
    /// A reaction of this kind ended.
    Unreact(u8),
    /// A comment came to be; its id is the sequence of the change. With its text, unless that is not
    /// wanted or the comment is deleted by now, and whom it mentions.
    Comment(Option<Bytes>, Mentions),
    /// A comment was deleted.
    Delete,
}

/// What happened between two users. A block ends the follows and the requests both ways.
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

/// What moderators did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
#[non_exhaustive]
pub enum ModerationChange {
    Suspend,
    Unsuspend,
    Hide,
    Unhide,
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
    /// It is live: a scheduled one, or a new one.
    Start,
    /// It ended. The sequence of the change is the id of its replay, a post.
    End,
    Cancel,
}

/// What happened about a group. A delete ends all memberships.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
#[non_exhaustive]
pub enum GroupChange {
    Create,
    Delete,
    Add(UserId),
    Remove(UserId),
}
