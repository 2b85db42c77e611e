//! Merges view files whose rows are read as a whole: all rows of the files in their order, but for those
//! that have graves, and those that are nobody's any more.

use std::sync::Arc;

use super::build::{Builder, Built};
use super::gather::{Graved, Lend};
use super::merge::{key, of};
use crate::error::Result;
use crate::ids::Sequence;
use crate::runs::broadcasts::BroadcastFile;
use crate::runs::file::ViewFile;
use crate::runs::groups::GroupFile;
use crate::runs::layout::family;
use crate::runs::reposts::RepostFile;
use crate::runs::{audiences, forgotten, marks, moderation, revisions};
use crate::views::forgotten::Forgotten;
use crate::views::receipts;
use crate::views::users::Ordinal;

type Files = [Arc<ViewFile>];

/// Reads all files.
fn rows<Row>(
    files: &Files,
    read: impl Fn(&ViewFile, usize) -> Result<Vec<Row>>,
) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for file in files {
        rows.extend(read(file, usize::MAX)?);
    }
    Ok(rows)
}

/// Drops the rows that have graves in the family.
fn drop_dead<Row>(
    rows: &mut Vec<Row>,
    (dead, family): (&Graved, u8),
    place: impl Fn(&Row) -> (Ordinal, Sequence),
) {
    let dead = of(dead, family);
    rows.retain(|row| dead.binary_search_by_key(&place(row), key).is_err());
}

pub(super) fn groups(
    builder: &Builder<'_>,
    files: &Files,
    dead: &Graved,
    built: &mut Built,
) -> Result<()> {
    let mut merged = GroupFile::default();
    for file in files {
        let GroupFile { groups, members } = GroupFile::read(file, usize::MAX)?;
        merged.groups.extend(groups);
        merged.members.extend(members);
    }
    drop_dead(&mut merged.groups, (dead, family::GROUPS), |row| (row.owner, row.id.into()));
    drop_dead(&mut merged.members, (dead, family::MEMBERS), |row| (row.owner, row.at));
    builder.groups(&merged, built)
}

pub(super) fn reposts(
    builder: &Builder<'_>,
    files: &Files,
    dead: &Graved,
    built: &mut Built,
) -> Result<()> {
    let mut merged = RepostFile::default();
    for file in files {
        let RepostFile { reposts, gone } = RepostFile::read(file, usize::MAX)?;
        merged.reposts.extend(reposts);
        merged.gone.extend(gone);
    }
    drop_dead(&mut merged.reposts, (dead, family::REPOSTS), |row| (row.author, row.at));
    builder.reposts(&merged, built)
}

pub(super) fn audiences(
    builder: &Builder<'_>,
    files: &Files,
    dead: &Graved,
    built: &mut Built,
) -> Result<()> {
    let mut merged = rows(files, audiences::read)?;
    drop_dead(&mut merged, (dead, family::AUDIENCES), |row| (row.author, row.at));
    builder.audiences(&merged, built)
}

pub(super) fn revisions(
    builder: &Builder<'_>,
    files: &Files,
    dead: &Graved,
    built: &mut Built,
) -> Result<()> {
    let mut merged = rows(files, revisions::read)?;
    drop_dead(&mut merged, (dead, family::REVISIONS), |row| (row.owner, row.revised.at));
    builder.revisions(&merged, built)
}

pub(super) fn moderation(
    builder: &Builder<'_>,
    files: &Files,
    dead: &Graved,
    built: &mut Built,
) -> Result<()> {
    let mut merged = rows(files, moderation::read)?;
    drop_dead(&mut merged, (dead, family::MODERATED), |row| (row.owner, row.at));
    builder.moderation(&merged, built)
}

pub(super) fn broadcasts(
    builder: &Builder<'_>,
    files: &Files,
    dead: &Graved,
    built: &mut Built,
) -> Result<()> {
    let mut merged = BroadcastFile::default();
    for file in files {
        let BroadcastFile { places, replays } = BroadcastFile::read(file, usize::MAX)?;
        merged.places.extend(places);
        merged.replays.extend(replays);
    }
    drop_dead(&mut merged.places, (dead, family::BOARDS), |row| (row.owner, row.place.began));
    let replays = &mut merged.replays;
    drop_dead(replays, (dead, family::REPLAYS), |row| (row.owner, row.replay.post.into()));
    builder.broadcasts(&merged, built)
}

/// Who was forgotten at the covered position.
pub(super) fn forgotten_by(lend: Lend<'_>, covered: Sequence) -> Result<Forgotten> {
    let mut known = Forgotten::default();
    lend(&mut |state| known = state.forgotten.as_of(covered))?;
    Ok(known)
}

pub(super) fn forgotten(builder: &Builder<'_>, files: &Files, built: &mut Built) -> Result<()> {
    let mut merged = rows(files, forgotten::read)?;
    forgotten::settle(&mut merged);
    builder.forgotten(&merged, built)
}

/// Those of users who were forgotten are nobody's any more.
pub(super) fn receipts(
    builder: &Builder<'_>,
    files: &Files,
    known: &Forgotten,
    built: &mut Built,
) -> Result<()> {
    let read = |file: &ViewFile, _| receipts::read(file);
    let merged = rows(files, read)?.into_iter().map(|receipt| receipt.unless(known));
    builder.receipts(&merged.collect::<Vec<_>>(), built)
}

/// Of each device the newest mark; none of groups that ended.
pub(super) fn marks(
    builder: &Builder<'_>,
    lend: Lend<'_>,
    covered: Sequence,
    files: &Files,
    built: &mut Built,
) -> Result<()> {
    let mut merged = rows(files, marks::read)?;
    let known = forgotten_by(lend, covered)?;
    merged.retain(|row| known.floor(row.owner) < row.mark.at);
    marks::settle(&mut merged);
    lend(&mut |state| merged.retain(|row| state.may_have_mark(row.owner, row.mark.feed, covered)))?;
    builder.marks(&merged, built)
}
