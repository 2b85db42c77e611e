//! Repair: salvages what is provably good of a damaged directory, and lists what is not.
//!
//! A record is provably good if its own checksum holds at its own place. Every damaged segment is
//! put aside as `*.damaged` and replaced by a packed one of its good records; what is lost becomes a
//! declared hole. The views are rebuilt from what is left. Acknowledged writes are gone, so an epoch
//! begins, 2^32 sequences above.
//!
//! The order makes it safe to interrupt: each replacement is whole before a rename puts it in place,
//! and a repair that is run again goes on with what is still damaged.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use crate::check::{CheckReport, check_storage};
use crate::command::NewPost;
use crate::error::{Error, ErrorKind, Result};
use crate::group_name::GroupName;
use crate::ids::{BroadcastId, DatabaseId, GroupId, PostId, Sequence, UserId};
use crate::limits::EPOCH_SKIP;
use crate::log::befriend_effect::{BefriendEffect, Said};
use crate::log::broadcast_effect::{BroadcastAct, BroadcastEffect};
use crate::log::group_effect::{GroupAct, GroupEffect};
use crate::log::header::{SegmentHeader, WrittenWith};
use crate::log::moderation_effect::{ModerationAct, ModerationEffect};
use crate::log::packed::writer::PackedWriter;
use crate::log::record::{Began, Context, Effect, Record};
use crate::log::recovery::{Place, Verdict, judge};
use crate::log::request_effect::{RequestAct, RequestEffect};
use crate::log::response_effect::{ResponseAct, ResponseEffect};
use crate::log::salvage::salvage;
use crate::open::{holds_database, refuse_foreign, segments};
use crate::random::{random_database_id, random_u64};
use crate::repost::Repost;
use crate::storage::disk::DiskStorage;
use crate::storage::manifest::Manifest;
use crate::storage::{Storage, names, remove_if_present};

/// What a repair did.
#[derive(Debug, Default)]
pub struct Repaired {
    /// What was damaged.
    pub before: CheckReport,
    /// Records that were kept of damaged segments.
    pub salvaged: u64,
    /// Sequences that are lost: first and last of each gap.
    pub lost: Vec<(Sequence, Sequence)>,
    /// Files that were put aside.
    pub set_aside: Vec<String>,
}

/// One segment as repair finds it.
struct Found {
    first: Sequence,
    header: Option<SegmentHeader>,
    records: Vec<(Sequence, Record)>,
    is_damaged: bool,
    /// The last sequence that the segment stands for, as far as anybody knows.
    last: Sequence,
}

/// Repairs `directory`, which nobody uses.
///
/// Does nothing if nothing is damaged. Fails if the directory is in use (naming the holder), is not
/// ours, or cannot be written.
pub fn repair(directory: impl AsRef<Path>) -> Result<Repaired> {
    let storage = DiskStorage::open_existing(directory.as_ref())?;
    refuse_foreign(&storage)?;
    if !holds_database(&storage)? {
        let what = format!("{} holds no Fanfold database", storage.describe());
        return Err(Error::new(ErrorKind::Unusable, what));
    }
    let _lock = storage.lock()?;
    repair_storage(&storage)
}

/// [`repair`] on any storage that nobody uses.
pub fn repair_storage(storage: &dyn Storage) -> Result<Repaired> {
    let before = check_storage(storage)?;
    if before.is_clean() {
        return Ok(Repaired { before, ..Repaired::default() });
    }
    let mut done = Repaired { before, ..Repaired::default() };
    let manifest = Manifest::load(storage).ok().flatten();
    let found = find(storage, end(manifest.as_ref()))?;
    let known = found.iter().find_map(|found| found.header.map(|header| header.database));
    let database = known.or_else(|| manifest.as_ref().map(|manifest| manifest.database));
    let database = database.unwrap_or_else(random_database_id);
    let epoch = found.iter().filter_map(|found| found.header.map(|header| header.epoch)).max();
    let epoch = epoch.unwrap_or(1).max(manifest.as_ref().map_or(1, |manifest| manifest.epoch));
    let floor = manifest.as_ref().map_or(Sequence(0), |manifest| manifest.floor);
    let last = found.iter().map(|found| found.last).max().unwrap_or_default().max(floor);
    // Once records are gone, the view files say more than the log: they go first.
    let fresh = Manifest {
        epoch: epoch + 1,
        clean: None,
        floor: Sequence(last.0 + EPOCH_SKIP),
        newest_segment: Sequence(0),
        covered: Sequence(0),
        erased: Sequence(0),
        revised: Sequence(0),
        views: Vec::new(),
        ..manifest.unwrap_or_else(|| Manifest::new(database, epoch, last.next()))
    };
    fresh.store(storage)?;
    let amended = amendments(&found);
    let work = Work { storage, database, epoch, amended };
    let mut previous = Sequence(0);
    for segment in &found {
        let is_linked = segment.header.is_some_and(|header| header.previous == previous);
        let is_amended = segment.records.iter().any(|(at, _)| work.amended.contains_key(at));
        if segment.is_damaged || !is_linked || is_amended {
            work.rebuild(segment, previous, &mut done)?;
        }
        previous = segment.last;
    }
    Ok(done)
}

/// How far the log is known to have gone, if its last segment cannot say.
fn end(manifest: Option<&Manifest>) -> Sequence {
    let Some(manifest) = manifest else { return Sequence(0) };
    let given_out = Sequence(manifest.floor.0.saturating_sub(1));
    manifest.clean.unwrap_or(manifest.covered).max(given_out.min(manifest.newest_segment))
}

/// Reads all segments, whatever is left of them.
fn find(storage: &dyn Storage, end: Sequence) -> Result<Vec<Found>> {
    let firsts = segments(storage)?;
    let mut found = Vec::with_capacity(firsts.len());
    for (index, first) in firsts.iter().enumerate() {
        let next = firsts.get(index + 1).copied();
        found.push(look(storage, *first, Place { next, clean: false }, end)?);
    }
    Ok(found)
}

fn look(storage: &dyn Storage, first: Sequence, place: Place, end: Sequence) -> Result<Found> {
    let name = names::segment(first);
    let mut records = Vec::new();
    let sound = judge(storage, &name, place).and_then(|verdict| {
        let header = *verdict.header();
        let sealed = match &verdict {
            Verdict::Sealed(segment) => Arc::clone(segment),
            Verdict::Unfinished(unfinished) if unfinished.footer.count == 0 => {
                return Ok((header, Sequence(first.0.saturating_sub(1))));
            }
            Verdict::Unfinished(unfinished) => unfinished.seal(storage)?,
        };
        sealed.each_record(|sequence, record| records.push((sequence, record.clone())))?;
        Ok((header, sealed.last()))
    });
    match sound {
        Ok((header, last)) => {
            let header = Some(header);
            Ok(Found { first, header, records, is_damaged: false, last })
        }
        Err(error) if matches!(error.kind(), ErrorKind::Corrupt | ErrorKind::Unusable) => {
            let file = storage.open(&name).and_then(|file| file.read_from_disk());
            let bytes = file.map_err(|error| Error::io(format!("read {name}"), error))?;
            let (header, records) = salvage(&name, bytes.into());
            let reached = records.last().map_or(first, |(sequence, _)| *sequence);
            let before_next = place.next.map(|next| Sequence(next.0 - 1));
            let declared = header.map_or(Sequence(0), |header| header.last);
            let last = before_next.unwrap_or_else(|| reached.max(declared).max(end));
            Ok(Found { first, header, records, is_damaged: true, last })
        }
        Err(error) => Err(error),
    }
}

/// Records that need another form now that others are lost; `None`: they go.
///
/// * What begins a second time stood already: the record that ended it is lost. The later one counts.
/// * What ends names when it began: if that is lost and an earlier one stands, that one ends.
/// * Of a repost whose original is lost nothing is left if it is bare; a quote is a post of its own.
fn amendments(found: &[Found]) -> Amendments {
    let mut standing = Standing::default();
    let mut amended = Amendments::new();
    for (sequence, record) in found.iter().flat_map(|found| &found.records) {
        let mut effect = record.effect.clone();
        match &mut effect {
            Effect::Follow { .. }
            | Effect::Unfollow { .. }
            | Effect::Befriend(_)
            | Effect::Private { .. }
            | Effect::Request(_)
            | Effect::Mute { .. }
            | Effect::Unmute { .. }
            | Effect::Block { .. }
            | Effect::Unblock { .. } => {
                standing.tie((*sequence, record), &mut effect, &mut amended)
            }
            Effect::Group(group) => standing.group(group, *sequence, &mut amended),
            Effect::Response(response) => standing.response(response, *sequence, &mut amended),
            Effect::Publish(post) => standing.publish(post, *sequence, &mut amended),
            Effect::Emptied(emptied) => {
                standing.posts.insert((*sequence).into());
                standing.forget_lost(&mut emptied.repost);
            }
            Effect::Unrepost { user, root, began, .. } => {
                *began = standing.bare.remove(&(*root, *user))
            }
            Effect::Retired(retired) if retired.is_post => {
                standing.posts.insert((*sequence).into());
            }
            Effect::Revise(revise) => {
                standing.forget_lost(&mut revise.repost);
                let before = standing.revisions.insert(revise.post, *sequence);
                revise.before = before.unwrap_or_else(|| revise.post.into());
            }
            Effect::Delete { post, revised, hidden, .. } => {
                *revised = standing.revisions.remove(post);
                *hidden = standing.moderated.remove(&Moderated::Post(*post));
                standing.bare.retain(|_, bare| *bare != Sequence::from(*post));
            }
            Effect::Broadcast(effect) => {
                standing.posts.extend(effect.replay().map(|_| PostId::from(*sequence)));
                standing.broadcast(effect, *sequence, &mut amended);
            }
            Effect::Moderation(effect) => standing.moderation(effect, *sequence, &mut amended),
            Effect::Weigh { .. }
            | Effect::NoticesRead(_)
            | Effect::Mark(_)
            | Effect::Forget(_)
            | Effect::Retired(_) => {}
        }
        if effect != record.effect && !amended.contains_key(sequence) {
            amended.insert(*sequence, Some(Record { effect, ..record.clone() }));
        }
    }
    amended
}

type Amendments = BTreeMap<Sequence, Option<Record>>;

const FOLLOW: u8 = 0;
const MUTE: u8 = 1;
const BLOCK: u8 = 2;
const PRIVATE: u8 = 3;
/// By who asks.
const REQUEST: u8 = 4;

/// Who or what is moderated.
#[derive(PartialEq, Eq, Hash)]
enum Moderated {
    User(UserId),
    Post(PostId),
}

/// Edges that stand, by kind and users, and when they began.
#[derive(Default)]
struct Standing {
    edges: HashMap<(u8, UserId, UserId), Sequence>,
    /// Records with which several follows began, as far as these stand.
    befriended: HashMap<Sequence, Record>,
    groups: HashMap<(UserId, GroupName), Sequence>,
    members: HashMap<(GroupId, UserId), Sequence>,
    reactions: HashMap<(PostId, u8, UserId), Sequence>,
    /// The newest revision of each post.
    revisions: HashMap<PostId, Sequence>,
    places: HashMap<BroadcastId, Sequence>,
    moderated: HashMap<Moderated, Sequence>,
    /// All posts, deleted ones too.
    posts: HashSet<PostId>,
    /// Bare reposts, by root and user.
    bare: HashMap<(PostId, UserId), Sequence>,
}

/// What is left of the record without the follow by `user`: nothing if there is no other.
fn without(record: &mut Record, user: UserId) -> Option<Record> {
    let Effect::Befriend(befriend) = &mut record.effect else { return None };
    let half = if befriend.user == user { &mut befriend.forth } else { &mut befriend.back };
    half.is_new = false;
    let is_left = befriend.begun().next().is_some();
    is_left.then(|| record.clone())
}

impl Standing {
    fn begin(
        &mut self,
        kind: u8,
        (from, to): (UserId, UserId),
        at: Sequence,
        amended: &mut Amendments,
    ) {
        if let Some(before) = self.edges.insert((kind, from, to), at) {
            let left = self.befriended.get_mut(&before).map(|record| without(record, from));
            amended.insert(before, left.flatten());
        }
    }

    /// What begins or ends between users, and who is private.
    fn tie(
        &mut self,
        (sequence, record): (Sequence, &Record),
        effect: &mut Effect,
        amended: &mut Amendments,
    ) {
        match effect {
            Effect::Follow { user, author, .. } => {
                self.begin(FOLLOW, (*user, *author), sequence, amended);
            }
            Effect::Mute { user, author } => {
                self.begin(MUTE, (*user, *author), sequence, amended);
            }
            Effect::Befriend(befriend) => {
                self.befriend((sequence, record), befriend, amended);
            }
            Effect::Private { user, is_on: true, .. } => {
                self.begin(PRIVATE, (*user, *user), sequence, amended);
            }
            Effect::Private { user, began, .. } => *began = self.end(PRIVATE, (*user, *user)),
            Effect::Request(request) => self.request(request, sequence, amended),
            Effect::Block { user, other, forth, back, requests } => {
                *requests =
                    [self.end(REQUEST, (*user, *other)), self.end(REQUEST, (*other, *user))];
                *forth = self.end(FOLLOW, (*user, *other));
                *back = self.end(FOLLOW, (*other, *user));
                self.begin(BLOCK, (*user, *other), sequence, amended);
            }
            Effect::Unfollow { user, author, began } => {
                *began = self.end(FOLLOW, (*user, *author));
            }
            Effect::Unmute { user, author, began } => {
                *began = self.end(MUTE, (*user, *author));
            }
            Effect::Unblock { user, other, began } => {
                *began = self.end(BLOCK, (*user, *other));
            }
            _ => {}
        }
    }

    /// Follows begin in one record, and requests end.
    fn befriend(
        &mut self,
        (at, record): (Sequence, &Record),
        effect: &mut BefriendEffect,
        amended: &mut Amendments,
    ) {
        let BefriendEffect { user, other, .. } = *effect;
        if effect.said == Said::Befriend {
            // One that stood began in a record that is lost: it begins here.
            effect.forth.is_new |= !self.edges.contains_key(&(FOLLOW, user, other));
            effect.back.is_new |= !self.edges.contains_key(&(FOLLOW, other, user));
        }
        effect.forth.request = self.end(REQUEST, (user, other));
        effect.back.request = self.end(REQUEST, (other, user));
        for pair in effect.begun() {
            self.begin(FOLLOW, pair, at, amended);
        }
        let effect = Effect::Befriend(*effect);
        self.befriended.insert(at, Record { effect, ..record.clone() });
    }

    fn request(&mut self, effect: &mut RequestEffect, at: Sequence, amended: &mut Amendments) {
        let (user, other) = (effect.user, effect.other);
        match &mut effect.act {
            RequestAct::Ask { .. } => self.begin(REQUEST, (user, other), at, amended),
            RequestAct::Withdraw { began } => *began = self.end(REQUEST, (user, other)),
            RequestAct::Deny { began } => *began = self.end(REQUEST, (other, user)),
        }
    }

    fn end(&mut self, kind: u8, (from, to): (UserId, UserId)) -> Began {
        self.edges.remove(&(kind, from, to))
    }

    /// As with edges: of two that begin the later one counts. A post that is lost cannot be hidden.
    fn moderation(
        &mut self,
        effect: &mut ModerationEffect,
        at: Sequence,
        amended: &mut Amendments,
    ) {
        let key = effect.post().map_or(Moderated::User(effect.user), Moderated::Post);
        let is_lost = effect.post().is_some_and(|post| !self.posts.contains(&post));
        match &mut effect.act {
            ModerationAct::Hide { .. } if is_lost => drop(amended.insert(at, None)),
            ModerationAct::Suspend | ModerationAct::Hide { .. } => {
                let before = self.moderated.insert(key, at);
                before.into_iter().for_each(|before| drop(amended.insert(before, None)));
            }
            ModerationAct::Unsuspend { began } | ModerationAct::Unhide { began, .. } => {
                *began = self.moderated.remove(&key);
            }
        }
    }

    /// Of a broadcast whose beginning is lost only the replay is left: nobody knows what it was called.
    fn broadcast(&mut self, effect: &mut BroadcastEffect, at: Sequence, amended: &mut Amendments) {
        let broadcast = effect.broadcast().unwrap_or_else(|| at.into());
        let before = self.places.remove(&broadcast);
        let is_lost = before.is_none() && effect.broadcast().is_some();
        if is_lost && effect.replay().is_none() {
            amended.insert(at, None);
            return;
        }
        match &mut effect.act {
            BroadcastAct::Schedule { .. } => {}
            BroadcastAct::Reschedule { began, .. }
            | BroadcastAct::Start { began, .. }
            | BroadcastAct::End { began, .. }
            | BroadcastAct::Cancel { began, .. } => *began = before,
        }
        if effect.ended().is_none() {
            self.places.insert(broadcast, at);
        }
    }

    /// Of a group whose beginning is lost the members are lost too: nothing names them but its id.
    fn group(&mut self, effect: &mut GroupEffect, at: Sequence, amended: &mut Amendments) {
        let name = (effect.user, effect.name.clone());
        match &mut effect.act {
            GroupAct::Create => {
                if let Some(before) = self.groups.insert(name, at) {
                    amended.insert(before, None);
                }
            }
            GroupAct::Delete { group } => {
                if let Some(standing) = self.groups.remove(&name) {
                    *group = standing.into();
                }
            }
            GroupAct::Add { group, author } => {
                if let Some(before) = self.members.insert((*group, *author), at) {
                    amended.insert(before, None);
                }
            }
            GroupAct::Remove { group, author, began } => {
                *began = self.members.remove(&(*group, *author));
            }
        }
    }
}

impl Standing {
    fn publish(&mut self, post: &mut NewPost, at: Sequence, amended: &mut Amendments) {
        let link = post.repost.filter(|_| post.text.is_empty());
        self.forget_lost(&mut post.repost);
        if let Some(link) = link {
            if post.repost.is_none() {
                amended.insert(at, None);
                return;
            }
            if let Some(before) = self.bare.insert((link.root, post.author), at) {
                amended.insert(before, None);
            }
        }
        self.posts.insert(at.into());
    }

    /// Drops a link to what is lost.
    fn forget_lost(&self, link: &mut Option<Repost>) {
        *link = link.filter(|link| self.posts.contains(&link.root));
    }

    /// A comment begins once and names itself when it ends.
    fn response(&mut self, effect: &mut ResponseEffect, at: Sequence, amended: &mut Amendments) {
        let (target, user) = (effect.target, effect.user);
        match &mut effect.act {
            ResponseAct::React { kind } => {
                if let Some(before) = self.reactions.insert((target, *kind, user), at) {
                    amended.insert(before, None);
                }
            }
            ResponseAct::Unreact { kind, began } => {
                *began = self.reactions.remove(&(target, *kind, user));
            }
            ResponseAct::Comment { .. } | ResponseAct::Delete => {}
        }
    }
}

/// What all replacements have in common.
struct Work<'a> {
    storage: &'a dyn Storage,
    database: DatabaseId,
    epoch: u32,
    amended: Amendments,
}

impl Work<'_> {
    /// Replaces a segment by a packed one of its good records.
    fn rebuild(&self, segment: &Found, previous: Sequence, done: &mut Repaired) -> Result<()> {
        let name = names::segment(segment.first);
        let kept: Vec<(Sequence, &Record)> = segment
            .records
            .iter()
            .filter_map(|(at, record)| match self.amended.get(at) {
                Some(amended) => amended.as_ref().map(|amended| (*at, amended)),
                None => Some((*at, record)),
            })
            .collect();
        note_lost(segment, previous, done);
        if segment.is_damaged {
            let aside = names::quarantined(&name);
            let failed = |error| Error::io(format!("put {name} aside"), error);
            remove_if_present(self.storage, &aside).map_err(failed)?;
            self.storage.rename(&name, &aside).map_err(failed)?;
            done.set_aside.push(aside);
            done.salvaged += kept.len() as u64;
        }
        let earliest = kept.iter().map(|(_, record)| record.time).min().unwrap_or_default();
        let header = SegmentHeader {
            written_with: WrittenWith::Fsync,
            database: self.database,
            epoch: segment.header.map_or(self.epoch, |header| header.epoch),
            first: segment.first,
            previous,
            context: Context { salt: random_u64(), base_time: earliest },
            made_len: 0,
            is_packed: true,
            last: segment.last.max(segment.first),
        };
        let mut writer = PackedWriter::create(self.storage, header, false)?;
        kept.iter().try_for_each(|(sequence, record)| writer.push(*sequence, record))?;
        writer.finish(self.storage)?;
        let failed = |error| Error::io(format!("replace {name}"), error);
        self.storage.sync_directory().map_err(failed)
    }
}

/// The gaps between what is left: before the segment, in it, at its end.
fn note_lost(segment: &Found, previous: Sequence, done: &mut Repaired) {
    let declared = segment.header.map_or(previous, |header| header.previous);
    if previous < declared {
        done.lost.push((previous.next(), declared));
    }
    if !segment.is_damaged || segment.header.is_some_and(|header| header.is_packed) {
        return;
    }
    let mut next = segment.first;
    for (sequence, _) in &segment.records {
        if next < *sequence {
            done.lost.push((next, Sequence(sequence.0 - 1)));
        }
        next = sequence.next();
    }
    if next <= segment.last {
        done.lost.push((next, segment.last));
    }
}
