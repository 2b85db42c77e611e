//! A user asks to follow a private one, takes it back, or is denied.
//!
//! ```text
//! request     | user varint | author varint | weight + 1 varint |
//! request end | user varint | other varint | began varint | u8: 0 withdrawn, 1 denied |
//! ```
//!
//! `user` is who acts: who asks or asked, or the private user who denies it to the other. The weight is that
//! of the follow which was asked for; it is in the record for the fingerprint alone.

use super::bytes::{Cursor, put_varint};
use super::layout::record_kind;
use super::record::{Began, load_began};
use crate::ids::UserId;

/// The effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RequestEffect {
    /// Who acts.
    pub(crate) user: UserId,
    pub(crate) other: UserId,
    pub(crate) act: RequestAct,
}

/// What happens to the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RequestAct {
    /// `user` asks to follow `other`.
    Ask { weight: Option<u8> },
    /// `user` does not ask any more.
    Withdraw { began: Began },
    /// `user` does not let `other` follow.
    Deny { began: Began },
}

impl RequestEffect {
    pub(super) fn kind(&self) -> u8 {
        match self.act {
            RequestAct::Ask { .. } => record_kind::REQUEST,
            RequestAct::Withdraw { .. } | RequestAct::Deny { .. } => record_kind::REQUEST_END,
        }
    }

    /// The request that it ends.
    pub(crate) fn ended(&self) -> Began {
        match self.act {
            RequestAct::Ask { .. } => None,
            RequestAct::Withdraw { began } | RequestAct::Deny { began } => began,
        }
    }

    pub(super) fn put_decided(&self, out: &mut Vec<u8>) {
        match self.act {
            RequestAct::Ask { weight } => {
                put_varint(out, weight.map_or(0, |weight| u64::from(weight) + 1));
            }
            RequestAct::Withdraw { began } | RequestAct::Deny { began } => {
                put_varint(out, began.unwrap_or_default().0);
                out.push(u8::from(matches!(self.act, RequestAct::Deny { .. })));
            }
        }
    }

    /// Reads what follows the two users; `None` if it makes no sense.
    pub(super) fn load(
        kind: u8,
        (user, other): (UserId, UserId),
        rest: &mut Cursor<'_>,
    ) -> Option<Self> {
        if kind == record_kind::REQUEST {
            let weight: u64 = rest.varint()?;
            let weight = weight.checked_sub(1).map(u8::try_from).transpose().ok()?;
            return (user != other).then_some(Self {
                user,
                other,
                act: RequestAct::Ask { weight },
            });
        }
        let began = load_began(rest)?;
        let act = match rest.array()? {
            [0] => RequestAct::Withdraw { began },
            [1] => RequestAct::Deny { began },
            _ => return None,
        };
        Some(Self { user, other, act })
    }
}
