//! Opening: from the files of a directory to a running engine.
//!
//! 1. Refuse a directory that is not ours, before touching anything in it.
//! 2. Recover: judge every segment, seal what was left unfinished ([`recovery`]).
//! 3. Load the views from their files; fold what of the log they do not cover.
//! 4. Write the manifest without its clean mark, begin a new segment, start the committer.
//!
//! [`recovery`]: crate::log::recovery

use std::path::Path;
use std::sync::Arc;

use crate::delivery::rank_file::Kept;
use crate::error::{Error, ErrorKind, Result};
use crate::flush::load::load;
use crate::flush::merge::set_aside;
use crate::flush::step::{Frozen, flush};
use crate::ids::{Position, Sequence};
use crate::limits::{
    BOARD_MAX, DEVICES_MAX, EPOCH_MAX, EPOCH_SKIP, GROUPS_MAX, SEGMENT_BYTES_MAX,
    SEGMENT_BYTES_MIN, SEQUENCE_MAX, TEXT_BYTES_MAX,
};
use crate::log::packed::cache::BlockCache;
use crate::log::record::{Effect, Record};
use crate::log::recovery::{Chain, Verdict};
use crate::log::seal::confirm;
use crate::log::sealed::SealedSegment;
use crate::log::view::Segments;
use crate::options::Options;
use crate::random::random_database_id;
use crate::retain::settle::settled;
use crate::storage::catalog::Catalog;
use crate::storage::disk::{DirectoryLock, DiskStorage};
use crate::storage::manifest::Manifest;
use crate::storage::unlisted::remove_unlisted;
use crate::storage::{Storage, names, remove_if_present};
use crate::views::state::State;

/// What recovery did; [`Engine::recovery`](crate::Engine::recovery) tells it.
#[derive(Clone, Debug, Default)]
pub struct Recovery {
    /// The directory was empty and a database was created in it.
    pub created: bool,
    /// The last stop was orderly.
    pub clean: bool,
    /// A torn write was cut off: file, offset and how many bytes. None of it had been promised
    /// durable, as far as the log can tell.
    pub torn: Option<(String, u64, u64)>,
    /// Acknowledged writes may be lost (weaker durability mode), so a new epoch began.
    pub new_epoch: bool,
    /// How many records were folded that no view file holds.
    pub records: u64,
    /// Why the view files were put aside and all views rebuilt from the log, if so.
    pub rebuilt: Option<Error>,
}

/// A recovered log and what it means, not yet being written.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) catalog: Catalog,
    pub(crate) sealed: Vec<Arc<SealedSegment>>,
    pub(crate) blocks: Arc<BlockCache>,
    pub(crate) state: State,
    /// The last sequence in the log.
    pub(crate) previous: Sequence,
    /// The sequence to go on at.
    pub(crate) next: Sequence,
    pub(crate) recovery: Recovery,
}

/// Opens the directory and takes its lock.
pub(crate) fn open_directory(directory: &Path) -> Result<(Arc<dyn Storage>, DirectoryLock)> {
    let storage = DiskStorage::open_or_create(directory)?;
    refuse_foreign(&storage)?;
    let lock = storage.lock()?;
    Ok((Arc::new(storage), lock))
}

/// Recovers the log in `storage` and the views.
pub(crate) fn recover(storage: &Arc<dyn Storage>, options: &Options) -> Result<Opened> {
    check_options(options)?;
    remove_leftovers(&**storage)?;
    let manifest = Manifest::load(&**storage)?;
    let segments = segments(&**storage)?;
    let chain = Chain::examine(&**storage, &segments, manifest.as_ref())?;
    let created = manifest.is_none() && chain.verdicts.is_empty();
    let mut recovery = Recovery {
        created,
        clean: manifest.as_ref().is_some_and(|manifest| manifest.clean.is_some()),
        new_epoch: chain.may_have_lost,
        ..Recovery::default()
    };
    let database = chain.database.unwrap_or_else(random_database_id);
    let epoch = chain.epoch.max(1) + u32::from(chain.may_have_lost);
    let previous = chain.last;
    let skip = if chain.may_have_lost { EPOCH_SKIP } else { 0 };
    let next = Sequence(chain.next.0 + skip);
    if SEQUENCE_MAX - EPOCH_SKIP < next.0 || EPOCH_MAX < epoch {
        let what = format!("the log is at {next} of epoch {epoch}: there are no sequences left");
        return Err(Error::new(ErrorKind::Unusable, what));
    }
    let mut manifest = manifest.unwrap_or_else(|| Manifest::new(database, epoch, next));
    (manifest.epoch, manifest.clean, manifest.floor) = (epoch, None, next);
    // An empty segment may be removed now; which one is the newest is known again when one begins.
    manifest.newest_segment = Sequence(0);
    let mut state = views(&**storage, &mut manifest, previous, &mut recovery)?;
    let ranks = Kept::read(&**storage, database);
    ranks.restore(&mut state);
    state.delivery.ranks.note_read();
    // From here on the directory is in use, and a crash is no orderly stop.
    manifest.store(&**storage)?;
    remove_unlisted(&**storage, std::slice::from_ref(&manifest))?;
    let sealed = seal_all(&**storage, chain, &mut recovery)?;
    let catalog = Catalog::new(Arc::clone(storage), manifest);
    let blocks = Arc::new(BlockCache::new(options.block_bytes()));
    let mut replay = Replay {
        catalog: &catalog,
        sealed: &sealed,
        options,
        blocks: Arc::clone(&blocks),
        state,
        has_erased: sealed.iter().any(|segment| segment.is_packed()),
    };
    recovery.records = replay.run()?;
    let mut state = replay.state;
    // Of users whom the views did not know.
    ranks.restore_tags(&mut state);
    state.position = Position { epoch, sequence: previous };
    Ok(Opened { catalog, sealed, blocks, state, previous, next, recovery })
}

/// The views as the files have them. If a file is damaged or missing, all view files are put aside
/// and the log is folded from its beginning: it has everything.
fn views(
    storage: &dyn Storage,
    manifest: &mut Manifest,
    last: Sequence,
    recovery: &mut Recovery,
) -> Result<State> {
    let known = if manifest.covered <= last {
        load(storage, manifest)
    } else {
        let (covered, end) = (manifest.covered, last);
        let what = format!("the views go up to {covered}, but the log ends at {end}");
        Err(Error::corrupt(names::MANIFEST, 0, what))
    };
    match known {
        Err(error) if error.kind() == ErrorKind::Corrupt => {
            if let Some((name, _)) = error.place().filter(|(name, _)| *name != names::MANIFEST) {
                set_aside(storage, name)?;
            }
            recovery.rebuilt = Some(error);
            manifest.views.clear();
            manifest.covered = Sequence(0);
            Ok(State::default())
        }
        other => other,
    }
}

/// Folds what of the log is not in view files, flushing now and then, so that memory stays bounded
/// however much there is.
struct Replay<'a> {
    catalog: &'a Catalog,
    sealed: &'a [Arc<SealedSegment>],
    options: &'a Options,
    blocks: Arc<BlockCache>,
    state: State,
    /// The log lacks records that once were in it; the view files may have been made before or after.
    has_erased: bool,
}

impl Replay<'_> {
    /// Answers how many records are in the state and in no file.
    fn run(&mut self) -> Result<u64> {
        let covered = self.catalog.manifest().covered;
        self.state.position.sequence = covered;
        let mut unflushed = 0;
        for segment in self.sealed {
            self.state.time = self.state.time.max(segment.last_time());
            if segment.last() <= covered {
                continue;
            }
            let mut flushed = Ok(());
            segment.each_record(|sequence, record| {
                if covered < sequence && flushed.is_ok() {
                    flushed = self.fold(sequence, record);
                    unflushed += 1;
                    if self.options.flush_records <= unflushed && flushed.is_ok() {
                        flushed = self.flush();
                        unflushed = 0;
                    }
                }
            })?;
            flushed?;
        }
        Ok(unflushed)
    }

    /// Applies a record. Of an entry that retention has dropped, nothing is left to end.
    fn fold(&mut self, sequence: Sequence, record: &Record) -> Result<()> {
        let settled = self.has_erased.then(|| settled(&self.state, record)).transpose()?.flatten();
        self.state.apply(sequence, settled.as_ref().unwrap_or(record));
        if let Effect::Delete { post, .. } = record.effect {
            // What was reposted is gone, whether or not the log still has it.
            self.state.reposts.set_gone(post, sequence);
        }
        self.state.reposts.settle();
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        let users = self.state.freeze();
        let until = self.state.position.sequence;
        let blocks = Arc::clone(&self.blocks);
        let log = Segments { sealed: self.sealed.to_vec(), buffered: Vec::new(), blocks };
        let state = &self.state;
        let lend = |look: &mut dyn FnMut(&State)| {
            look(state);
            Ok(())
        };
        let built = flush(self.catalog, &log, &lend, &Frozen { until, users })?;
        self.state.publish(&built);
        let floor = Sequence(until.0.saturating_sub(self.options.hot_records()));
        let users = u32::try_from(self.state.users.len()).unwrap_or(u32::MAX);
        self.state.trim(0..users, floor);
        self.state.trim_lists(0..self.state.responses.lists(), floor);
        Ok(())
    }
}

fn seal_all(
    storage: &dyn Storage,
    chain: Chain,
    recovery: &mut Recovery,
) -> Result<Vec<Arc<SealedSegment>>> {
    let mut sealed = Vec::with_capacity(chain.verdicts.len());
    for name in &chain.outdated {
        remove_if_present(storage, name)
            .map_err(|error| Error::io(format!("remove outdated {name}"), error))?;
    }
    // Segments are sealed one after the other: only the newest seal may be interrupted.
    let newest = chain.verdicts.iter().rev().find_map(|verdict| match verdict {
        Verdict::Sealed(segment) => Some(segment),
        Verdict::Unfinished(_) => None,
    });
    if let Some(segment) = newest.filter(|_| !recovery.clean) {
        confirm(storage, segment)?;
    }
    for verdict in chain.verdicts {
        match verdict {
            Verdict::Sealed(segment) => sealed.push(segment),
            Verdict::Unfinished(unfinished) => {
                if 0 < unfinished.torn_bytes {
                    let at = u64::from(unfinished.footer.data_end);
                    recovery.torn = Some((unfinished.name.clone(), at, unfinished.torn_bytes));
                }
                if unfinished.footer.count == 0 {
                    remove_if_present(storage, &unfinished.name)
                        .map_err(|error| Error::io("remove an empty segment", error))?;
                } else {
                    sealed.push(unfinished.seal(storage)?);
                }
            }
        }
    }
    Ok(sealed)
}

/// The first sequences of all segments, ascending.
pub(crate) fn segments(storage: &dyn Storage) -> Result<Vec<Sequence>> {
    let mut found: Vec<_> =
        list(storage)?.iter().filter_map(|name| names::parse_segment(name)).collect();
    found.sort_unstable();
    Ok(found)
}

/// Refuses a directory with files that are not ours.
pub(crate) fn refuse_foreign(storage: &dyn Storage) -> Result<()> {
    let found = list(storage)?;
    match found.iter().find(|name| !names::is_ours(name)) {
        Some(name) => {
            let directory = storage.describe();
            Err(Error::new(
                ErrorKind::Unusable,
                format!(
                    "{directory} is not a Fanfold data directory: it holds {name}; \
                     name an empty directory or one of ours"
                ),
            ))
        }
        None => Ok(()),
    }
}

/// Whether the directory holds a database at all.
pub(crate) fn holds_database(storage: &dyn Storage) -> Result<bool> {
    let is_data = |name: &String| name == names::MANIFEST || names::parse_segment(name).is_some();
    Ok(list(storage)?.iter().any(is_data))
}

fn remove_leftovers(storage: &dyn Storage) -> Result<()> {
    for name in list(storage)?.iter().filter(|name| names::is_temporary(name)) {
        remove_if_present(storage, name).map_err(|e| Error::io(format!("remove {name}"), e))?;
    }
    Ok(())
}

fn list(storage: &dyn Storage) -> Result<Vec<String>> {
    storage.list().map_err(|error| Error::io(format!("list {}", storage.describe()), error))
}

fn check_options(options: &Options) -> Result<()> {
    if !(SEGMENT_BYTES_MIN..=SEGMENT_BYTES_MAX).contains(&options.segment_bytes) {
        let asked = options.segment_bytes;
        return Err(Error::invalid(format!(
            "segment_bytes {asked} is out of range {SEGMENT_BYTES_MIN} to {SEGMENT_BYTES_MAX}"
        )));
    }
    if !(1..=BOARD_MAX).contains(&options.board_max) {
        let asked = options.board_max;
        return Err(Error::invalid(format!("board_max {asked} is out of range 1 to {BOARD_MAX}")));
    }
    if !(1..=GROUPS_MAX).contains(&options.groups_max) {
        let asked = options.groups_max;
        return Err(Error::invalid(format!(
            "groups_max {asked} is out of range 1 to {GROUPS_MAX}"
        )));
    }
    if !(1..=TEXT_BYTES_MAX).contains(&options.comment_bytes_max) {
        let asked = options.comment_bytes_max;
        return Err(Error::invalid(format!(
            "comment_bytes_max {asked} is out of range 1 to {TEXT_BYTES_MAX}"
        )));
    }
    if !(1..=DEVICES_MAX).contains(&options.devices_max) {
        let asked = options.devices_max;
        let what = format!("devices_max {asked} is out of range 1 to {DEVICES_MAX}");
        return Err(Error::invalid(what));
    }
    if options.queue_commands_max == 0 {
        return Err(Error::invalid("queue_commands_max 0 would refuse every write"));
    }
    Ok(())
}
