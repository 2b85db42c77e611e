//! What a record does in response to a post: a reaction, a comment, and the end of either.
//!
//! ```text
//! all       | user varint | post varint | owner varint | target - post varint | author varint (*) |
//! react     | .. | kind u8 |
//! unreact   | .. | kind u8 | began varint |
//! comment   | .. | bytes of mentions varint | mentioned users, varints | text to the end |
//! delete    | .. |
//! ```
//!
//! The post, whose it is, what of it is meant and whose that is stand in every record, so that whoever
//! follows the log needs no state to know whom a record concerns. (*) The author of the target is absent
//! where the target is the post itself.

use ::bytes::Bytes;

use super::bytes::{Cursor, put_varint};
use super::layout::record_kind;
use super::record::{Began, load_began, put_pair};
use crate::ids::{PostId, UserId};
use crate::limits::REACTION_KINDS;
use crate::mentions::Mentions;

/// A response's effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ResponseEffect {
    /// Who does it.
    pub(crate) user: UserId,
    /// The post that it is about, or whose comment it is about.
    pub(crate) post: PostId,
    /// Whose post that is.
    pub(crate) owner: UserId,
    /// What is reacted to, answered or deleted: the post itself or one of its comments.
    pub(crate) target: PostId,
    /// Whose the target is.
    pub(crate) author: UserId,
    pub(crate) act: ResponseAct,
}

/// What happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ResponseAct {
    React {
        kind: u8,
    },
    Unreact {
        kind: u8,
        began: Began,
    },
    /// The record's own sequence becomes the comment's id.
    Comment {
        text: Bytes,
        mentions: Mentions,
    },
    /// The target is a comment, and goes.
    Delete,
}

impl ResponseEffect {
    pub(crate) fn kind(&self) -> u8 {
        match self.act {
            ResponseAct::React { .. } => record_kind::REACT,
            ResponseAct::Unreact { .. } => record_kind::UNREACT,
            ResponseAct::Comment { .. } => record_kind::COMMENT,
            ResponseAct::Delete => record_kind::COMMENT_DELETE,
        }
    }

    /// The comment that a comment answers.
    pub(crate) fn answers(&self) -> Option<PostId> {
        (self.target != self.post).then_some(self.target)
    }

    /// What a comment says.
    pub(crate) fn text(&self) -> Option<&Bytes> {
        match &self.act {
            ResponseAct::Comment { text, .. } => Some(text),
            _ => None,
        }
    }

    /// Whom a comment mentions.
    pub(crate) fn mentions(&self) -> Option<&Mentions> {
        match &self.act {
            ResponseAct::Comment { mentions, .. } => Some(mentions),
            _ => None,
        }
    }

    /// The same, to be filled in.
    pub(super) fn text_mut(&mut self) -> Option<&mut Bytes> {
        match &mut self.act {
            ResponseAct::Comment { text, .. } => Some(text),
            _ => None,
        }
    }

    /// What the caller said, and nothing that was decided since: for the fingerprint.
    pub(super) fn put_said(&self, out: &mut Vec<u8>) {
        put_pair(out, self.user.0, self.target.0);
        match &self.act {
            ResponseAct::React { kind } | ResponseAct::Unreact { kind, .. } => out.push(*kind),
            ResponseAct::Comment { text, mentions } => {
                put_varint(out, self.post.0);
                mentions.put(out);
                out.extend_from_slice(text);
            }
            ResponseAct::Delete => {}
        }
    }

    /// Appends everything but the text.
    pub(super) fn put(&self, out: &mut Vec<u8>) {
        put_pair(out, self.user.0, self.post.0);
        put_pair(out, self.owner.0, self.target.0.saturating_sub(self.post.0));
        if self.target != self.post {
            put_varint(out, self.author.0);
        }
        match &self.act {
            ResponseAct::React { kind } => out.push(*kind),
            ResponseAct::Unreact { kind, began } => {
                out.push(*kind);
                put_varint(out, began.unwrap_or_default().0);
            }
            ResponseAct::Comment { mentions, .. } => mentions.put(out),
            ResponseAct::Delete => {}
        }
    }

    /// Reads what follows the two numbers, but for the text; `None` if it makes no sense.
    pub(super) fn load(kind: u8, first: u64, second: u64, rest: &mut Cursor<'_>) -> Option<Self> {
        let (user, post) = (UserId(first), PostId(second));
        let (owner, distance) = (UserId(rest.varint()?), rest.varint()?);
        let target = PostId(post.0.checked_add(distance)?);
        let author = if distance == 0 { owner } else { UserId(rest.varint()?) };
        let act = match kind {
            record_kind::REACT => ResponseAct::React { kind: load_kind(rest)? },
            record_kind::UNREACT => {
                let kind = load_kind(rest)?;
                ResponseAct::Unreact { kind, began: load_began(rest)? }
            }
            record_kind::COMMENT => {
                ResponseAct::Comment { text: Bytes::new(), mentions: Mentions::take(rest)? }
            }
            record_kind::COMMENT_DELETE if distance != 0 => ResponseAct::Delete,
            _ => return None,
        };
        Some(Self { user, post, owner, target, author, act })
    }
}

fn load_kind(rest: &mut Cursor<'_>) -> Option<u8> {
    let [kind] = rest.array()?;
    (usize::from(kind) < REACTION_KINDS).then_some(kind)
}
