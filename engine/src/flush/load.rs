//! From the view files that the manifest lists to the views in memory, at open.
//!
//! Of the timelines only the directories are read; users are mapped; pairs and receipts are read
//! wholly.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::ids::Sequence;
use crate::runs::audiences;
use crate::runs::broadcasts::BroadcastFile;
use crate::runs::family::{Family, Listed};
use crate::runs::file::ViewFile;
use crate::runs::forgotten;
use crate::runs::groups::GroupFile;
use crate::runs::ids::IdFile;
use crate::runs::layout::{family, view_kind};
use crate::runs::lists;
use crate::runs::marks;
use crate::runs::moderation;
use crate::runs::read_marks;
use crate::runs::reposts::RepostFile;
use crate::runs::revisions;
use crate::runs::run::Entry;
use crate::storage::Storage;
use crate::storage::manifest::{Manifest, ViewEntry};
use crate::views::graph::{Edges, Pairs};
use crate::views::graves::{Grave, Graves, holds};
use crate::views::state::State;
use crate::views::users::Ordinal;

/// The state at the covered position. Fails with `Corrupt`, naming the file, if a file is damaged,
/// missing or not the one that the manifest means.
pub(crate) fn load(storage: &dyn Storage, manifest: &Manifest) -> Result<State> {
    let mut state = State::default();
    let opened = manifest.views.iter().map(|view| Ok((view.kind, open(storage, manifest, view)?)));
    let files = Files(opened.collect::<Result<_>>()?);
    for file in files.of(view_kind::USERS) {
        let start = Ordinal(u32::try_from(state.users.len()).expect("USERS_MAX fits 32 bits"));
        state.users.load(Arc::new(IdFile::open(file, start)?));
    }
    load_timelines(&mut state, &files)?;
    // Whatever is loaded from here on asks which entries have graves.
    for file in files.of(view_kind::GRAVES) {
        load_graves(&mut state, file, manifest.covered)?;
    }
    load_rows(&mut state, &files)?;
    state.outboxes.settle_newest();
    state.activity.grow(state.users.len());
    state.frontier = manifest.covered;
    Ok(state)
}

/// The view files that the manifest names, with the views they belong to.
struct Files(Vec<(u8, Arc<ViewFile>)>);

impl Files {
    /// The files of one view, in order.
    fn of(&self, kind: u8) -> impl Iterator<Item = &Arc<ViewFile>> {
        self.0.iter().filter(move |(of, _)| *of == kind).map(|(_, file)| file)
    }
}

/// What stays in files but for its directories.
fn load_timelines(state: &mut State, files: &Files) -> Result<()> {
    let users = state.users.len();
    for file in files.of(view_kind::FORGOTTEN) {
        forgotten::read(file, users)?.into_iter().for_each(|row| state.set_forgotten(row));
    }
    let State { outboxes, graph, .. } = state;
    for file in files.of(view_kind::OUTBOX) {
        let note = |listed: &Listed| outboxes.note(listed);
        let posts = Family::open_listing(file, family::POSTS, users, note)?;
        posts.into_iter().for_each(|posts| outboxes.posts.load(posts));
    }
    for file in files.of(view_kind::GRAPH) {
        load_edges(&mut graph.following, file, users, family::FOLLOWING)?;
        load_edges(&mut graph.followers, file, users, family::FOLLOWERS)?;
    }
    for file in files.of(view_kind::RESPONSES) {
        lists::read(file)?.into_iter().for_each(|row| state.responses.load(row));
    }
    for file in files.of(view_kind::RESPONSES) {
        let lists = state.responses.lists() as usize;
        load_edges(&mut state.responses.entries, file, lists, family::RESPONSES)?;
    }
    Ok(())
}

/// What is wholly in memory, and what asks for it.
fn load_rows(state: &mut State, files: &Files) -> Result<()> {
    let users = state.users.len();
    for file in files.of(view_kind::GRAPH) {
        load_pairs(&mut state.graph.mutes, file, users, family::MUTES)?;
        load_pairs(&mut state.graph.blocks, file, users, family::BLOCKS)?;
    }
    for file in files.of(view_kind::REQUESTS) {
        load_pairs(&mut state.requests.private, file, users, family::PRIVATE)?;
        load_pairs(&mut state.requests.asked, file, users, family::REQUESTS)?;
    }
    for file in files.of(view_kind::GROUPS) {
        let GroupFile { groups, members } = GroupFile::read(file, users)?;
        groups.into_iter().for_each(|row| state.groups.load(row));
        members.into_iter().for_each(|row| state.groups.load_member(row));
    }
    load_reposts(state, files.of(view_kind::REPOSTS), users)?;
    load_audiences(state, files.of(view_kind::AUDIENCES), users)?;
    for file in files.of(view_kind::NOTICES) {
        let notices = &mut state.notices;
        let places = Family::open_listing(file, family::NOTICES, users, |run| notices.note(run))?;
        places.into_iter().for_each(|places| notices.places.load(places));
        read_marks::read(file, users)?.into_iter().for_each(|row| notices.read(row));
    }
    state.responses.settle()?;
    for file in files.of(view_kind::MARKS) {
        marks::read(file, users)?.into_iter().for_each(|row| state.mark(row));
    }
    for file in files.of(view_kind::REVISIONS) {
        let rows = revisions::read(file, users)?;
        rows.into_iter().for_each(|row| state.revisions.load(row));
    }
    for file in files.of(view_kind::BROADCASTS) {
        let BroadcastFile { places, replays } = BroadcastFile::read(file, users)?;
        places.into_iter().for_each(|row| state.broadcasts.load(row));
        replays.into_iter().for_each(|row| state.broadcasts.load_replay(row));
    }
    for file in files.of(view_kind::MODERATION) {
        let rows = moderation::read(file, users)?;
        for row in rows {
            let user = state.users.id(row.owner);
            state.moderation.load(user, row);
        }
    }
    for file in files.of(view_kind::RECEIPTS) {
        state.receipts.load(file, &state.forgotten)?;
    }
    Ok(())
}

/// Opens a file and compares it with what the manifest says of it.
pub(crate) fn open(
    storage: &dyn Storage,
    manifest: &Manifest,
    view: &ViewEntry,
) -> Result<Arc<ViewFile>> {
    let name = view.name();
    let map = storage.map(&name).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Error::corrupt(&name, 0, "the file is missing"),
        _ => Error::io(format!("open {name}"), error),
    })?;
    let file = ViewFile::load(&name, map)?;
    let header = &file.header;
    let is_meant = header.database == manifest.database
        && header.view == view.kind
        && (header.first == view.first || view.kind == view_kind::GRAVES)
        && header.last == view.last
        && file.len() == view.len;
    if !is_meant {
        return Err(Error::corrupt(&name, 0, "this is not the file that MANIFEST lists"));
    }
    Ok(Arc::new(file))
}

fn load_edges(edges: &mut Edges, file: &Arc<ViewFile>, users: usize, number: u8) -> Result<()> {
    let found = Family::open_listing(file, number, users, |listed| edges.note(listed))?;
    found.into_iter().for_each(|family| edges.load(family));
    Ok(())
}

/// Reposts, and which of their roots are gone: known once all reposts are there.
fn load_reposts<'a>(
    state: &mut State,
    files: impl Iterator<Item = &'a Arc<ViewFile>>,
    users: usize,
) -> Result<()> {
    let mut gone = Vec::new();
    for file in files {
        let found = RepostFile::read(file, users)?;
        for row in found.reposts {
            state.audiences.reposted(row.root_author, row.root_circle);
            state.reposts.load(row);
        }
        gone.extend(found.gone);
    }
    for (root, at) in gone {
        state.reposts.set_gone(root, at);
    }
    state.reposts.settle_all();
    Ok(())
}

fn load_audiences<'a>(
    state: &mut State,
    files: impl Iterator<Item = &'a Arc<ViewFile>>,
    users: usize,
) -> Result<()> {
    for file in files {
        audiences::read(file, users)?.into_iter().for_each(|row| state.audiences.load(row));
    }
    Ok(())
}

fn load_graves(state: &mut State, file: &Arc<ViewFile>, covered: Sequence) -> Result<()> {
    let users = state.users.len();
    let State { outboxes, graph, requests, groups, responses, .. } = state;
    let State { reposts, audiences, revisions, broadcasts, moderation, .. } = state;
    let lists = responses.lists() as usize;
    each_entry(file, lists, family::RESPONSES, |owner, (entry, _)| {
        responses.entries.bury(owner, Grave { entry, ended: covered });
    })?;
    each_entry(file, lists, family::LISTS, |owner, (entry, _)| {
        responses.bury(owner, Grave { entry, ended: covered });
    })?;
    each_entry(file, users, family::REPOSTS, |owner, (entry, _)| {
        reposts.graves.add(owner, Grave { entry, ended: covered });
    })?;
    each_entry(file, users, family::POSTS, |owner, (entry, _)| {
        outboxes.posts.bury(owner, Grave { entry, ended: covered });
    })?;
    for (number, edges) in
        [(family::FOLLOWING, &mut graph.following), (family::FOLLOWERS, &mut graph.followers)]
    {
        each_entry(file, users, number, |owner, (entry, _)| {
            edges.bury(owner, Grave { entry, ended: covered });
        })?;
    }
    for (number, pairs) in [
        (family::MUTES, &mut graph.mutes),
        (family::BLOCKS, &mut graph.blocks),
        (family::PRIVATE, &mut requests.private),
        (family::REQUESTS, &mut requests.asked),
    ] {
        each_entry(file, users, number, |owner, (entry, _)| {
            pairs.lists.graves.add(owner, Grave { entry, ended: covered });
        })?;
    }
    for (number, graves) in [
        (family::GROUPS, &mut groups.graves),
        (family::MEMBERS, &mut groups.member_graves),
        (family::REVISIONS, &mut revisions.graves),
        (family::BOARDS, &mut broadcasts.graves),
        (family::REPLAYS, &mut broadcasts.replay_graves),
        (family::MODERATED, &mut moderation.graves),
        (family::AUDIENCES, &mut audiences.graves),
    ] {
        each_entry(file, users, number, |owner, (entry, _)| {
            graves.add(owner, Grave { entry, ended: covered });
        })?;
    }
    Ok(())
}

/// Pairs are few and wholly in memory.
fn load_pairs(pairs: &mut Pairs, file: &Arc<ViewFile>, users: usize, number: u8) -> Result<()> {
    let graves: Graves = pairs.lists.graves.clone();
    each_entry(file, users, number, |owner, (began, other)| {
        if !holds(graves.of(owner), began) {
            pairs.add(owner, Ordinal(other), began);
        }
    })
}

fn each_entry(
    file: &Arc<ViewFile>,
    users: usize,
    number: u8,
    mut each: impl FnMut(Ordinal, Entry),
) -> Result<()> {
    let Some(found) = Family::open_listing(file, number, users, |_| {})? else { return Ok(()) };
    for listed in found.listed() {
        for entry in found.entries(&listed)? {
            each(listed.owner, entry?);
        }
    }
    Ok(())
}
