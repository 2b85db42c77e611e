//! The bytes of one file, twice: as programs see them and as the disk has them.
//!
//! ```text
//! write -> seen, dirty        sync -> kept        failed sync -> dirty no more, kept unchanged
//!                             power cut -> kept, and of the dirty sectors what a survival says
//! ```
//!
//! Invariant: outside of the dirty and the lost ranges, and of a length that was not synced,
//! `seen` equals `kept`.

use std::ops::Range;

use super::survival::Survival;

/// The smallest piece that a disk writes as a whole.
pub(super) const SECTOR: usize = 512;

/// What the page cache writes at once.
pub(super) const PAGE: usize = 4_096;

/// See the module.
#[derive(Clone, Debug, Default)]
pub(super) struct Content {
    seen: Vec<u8>,
    kept: Vec<u8>,
    /// Written and not synced, in the order of the writes.
    dirty: Vec<Range<usize>>,
    /// A sync of these failed: they are read, and no sync will write them any more.
    lost: Vec<Range<usize>>,
}

impl Content {
    /// A file that is wholly on the disk.
    pub(super) fn kept(bytes: Vec<u8>) -> Self {
        Self { seen: bytes.clone(), kept: bytes, ..Self::default() }
    }

    /// The length that programs see.
    pub(super) fn len(&self) -> usize {
        self.seen.len()
    }

    /// What programs read; less at the end of the file.
    pub(super) fn read(&self, offset: usize, len: usize) -> &[u8] {
        let end = offset.saturating_add(len).min(self.seen.len());
        self.seen.get(offset..end).unwrap_or_default()
    }

    pub(super) fn write(&mut self, offset: usize, bytes: &[u8]) {
        let end = offset + bytes.len();
        if self.seen.len() < offset {
            self.resize(offset);
        }
        self.seen.resize(self.seen.len().max(end), 0);
        if let Some(place) = self.seen.get_mut(offset..end) {
            place.copy_from_slice(bytes);
        }
        match self.dirty.last_mut().filter(|last| last.end == offset) {
            Some(last) => last.end = end,
            None => self.dirty.push(offset..end),
        }
    }

    /// Cuts, or extends with zeros.
    pub(super) fn resize(&mut self, len: usize) {
        let before = self.seen.len();
        self.seen.resize(len, 0);
        if before < len {
            self.dirty.push(before..len);
        }
    }

    /// Bytes of writes that no sync has covered.
    pub(super) fn unsynced(&self) -> usize {
        self.dirty.iter().map(|range| clipped(range, self.seen.len()).len()).sum()
    }

    /// The disk has it all now, but for what an earlier sync lost.
    pub(super) fn sync(&mut self) {
        self.kept.resize(self.seen.len(), 0);
        for range in std::mem::take(&mut self.dirty) {
            copy(&self.seen, &mut self.kept, range);
        }
    }

    /// A sync fails as it does on Linux: the pages count as clean, the disk does not have them.
    pub(super) fn lose(&mut self) {
        self.lost.append(&mut self.dirty);
    }

    /// The system drops what it has cached: what a failed sync lost is not seen any more.
    pub(super) fn forget_lost(&mut self) {
        for range in std::mem::take(&mut self.lost) {
            let range = clipped(&range, self.seen.len());
            let there = clipped(&range, self.kept.len());
            let missing = there.end.max(range.start)..range.end;
            copy(&self.kept, &mut self.seen, there);
            if let Some(place) = self.seen.get_mut(missing) {
                place.fill(0);
            }
        }
    }

    /// What a power cut leaves. Each dirty sector or page survives alone, so that the tail of a
    /// write can be there without its beginning.
    pub(super) fn cut(mut self, survival: &mut Survival) -> Vec<u8> {
        let len = survival.length(self.kept.len(), self.seen.len());
        self.kept.resize(len, 0);
        for range in std::mem::take(&mut self.dirty) {
            for piece in pieces(range, survival.piece()) {
                if survival.survives() {
                    copy(&self.seen, &mut self.kept, piece);
                }
            }
        }
        self.kept
    }
}

/// Copies a range, as far as both have it.
fn copy(from: &[u8], to: &mut [u8], range: Range<usize>) {
    let range = clipped(&range, from.len().min(to.len()));
    if let (Some(from), Some(to)) = (from.get(range.clone()), to.get_mut(range)) {
        to.copy_from_slice(from);
    }
}

fn clipped(range: &Range<usize>, len: usize) -> Range<usize> {
    range.start.min(len)..range.end.min(len)
}

/// Cuts a range at all multiples of `size`.
fn pieces(range: Range<usize>, size: usize) -> impl Iterator<Item = Range<usize>> {
    let mut start = range.start;
    std::iter::from_fn(move || {
        let end = (start / size * size + size).min(range.end);
        let piece = start..end;
        start = end;
        (!piece.is_empty()).then_some(piece)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::power::survival::Kind;

    fn left(content: Content, kind: Kind) -> Vec<u8> {
        content.cut(&mut Survival::of(kind, 7))
    }

    #[test]
    fn only_a_sync_survives_the_worst_cut() {
        let mut content = Content::default();
        content.write(0, b"synced");
        content.sync();
        content.write(6, b" and not");
        content.write(0, b"S");
        assert_eq!(content.read(0, 99), b"Synced and not");
        assert_eq!(content.unsynced(), 9);
        assert_eq!(left(content.clone(), Kind::Nothing), b"synced");
        assert_eq!(left(content, Kind::Everything), b"Synced and not");
    }

    #[test]
    fn sectors_survive_one_by_one() {
        let mut content = Content::kept(vec![0; 64 * SECTOR]);
        content.write(0, &[1; 64 * SECTOR]);
        let left = left(content, Kind::Sectors);
        let whole = left.chunks(SECTOR).all(|sector| sector.iter().all(|byte| *byte == sector[0]));
        let survived = left.chunks(SECTOR).filter(|sector| sector[0] == 1).count();
        assert!(whole && (1..64).contains(&survived), "{survived}");
    }

    #[test]
    fn a_failed_sync_is_seen_until_the_cache_goes() {
        let mut content = Content::kept(b"old".to_vec());
        content.write(0, b"new!");
        content.lose();
        content.sync();
        assert_eq!(content.read(0, 9), b"new!");
        content.forget_lost();
        assert_eq!(content.read(0, 9), b"old\0");
    }

    #[test]
    fn what_was_cut_off_may_come_back_until_it_is_synced() {
        let mut content = Content::kept(b"long".to_vec());
        content.resize(0);
        content.write(0, b"x");
        assert_eq!(left(content.clone(), Kind::Nothing), b"long");
        content.sync();
        assert_eq!(left(content, Kind::Nothing), b"x");
    }

    #[test]
    fn pieces_end_at_multiples() {
        let cut: Vec<_> = pieces(500..1_100, SECTOR).collect();
        assert_eq!(cut, [500..512, 512..1_024, 1_024..1_100]);
        assert_eq!(pieces(5..5, SECTOR).count(), 0);
    }
}
