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

use super::users::Ordinal;
use super::{Digest, DigestBuilder};
use crate::error::Result;
use crate::ids::{Key, Sequence};
use crate::limits::RECEIPTS_MAX;
use crate::log::bytes::Fields;
use crate::runs::file::ViewFile;
use crate::runs::layout::{RECEIPT_BYTES, receipt, section_part};

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

impl Receipts {
    /// Reads the receipts of a file, oldest first.
    pub(crate) fn load(&mut self, file: &ViewFile) -> Result<()> {
        let Some(section) = file.section(0, section_part::ARRAY) else { return Ok(()) };
        for element in file.section_bytes(section)?.chunks_exact(RECEIPT_BYTES) {
            let fields = Fields(element);
            self.remember(Remembered {
                scope: Ordinal(fields.u32(receipt::SCOPE_AT)),
                key: Key(fields.array(receipt::KEY_AT)),
                sequence: Sequence(fields.u64(receipt::SEQUENCE_AT)),
                fingerprint: fields.u64(receipt::FINGERPRINT_AT),
                answered: Answered::of_number(fields.u32(receipt::ANSWERED_AT)),
            });
        }
        Ok(())
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
