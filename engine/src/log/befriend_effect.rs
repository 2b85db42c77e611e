//! One record in which one follow begins, or two: a befriending, the approval of a request, or a follow of
//! somebody who was asked before.
//!
//! ```text
//! | user varint | other varint | bits u8 | weight + 1 varint | request forth varint | request back varint |
//! ```
//!
//! *Forth* is the follow of `other` by `user`, *back* the other way. Bits: 1 forth is new, 2 back is new, then
//! what was said: 0 befriend, 4 approve, 8 follow. A request that the record ends is named by the record it
//! began with, 0 for none. Both follows begin at the record's sequence: an end of one of them names that
//! sequence, and whose follow it was.

use super::bytes::{Cursor, put_varint};
use super::record::{Began, load_began};
use crate::ids::UserId;

const FORTH: u8 = 1;
const BACK: u8 = 2;
const APPROVE: u8 = 4;
const FOLLOW: u8 = 8;

/// The effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BefriendEffect {
    /// Whose command it was.
    pub(crate) user: UserId,
    pub(crate) other: UserId,
    pub(crate) said: Said,
    pub(crate) forth: Half,
    pub(crate) back: Half,
}

/// What the command was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    Befriend,
    /// `user` lets `other` follow.
    Approve,
    /// With the weight that was given.
    Follow(Option<u8>),
}

/// One of the two ways.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Half {
    /// The follow begins here.
    pub(crate) is_new: bool,
    /// A request to follow ends here.
    pub(crate) request: Began,
}

impl BefriendEffect {
    /// One that is not decided yet.
    pub(crate) fn new(user: UserId, other: UserId, said: Said) -> Self {
        Self { user, other, said, forth: Half::default(), back: Half::default() }
    }

    /// The follows that begin: who follows whom.
    pub(crate) fn begun(&self) -> impl Iterator<Item = (UserId, UserId)> + use<> {
        let forth = self.forth.is_new.then_some((self.user, self.other));
        let back = self.back.is_new.then_some((self.other, self.user));
        forth.into_iter().chain(back)
    }

    /// What a new follow weighs.
    pub(crate) fn weight(&self) -> u8 {
        match self.said {
            Said::Follow(weight) => weight.unwrap_or(0),
            Said::Befriend | Said::Approve => 0,
        }
    }

    /// What was decided.
    pub(super) fn put_decided(&self, out: &mut Vec<u8>) {
        let (said, weight) = match self.said {
            Said::Befriend => (0, None),
            Said::Approve => (APPROVE, None),
            Said::Follow(weight) => (FOLLOW, weight),
        };
        let forth = if self.forth.is_new { FORTH } else { 0 };
        let back = if self.back.is_new { BACK } else { 0 };
        out.push(said | forth | back);
        put_varint(out, weight.map_or(0, |weight| u64::from(weight) + 1));
        put_varint(out, self.forth.request.unwrap_or_default().0);
        put_varint(out, self.back.request.unwrap_or_default().0);
    }

    /// Reads what follows the two users; `None` if it makes no sense.
    pub(super) fn load(user: UserId, other: UserId, rest: &mut Cursor<'_>) -> Option<Self> {
        let [bits] = rest.array()?;
        let weight: u64 = rest.varint()?;
        let weight = weight.checked_sub(1).map(u8::try_from).transpose().ok()?;
        let said = match bits & !(FORTH | BACK) {
            0 => Said::Befriend,
            APPROVE => Said::Approve,
            FOLLOW => Said::Follow(weight),
            _ => return None,
        };
        let forth = Half { is_new: bits & FORTH != 0, request: load_began(rest)? };
        let back = Half { is_new: bits & BACK != 0, request: load_began(rest)? };
        // Nobody is two users, and no list has two entries of one record.
        let is_sound = user != other && (weight.is_none() || matches!(said, Said::Follow(_)));
        is_sound.then_some(Self { user, other, said, forth, back })
    }
}
