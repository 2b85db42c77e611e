//! Inboxes over an orderly stop: written at the end of it, read by the next opening, and removed then.
//!
//! It is a cache: whatever does not fit (another position, another policy, a byte that differs) is
//! ignored, and inboxes are made anew by reads. The layout is specified in `FORMAT.md`.

use std::sync::Arc;

use super::Delivery;
use super::inbox::Inbox;
use super::pace::Reads;
use super::policy::{DeliveryOptions, Policy};
use super::profile::Profile;
use super::readers::HUGE;
use super::shard::Open;
use crate::error::{Error, Result};
use crate::ids::{DatabaseId, Position, Sequence, Timestamp};
use crate::log::bytes::{Cursor, Fields, put_u16, put_u32, put_u64, put_varint};
use crate::log::layout::inboxes::{
    ACTIVE_FANS_AT, BIG_AUTHOR_AT, COUNT_AT, DATABASE_AT, EPOCH_AT, HEAD_BYTES, KIND_AT, LAST_AT,
    LISTS_AT, POLICY_AT, SPACE_AT, VERSION_AT,
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
pub(crate) fn keep(storage: &dyn Storage, delivery: &mut Delivery, kept: Kept) -> Result<()> {
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

/// Reads the inboxes and removes the file. If it is not of this position and these options, damaged, or
/// not to be read, there are no inboxes yet.
pub(crate) fn load(storage: &dyn Storage, state: &mut State, kept: Kept) {
    let Ok(found) = storage.map(names::INBOXES) else { return };
    let is_whole =
        Reader::new(&found, state, kept).is_some_and(|mut reader| reader.read().is_some());
    if is_whole {
        want_the_huge(state);
    } else {
        // Half of it may be there.
        state.restart_delivery(state.delivery.options);
    }
    drop(found);
    // One that stays is of a position that is over with the next write.
    let _ = remove_if_present(storage, names::INBOXES);
}

/// The readers of these are not known any more.
fn want_the_huge(state: &State) {
    let users = u32::try_from(state.users.len()).unwrap_or(u32::MAX);
    let followers = |user: &u32| state.graph.followers.count(Ordinal(*user));
    let huge = (0..users).filter(|user| HUGE <= followers(user));
    let mut audiences = state.delivery.audiences();
    huge.for_each(|author| audiences.want(Ordinal(author)));
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
    fn write_all(&mut self, delivery: &mut Delivery, kept: Kept) -> std::io::Result<()> {
        let lists = delivery.fans_mut().lists();
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

struct Reader<'a> {
    body: Cursor<'a>,
    inboxes: u32,
    lists: u32,
    state: &'a mut State,
    now: Timestamp,
}

impl<'a> Reader<'a> {
    /// `None` if the file is damaged or about something else.
    fn new(bytes: &'a [u8], state: &'a mut State, kept: Kept) -> Option<Self> {
        let (content, crc) = bytes.split_last_chunk::<4>()?;
        let (head, body) = content.split_at_checked(HEAD_BYTES)?;
        let fields = Fields(head);
        let delivery = &state.delivery.options;
        let wanted =
            (policy_number(delivery.policy), delivery.big_author, delivery.active_fans as u64);
        let fits = fields.array(0) == MAGIC
            && fields.u16(VERSION_AT) == FORMAT_VERSION
            && fields.u8(KIND_AT) == FILE_KIND_INBOXES
            && fields.u32(SPACE_AT) == 0
            && fields.array(DATABASE_AT) == kept.database.0
            && fields.u32(EPOCH_AT) == kept.position.epoch
            && fields.u64(LAST_AT) == kept.position.sequence.0
            && options(fields) == wanted
            && u32::from_le_bytes(*crc) == crc32fast::hash(content);
        let (inboxes, lists) = (fields.u32(COUNT_AT), fields.u32(LISTS_AT));
        let (body, now) = (Cursor::new(body), state.time);
        (fits && delivery.policy != Policy::Pull).then_some(Self {
            body,
            inboxes,
            lists,
            state,
            now,
        })
    }

    fn read(&mut self) -> Option<()> {
        let mut user = 0_u32;
        for _ in 0..self.inboxes {
            user = user.checked_add(self.body.varint_as()?)?;
            self.inbox(user)?;
        }
        for _ in 0..self.lists {
            let author = self.body.varint_as().filter(|author| self.is_user(*author))?;
            let readers = self.numbers()?;
            let readers = readers.into_iter().map(|reader| u32::try_from(reader).ok());
            let readers: Vec<u32> = readers.collect::<Option<_>>()?;
            self.state.delivery.fans_mut().restore(Ordinal(author), &readers);
        }
        self.body.is_empty().then_some(())
    }

    fn inbox(&mut self, user: u32) -> Option<()> {
        let room = self.body.varint_as()?;
        let bound = self.body.varint_as()?;
        let floor = self.body.varint()?;
        let ids = self.numbers()?.into_iter().map(|id| id.checked_add(floor).map(Sequence));
        let ids: Vec<Sequence> = ids.collect::<Option<_>>()?;
        let last = self.state.position.sequence;
        let pulled = self.numbers()?.into_iter().map(|author| u32::try_from(author).ok());
        let pulled: Vec<u32> = pulled.collect::<Option<_>>()?;
        let makes_sense = self.is_user(user)
            && pulled.iter().all(|author| self.is_user(*author))
            && ids.iter().all(|id| *id <= last)
            && floor <= last.0;
        if !makes_sense {
            return None;
        }
        let mut held = self.state.delivery.inboxes.hold(Ordinal(user));
        let inbox = Inbox::new(&mut held.shard.slab, Sequence(floor), room, &ids)?;
        held.insert(inbox, Profile::new(user, bound, pulled, Reads::begin(self.now)));
        Some(())
    }

    /// Ascending, without a number twice.
    fn numbers(&mut self) -> Option<Vec<u64>> {
        let count: u32 = self.body.varint_as()?;
        // As many as there may be: each has a byte at least.
        let mut numbers = Vec::with_capacity((count as usize).min(self.body.rest().len()));
        let mut previous = 0_u64;
        for index in 0..count {
            let distance = self.body.varint().filter(|distance| index == 0 || 0 < *distance)?;
            previous = previous.checked_add(distance)?;
            numbers.push(previous);
        }
        Some(numbers)
    }

    fn is_user(&self, ordinal: u32) -> bool {
        (ordinal as usize) < self.state.users.len()
    }
}
