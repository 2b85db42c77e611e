//! Inboxes over an orderly stop: written at the end of it, taken by the next opening ([`thaw`](super::thaw)
//! says how they come back), and removed then.
//!
//! It is a cache: whatever does not fit (another position, another policy, a byte that differs) is
//! ignored, and inboxes are made anew by reads. The layout is specified in `FORMAT.md`.

use std::sync::Arc;

use super::Delivery;
use super::policy::{DeliveryOptions, Policy};
use super::shard::Open;
use super::thaw::Thaw;
use crate::error::{Error, Result};
use crate::ids::{DatabaseId, Position, Sequence};
use crate::log::bytes::{Fields, put_u16, put_u32, put_u64, put_varint};
use crate::log::layout::inboxes::{
    ACTIVE_FANS_AT, BIG_AUTHOR_AT, DATABASE_AT, EPOCH_AT, HEAD_BYTES, KIND_AT, LAST_AT, POLICY_AT,
    SPACE_AT, VERSION_AT,
};
use crate::log::layout::{FILE_KIND_INBOXES, FORMAT_VERSION, MAGIC};
use crate::storage::{Storage, StoredFile, names, remove_if_present};
use crate::views::state::State;
use crate::views::users::Ordinal;

/// Bytes that are written at a time.
const WRITE_BYTES: usize = 1024 * 1024;

/// What the file is about: all of it has to agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) database: DatabaseId,
    pub(crate) position: Position,
}

/// Writes the inboxes, unless there are none or something is on its way into them.
pub(crate) fn keep(storage: &dyn Storage, delivery: &Delivery, kept: Kept) -> Result<()> {
    if delivery.inboxes.count() == 0 || delivery.is_flying() || !delivery.deleted.is_empty() {
        return Ok(());
    }
    let failed = |error| Error::io(format!("write {}", names::INBOXES), error);
    let temporary = names::temporary(names::INBOXES);
    remove_if_present(storage, &temporary).map_err(failed)?;
    let file = storage.create(&temporary).map_err(failed)?;
    let mut writer =
        Writer { file, pending: Vec::new(), written: 0, crc: crc32fast::Hasher::new() };
    writer.write_all(delivery, kept).map_err(failed)?;
    storage.rename(&temporary, names::INBOXES).map_err(failed)?;
    storage.sync_directory().map_err(failed)
}

/// Takes the file and removes it; what is in it comes back while the engine serves already. If it is not
/// of this position and these options, or not to be read, there are no inboxes yet.
pub(crate) fn load(storage: &dyn Storage, state: &mut State, kept: Kept) {
    let Ok(found) = storage.map(names::INBOXES) else { return };
    if fits(&found, &state.delivery.options, kept) {
        state.begin_thaw(Thaw::new(found, state));
    }
    // One that stays is of a position that is over with the next write.
    let _ = remove_if_present(storage, names::INBOXES);
}

/// Whether the file is about this database, at this position, under these options. Its checksum is looked
/// at later.
fn fits(file: &[u8], delivery: &DeliveryOptions, kept: Kept) -> bool {
    let Some(head) = file.get(..HEAD_BYTES).map(Fields) else { return false };
    let wanted = (policy_number(delivery.policy), delivery.big_author, delivery.active_fans as u64);
    head.array(0) == MAGIC
        && head.u16(VERSION_AT) == FORMAT_VERSION
        && head.u8(KIND_AT) == FILE_KIND_INBOXES
        && head.u32(SPACE_AT) == 0
        && head.array(DATABASE_AT) == kept.database.0
        && head.u32(EPOCH_AT) == kept.position.epoch
        && head.u64(LAST_AT) == kept.position.sequence.0
        && options(head) == wanted
        && delivery.policy != Policy::Pull
}

/// Whether a file of these options serves under those: levels and lists have to mean the same.
fn options(head: Fields<'_>) -> (u8, u32, u64) {
    (head.u8(POLICY_AT), head.u32(BIG_AUTHOR_AT), head.u64(ACTIVE_FANS_AT))
}

fn policy_number(policy: Policy) -> u8 {
    let number = Policy::ALL.iter().position(|known| *known == policy).unwrap_or(0);
    u8::try_from(number).unwrap_or(u8::MAX)
}

struct Writer {
    file: Arc<dyn StoredFile>,
    pending: Vec<u8>,
    written: u64,
    crc: crc32fast::Hasher,
}

impl Writer {
    fn write_all(&mut self, delivery: &Delivery, kept: Kept) -> std::io::Result<()> {
        let lists = delivery.fans().lists();
        let mut users = delivery.inboxes.users();
        users.sort_unstable();
        self.head(&delivery.options, kept, (users.len(), lists.len()));
        let mut previous = 0;
        for user in users {
            if let Some(open) = delivery.inboxes.hold(Ordinal(user)).open() {
                put_varint(&mut self.pending, u64::from(user - previous));
                previous = user;
                self.inbox(&open, &open.inbox.ids(open.slab));
            }
            self.flush(WRITE_BYTES)?;
        }
        for (author, mut readers) in lists {
            readers.sort_unstable();
            put_varint(&mut self.pending, u64::from(author));
            self.numbers(readers.into_iter().map(u64::from));
            self.flush(WRITE_BYTES)?;
        }
        self.flush(0)?;
        let crc = self.crc.clone().finalize();
        self.file.write_at(self.written, &crc.to_le_bytes())?;
        self.file.sync()
    }

    fn head(&mut self, options: &DeliveryOptions, kept: Kept, (inboxes, lists): (usize, usize)) {
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let out = &mut self.pending;
        out.extend_from_slice(&MAGIC);
        put_u16(out, FORMAT_VERSION);
        out.push(FILE_KIND_INBOXES);
        out.push(policy_number(options.policy));
        put_u32(out, 0);
        out.extend_from_slice(&kept.database.0);
        put_u32(out, kept.position.epoch);
        put_u32(out, options.big_author);
        put_u64(out, kept.position.sequence.0);
        put_u64(out, options.active_fans as u64);
        put_u32(out, count(inboxes));
        put_u32(out, count(lists));
    }

    fn inbox(&mut self, Open { inbox, profile, .. }: &Open<'_>, ids: &[Sequence]) {
        put_varint(&mut self.pending, u64::from(inbox.room));
        put_varint(&mut self.pending, u64::from(profile.bound));
        put_varint(&mut self.pending, inbox.floor().0);
        self.numbers(ids.iter().map(|id| id.0 - inbox.floor().0));
        self.numbers(profile.pulled.iter().copied().map(u64::from));
    }

    /// A count, then ascending numbers, each as its distance from the one before.
    fn numbers(&mut self, numbers: impl ExactSizeIterator<Item = u64>) {
        put_varint(&mut self.pending, numbers.len() as u64);
        let mut previous = 0;
        for number in numbers {
            put_varint(&mut self.pending, number - previous);
            previous = number;
        }
    }

    fn flush(&mut self, most: usize) -> std::io::Result<()> {
        if most < self.pending.len() {
            self.crc.update(&self.pending);
            self.file.write_at(self.written, &self.pending)?;
            self.written += self.pending.len() as u64;
            self.pending.clear();
        }
        Ok(())
    }
}
