//! The local log: appends groups to the active segment file.
//!
//! One write and at most one sync a group. When a group does not fit, the log rolls: the spare
//! becomes the active segment, the full one goes to the keeper to be sealed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::buffered::BufferedSegment;
use super::group::GroupBuffer;
use super::header::{SegmentHeader, WrittenWith};
use super::keeper::{Finished, Keeper, Sizes, Spare, prepare};
use super::layout::{FOOTER_BYTES, GROUP_HEADER_BYTES, SEGMENT_HEADER_BYTES};
use super::record::{Context, Record};
use super::view::Log;
use super::{CommitLog, Pace};
use crate::error::{Error, ErrorKind, Result};
use crate::ids::{DatabaseId, Sequence, Timestamp};
use crate::limits::{FIRST_SEGMENT_BYTES_MAX, GROUP_BYTES_MAX};
use crate::options::{Durability, Options};
use crate::storage::catalog::Catalog;
use crate::storage::{Storage, StoredFile, names, remove_if_present};

/// An idle log marks itself durable after this long, so that rot in its last group shows as rot.
const IDLE_MARK_AFTER: Duration = Duration::from_millis(100);

/// How long a log with nothing due may sleep.
const SLEEP_MAX: Duration = Duration::from_secs(1);

/// Which log this is and where it goes on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Start {
    pub(crate) database: DatabaseId,
    pub(crate) epoch: u32,
    /// The last sequence in the log.
    pub(crate) previous: Sequence,
    /// The first sequence to be written.
    pub(crate) first: Sequence,
    pub(crate) time: Timestamp,
}

/// What the log counts; read by anybody, written by the committer.
#[derive(Debug, Default)]
pub(crate) struct LogCounters {
    pub(crate) groups: AtomicU64,
    pub(crate) bytes: AtomicU64,
    pub(crate) syncs: AtomicU64,
    pub(crate) sync_micros: AtomicU64,
    pub(crate) sync_micros_max: AtomicU64,
}

/// The log in local files.
#[derive(Debug)]
pub(crate) struct LocalLog {
    catalog: Arc<Catalog>,
    log: Arc<Log>,
    keeper: Keeper,
    counters: Arc<LogCounters>,
    durability: Durability,
    segment_bytes: u64,
    segment_age: Duration,
    database: DatabaseId,
    epoch: u32,
    active: Active,
}

/// The segment being written.
#[derive(Debug)]
struct Active {
    file: Arc<dyn StoredFile>,
    segment: Arc<BufferedSegment>,
    capacity: u64,
    /// Where the next group goes.
    offset: u32,
    /// Up to here the file is durable.
    durable: u32,
    /// Up to here a group in the file says it is durable.
    marked: u32,
    count: u32,
    begun: Timestamp,
    last_time: Timestamp,
    synced_at: Instant,
}

impl LocalLog {
    /// Begins a new active segment at `start` and starts the keeper.
    pub(crate) fn begin(
        catalog: Arc<Catalog>,
        log: Arc<Log>,
        options: &Options,
        start: Start,
        counters: Arc<LogCounters>,
    ) -> Result<Self> {
        let len = options.segment_bytes.min(FIRST_SEGMENT_BYTES_MAX);
        let spare = prepare(catalog.storage(), len)?;
        let active = activate(catalog.storage(), spare, start, options.durability)?;
        log.begin(Arc::clone(&active.segment));
        catalog.change(|manifest| manifest.newest_segment = start.first)?;
        let sizes = Sizes { segment: options.segment_bytes, recent: options.recent_bytes() };
        let keeper = Keeper::start(Arc::clone(&catalog), Arc::clone(&log), sizes)?;
        Ok(Self {
            catalog,
            log,
            keeper,
            counters,
            durability: options.durability,
            segment_bytes: options.segment_bytes,
            segment_age: options.segment_age,
            database: start.database,
            epoch: start.epoch,
            active,
        })
    }

    /// Whether a group of `weight` bytes and `count` records, and a footer, still fit.
    fn fits(&self, weight: usize, count: usize) -> bool {
        let table = 4 * (self.active.count as usize + count);
        let end = self.active.offset as usize + GROUP_HEADER_BYTES + weight + table + FOOTER_BYTES;
        end as u64 <= self.active.capacity
    }

    /// The log must not grow any more once a segment could not be sealed.
    fn check_keeper(&self) -> Result<()> {
        self.keeper.fault().map_or(Ok(()), |fault| Err(poisoned(fault)))
    }

    fn begin_next(&mut self, time: Timestamp) -> Result<()> {
        self.check_keeper()?;
        let spare = self.keeper.take_spare().map_err(poisoned_unless_full)?;
        self.make_durable()?;
        let first = self.active.next_sequence();
        let start = Start {
            database: self.database,
            epoch: self.epoch,
            previous: Sequence(first.0 - 1),
            first,
            time,
        };
        let next =
            activate(self.catalog.storage(), spare, start, self.durability).map_err(poisoned)?;
        self.keeper.spare_used();
        self.keeper.begun(first);
        self.log.begin(Arc::clone(&next.segment));
        let full = std::mem::replace(&mut self.active, next);
        self.keeper.seal(full.finished());
        Ok(())
    }

    fn write(&mut self, group: GroupBuffer, first: Sequence, time: Timestamp) -> Result<()> {
        let active = &mut self.active;
        let count = u32::try_from(group.count()).expect("a group is bounded (limits.rs)");
        let len = u32::try_from(group.len()).expect("a group is bounded (limits.rs)");
        let salt = active.segment.header.context.salt;
        let (bytes, starts) = group.finish(first, active.durable, time, salt);
        active
            .file
            .write_at(u64::from(active.offset), &bytes)
            .map_err(|error| poisoned(Error::io(active.describe("write"), error)))?;
        let offset = active.offset;
        active.offset += len;
        active.count += count;
        active.last_time = active.last_time.max(time);
        active.marked = active.durable;
        self.counters.groups.fetch_add(1, Ordering::Relaxed);
        self.counters.bytes.fetch_add(u64::from(len), Ordering::Relaxed);
        if self.durability == Durability::Fsync && 0 < count {
            self.make_durable()?;
        }
        self.active.segment.push(offset, bytes.into(), &starts);
        Ok(())
    }

    fn make_durable(&mut self) -> Result<()> {
        let active = &mut self.active;
        if active.durable == active.offset {
            return Ok(());
        }
        let begun = Instant::now();
        active.file.sync().map_err(|error| poisoned(Error::io(active.describe("sync"), error)))?;
        active.durable = active.offset;
        active.synced_at = Instant::now();
        self.counters.synced(begun.elapsed());
        Ok(())
    }

    /// Writes an empty group that says how far the log is durable. Not synced: it only helps if it
    /// reaches the disk.
    fn mark(&mut self, now: Timestamp) -> Result<()> {
        let next = self.active.next_sequence();
        let time = now.max(self.active.last_time);
        self.write(GroupBuffer::new(), next, time)?;
        // The mark itself needs no mark.
        self.active.marked = self.active.offset;
        Ok(())
    }

    fn needs_mark(&self) -> bool {
        self.durability == Durability::Fsync
            && self.active.marked < self.active.durable
            && self.fits(0, 0)
    }

    fn sync_due_in(&self) -> Option<Duration> {
        let Durability::Interval(interval) = self.durability else { return None };
        let dirty = self.active.durable < self.active.offset;
        dirty.then(|| interval.saturating_sub(self.active.synced_at.elapsed()))
    }
}

impl CommitLog for LocalLog {
    fn append(&mut self, expected_next: Sequence, records: &[Record]) -> Result<()> {
        self.check_keeper()?;
        let next = self.active.next_sequence();
        if expected_next != next {
            return Err(Error::new(
                ErrorKind::Conflict,
                format!("the log continues at {next}, not at {expected_next}"),
            ));
        }
        let weight = records.iter().map(|record| record.effect.weight()).sum();
        let time = records.last().map_or(self.active.last_time, |record| record.time);
        if !self.fits(weight, records.len()) {
            self.begin_next(time)?;
        }
        let mut group = GroupBuffer::new();
        let context = self.active.segment.header.context;
        let mut sequence = expected_next;
        for record in records {
            group.push(record, sequence, context);
            sequence = sequence.next();
        }
        self.write(group, expected_next, time)
    }

    fn sync(&mut self) -> Result<()> {
        self.make_durable()
    }

    fn roll(&mut self, now: Timestamp) -> Result<()> {
        if self.active.count == 0 { Ok(()) } else { self.begin_next(now) }
    }

    fn group_bytes_max(&self) -> usize {
        let smallest = self.segment_bytes.min(FIRST_SEGMENT_BYTES_MAX);
        let half = usize::try_from(smallest / 2).unwrap_or(GROUP_BYTES_MAX);
        GROUP_BYTES_MAX.min(half - SEGMENT_HEADER_BYTES - FOOTER_BYTES)
    }

    fn tick(&mut self, now: Timestamp, pace: Pace) -> Result<Duration> {
        if self.sync_due_in() == Some(Duration::ZERO) {
            self.make_durable()?;
        }
        let age = Duration::from_millis(now.0.saturating_sub(self.active.begun.0));
        if 0 < self.active.count && self.segment_age <= age {
            self.begin_next(now)?;
        }
        if pace == Pace::Idle && self.needs_mark() {
            self.mark(now)?;
        }
        let mark_due_in = if self.needs_mark() { IDLE_MARK_AFTER } else { SLEEP_MAX };
        Ok(self.sync_due_in().unwrap_or(SLEEP_MAX).min(mark_due_in))
    }

    fn close(&mut self) -> Result<()> {
        self.make_durable()?;
        if 0 < self.active.count {
            self.keeper.seal(self.active.finished());
        }
        self.keeper.stop()?;
        let failed = |error| Error::io("tidy up the log", error);
        if self.active.count == 0 {
            // Before it goes: a manifest that names it would call it missing.
            self.catalog.change(|manifest| manifest.newest_segment = Sequence(0))?;
            remove_if_present(self.catalog.storage(), &self.active.segment.name).map_err(failed)?;
        }
        remove_if_present(self.catalog.storage(), names::SPARE).map_err(failed)?;
        self.catalog.reserve().give_up().map_err(failed)?;
        self.catalog.storage().sync_directory().map_err(failed)
    }
}

impl LogCounters {
    fn synced(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.syncs.fetch_add(1, Ordering::Relaxed);
        self.sync_micros.fetch_add(micros, Ordering::Relaxed);
        self.sync_micros_max.fetch_max(micros, Ordering::Relaxed);
    }
}

impl Active {
    fn next_sequence(&self) -> Sequence {
        Sequence(self.segment.first().0 + u64::from(self.count))
    }

    fn finished(&self) -> Finished {
        Finished {
            segment: Arc::clone(&self.segment),
            data_end: self.offset,
            last_time: self.last_time,
        }
    }

    fn describe(&self, verb: &str) -> String {
        format!("{verb} {} at offset {}", self.segment.name, self.offset)
    }
}

/// Turns `spare` into the active segment that begins at `start`. The header is durable before the
/// file gets its name, so a file with a segment's name always has a whole header.
fn activate(
    storage: &dyn Storage,
    spare: Spare,
    start: Start,
    durability: Durability,
) -> Result<Active> {
    let header = SegmentHeader {
        written_with: match durability {
            Durability::Fsync => WrittenWith::Fsync,
            Durability::Interval(_) => WrittenWith::Interval,
            Durability::Os => WrittenWith::Os,
        },
        database: start.database,
        epoch: start.epoch,
        first: start.first,
        previous: start.previous,
        context: Context { salt: crate::random::random_u64(), base_time: start.time },
        made_len: spare.len,
        is_packed: false,
        last: Sequence(0),
    };
    let name = names::segment(start.first);
    let failed = |error| Error::io(format!("begin {name}"), error);
    spare.file.write_at(0, &header.encode()).map_err(failed)?;
    spare.file.sync().map_err(failed)?;
    storage.rename(names::SPARE, &name).map_err(failed)?;
    storage.sync_directory().map_err(failed)?;
    let data = u32::try_from(SEGMENT_HEADER_BYTES).expect("a header is one page");
    Ok(Active {
        file: spare.file,
        segment: Arc::new(BufferedSegment::new(name, header)),
        capacity: spare.len,
        offset: data,
        durable: data,
        marked: data,
        count: 0,
        begun: start.time,
        last_time: start.time,
        synced_at: Instant::now(),
    })
}

/// A full disk is waited for; a spare that cannot be written for another reason is a failed write.
fn poisoned_unless_full(error: Error) -> Error {
    if error.kind() == ErrorKind::StorageFull { error } else { poisoned(error) }
}

/// After a failed write or sync nobody knows what the disk holds: no more writes.
fn poisoned(error: Error) -> Error {
    Error::new(
        ErrorKind::Unavailable,
        format!("no more writes are taken: {error}; reads go on; restart to recover"),
    )
    .because(error)
}
