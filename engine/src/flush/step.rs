//! One flush, from a frozen state to a stored manifest.

use std::sync::Arc;

use super::build::{Builder, Built};
use super::gather::{Graved, Lend, Range, Row, gather};
use crate::delivery::rank_file;
use crate::error::{Error, Result};
use crate::ids::Sequence;
use crate::limits::RECEIPTS_MAX;
use crate::log::view::Segments;
use crate::runs::file::ViewFile;
use crate::runs::layout::{FAMILIES, section_part, view_kind};
use crate::storage::catalog::Catalog;
use crate::storage::manifest::{Manifest, ViewEntry};
use crate::storage::remove_if_present;
use crate::views::users::{Ordinal, Tail};

/// Owners whose graves are copied under one hold of the state lock.
const GRAVE_OWNERS: usize = 1_024;

/// What was set apart for a flush.
#[derive(Clone, Debug)]
pub(crate) struct Frozen {
    /// The position at which the state was frozen; the log is durable up to here.
    pub(crate) until: Sequence,
    /// The users that are in no file yet.
    pub(crate) users: Option<Arc<Tail>>,
}

/// Writes the files for what is above the covered position, up to `frozen.until`, and stores the
/// manifest that lists them. The caller publishes them in the state.
pub(crate) fn flush(
    catalog: &Catalog,
    log: &Segments,
    lend: Lend<'_>,
    frozen: &Frozen,
) -> Result<Built> {
    let before = catalog.manifest();
    let (after, until) = (before.covered, frozen.until);
    let gathered = gather(log, lend, Range { after, last: until, until })?;
    let database = before.database;
    // Before the files are listed: it knows all weights up to there.
    rank_file::write(catalog.storage(), database, lend)?;
    let builder = Builder { catalog, database, first: after.next(), last: until };
    let mut built = builder.build(&gathered, frozen.users.as_deref())?;
    let graves = collect_graves(lend, until)?;
    builder.graves(&graves, &mut built)?;
    let receipts = receipt_counts(catalog, &before, &built)?;
    store(catalog, &built, until, |view| {
        view.kind == view_kind::GRAVES || is_forgotten(view, &receipts)
    })?;
    Ok(built)
}

/// Makes the new files durable, lists them instead of the outdated ones, and removes these. Files of
/// a kind stay in the order of what they cover.
pub(crate) fn store(
    catalog: &Catalog,
    built: &Built,
    covered: Sequence,
    is_outdated: impl Fn(&ViewEntry) -> bool,
) -> Result<()> {
    let storage = catalog.storage();
    storage.sync_directory().map_err(|error| Error::io("make view files durable", error))?;
    let mut outdated = Vec::new();
    catalog.change(|manifest| {
        outdated.extend(manifest.views.iter().copied().filter(&is_outdated));
        manifest.views.retain(|view| !is_outdated(view));
        manifest.views.extend_from_slice(&built.entries);
        manifest.views.sort_by_key(|view| (view.kind, view.first));
        manifest.covered = covered;
    })?;
    for view in outdated {
        // The manifest is stored: failing now would have the caller do all of it again. A file that
        // stays is listed nowhere, and opening removes it.
        let _ = remove_if_present(storage, &view.name());
    }
    Ok(())
}

/// How many receipts each file has, newest file first.
fn receipt_counts(
    catalog: &Catalog,
    before: &Manifest,
    built: &Built,
) -> Result<Vec<(ViewEntry, u64)>> {
    let all = before.views.iter().chain(&built.entries);
    all.rev()
        .filter(|view| view.kind == view_kind::RECEIPTS)
        .map(|view| {
            let file = ViewFile::open(catalog.storage(), &view.name())?;
            let section = file.section(0, section_part::ARRAY);
            Ok((*view, section.map_or(0, |section| section.count)))
        })
        .collect()
}

/// Whether the files newer than `view` hold all receipts that are remembered.
fn is_forgotten(view: &ViewEntry, receipts: &[(ViewEntry, u64)]) -> bool {
    let newer = receipts.iter().take_while(|(newer, _)| newer != view);
    view.kind == view_kind::RECEIPTS
        && RECEIPTS_MAX as u64 <= newer.map(|(_, count)| count).sum::<u64>()
}

/// All graves made up to `until`, by family, sorted.
pub(crate) fn collect_graves(lend: Lend<'_>, until: Sequence) -> Result<Graved> {
    FAMILIES.iter().map(|number| Ok((*number, collect(lend, *number, until)?))).collect()
}

fn collect(lend: Lend<'_>, number: u8, until: Sequence) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    let mut after: Option<Ordinal> = None;
    loop {
        let before = after;
        lend(&mut |state| {
            for (owner, graves) in state.graves(number).owners_above(after, GRAVE_OWNERS) {
                let sealed = graves.iter().filter(|grave| grave.ended <= until);
                rows.extend(sealed.map(|grave| (owner, (grave.entry, 0))));
                after = Some(owner);
            }
        })?;
        if after == before {
            return Ok(rows);
        }
    }
}
