//! `changed` is a part of the change stream, oldest first.
//!
//! | field | bytes |
//! |---|---|
//! | position | epoch varint, sequence varint |
//! | next | varint |
//! | oldest | varint |
//! | count | u16 |
//! | each: sequence | varint; after the first the distance from the change before, strictly rising |
//! | each: time | varint |
//! | each: tag | u8, see [`What`] |
//! | each: user | varint: the author of a post, else who did it |
//! | each: the rest | by tag |

use bytes::{BufMut, Bytes, BytesMut};

pub use super::changed_kinds::{BroadcastChange, EdgeChange, GroupChange};
pub use super::moderated::ModerationChange;
use crate::audience::Audience;
use crate::error::{DecodeError, EncodeError, Problem};
use crate::limits::{GROUP_NAME_BYTES_MAX, META_BYTES_MAX, TEXT_BYTES_MAX};
use crate::mentions;
use crate::order::{Direction, Run};
use crate::reply::counts::REACTION_LAST;
use crate::reply::{Position, Repost};
use crate::wire::{
    Cursor, put_bool, put_bytes, put_count, put_option, put_text, put_varint, put_varints, text_of,
};

/// The fewest bytes of a change: four fields of one byte.
const CHANGE_BYTES_MIN: usize = 4;

/// The last tag.
const TAG_MAX: u8 = 38;

/// Tags of other changes.
const MARK: u8 = 18;
const BEFRIEND: u8 = 25;
const PRIVATE: u8 = 26;
const REVISE: u8 = 19;
const REPOST: u8 = 33;
const UNREPOST: u8 = 34;
const NOTICES_READ: u8 = 35;

/// The tag of a user who is being forgotten.
const FORGET: u8 = 36;

/// The tag of a user of whom nothing is left.
const FORGOTTEN: u8 = 37;

/// A part of the change stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// The newest position when it was read.
    pub position: Position,
    /// Everything up to here is told: where to go on, in the same epoch.
    pub next: u64,
    /// The oldest sequence, but for the beginning, from which one can go on at present.
    pub oldest: u64,
    /// The changes, sequences strictly rising.
    pub changes: Vec<Change>,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its place in the log.
    pub sequence: u64,
    /// When it was committed, in milliseconds since 1970.
    pub time: u64,
    /// Who did it; of a post its author.
    pub user: u64,
    /// What happened.
    pub what: What,
}

/// What happened. Complete for version 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// 0, 1: a post came to be; its id is the sequence. 0 with its content, 1 without.
    Publish {
        /// The application's kind.
        kind: u16,
        /// The time to show, if one was given.
        created_at: Option<u64>,
        /// Text and meta, if they were asked for.
        content: Option<(Bytes, Bytes)>,
        /// Whom it mentions.
        mentions: Vec<u64>,
        /// Who sees it.
        audience: Audience,
    },
    /// 2: a post came to be that is deleted by now.
    Erased,
    /// 3: a post was deleted.
    Delete {
        /// Which one.
        post: u64,
    },
    /// 4 to 9: something between two users.
    Edge {
        /// What.
        kind: EdgeChange,
        /// To whom.
        other: u64,
    },
    /// 10 to 13: something about a group of the user.
    Group {
        /// What.
        kind: GroupChange,
        /// The group's id.
        group: u64,
        /// What it is called.
        name: Bytes,
        /// Whether its members are left out of the owner's home.
        exclusive: bool,
        /// The member, if it is about one; else 0.
        member: u64,
    },
    /// 14 to 17: something in response to a post.
    Response {
        /// What.
        kind: ResponseChange,
        /// The post, or the one that the comment is about.
        post: u64,
        /// What was reacted to, answered or deleted: the post itself, or a comment on it.
        target: u64,
    },
    /// 33: a post came to be that refers to another; its id is the sequence.
    Repost {
        /// The application's kind.
        kind: u16,
        /// The time to show, if one was given.
        created_at: Option<u64>,
        /// What it refers to.
        repost: Repost,
        /// Whether it says something of its own, told or not.
        quote: bool,
        /// Text and meta, if they were asked for.
        content: Option<(Bytes, Bytes)>,
        /// Whom it mentions.
        mentions: Vec<u64>,
        /// Who sees it.
        audience: Audience,
    },
    /// 34: a bare repost ended.
    Unrepost {
        /// The first post of the chain.
        root: u64,
        /// The repost.
        post: u64,
    },
    /// 35: the user has read their notices.
    NoticesRead {
        /// Everything up to here.
        up_to: u64,
    },
    /// 25: follows began in one step.
    Befriend {
        /// With whom.
        other: u64,
        /// The user follows the other from here on, and did not before.
        forth: bool,
        /// The other follows the user from here on, and did not before.
        back: bool,
    },
    /// 26: the user is private from here on, or is not any more.
    Private {
        /// Whether they are.
        on: bool,
    },
    /// 18: a device has seen a feed up to a post.
    Mark {
        /// Up to where.
        post: u64,
        /// The device.
        device: u64,
        /// The group's id; 0 for the home.
        group: u64,
        /// What it is called; empty for the home.
        name: Bytes,
    },
    /// 19: a post says something else.
    Revise {
        /// Which one.
        post: u64,
        /// The revision it has from then on.
        revision: u32,
        /// Text and meta, if they were asked for and are not replaced by now.
        content: Option<(Bytes, Bytes)>,
    },
    /// 29 to 32: moderators did something about the user, or about a post of theirs.
    Moderated {
        /// What.
        kind: ModerationChange,
        /// The post; 0 if it is about the user.
        post: u64,
    },
    /// 36: nobody sees anything of the user from here on; 37: nothing is left of them.
    Forgotten {
        /// Nothing is left.
        is_done: bool,
    },
    /// 20 to 24: something about a broadcast of the user.
    Broadcast {
        /// What.
        kind: BroadcastChange,
        /// The broadcast's id; of a new one the sequence.
        broadcast: u64,
        /// When it is to start, if it was scheduled or rescheduled; else 0.
        at: u64,
        /// The application's kind of a new one, and of a replay; else 0.
        post_kind: u16,
        /// Text and meta of a new one, and of a replay, if they were asked for.
        content: Option<(Bytes, Bytes)>,
    },
}

/// What happened in response to a post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResponseChange {
    /// 14: a reaction of this kind began.
    React(u8),
    /// 15: a reaction of this kind ended.
    Unreact(u8),
    /// 16: a comment came to be; its id is the sequence. Without its text if that was not asked for, or
    /// if it is deleted by now; and whom it mentions.
    Comment(Option<Bytes>, Vec<u64>),
    /// 17: a comment was deleted.
    Delete,
}

impl Change {
    /// The name of the group as text; empty if it is about none.
    #[must_use]
    pub fn group_name(&self) -> &str {
        match &self.what {
            What::Group { name, .. } | What::Mark { name, .. } => text_of(name),
            _ => "",
        }
    }

    fn load(cursor: &mut Cursor, sequences: &mut Run) -> Result<Self, DecodeError> {
        let sequence = sequences.take(cursor, "sequence")?;
        let time = cursor.take_varint("time")?;
        let at = cursor.at();
        let tag = cursor.take_tag("tag", TAG_MAX)?;
        let user = cursor.take_varint("user")?;
        let unknown = || Cursor::refuse("tag", at, Problem::Unknown { value: u64::from(tag) });
        let what = What::load(tag, cursor)?.ok_or_else(unknown)?;
        Ok(Self { sequence, time, user, what })
    }

    fn encode(&self, out: &mut BytesMut, sequences: &mut Run) -> Result<(), EncodeError> {
        put_varint(out, sequences.put("sequence", self.sequence)?);
        put_varint(out, self.time);
        out.put_u8(self.what.tag());
        put_varint(out, self.user);
        self.what.encode(out)
    }
}

impl What {
    fn tag(&self) -> u8 {
        match self {
            Self::Publish { content: Some(_), .. } => 0,
            Self::Publish { content: None, .. } => 1,
            Self::Erased => 2,
            Self::Delete { .. } => 3,
            Self::Edge { kind, .. } => *kind as u8,
            Self::Group { kind, .. } => *kind as u8,
            Self::Response { kind, .. } => kind.tag(),
            Self::Repost { .. } => REPOST,
            Self::Unrepost { .. } => UNREPOST,
            Self::NoticesRead { .. } => NOTICES_READ,
            Self::Befriend { .. } => BEFRIEND,
            Self::Private { .. } => PRIVATE,
            Self::Mark { .. } => MARK,
            Self::Revise { .. } => REVISE,
            Self::Broadcast { kind, .. } => *kind as u8,
            Self::Moderated { kind, .. } => *kind as u8,
            Self::Forgotten { is_done: false } => FORGET,
            Self::Forgotten { is_done: true } => FORGOTTEN,
        }
    }

    /// `None` for a tag that is none.
    fn load(tag: u8, cursor: &mut Cursor) -> Result<Option<Self>, DecodeError> {
        let broadcast = BroadcastChange::ALL.into_iter().find(|kind| *kind as u8 == tag);
        if let Some(kind) = broadcast {
            return load_broadcast(kind, cursor).map(Some);
        }
        if let Some(kind) = ModerationChange::ALL.into_iter().find(|kind| *kind as u8 == tag) {
            let post = if kind.has_post() { cursor.take_varint("post")? } else { 0 };
            return Ok(Some(Self::Moderated { kind, post }));
        }
        let edge = EdgeChange::ALL.into_iter().find(|kind| *kind as u8 == tag);
        let group = GroupChange::ALL.into_iter().find(|kind| *kind as u8 == tag);
        Ok(Some(match (tag, edge, group) {
            (0 | 1, ..) => load_publish(tag == 0, cursor)?,
            (14..=17, ..) => load_response(tag, cursor)?,
            (NOTICES_READ, ..) => Self::NoticesRead { up_to: cursor.take_varint("up_to")? },
            (3, ..) => Self::Delete { post: cursor.take_varint("post")? },
            (REPOST, ..) => load_repost(cursor)?,
            (UNREPOST, ..) => Self::Unrepost {
                post: cursor.take_varint("post")?,
                root: cursor.take_varint("root")?,
            },
            (_, Some(kind), _) => Self::Edge { kind, other: cursor.take_varint("other")? },
            (_, _, Some(kind)) => load_group(kind, cursor)?,
            (BEFRIEND, ..) => load_befriend(cursor)?,
            (PRIVATE, ..) => Self::Private { on: cursor.take_bool("on")? },
            (MARK, ..) => load_mark(cursor)?,
            (REVISE, ..) => load_revise(cursor)?,
            (2, ..) => Self::Erased,
            (FORGET | FORGOTTEN, ..) => Self::Forgotten { is_done: tag == FORGOTTEN },
            _ => return Ok(None),
        }))
    }

    fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        match self {
            Self::Publish { kind, created_at, content, mentions, audience } => {
                put_varint(out, u64::from(*kind));
                put_option(out, *created_at, put_varint);
                put_content(content.as_ref(), out)?;
                mentions::encode(mentions, out)?;
                audience.borrow().encode(out)?;
            }
            Self::NoticesRead { up_to } => put_varint(out, *up_to),
            Self::Moderated { kind, post } if kind.has_post() => put_varint(out, *post),
            Self::Moderated { post: 0, .. } => {}
            Self::Moderated { post, .. } => {
                return Err(EncodeError::new("post", Problem::Unknown { value: *post }));
            }
            Self::Befriend { other, forth, back } => put_befriend(*other, (*forth, *back), out),
            Self::Private { on } => put_bool(out, *on),
            Self::Erased | Self::Forgotten { .. } => {}
            Self::Mark { post, device, group, name } => {
                put_varints(out, [*post, *device, *group]);
                put_text(out, "feed_name", name, GROUP_NAME_BYTES_MAX)?;
            }
            Self::Revise { post, revision, content } => {
                put_varints(out, [*post, u64::from(*revision)]);
                put_bool(out, content.is_some());
                put_content(content.as_ref(), out)?;
            }
            Self::Delete { post } => put_varint(out, *post),
            Self::Edge { other, .. } => put_varint(out, *other),
            Self::Group { kind, group, name, exclusive, member } => {
                put_varint(out, *group);
                put_text(out, "name", name, GROUP_NAME_BYTES_MAX)?;
                put_bool(out, *exclusive);
                if kind.has_member() {
                    put_varint(out, *member);
                } else if *member != 0 {
                    return Err(EncodeError::new("member", Problem::Unknown { value: *member }));
                }
            }
            Self::Response { kind, post, target } => {
                put_varint(out, *post);
                put_varint(out, *target);
                kind.encode(out)?;
            }
            Self::Repost { kind, created_at, repost, quote, content, mentions, audience } => {
                put_varint(out, u64::from(*kind));
                put_option(out, *created_at, put_varint);
                repost.encode(out);
                put_bool(out, *quote);
                put_bool(out, content.is_some());
                put_content(content.as_ref(), out)?;
                mentions::encode(mentions, out)?;
                audience.borrow().encode(out)?;
            }
            Self::Unrepost { root, post } => {
                put_varint(out, *post);
                put_varint(out, *root);
            }
            Self::Broadcast { broadcast, at, post_kind, content, .. } => {
                put_varint(out, *broadcast);
                put_varint(out, *at);
                put_varint(out, u64::from(*post_kind));
                put_bool(out, content.is_some());
                put_content(content.as_ref(), out)?;
            }
        }
        Ok(())
    }
}

/// Text and meta, if they are told.
fn put_content(content: Option<&(Bytes, Bytes)>, out: &mut BytesMut) -> Result<(), EncodeError> {
    let Some((text, meta)) = content else { return Ok(()) };
    put_text(out, "text", text, TEXT_BYTES_MAX)?;
    put_bytes(out, "meta", meta, META_BYTES_MAX)
}

impl ResponseChange {
    fn tag(&self) -> u8 {
        match self {
            Self::React(_) => 14,
            Self::Unreact(_) => 15,
            Self::Comment(..) => 16,
            Self::Delete => 17,
        }
    }

    fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        match self {
            Self::React(kind) | Self::Unreact(kind) => out.put_u8(*kind),
            Self::Comment(text, mentions) => {
                put_bool(out, text.is_some());
                if let Some(text) = text {
                    put_text(out, "said", text, TEXT_BYTES_MAX)?;
                }
                mentions::encode(mentions, out)?;
            }
            Self::Delete => {}
        }
        Ok(())
    }
}

fn load_response(tag: u8, cursor: &mut Cursor) -> Result<What, DecodeError> {
    let (post, target) = (cursor.take_varint("post")?, cursor.take_varint("target")?);
    let kind = match tag {
        14 => ResponseChange::React(cursor.take_tag("reaction", REACTION_LAST)?),
        15 => ResponseChange::Unreact(cursor.take_tag("reaction", REACTION_LAST)?),
        16 => ResponseChange::Comment(
            cursor.take_option("said", |cursor, field| cursor.take_text(field, TEXT_BYTES_MAX))?,
            mentions::load(cursor)?,
        ),
        _ => ResponseChange::Delete,
    };
    Ok(What::Response { kind, post, target })
}

fn load_publish(has_content: bool, cursor: &mut Cursor) -> Result<What, DecodeError> {
    let kind = cursor.take_varint_u16("post_kind")?;
    let created_at = cursor.take_option("created_at", Cursor::take_varint)?;
    let mut content = None;
    if has_content {
        let text = cursor.take_text("text", TEXT_BYTES_MAX)?;
        content = Some((text, cursor.take_bytes("meta", META_BYTES_MAX)?));
    }
    let (mentions, audience) = (mentions::load(cursor)?, Audience::load(cursor)?);
    Ok(What::Publish { kind, created_at, content, mentions, audience })
}

fn load_repost(cursor: &mut Cursor) -> Result<What, DecodeError> {
    let kind = cursor.take_varint_u16("post_kind")?;
    let created_at = cursor.take_option("created_at", Cursor::take_varint)?;
    let repost = Repost::load(cursor)?;
    let quote = cursor.take_bool("quote")?;
    let content = cursor.take_option("content", |cursor, _| {
        let text = cursor.take_text("text", TEXT_BYTES_MAX)?;
        Ok((text, cursor.take_bytes("meta", META_BYTES_MAX)?))
    })?;
    let (mentions, audience) = (mentions::load(cursor)?, Audience::load(cursor)?);
    Ok(What::Repost { kind, created_at, repost, quote, content, mentions, audience })
}

fn load_broadcast(kind: BroadcastChange, cursor: &mut Cursor) -> Result<What, DecodeError> {
    let broadcast = cursor.take_varint("broadcast")?;
    let at = cursor.take_varint("at")?;
    let post_kind = cursor.take_varint_u16("post_kind")?;
    let mut content = None;
    if cursor.take_bool("content")? {
        let text = cursor.take_text("text", TEXT_BYTES_MAX)?;
        content = Some((text, cursor.take_bytes("meta", META_BYTES_MAX)?));
    }
    Ok(What::Broadcast { kind, broadcast, at, post_kind, content })
}

fn load_group(kind: GroupChange, cursor: &mut Cursor) -> Result<What, DecodeError> {
    let group = cursor.take_varint("group")?;
    let name = cursor.take_text("name", GROUP_NAME_BYTES_MAX)?;
    let exclusive = cursor.take_bool("exclusive")?;
    let member = if kind.has_member() { cursor.take_varint("member")? } else { 0 };
    Ok(What::Group { kind, group, name, exclusive, member })
}

fn put_befriend(other: u64, (forth, back): (bool, bool), out: &mut BytesMut) {
    put_varint(out, other);
    out.put_u8(u8::from(forth) | (u8::from(back) << 1));
}

fn load_befriend(cursor: &mut Cursor) -> Result<What, DecodeError> {
    let other = cursor.take_varint("other")?;
    let ways = cursor.take_flags("ways", 3)?;
    Ok(What::Befriend { other, forth: ways & 1 != 0, back: ways & 2 != 0 })
}

fn load_mark(cursor: &mut Cursor) -> Result<What, DecodeError> {
    Ok(What::Mark {
        post: cursor.take_varint("marked")?,
        device: cursor.take_varint("device")?,
        group: cursor.take_varint("feed")?,
        name: cursor.take_text("feed_name", GROUP_NAME_BYTES_MAX)?,
    })
}

fn load_revise(cursor: &mut Cursor) -> Result<What, DecodeError> {
    let post = cursor.take_varint("revised")?;
    let revision = cursor.take_varint_u32("revision")?;
    let mut content = None;
    if cursor.take_bool("new_content")? {
        let text = cursor.take_text("text", TEXT_BYTES_MAX)?;
        content = Some((text, cursor.take_bytes("meta", META_BYTES_MAX)?));
    }
    Ok(What::Revise { post, revision, content })
}

impl Changed {
    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        let position = Position::load(cursor)?;
        let (next, oldest) = (cursor.take_varint("next")?, cursor.take_varint("oldest")?);
        let count = cursor.take_count("count", CHANGE_BYTES_MIN)?;
        let mut sequences = Run::new(Direction::Rising);
        let mut changes = Vec::with_capacity(count);
        for _ in 0..count {
            changes.push(Change::load(cursor, &mut sequences)?);
        }
        Ok(Self { position, next, oldest, changes })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        self.position.encode(out);
        put_varint(out, self.next);
        put_varint(out, self.oldest);
        put_count(out, "count", self.changes.len())?;
        let mut sequences = Run::new(Direction::Rising);
        self.changes.iter().try_for_each(|change| change.encode(out, &mut sequences))
    }
}
