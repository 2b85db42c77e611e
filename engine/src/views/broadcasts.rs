//! Broadcasts: for each author a small board of what is scheduled or live, and their replays.
//!
//! A board is one ordered set. Its keys are times: a scheduled start is negative, a live start is not.
//! Read downwards that is live by latest start, then scheduled by soonest start: one order serves both.
//!
//! Wholly in memory, as groups are; view files have them for the next open. A board is short (an
//! option), a replay costs some 50 bytes. Whoever has neither costs an eighth of a byte: most authors of
//! a page are told apart by one bit.
//!
//! Invariants:
//! * A broadcast stands on the board of one author, or is one replay, or is gone.
//! * Boards are in the order of [`rank`](Place::rank); replays in the order of their posts.
//! * What is in files and holds no longer has a grave: a place on a board by the record that it began
//!   with, a replay by its post.

use foldhash::HashMap;

use super::graves::{Grave, Graves, holds};
use super::timeline::Removal;
use super::users::Ordinal;
use super::{Digest, DigestBuilder};
use crate::ids::{BroadcastId, PostId, Sequence, Timestamp};
use crate::log::broadcast_effect::{BroadcastAct, BroadcastEffect};

/// A place on a board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// See [`scheduled`](Place::scheduled) and [`live`](Place::live).
    pub(crate) key: i64,
    pub(crate) broadcast: BroadcastId,
    /// The record that it began with.
    pub(crate) began: Sequence,
}

/// A broadcast that ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Replay {
    pub(crate) post: PostId,
    pub(crate) broadcast: BroadcastId,
    /// When it had started.
    pub(crate) started: Timestamp,
}

/// A place in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PlaceRow {
    pub(crate) owner: Ordinal,
    pub(crate) place: Place,
}

/// A replay in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ReplayRow {
    pub(crate) owner: Ordinal,
    pub(crate) replay: Replay,
}

/// What an author has.
#[derive(Debug, Default)]
pub(crate) struct Author {
    /// Ascending by rank.
    pub(crate) board: Vec<Place>,
    /// Ascending by post.
    pub(crate) replays: Vec<Replay>,
}

/// Where a broadcast is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    OnBoard(Place),
    Replayed(Replay),
}

/// All broadcasts of all authors.
#[derive(Debug, Default)]
pub(crate) struct Broadcasts {
    authors: HashMap<u32, Author>,
    /// Who has a board or replays: a bit each.
    present: Vec<u64>,
    /// Whose broadcast it is: of all that stand.
    owners: HashMap<BroadcastId, Ordinal>,
    /// Broadcasts that left a board since the files were written, and the records that ended them: a
    /// crash may bring them back.
    late: Vec<(BroadcastId, Sequence)>,
    live: u64,
    scheduled: u64,
    replays: u64,
    /// Places in files that ended, by author.
    pub(crate) graves: Graves,
    /// Replays in files that are deleted, by author.
    pub(crate) replay_graves: Graves,
}

impl Place {
    /// The key of a broadcast that is to start then.
    pub(crate) fn scheduled(at: Timestamp) -> i64 {
        -i64::try_from(at.0).unwrap_or(i64::MAX)
    }

    /// The key of a broadcast that started then.
    pub(crate) fn live(since: Timestamp) -> i64 {
        i64::try_from(since.0).unwrap_or(i64::MAX)
    }

    pub(crate) fn is_live(&self) -> bool {
        0 <= self.key
    }

    /// The start: scheduled or real.
    pub(crate) fn start(&self) -> Timestamp {
        Timestamp(self.key.unsigned_abs())
    }

    /// The place in the order of a board. What started in the same millisecond stands as it started;
    /// what is to start in the same, by id.
    pub(crate) fn rank(&self) -> (i64, Sequence) {
        (self.key, if self.is_live() { self.began } else { self.broadcast.into() })
    }
}

impl Author {
    /// How many of the replays are older than the post.
    pub(crate) fn replays_below(&self, post: PostId) -> usize {
        self.replays.partition_point(|replay| replay.post < post)
    }

    /// The replay of a broadcast that ended above `after`: the newest are looked at.
    pub(crate) fn replay_of(&self, broadcast: BroadcastId, after: PostId) -> Option<Replay> {
        let newer = self.replays.iter().rev().take_while(|replay| after < replay.post);
        newer.into_iter().find(|replay| replay.broadcast == broadcast).copied()
    }

    fn is_empty(&self) -> bool {
        self.board.is_empty() && self.replays.is_empty()
    }
}

impl Broadcasts {
    /// Whether the author has anything: a look at one bit.
    #[inline]
    pub(crate) fn is_present(&self, author: Ordinal) -> bool {
        let word = self.present.get(author.index() / 64);
        word.is_some_and(|word| word >> (author.index() % 64) & 1 != 0)
    }

    /// What the author has; `None`: nothing.
    #[inline]
    pub(crate) fn of(&self, author: Ordinal) -> Option<&Author> {
        self.is_present(author).then(|| self.authors.get(&author.0))?
    }

    /// Whose broadcast it is, if it stands.
    pub(crate) fn owner(&self, broadcast: BroadcastId) -> Option<Ordinal> {
        self.owners.get(&broadcast).copied()
    }

    /// Where the author's broadcast is.
    pub(crate) fn standing(&self, owner: Ordinal, broadcast: BroadcastId) -> Option<Standing> {
        let author = self.of(owner)?;
        let place = author.board.iter().find(|place| place.broadcast == broadcast);
        let replay = || author.replay_of(broadcast, PostId(0)).map(Standing::Replayed);
        place.copied().map(Standing::OnBoard).or_else(replay)
    }

    /// How many are on the author's board.
    pub(crate) fn board_len(&self, owner: Ordinal) -> usize {
        self.of(owner).map_or(0, |author| author.board.len())
    }

    /// Whether the broadcast was on a board when everything up to `covered` was folded.
    pub(crate) fn stood(&self, owner: Ordinal, broadcast: BroadcastId, covered: Sequence) -> bool {
        let stands = matches!(self.standing(owner, broadcast), Some(Standing::OnBoard(_)));
        let is_late = |(of, ended): &(BroadcastId, Sequence)| *of == broadcast && covered < *ended;
        stands || self.late.iter().any(is_late)
    }

    /// Broadcasts that are live, scheduled, and replays.
    pub(crate) fn counts(&self) -> [u64; 3] {
        [self.live, self.scheduled, self.replays]
    }

    /// Folds one effect that was committed at `time`.
    pub(crate) fn apply(
        &mut self,
        owner: Ordinal,
        effect: &BroadcastEffect,
        time: Timestamp,
        removal: Removal,
    ) {
        let own = BroadcastId::from(removal.at);
        let place = |key, broadcast| Place { key, broadcast, began: removal.at };
        match effect.act {
            BroadcastAct::Schedule { at } => self.add(owner, place(Place::scheduled(at), own)),
            BroadcastAct::Start { broadcast: None, .. } => {
                self.add(owner, place(Place::live(time), own));
            }
            BroadcastAct::Start { broadcast: Some(broadcast), .. } => {
                self.replace(owner, place(Place::live(time), broadcast), removal);
            }
            BroadcastAct::Reschedule { broadcast, at, .. } => {
                self.replace(owner, place(Place::scheduled(at), broadcast), removal);
            }
            BroadcastAct::Cancel { broadcast, .. } => self.end(owner, broadcast, removal),
            BroadcastAct::End { broadcast, started, .. } => {
                self.end(owner, broadcast, removal);
                self.add_replay(owner, Replay { post: removal.at.into(), broadcast, started });
            }
        }
    }

    /// The broadcast is on the board no longer.
    pub(crate) fn end(&mut self, owner: Ordinal, broadcast: BroadcastId, removal: Removal) {
        if self.take(owner, broadcast, removal).is_some() {
            self.owners.remove(&broadcast);
            if Sequence::from(broadcast) <= removal.frontier {
                self.late.push((broadcast, removal.at));
            }
        }
    }

    /// The post is deleted; nothing happens if it is no replay of theirs.
    pub(crate) fn delete(&mut self, owner: Ordinal, post: PostId, removal: Removal) {
        if self.of(owner).is_none() {
            return;
        }
        let Some(author) = self.authors.get_mut(&owner.0) else { return };
        let Ok(at) = author.replays.binary_search_by_key(&post, |replay| replay.post) else {
            return;
        };
        let replay = author.replays.remove(at);
        self.replays -= 1;
        self.owners.remove(&replay.broadcast);
        bury(&mut self.replay_graves, owner, post.into(), removal);
        self.forget_if_empty(owner);
    }

    /// Everything up to `covered` is in files.
    pub(crate) fn cover(&mut self, covered: Sequence) {
        self.late.retain(|(_, ended)| covered < *ended);
    }

    /// Adds a place of a file, unless it has a grave.
    pub(crate) fn load(&mut self, row: PlaceRow) {
        if !holds(self.graves.of(row.owner), row.place.began) {
            self.add(row.owner, row.place);
        }
    }

    /// Adds a replay of a file, unless it has a grave.
    pub(crate) fn load_replay(&mut self, row: ReplayRow) {
        if !holds(self.replay_graves.of(row.owner), row.replay.post.into()) {
            self.add_replay(row.owner, row.replay);
        }
    }

    fn add(&mut self, owner: Ordinal, place: Place) {
        if self.owners.insert(place.broadcast, owner).is_some() {
            return;
        }
        *self.count(place) += 1;
        let board = &mut self.make(owner).board;
        let at = board.partition_point(|other| other.rank() < place.rank());
        board.insert(at, place);
    }

    /// A broadcast that is on the board has another place. If it is not there, a thinned log has lost its
    /// beginning and still has its end: files are gathered from the same records, and must agree.
    fn replace(&mut self, owner: Ordinal, place: Place, removal: Removal) {
        if self.take(owner, place.broadcast, removal).is_some() {
            self.owners.remove(&place.broadcast);
        }
        self.add(owner, place);
    }

    fn take(&mut self, owner: Ordinal, broadcast: BroadcastId, removal: Removal) -> Option<Place> {
        let board = &mut self.authors.get_mut(&owner.0)?.board;
        let at = board.iter().position(|place| place.broadcast == broadcast)?;
        let place = board.remove(at);
        *self.count(place) -= 1;
        bury(&mut self.graves, owner, place.began, removal);
        self.forget_if_empty(owner);
        Some(place)
    }

    fn add_replay(&mut self, owner: Ordinal, replay: Replay) {
        self.owners.insert(replay.broadcast, owner);
        let replays = &mut self.make(owner).replays;
        if replays.last().is_none_or(|newest| newest.post < replay.post) {
            replays.push(replay);
            self.replays += 1;
        }
    }

    fn count(&mut self, place: Place) -> &mut u64 {
        if place.is_live() { &mut self.live } else { &mut self.scheduled }
    }

    fn make(&mut self, owner: Ordinal) -> &mut Author {
        let word = owner.index() / 64;
        if self.present.len() <= word {
            self.present.resize(word + 1, 0);
        }
        self.present.iter_mut().skip(word).take(1).for_each(|word| *word |= bit(owner));
        self.authors.entry(owner.0).or_default()
    }

    fn forget_if_empty(&mut self, owner: Ordinal) {
        if self.authors.get(&owner.0).is_some_and(Author::is_empty) {
            self.authors.remove(&owner.0);
            let word = self.present.get_mut(owner.index() / 64);
            word.into_iter().for_each(|word| *word &= !bit(owner));
        }
    }

    pub(crate) fn digest(&self) -> Digest {
        let mut digest = DigestBuilder::new();
        let mut authors: Vec<_> = self.authors.iter().collect();
        authors.sort_unstable_by_key(|(owner, _)| **owner);
        for (owner, author) in authors {
            digest.number(u64::from(*owner));
            digest.number(author.board.len() as u64);
            for place in &author.board {
                digest.number(place.key.cast_unsigned());
                digest.number(place.broadcast.0);
                digest.number(place.began.0);
            }
            digest.number(author.replays.len() as u64);
            for replay in &author.replays {
                digest.number(replay.post.0);
                digest.number(replay.broadcast.0);
                digest.number(replay.started.0);
            }
        }
        digest.finish()
    }
}

fn bit(owner: Ordinal) -> u64 {
    1 << (owner.index() % 64)
}

/// What is in files, or is being written to one, needs a grave.
fn bury(graves: &mut Graves, owner: Ordinal, entry: Sequence, removal: Removal) {
    if entry <= removal.frontier {
        graves.add(owner, Grave { entry, ended: removal.at });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn board(broadcasts: &Broadcasts) -> Vec<(i64, u64)> {
        let author = broadcasts.of(Ordinal(70)).map_or(&[][..], |author| &author.board);
        author.iter().rev().map(|place| (place.key, place.broadcast.0)).collect()
    }

    #[test]
    fn one_order_serves_live_and_scheduled() {
        let mut broadcasts = Broadcasts::default();
        for (key, id) in [(-500, 1), (90, 2), (-300, 3), (80, 4), (90, 5)] {
            let place = Place { key, broadcast: BroadcastId(id), began: Sequence(id) };
            broadcasts.add(Ordinal(70), place);
        }
        assert_eq!(board(&broadcasts), [(90, 5), (90, 2), (80, 4), (-300, 3), (-500, 1)]);
        assert_eq!(broadcasts.counts(), [3, 2, 0]);
        let removal = Removal { at: Sequence(9), frontier: Sequence(3) };
        broadcasts.replace(
            Ordinal(70),
            Place { key: 95, broadcast: BroadcastId(3), began: Sequence(9) },
            removal,
        );
        assert_eq!(board(&broadcasts), [(95, 3), (90, 5), (90, 2), (80, 4), (-500, 1)]);
        assert_eq!(broadcasts.graves.len(), 1);
        assert!(broadcasts.of(Ordinal(6)).is_none());
    }
}
