//! Decides commands about broadcasts: whether the broadcast is where the command wants it. A part of
//! [`decide`](super::decide).

use foldhash::{HashMap, HashMapExt};

use super::decide::{Decider, Decision};
use crate::error::{Error, ErrorKind, Result};
use crate::ids::{BroadcastId, PostId, Sequence, Timestamp, UserId};
use crate::log::broadcast_effect::{BroadcastAct, BroadcastEffect};
use crate::views::broadcasts::{Place, Replay, Standing};

/// What the commands of a commit group did to broadcasts so far, over the state before it.
#[derive(Debug)]
pub(crate) struct PendingBroadcasts {
    /// Where each is now; `None`: nowhere.
    standing: HashMap<BroadcastId, Option<Standing>>,
    /// How many each board gained or lost.
    gained: HashMap<UserId, i64>,
    /// When the group is committed.
    pub(crate) time: Timestamp,
}

impl PendingBroadcasts {
    pub(crate) fn new() -> Self {
        Self { standing: HashMap::new(), gained: HashMap::new(), time: Timestamp(0) }
    }

    pub(crate) fn clear(&mut self) {
        self.standing.clear();
        self.gained.clear();
    }

    /// A post was deleted: with it goes a replay.
    pub(super) fn note_delete(&mut self, post: PostId) {
        let is_gone = |standing: &Option<Standing>| match standing {
            Some(Standing::Replayed(replay)) => replay.post == post,
            _ => false,
        };
        let gone = self.standing.values_mut().filter(|standing| is_gone(standing));
        gone.for_each(|standing| *standing = None);
    }

    /// Remembers an accepted effect; `at` is its sequence.
    pub(super) fn note(&mut self, effect: &BroadcastEffect, at: Sequence) {
        let own = BroadcastId::from(at);
        let live = Place::live(self.time);
        let place = |broadcast, key| Some(Standing::OnBoard(Place { key, broadcast, began: at }));
        let (broadcast, standing, gained) = match effect.act {
            BroadcastAct::Schedule { at } => (own, place(own, Place::scheduled(at)), 1),
            BroadcastAct::Start { broadcast: None, .. } => (own, place(own, live), 1),
            BroadcastAct::Start { broadcast: Some(broadcast), .. } => {
                (broadcast, place(broadcast, live), 0)
            }
            BroadcastAct::Reschedule { broadcast, at, .. } => {
                (broadcast, place(broadcast, Place::scheduled(at)), 0)
            }
            BroadcastAct::Cancel { broadcast, .. } => (broadcast, None, -1),
            BroadcastAct::End { broadcast, started, .. } => {
                let replay = Replay { post: at.into(), broadcast, started };
                (broadcast, Some(Standing::Replayed(replay)), -1)
            }
        };
        self.standing.insert(broadcast, standing);
        *self.gained.entry(effect.author()).or_insert(0) += gained;
    }
}

impl Decider<'_> {
    /// Decides, and completes the effect: where the broadcast had its place, when it started.
    pub(super) fn decide_broadcast(&self, effect: &mut BroadcastEffect) -> Result<Decision> {
        let author = effect.author();
        let Some(broadcast) = effect.broadcast() else {
            self.check_suspended_user(author)?;
            return self.check_board(author);
        };
        let standing = self.standing(author, broadcast).ok_or_else(|| no_broadcast(broadcast))?;
        if !matches!(effect.act, BroadcastAct::Cancel { .. }) {
            self.check_suspended_user(author)?;
        }
        let place = match standing {
            Standing::OnBoard(place) => place,
            Standing::Replayed(replay) => return Err(ended(broadcast, replay.post)),
        };
        let here = Some(place.began);
        match &mut effect.act {
            BroadcastAct::Schedule { .. } => {}
            BroadcastAct::Reschedule { .. }
            | BroadcastAct::Start { .. }
            | BroadcastAct::Cancel { .. }
                if place.is_live() =>
            {
                return Err(is_live(broadcast, place));
            }
            BroadcastAct::Reschedule { at, .. } if Place::scheduled(*at) == place.key => {
                return Ok(Decision::Unchanged);
            }
            BroadcastAct::Reschedule { began, .. }
            | BroadcastAct::Start { began, .. }
            | BroadcastAct::Cancel { began, .. } => *began = here,
            BroadcastAct::End { .. } if !place.is_live() => return Err(not_live(broadcast, place)),
            BroadcastAct::End { began, started, .. } => (*began, *started) = (here, place.start()),
        }
        Ok(Decision::Accept)
    }

    fn check_board(&self, author: UserId) -> Result<Decision> {
        let state = self.state();
        let settled = state.users.find(author).map_or(0, |owner| state.broadcasts.board_len(owner));
        let gained = self.pending_broadcasts().gained.get(&author).copied().unwrap_or(0);
        let on_board = settled.saturating_add_signed(isize::try_from(gained).unwrap_or(0));
        let limit = self.limits().board_max;
        if on_board < limit {
            return Ok(Decision::Accept);
        }
        Err(Error::limit(format!(
            "user {author} has {on_board} broadcasts scheduled or live already; the limit is {limit} \
             (option max-board): end or cancel one first"
        )))
    }

    pub(super) fn standing(&self, author: UserId, broadcast: BroadcastId) -> Option<Standing> {
        if let Some(standing) = self.pending_broadcasts().standing.get(&broadcast) {
            return *standing;
        }
        let owner = self.state().users.find(author)?;
        let standing = self.state().broadcasts.standing(owner, broadcast);
        let is_deleted = |replay: &Replay| self.is_deleted_in_group(replay.post);
        match standing {
            Some(Standing::Replayed(replay)) if is_deleted(&replay) => None,
            standing => standing,
        }
    }
}

/// What reads and writes say of a broadcast that is not there.
pub(crate) fn no_broadcast(broadcast: BroadcastId) -> Error {
    let what = format!(
        "there is no broadcast {broadcast}: it never was, was cancelled, or its replay was deleted"
    );
    Error::new(ErrorKind::NotFound, what)
}

fn ended(broadcast: BroadcastId, post: PostId) -> Error {
    let what = format!(
        "broadcast {broadcast} has ended; its replay is post {post}: start a new one, or delete the post"
    );
    Error::new(ErrorKind::Conflict, what)
}

fn is_live(broadcast: BroadcastId, place: Place) -> Error {
    let what = format!("broadcast {broadcast} is live already, since {}: end it", place.start());
    Error::new(ErrorKind::Conflict, what)
}

fn not_live(broadcast: BroadcastId, place: Place) -> Error {
    let what = format!(
        "broadcast {broadcast} is not live yet, but scheduled for {}: start it first, or cancel it",
        place.start()
    );
    Error::new(ErrorKind::Conflict, what)
}
