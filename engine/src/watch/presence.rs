//! Who is online: whoever is watched, or was touched within the lease.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use foldhash::HashMap;

use super::sight::{Look, Sight};
use crate::error::{Error, ErrorKind, Result};
use crate::ids::{Position, Timestamp, UserId};
use crate::limits::{LEASE_MILLIS, LEASES_MAX};
use crate::read::edges::follows_since;
use crate::shared::Shared;

/// So many rows of leases that ended are never looked at twice.
const ENDS_MIN: usize = 1_024;

/// Who is online around a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Online {
    /// The newest position when it was looked up.
    pub position: Position,
    /// Whether the user is.
    pub user: bool,
    /// Which of their followees are, ascending.
    pub followees: Vec<UserId>,
    /// How many of their followers are.
    pub followers: u64,
}

/// Who was touched lately.
#[derive(Debug, Default)]
pub(crate) struct Leases(Mutex<Leased>);

#[derive(Debug, Default)]
struct Leased {
    /// When each was touched last.
    touched: HashMap<UserId, Timestamp>,
    /// When each lease ends, or ended before it was renewed: one row for each, the first on top.
    ends: BinaryHeap<Reverse<(u64, UserId)>>,
}

impl Leases {
    /// The user is online from `now` until the lease ends. Whether they were not before.
    pub(crate) fn touch(&self, user: UserId, now: Timestamp) -> bool {
        let mut leased = self.lock();
        let Leased { touched, ends } = &mut *leased;
        if LEASES_MAX <= touched.len() && !touched.contains_key(&user) {
            touched.retain(|_, at| holds(*at, now));
            if LEASES_MAX <= touched.len() {
                return false;
            }
        }
        let before = touched.insert(user, now);
        if before.is_none() {
            ends.push(Reverse((now.0.saturating_add(LEASE_MILLIS), user)));
            if 2 * touched.len() + ENDS_MIN < ends.len() {
                // Nobody asked for those that ended: they are forgotten.
                let end = |(user, at): (&UserId, &Timestamp)| {
                    Reverse((at.0.saturating_add(LEASE_MILLIS), *user))
                };
                *ends = touched.iter().map(end).collect();
            }
        }
        !before.is_some_and(|at| holds(at, now))
    }

    /// Whose leases ended since this was asked last.
    pub(crate) fn expired(&self, now: Timestamp) -> Vec<UserId> {
        let mut leased = self.lock();
        let Leased { touched, ends } = &mut *leased;
        let mut expired = Vec::new();
        while let Some(Reverse((end, user))) = ends.peek().copied().filter(|top| top.0.0 <= now.0) {
            ends.pop();
            match touched.get(&user).map(|at| at.0.saturating_add(LEASE_MILLIS)) {
                Some(renewed) if end < renewed => ends.push(Reverse((renewed, user))),
                _ => {
                    touched.remove(&user);
                    expired.push(user);
                }
            }
        }
        expired
    }

    fn holders(&self, now: Timestamp) -> Vec<UserId> {
        let touched = &mut self.lock().touched;
        touched.retain(|_, at| holds(*at, now));
        touched.keys().copied().collect()
    }

    pub(crate) fn hold(&self, user: UserId, now: Timestamp) -> bool {
        self.lock().touched.get(&user).is_some_and(|at| holds(*at, now))
    }

    fn lock(&self) -> MutexGuard<'_, Leased> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn holds(at: Timestamp, now: Timestamp) -> bool {
    now.0 < at.0.saturating_add(LEASE_MILLIS)
}

/// Who is online around `user`. May wait for a disk.
pub(crate) fn online(shared: &Shared, user: UserId, viewer: Option<UserId>) -> Result<Online> {
    if let Some(viewer) = viewer.filter(|viewer| *viewer != user) {
        let what = format!("user {viewer} cannot see who is online around user {user}");
        return Err(Error::new(ErrorKind::Denied, what));
    }
    let now = shared.options.clock.now();
    let hub = &shared.hub;
    let sight = sight(shared, user)?;
    let kept = Arc::clone(shared.state()?.moderation.kept());
    let is_there = |other| hub.lock().index.knows(other) || hub.leases.hold(other, now);
    let is_online = |other| !kept.hides_user(other) && is_there(other);
    let followed = sight.edges.iter().filter_map(|(author, edge)| edge.follows.then_some(*author));
    let mut followees: Vec<UserId> = followed.filter(|author| is_online(*author)).collect();
    followees.sort_unstable();
    let (watched, mut followers) = {
        let index = &hub.lock().index;
        let follows = |other: &UserId| {
            index.sight(*other).and_then(|sight| sight.edges.get(&user)).is_some_and(|e| e.follows)
        };
        let watched: foldhash::HashSet<UserId> = index.online().collect();
        let followers = watched.iter().filter(|other| follows(other)).count() as u64;
        (watched, followers)
    };
    for other in hub.leases.holders(now) {
        if watched.contains(&other) || kept.is_forgotten(other) {
            continue;
        }
        let since = follows_since(&*shared.state()?, other, user)?;
        followers += u64::from(since.resolve()?.is_some());
    }
    let position = shared.state()?.position;
    Ok(Online { position, user: is_online(user), followees, followers })
}

fn sight(shared: &Shared, user: UserId) -> Result<Sight> {
    let mut known = None;
    loop {
        match Sight::look(shared, user, known.as_ref())? {
            Look::Done(sight, _) => return Ok(sight),
            Look::Files(in_files) => known = Some(in_files.read()?),
        }
    }
}
