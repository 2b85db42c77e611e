//! A stable hash of what the caller of a command said: tells a retry under a key from a misuse of the key.

use xxhash_rust::xxh3::Xxh3Default;

use super::befriend_effect::{BefriendEffect, Said};
use super::bytes::put_varint;
use super::layout::record_kind;
use super::record::Effect;
use super::request_effect::{RequestAct, RequestEffect};

impl Effect {
    /// The hash of the whole content, and of nothing that was decided since.
    pub(crate) fn fingerprint(&self) -> u64 {
        match self {
            Self::Retired(retired) => return retired.fingerprint,
            Self::Emptied(emptied) => return emptied.fingerprint,
            Self::Broadcast(broadcast) => {
                if let Some(fingerprint) = broadcast.emptied {
                    return fingerprint;
                }
            }
            _ => {}
        }
        let mut fields = Vec::with_capacity(32);
        fields.push(self.kind_said());
        self.put_said(&mut fields);
        let mut hash = Xxh3Default::new();
        hash.update(&fields);
        match self {
            Self::Publish(post) => {
                hash.update(&post.meta);
                hash.update(&post.text);
            }
            Self::Revise(revise) => {
                hash.update(if revise.meta_given { &revise.meta } else { &[] });
                hash.update(&revise.text);
            }
            _ => {}
        }
        hash.digest()
    }

    /// The kind of what came: a follow becomes something else if it stands already, or needs a request.
    fn kind_said(&self) -> u8 {
        match self {
            Self::Weigh { .. } => record_kind::FOLLOW,
            Self::Befriend(BefriendEffect { said: Said::Follow(_), .. }) => record_kind::FOLLOW,
            Self::Request(RequestEffect { act: RequestAct::Ask { .. }, .. }) => record_kind::FOLLOW,
            Self::Request(RequestEffect { act: RequestAct::Withdraw { .. }, .. }) => {
                record_kind::UNFOLLOW
            }
            other => other.kind(),
        }
    }

    /// What was said but for the long parts of posts.
    fn put_said(&self, fields: &mut Vec<u8>) {
        match self {
            Self::Group(group) => group.put_said(fields),
            Self::Response(response) => response.put_said(fields),
            Self::NoticesRead(read) => read.put_said(fields),
            Self::Mark(mark) => mark.put_said(fields),
            Self::Moderation(moderation) => moderation.put_said(fields),
            Self::Revise(revise) => revise.put_said(fields),
            Self::Broadcast(broadcast) => broadcast.put_said(fields),
            other => {
                other.put_fields(fields);
                if let Self::Befriend(BefriendEffect { said: Said::Approve, .. }) = other {
                    fields.push(1);
                }
                if let Some(weight) = other.follow_weight() {
                    put_varint(fields, u64::from(weight) + 1);
                }
            }
        }
    }

    /// The weight that a follow was asked for with.
    fn follow_weight(&self) -> Option<u8> {
        match self {
            Self::Follow { weight, .. } => *weight,
            Self::Weigh { weight, .. } => Some(*weight),
            Self::Befriend(BefriendEffect { said: Said::Follow(weight), .. }) => *weight,
            Self::Request(RequestEffect { act: RequestAct::Ask { weight }, .. }) => *weight,
            _ => None,
        }
    }
}
