//! Merges neighbouring view files into one, leaving out the entries that have graves; these graves
//! go with them.
//!
//! The order matters: new file, new list of graves and manifest in one step; then readers get the
//! new file; only then are the graves forgotten, so that no reader sees a dead entry alive.

use std::sync::Arc;

use super::build::{Builder, Built};
use super::gather::{Graved, Lend, Range, Row, gather};
use super::merge_arrays as arrays;
use super::plan::covers;
use super::step::{collect_graves, store};
use crate::error::{Error, Result};
use crate::ids::{Sequence, UserId};
use crate::log::view::Segments;
use crate::runs::family::Family;
use crate::runs::file::ViewFile;
use crate::runs::ids::IdFile;
use crate::runs::layout::{family, view_kind};
use crate::runs::lists;
use crate::runs::read_marks;
use crate::runs::run::Entry;
use crate::storage::catalog::Catalog;
use crate::storage::manifest::ViewEntry;
use crate::storage::{Storage, names};
use crate::views::forgotten::Forgotten;
use crate::views::responses::ListRow;
use crate::views::state::State;
use crate::views::users::Ordinal;

/// Lists of responses that are looked at under one hold of the state lock.
const DEAD_OWNERS: usize = 4_096;

/// What a merge made.
#[derive(Debug)]
pub(crate) struct Merged {
    /// The files that are replaced.
    pub(crate) inputs: Vec<ViewEntry>,
    pub(crate) built: Built,
    /// Graves that went, by family.
    pub(crate) cancelled: Graved,
}

/// Which families with graves each kind of file has.
pub(super) fn families(kind: u8) -> &'static [u8] {
    match kind {
        view_kind::OUTBOX => &[family::POSTS],
        view_kind::GRAPH => &[family::FOLLOWING, family::FOLLOWERS, family::MUTES, family::BLOCKS],
        view_kind::REQUESTS => &[family::PRIVATE, family::REQUESTS],
        view_kind::GROUPS => &[family::GROUPS, family::MEMBERS],
        view_kind::RESPONSES => &[family::RESPONSES, family::LISTS],
        view_kind::REPOSTS => &[family::REPOSTS],
        view_kind::AUDIENCES => &[family::AUDIENCES],
        view_kind::REVISIONS => &[family::REVISIONS],
        view_kind::BROADCASTS => &[family::BOARDS, family::REPLAYS],
        view_kind::MODERATION => &[family::MODERATED],
        _ => &[],
    }
}

/// Writes the file that replaces `inputs` (neighbours of one kind, oldest first) and stores the
/// manifest that lists it. The caller publishes it in the state.
pub(crate) fn merge(catalog: &Catalog, lend: Lend<'_>, inputs: Vec<ViewEntry>) -> Result<Merged> {
    let (Some(oldest), Some(newest)) = (inputs.first().copied(), inputs.last().copied()) else {
        return Ok(Merged { inputs, built: Built::default(), cancelled: Vec::new() });
    };
    let before = catalog.manifest();
    let files: Vec<Arc<ViewFile>> = inputs
        .iter()
        .map(|view| ViewFile::open(catalog.storage(), &view.name()).map(Arc::new))
        .collect::<Result<_>>()?;
    let builder =
        Builder { catalog, database: before.database, first: oldest.first, last: newest.last };
    let mut built = Built::default();
    let mut cancelled = Vec::new();
    if oldest.kind == view_kind::USERS {
        merge_users(&builder, lend, &files, &oldest, &mut built)?;
    } else if oldest.kind == view_kind::MARKS {
        arrays::marks(&builder, lend, before.covered, &files, &mut built)?;
    } else if oldest.kind == view_kind::FORGOTTEN {
        arrays::forgotten(&builder, &files, &mut built)?;
    } else if oldest.kind == view_kind::RECEIPTS {
        arrays::receipts(
            &builder,
            &files,
            &arrays::forgotten_by(lend, before.covered)?,
            &mut built,
        )?;
    } else {
        let range = ViewEntry { last: newest.last, ..oldest };
        let graves = collect_graves(lend, before.covered)?;
        cancelled = within(&graves, &range, families(oldest.kind));
        if oldest.kind == view_kind::GROUPS {
            arrays::groups(&builder, &files, &cancelled, &mut built)?;
        } else if oldest.kind == view_kind::REPOSTS {
            arrays::reposts(&builder, &files, &cancelled, &mut built)?;
        } else if oldest.kind == view_kind::AUDIENCES {
            arrays::audiences(&builder, &files, &cancelled, &mut built)?;
        } else if oldest.kind == view_kind::RESPONSES {
            let dead = dead_owners(lend, &files, before.covered)?;
            merge_responses(&builder, &files, (&cancelled, &dead), &mut built)?;
        } else if oldest.kind == view_kind::NOTICES {
            let known = arrays::forgotten_by(lend, before.covered)?;
            merge_notices(&builder, &files, &known, &mut built)?;
        } else if oldest.kind == view_kind::REVISIONS {
            arrays::revisions(&builder, &files, &cancelled, &mut built)?;
        } else if oldest.kind == view_kind::BROADCASTS {
            arrays::broadcasts(&builder, &files, &cancelled, &mut built)?;
        } else if oldest.kind == view_kind::MODERATION {
            arrays::moderation(&builder, &files, &cancelled, &mut built)?;
        } else {
            merge_families(&builder, &files, oldest.kind, &cancelled, &mut built)?;
        }
        if cancelled.iter().any(|(_, rows)| !rows.is_empty()) {
            bury_the_rest(&builder, before.covered, &graves, &cancelled, &mut built)?;
        }
    }
    let drops_graves = built.entries.iter().any(|view| view.kind == view_kind::GRAVES)
        || cancelled.iter().any(|(_, rows)| !rows.is_empty());
    store(catalog, &built, before.covered, |view| {
        inputs.contains(view) || drops_graves && view.kind == view_kind::GRAVES
    })?;
    Ok(Merged { inputs, built, cancelled })
}

/// Writes the damaged file `view` anew, and stores the manifest that lists it: graves from memory, all else
/// from the log. The damaged one is put aside. The caller publishes the new one in the state. Users are refused:
/// which numbers they have follows from all before them, so the next open makes all files anew.
pub(crate) fn repair(
    catalog: &Catalog,
    log: &Segments,
    lend: Lend<'_>,
    view: ViewEntry,
) -> Result<Merged> {
    if view.kind == view_kind::USERS {
        let what = "it is damaged, and users are not numbered anew while the database is open: restart, \
                    and all view files are made anew from the log";
        return Err(Error::corrupt(&view.name(), 0, what));
    }
    let before = catalog.manifest();
    let (first, last) = (view.first, view.last);
    let builder = Builder { catalog, database: before.database, first, last };
    let mut built = Built::default();
    if view.kind != view_kind::GRAVES {
        let after = Sequence(first.0.saturating_sub(1));
        let gathered = gather(log, lend, Range { after, last, until: before.covered })?;
        builder.view(view.kind, &gathered, &mut built)?;
    }
    // What ended up to the covered position is not in the new file: its graves go.
    let graves = collect_graves(lend, before.covered)?;
    let cancelled = within(&graves, &view, families(view.kind));
    bury_the_rest(&builder, before.covered, &graves, &cancelled, &mut built)?;
    let storage = catalog.storage();
    set_aside(storage, &view.name())?;
    store(catalog, &built, before.covered, |listed| {
        *listed == view || listed.kind == view_kind::GRAVES
    })?;
    Ok(Merged { inputs: vec![view], built, cancelled })
}

/// Keeps a damaged view file under another name.
pub(crate) fn set_aside(storage: &dyn Storage, name: &str) -> Result<()> {
    match storage.rename(name, &names::quarantined(name)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::io(format!("put {name} aside"), error))
        }
        _ => Ok(()),
    }
}

/// The graves of `families` whose entries are in the range.
fn within(graves: &Graved, range: &ViewEntry, families: &[u8]) -> Graved {
    let ours = graves.iter().filter(|(family, _)| families.contains(family));
    let in_range = |rows: &[Row]| -> Vec<Row> {
        rows.iter().copied().filter(|(_, (entry, _))| covers(range, *entry)).collect()
    };
    ours.map(|(family, rows)| (*family, in_range(rows))).collect()
}

/// Writes the graves that are left.
fn bury_the_rest(
    builder: &Builder<'_>,
    covered: Sequence,
    graves: &Graved,
    cancelled: &Graved,
    built: &mut Built,
) -> Result<()> {
    let left: Graved = graves
        .iter()
        .map(|(family, rows)| {
            let gone = of(cancelled, *family);
            let is_left = |row: &&Row| gone.binary_search_by_key(&key(row), key).is_err();
            (*family, rows.iter().filter(is_left).copied().collect())
        })
        .collect();
    // Graves are of entries of any file, not only of those that are merged.
    Builder { last: covered, ..*builder }.graves(&left, built)
}

/// The graves of a family.
pub(super) fn of(graves: &Graved, family: u8) -> &[Row] {
    let rows = graves.iter().find(|(of, _)| *of == family);
    rows.map_or(&[][..], |(_, rows)| rows.as_slice())
}

/// Graves are sorted by owner, then entry.
pub(super) fn key((owner, (entry, _)): &Row) -> (Ordinal, Sequence) {
    (*owner, *entry)
}

fn merge_families(
    builder: &Builder<'_>,
    files: &[Arc<ViewFile>],
    kind: u8,
    graves: &Graved,
    built: &mut Built,
) -> Result<()> {
    let mut inputs = Vec::new();
    for number in families(kind) {
        let opened = files.iter().map(|file| Family::open(file, *number));
        let opened: Vec<Option<Family>> = opened.collect::<Result<_>>()?;
        inputs.push((*number, opened.into_iter().flatten().collect::<Vec<_>>()));
    }
    inputs.retain(|(_, families)| !families.is_empty());
    let sources: Vec<Source<'_>> = inputs
        .iter()
        .map(|(number, families)| {
            let dead = of(graves, *number);
            Source { number: *number, families, dead, dead_owners: &[] }
        })
        .collect();
    builder.merged(kind, &sources, built)
}

/// The runs of one family in several files, and what of them is dead.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source<'a> {
    pub(crate) number: u8,
    /// Oldest first.
    families: &'a [Family],
    /// Sorted by owner and entry.
    dead: &'a [Row],
    /// Owners of which nothing holds, sorted.
    dead_owners: &'a [Ordinal],
}

impl Source<'_> {
    /// Bits that the widest payload needs.
    pub(crate) fn payload_bits(&self) -> u32 {
        self.families.iter().map(Family::payload_bits).max().unwrap_or(0)
    }

    /// Hands out each owner's entries that hold, owners ascending.
    pub(crate) fn each_run(
        &self,
        mut each: impl FnMut(Ordinal, &[Entry]) -> Result<()>,
    ) -> Result<()> {
        let mut walks: Vec<_> = self.families.iter().map(|f| (f, f.listed().peekable())).collect();
        let mut entries: Vec<Entry> = Vec::new();
        loop {
            let owners = walks.iter_mut().filter_map(|(_, walk)| walk.peek().map(|l| l.owner));
            let Some(owner) = owners.min() else { return Ok(()) };
            entries.clear();
            for (family, walk) in &mut walks {
                if let Some(listed) = walk.next_if(|listed| listed.owner == owner) {
                    for entry in family.entries(&listed)? {
                        let entry = entry?;
                        if entries.last().is_some_and(|(above, _)| entry.0 <= *above) {
                            return Err(family.damaged("the file repeats the one before"));
                        }
                        entries.push(entry);
                    }
                }
            }
            if self.dead_owners.binary_search(&owner).is_ok() {
                continue;
            }
            entries.retain(|(at, _)| !self.is_dead(owner, *at));
            each(owner, &entries)?;
        }
    }

    fn is_dead(&self, owner: Ordinal, entry: Sequence) -> bool {
        !self.dead.is_empty() && self.dead.binary_search_by_key(&(owner, entry), key).is_ok()
    }
}

/// The lists in the files that were dead at `covered`.
fn dead_owners(lend: Lend<'_>, files: &[Arc<ViewFile>], covered: Sequence) -> Result<Vec<Ordinal>> {
    let mut owners = Vec::new();
    for file in files {
        let family = Family::open(file, family::RESPONSES)?;
        owners.extend(family.iter().flat_map(|family| family.listed().map(|listed| listed.owner)));
    }
    owners.sort_unstable();
    owners.dedup();
    let mut dead = Vec::new();
    for owners in owners.chunks(DEAD_OWNERS) {
        lend(&mut |state| {
            let owners = owners.iter().copied();
            dead.extend(owners.filter(|owner| state.responses.was_dead(*owner, covered)));
        })?;
    }
    Ok(dead)
}

fn merge_responses(
    builder: &Builder<'_>,
    files: &[Arc<ViewFile>],
    (graves, dead_owners): (&Graved, &[Ordinal]),
    built: &mut Built,
) -> Result<()> {
    let mut lists: Vec<ListRow> = Vec::new();
    let mut families = Vec::new();
    for file in files {
        lists.extend(lists::read(file)?);
        families.extend(Family::open(file, family::RESPONSES)?);
    }
    // A list is known by the record that made it: no record makes two.
    let mut dead: Vec<Sequence> =
        of(graves, family::LISTS).iter().map(|(_, (made, _))| *made).collect();
    dead.sort_unstable();
    for row in &mut lists {
        if dead.binary_search(&row.made).is_ok() {
            *row = ListRow::dead(row.made);
        }
    }
    let dead = of(graves, family::RESPONSES);
    let entries = Source { number: family::RESPONSES, families: &families, dead, dead_owners };
    builder.merged_responses(&lists, &entries, built)
}

/// Nothing of it has graves; what has left all windows goes, and what users had before they were forgotten.
fn merge_notices(
    builder: &Builder<'_>,
    files: &[Arc<ViewFile>],
    known: &Forgotten,
    built: &mut Built,
) -> Result<()> {
    let (mut marks, mut families) = (Vec::new(), Vec::new());
    for file in files {
        marks.extend(read_marks::read(file, usize::MAX)?);
        families.extend(Family::open(file, family::NOTICES)?);
    }
    marks.retain(|row| known.floor(row.owner) < row.mark.at);
    read_marks::settle(&mut marks);
    let (number, families) = (family::NOTICES, &families);
    let places = Source { number, families, dead: &[], dead_owners: &[] };
    builder.merged_notices(&marks, (&places, known), built)
}

fn merge_users(
    builder: &Builder<'_>,
    lend: Lend<'_>,
    files: &[Arc<ViewFile>],
    oldest: &ViewEntry,
    built: &mut Built,
) -> Result<()> {
    let mut start = None;
    lend(&mut |state| start = state.users.start_of(oldest.first))?;
    let lost = || Error::corrupt(&oldest.name(), 0, "no open file of users has this range");
    let start = start.ok_or_else(lost)?;
    let mut ids: Vec<UserId> = Vec::new();
    let mut next = start;
    for file in files {
        let opened = IdFile::open(file, next)?;
        next = opened.end();
        ids.extend(opened.ids());
    }
    builder.users(start, &ids, built)
}

impl Merged {
    /// Readers get the new file.
    pub(crate) fn publish(&self, state: &mut State) {
        let (Some(oldest), Some(newest)) = (self.inputs.first(), self.inputs.last()) else {
            return;
        };
        let range = oldest.first..=newest.last;
        let built = &self.built;
        match oldest.kind {
            view_kind::USERS => built.users.iter().for_each(|file| state.users.replace(file)),
            view_kind::OUTBOX => state.outboxes.posts.replace(&range, built.posts.as_ref()),
            // Wholly in memory: no reader looks at the files.
            view_kind::GROUPS
            | view_kind::REPOSTS
            | view_kind::AUDIENCES
            | view_kind::MARKS
            | view_kind::REVISIONS
            | view_kind::BROADCASTS
            | view_kind::MODERATION
            | view_kind::FORGOTTEN
            | view_kind::REQUESTS
            | view_kind::GRAVES
            | view_kind::RECEIPTS => {}
            view_kind::RESPONSES => {
                state.responses.entries.replace(&range, built.responses.as_ref());
            }
            view_kind::NOTICES => {
                state.notices.places.replace(&range, built.notices.as_ref());
            }
            _ => {
                state.graph.following.replace(&range, built.following.as_ref());
                state.graph.followers.replace(&range, built.followers.as_ref());
            }
        }
    }

    /// The graves that went are forgotten; call it after [`publish`](Self::publish), in as many
    /// steps as `rows` of each family are handed in.
    pub(crate) fn forget(state: &mut State, number: u8, rows: &[Row]) {
        let graves = state.graves_mut(number);
        rows.iter().for_each(|(owner, (entry, _))| graves.forget(*owner, *entry));
    }
}
