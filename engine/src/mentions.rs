//! Whom a text mentions: a short list of users, kept as the log has it, so that a page that mentions
//! nobody pays nothing and one that does copies bytes.
//!
//! Invariant: what was checked ([`Mentions::check`] of a command, `load` of what was read) has whole
//! varints, at most [`MENTIONS_MAX`] of them, no user twice.

use bytes::Bytes;

use crate::error::{Error, Result};
use crate::ids::UserId;
use crate::limits::MENTIONS_MAX;
use crate::log::bytes::{Cursor, put_varint};

/// Users whom a post or a comment mentions, in the order given. The engine reads no text: who is
/// mentioned is what the application says.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Mentions(Bytes);

/// The same, borrowed from wherever the engine keeps them.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct MentionsRef<'a>(&'a [u8]);

/// The users of a list, in order.
#[derive(Clone, Debug)]
pub struct Mentioned<'a>(Cursor<'a>);

impl Mentions {
    /// Nobody.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether nobody is mentioned.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The same users, borrowed.
    #[must_use]
    pub fn borrow(&self) -> MentionsRef<'_> {
        MentionsRef(&self.0)
    }

    /// The users, in order.
    #[must_use]
    pub fn iter(&self) -> Mentioned<'_> {
        self.borrow().iter()
    }

    /// Refuses more than [`MENTIONS_MAX`] users, and a user who is given twice.
    pub(crate) fn check(&self) -> Result<()> {
        let count = self.iter().count();
        if MENTIONS_MAX < count {
            return Err(Error::limit(format!(
                "{count} users are mentioned; the limit is {MENTIONS_MAX}: mention fewer"
            )));
        }
        match self.borrow().repeated() {
            Some(user) => {
                let what = format!("user {user} is mentioned twice; mention each user once");
                Err(Error::invalid(what))
            }
            None => Ok(()),
        }
    }

    /// What a record has; `None` if it makes no sense.
    pub(crate) fn load(bytes: Bytes) -> Option<Self> {
        MentionsRef::load(&bytes)?;
        Some(Self(bytes))
    }

    /// Mentions that stand in `bytes`, as a slice of them.
    pub(crate) fn slice_of(bytes: &Bytes, mentions: MentionsRef<'_>) -> Self {
        Self(bytes.slice_ref(mentions.0))
    }

    /// The bytes they take: they count among those of a page.
    pub(crate) fn bytes_len(&self) -> usize {
        self.0.len()
    }

    /// What a record gets.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// A copy that borrows nobody's memory.
    pub(crate) fn own(&self) -> Self {
        Self(Bytes::copy_from_slice(&self.0))
    }

    /// Appends how many bytes they take, and these.
    pub(crate) fn put(&self, out: &mut Vec<u8>) {
        put_varint(out, self.0.len() as u64);
        out.extend_from_slice(&self.0);
    }

    /// Reads what [`put`](Self::put) wrote.
    pub(crate) fn take(cursor: &mut Cursor<'_>) -> Option<Self> {
        let len = cursor.varint_as()?;
        let bytes = MentionsRef::load(cursor.take(len)?)?;
        Some(Self(Bytes::copy_from_slice(bytes.0)))
    }
}

impl FromIterator<UserId> for Mentions {
    fn from_iter<T: IntoIterator<Item = UserId>>(users: T) -> Self {
        let mut bytes = Vec::new();
        users.into_iter().for_each(|user| put_varint(&mut bytes, user.0));
        Self(bytes.into())
    }
}

impl<'a> IntoIterator for &'a Mentions {
    type Item = UserId;
    type IntoIter = Mentioned<'a>;

    fn into_iter(self) -> Mentioned<'a> {
        self.iter()
    }
}

impl<'a> MentionsRef<'a> {
    /// Whether nobody is mentioned.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The users, in order.
    #[must_use]
    pub fn iter(&self) -> Mentioned<'a> {
        Mentioned(Cursor::new(self.0))
    }

    /// The list as it is in the log.
    pub(crate) fn bytes(&self) -> &'a [u8] {
        self.0
    }

    /// What a record has; `None` if it makes no sense.
    pub(crate) fn load(bytes: &'a [u8]) -> Option<Self> {
        let (mut cursor, mut count) = (Cursor::new(bytes), 0);
        while !cursor.is_empty() {
            cursor.varint()?;
            count += 1;
        }
        let mentions = Self(bytes);
        (count <= MENTIONS_MAX && mentions.repeated().is_none()).then_some(mentions)
    }

    /// The first user who is there twice. They are few: each is compared with those behind.
    fn repeated(&self) -> Option<UserId> {
        let mut rest = self.iter();
        while let Some(user) = rest.next() {
            if rest.clone().any(|other| other == user) {
                return Some(user);
            }
        }
        None
    }
}

impl<'a> IntoIterator for &MentionsRef<'a> {
    type Item = UserId;
    type IntoIter = Mentioned<'a>;

    fn into_iter(self) -> Mentioned<'a> {
        self.iter()
    }
}

impl Iterator for Mentioned<'_> {
    type Item = UserId;

    fn next(&mut self) -> Option<UserId> {
        self.0.varint().map(UserId)
    }
}

impl std::fmt::Debug for Mentions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.borrow().fmt(f)
    }
}

impl std::fmt::Debug for MentionsRef<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_survive_the_way_there_and_back() {
        let users = [UserId(0), UserId(300), UserId(u64::MAX)];
        let mentions: Mentions = users.into_iter().collect();
        assert_eq!(mentions.iter().collect::<Vec<_>>(), users);
        assert_eq!(Mentions::load(mentions.0.clone()), Some(mentions.clone()));
        let mut bytes = Vec::new();
        mentions.put(&mut bytes);
        assert_eq!(Mentions::take(&mut Cursor::new(&bytes)), Some(mentions));
        assert!(Mentions::new().is_empty());
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let many: Mentions = (0..=MENTIONS_MAX as u64).map(UserId).collect();
        let twice: Mentions = [UserId(1), UserId(2), UserId(1)].into_iter().collect();
        for wrong in [many, twice] {
            assert!(wrong.check().is_err(), "{wrong:?}");
            assert_eq!(Mentions::load(wrong.0), None);
        }
        assert_eq!(Mentions::load(Bytes::from_static(&[0x80])), None, "half a number");
    }
}
