//! What a record's effect is, as others ask for it: a post or not, with which content, how heavy.

use ::bytes::Bytes;

use super::record::Effect;
use super::request_effect::{RequestAct, RequestEffect};
use crate::command::NewPost;
use crate::ids::UserId;
use crate::views::receipts::Answered;

impl Effect {
    /// The post that it is: a publish, or the end of a broadcast.
    pub(crate) fn post(&self) -> Option<&NewPost> {
        match self {
            Self::Publish(post) => Some(post),
            Self::Broadcast(broadcast) => broadcast.replay(),
            _ => None,
        }
    }

    /// Whose post it is, or was, whatever is left of it.
    pub(crate) fn post_author(&self) -> Option<UserId> {
        match self {
            Self::Emptied(emptied) => Some(emptied.author),
            Self::Retired(retired) => retired.is_post.then_some(retired.subject),
            other => other.post().map(|post| post.author),
        }
    }

    /// The text and meta that it carries, and whose they are, of posts and broadcasts.
    pub(crate) fn content(&self) -> Option<&NewPost> {
        match self {
            Self::Publish(post) => Some(post),
            Self::Broadcast(broadcast) => Some(&broadcast.content),
            _ => None,
        }
    }

    /// Whether it is a post without the text that it had, because it was revised.
    pub(crate) fn is_emptied(&self) -> bool {
        match self {
            Self::Emptied(_) => true,
            Self::Broadcast(broadcast) => broadcast.emptied.is_some(),
            _ => false,
        }
    }

    /// Whether the answer to it names what came to be: a post or a comment.
    fn is_publish(&self) -> bool {
        match self {
            Self::Response(response) => response.text().is_some(),
            other => other.post_author().is_some(),
        }
    }

    /// What the answer to it says.
    pub(crate) fn answered(&self) -> Answered {
        match self {
            Self::Request(RequestEffect { act: RequestAct::Ask { .. }, .. }) => Answered::Requested,
            Self::Retired(retired) => retired.answered,
            effect if effect.is_publish() => Answered::New,
            _ => Answered::Done,
        }
    }

    /// Roughly the bytes it takes in the log; for bounds, not for formats.
    pub(crate) fn weight(&self) -> usize {
        let content = match self {
            Self::Response(response) => response.text().map_or(0, Bytes::len),
            Self::Revise(revise) => revise.text.len() + revise.meta.len(),
            other => other.content().map_or(0, |content| content.text.len() + content.meta.len()),
        };
        content + 128
    }
}
