//! The newest keyed writes and their answers: the same key again gets the first answer.
//!
//! A window of [`RECEIPTS_MAX`] keyed records, counted in the log, so that a replay remembers the
//! same ones. A keyed command that changed nothing is not in the log and not here: repeating it
//! changes nothing again (see "Retries" in `protocol/PROTOCOL.md` for what clients must keep to).
//! 48 bytes and an index slot each: at most some 55 MiB.

use std::collections::VecDeque;
use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use super::forgotten::{Forgotten, Oblivion};
use super::users::Ordinal;
use super::{Digest, DigestBuilder};
use crate::error::Result;
use crate::ids::{Key, Sequence};
use crate::limits::RECEIPTS_MAX;
use crate::log::bytes::Fields;
use crate::log::record::Began;
use crate::runs::file::ViewFile;
use crate::runs::layout::{RECEIPT_BYTES, receipt, section_part};

/// Whose a receipt is whose user was forgotten: nobody finds it, but it keeps its place in the window.
const NOBODY: Ordinal = Ordinal(u32::MAX);

/// One remembered write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Remembered {
    pub(crate) scope: Ordinal,
    pub(crate) key: Key,
    pub(crate) sequence: Sequence,
    /// Hash of the whole content; see [`Effect::fingerprint`](crate::log::record::Effect).
    pub(crate) fingerprint: u64,
    pub(crate) answered: Answered,
}

/// What a write was answered with, beside its position.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Answered {
    #[default]
    Done,
    /// The id of what came to be: the record's sequence.
    New,
    /// A follow that became a request.
    Requested,
}

impl Answered {
    pub(crate) fn number(self) -> u32 {
        match self {
            Self::Done => 0,
            Self::New => 1,
            Self::Requested => 2,
        }
    }

    fn of_number(number: u32) -> Self {
        match number {
            1 => Self::New,
            2 => Self::Requested,
            _ => Self::Done,
        }
    }
}

/// The window of remembered writes.
#[derive(Debug, Default)]
pub(crate) struct Receipts {
    window: VecDeque<Remembered>,
    /// The number of the oldest in the window; numbers count all keyed records ever.
    oldest: u64,
    /// Low 32 bits of numbers, found by the hash of scope and key.
    index: HashTable<u32>,
    hasher: FixedState,
}

impl Remembered {
    /// The same, of nobody.
    fn of_nobody(self) -> Self {
        let (key, fingerprint) = (Key::NONE, 0);
        Self { scope: NOBODY, key, fingerprint, answered: Answered::Done, ..self }
    }

    /// The same, of nobody if the user was forgotten since.
    pub(crate) fn unless(self, forgotten: &Forgotten) -> Self {
        let Oblivion { since, done } = forgotten.of(self.scope);
        let is_gone = self.sequence <= done && self.sequence != since;
        if is_gone { self.of_nobody() } else { self }
    }
}

/// The receipts of a file, oldest first.
pub(crate) fn read(file: &ViewFile) -> Result<Vec<Remembered>> {
    let lost = || file.damaged(0, "it has no receipts");
    let section = file.section(0, section_part::ARRAY).ok_or_else(lost)?;
    let receipt = |element: &[u8]| {
        let fields = Fields(element);
        Remembered {
            scope: Ordinal(fields.u32(receipt::SCOPE_AT)),
            key: Key(fields.array(receipt::KEY_AT)),
            sequence: Sequence(fields.u64(receipt::SEQUENCE_AT)),
            fingerprint: fields.u64(receipt::FINGERPRINT_AT),
            answered: Answered::of_number(fields.u32(receipt::ANSWERED_AT)),
        }
    };
    Ok(file.section_bytes(section)?.chunks_exact(RECEIPT_BYTES).map(receipt).collect())
}

impl Receipts {
    /// Reads the receipts of a file, oldest first.
    pub(crate) fn load(&mut self, file: &ViewFile, forgotten: &Forgotten) -> Result<()> {
        for receipt in read(file)? {
            self.remember(receipt.unless(forgotten));
        }
        Ok(())
    }

    /// The user's receipts are nobody's any more, but for that of the forget itself. A look at all of them.
    pub(crate) fn forget(&mut self, user: Ordinal, upto: Sequence, since: Began) {
        let Self { window, oldest, index, hasher } = self;
        let is_theirs = |receipt: &Remembered| {
            receipt.scope == user && receipt.sequence <= upto && Some(receipt.sequence) != since
        };
        for (at, receipt) in (*oldest..).zip(window).filter(|(_, receipt)| is_theirs(receipt)) {
            let hash = hasher.hash_one((receipt.scope.0, receipt.key.0));
            if let Ok(entry) = index.find_entry(hash, |found| *found == low(at)) {
                entry.remove();
            }
            *receipt = receipt.of_nobody();
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.window.len()
    }

    /// Keys of records below this are forgotten.
    pub(crate) fn oldest(&self) -> Sequence {
        let is_full = self.window.len() == RECEIPTS_MAX;
        let oldest = self.window.front().filter(|_| is_full);
        oldest.map_or(Sequence(0), |oldest| oldest.sequence)
    }

    /// All of them, oldest first.
    #[cfg(test)]
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Remembered> {
        self.window.iter()
    }

    pub(crate) fn find(&self, scope: Ordinal, key: Key) -> Option<&Remembered> {
        let same = |number: &u32| {
            self.at(*number).is_some_and(|found| found.scope == scope && found.key == key)
        };
        self.index.find(self.hash(scope, key), same).and_then(|number| self.at(*number))
    }

    pub(crate) fn remember(&mut self, receipt: Remembered) {
        if self.window.len() == RECEIPTS_MAX {
            self.forget_oldest();
        }
        let number = low(self.oldest + self.window.len() as u64);
        self.window.push_back(receipt);
        if receipt.scope == NOBODY {
            return;
        }
        let hash = self.hash(receipt.scope, receipt.key);
        let (window, oldest, hasher) = (&self.window, self.oldest, &self.hasher);
        self.index.insert_unique(hash, number, |known| {
            at(window, oldest, *known).map_or(0, |r| hasher.hash_one((r.scope.0, r.key.0)))
        });
    }

    pub(crate) fn digest(&self) -> Digest {
        let mut digest = DigestBuilder::new();
        for receipt in &self.window {
            digest.number(u64::from(receipt.scope.0));
            digest.bytes(&receipt.key.0);
            digest.number(receipt.sequence.0);
            digest.number(receipt.fingerprint);
            digest.number(u64::from(receipt.answered.number()));
        }
        digest.finish()
    }

    fn forget_oldest(&mut self) {
        let Some(oldest) = self.window.front() else { return };
        let hash = self.hash(oldest.scope, oldest.key);
        let number = low(self.oldest);
        if let Ok(entry) = self.index.find_entry(hash, |found| *found == number) {
            entry.remove();
        }
        self.window.pop_front();
        self.oldest += 1;
    }

    fn hash(&self, scope: Ordinal, key: Key) -> u64 {
        self.hasher.hash_one((scope.0, key.0))
    }

    fn at(&self, number: u32) -> Option<&Remembered> {
        at(&self.window, self.oldest, number)
    }
}

/// The entry with this number, known by its low 32 bits: the window is far smaller than 2^32.
fn at(window: &VecDeque<Remembered>, oldest: u64, number: u32) -> Option<&Remembered> {
    window.get(number.wrapping_sub(low(oldest)) as usize)
}

#[expect(clippy::cast_possible_truncation, reason = "the low half is what is asked for")]
fn low(number: u64) -> u32 {
    number as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receipt(n: u64) -> Remembered {
        let mut key = [0; 16];
        key[..8].copy_from_slice(&n.to_le_bytes());
        Remembered {
            scope: Ordinal(1),
            key: Key(key),
            sequence: Sequence(n),
            fingerprint: n,
            answered: Answered::New,
        }
    }

    #[test]
    fn a_users_receipts_become_nobodys_and_keep_their_places() {
        let mut receipts = Receipts::default();
        let of = |scope, n| Remembered { scope: Ordinal(scope), ..receipt(n) };
        (0..100).for_each(|n| receipts.remember(of(u32::try_from(n % 3).unwrap(), n)));
        receipts.forget(Ordinal(1), Sequence(u64::MAX), None);
        assert_eq!(receipts.len(), 100);
        assert!(receipts.iter().all(|receipt| receipt.scope != Ordinal(1)));
        assert!((0..100).all(|n| receipts.find(Ordinal(1), receipt(n).key).is_none()));
        assert_eq!(receipts.find(Ordinal(2), receipt(8).key), Some(&of(2, 8)));
        receipts.remember(of(1, 100));
        assert_eq!(receipts.find(Ordinal(1), receipt(100).key), Some(&of(1, 100)));
        let mut again = Receipts::default();
        receipts.iter().for_each(|receipt| again.remember(*receipt));
        assert_eq!(again.digest(), receipts.digest());
        (0..RECEIPTS_MAX as u64).for_each(|n| again.remember(of(7, n + 1_000)));
        assert!(again.find(Ordinal(2), receipt(8).key).is_none(), "it left the window");
    }

    #[test]
    fn the_window_slides() {
        let mut receipts = Receipts::default();
        let all = RECEIPTS_MAX as u64 + 10;
        (0..all).for_each(|n| receipts.remember(receipt(n)));
        assert_eq!(receipts.len(), RECEIPTS_MAX);
        assert!(receipts.find(Ordinal(1), receipt(9).key).is_none());
        for n in [10, 11, 77_777, all - 1] {
            assert_eq!(receipts.find(Ordinal(1), receipt(n).key), Some(&receipt(n)));
        }
        assert!(receipts.find(Ordinal(2), receipt(10).key).is_none());
    }
}
