//! What the fan-out does beside delivering: inboxes of readers who are away go, and deleted posts go out
//! of the others.

use std::time::{Duration, Instant};

use foldhash::HashSet;

use super::Tally;
use crate::error::Result;
use crate::ids::Sequence;
use crate::shared::Shared;
use crate::views::users::Ordinal;

/// Deleted posts that reads sort out before they are purged.
const DELETED_MAX: usize = 16_384;

/// Between two looks for readers who are away.
const PERIOD: Duration = Duration::from_secs(1);

/// Readers that are looked at under one hold of the state.
const LOOK: usize = 512;

/// See the module.
#[derive(Debug)]
pub(crate) struct Upkeep {
    looked: Instant,
    /// Readers that are still to be looked at in this round.
    rest: Vec<u32>,
}

impl Upkeep {
    pub(crate) fn new(now: Instant) -> Self {
        Self { looked: now, rest: Vec::new() }
    }

    /// Does a little; false if there was nothing to do.
    pub(crate) fn step(&mut self, shared: &Shared) -> Result<bool> {
        if DELETED_MAX <= shared.state()?.delivery.deleted.len() {
            purge(shared)?;
            return Ok(true);
        }
        if self.rest.is_empty() {
            if self.looked.elapsed() < PERIOD {
                return Ok(false);
            }
            self.looked = Instant::now();
            turn_window(shared)?;
            shrink(shared, shared.options.inbox_bytes())?;
            self.rest = shared.state()?.delivery.inboxes.users();
        }
        let left = self.rest.len().saturating_sub(LOOK);
        hibernate(shared, &self.rest.split_off(left))?;
        Ok(!self.rest.is_empty())
    }
}

/// Begins a new window of the workload, if it is time.
fn turn_window(shared: &Shared) -> Result<()> {
    let now = shared.options.clock.now();
    if shared.state()?.delivery.workload.is_over(now) {
        shared.change(|state| {
            state.delivery.workload.turn(now, state.position.sequence);
        })?;
    }
    Ok(())
}

/// Drops the inboxes of those of `readers` who were away for too long.
pub(crate) fn hibernate(shared: &Shared, readers: &[u32]) -> Result<()> {
    let now = shared.options.clock.now();
    let state = shared.state()?;
    let window = state.delivery.options.active_window.as_millis();
    let window = u64::try_from(window).unwrap_or(u64::MAX);
    for reader in readers.iter().copied().map(Ordinal) {
        // A restart forgets activity, but not since when their reads were counted.
        let counted = || {
            let mut held = state.delivery.inboxes.hold(reader);
            held.open().map(|open| open.profile.reads.since())
        };
        let active = state.activity.at(reader).or_else(counted).map_or(0, |at| at.0);
        // Activity is kept to the second.
        if active.saturating_add(window).saturating_add(1_000) < now.0
            && state.delivery.inboxes.remove(reader)
        {
            Tally::count(&state.delivery.tally.hibernated, 1);
        }
    }
    Ok(())
}

/// Drops inboxes of the least recently active until all have at most `most` bytes.
pub(crate) fn shrink(shared: &Shared, most: u64) -> Result<()> {
    let (bytes, users) = {
        let inboxes = &shared.state()?.delivery.inboxes;
        let (_, bytes) = inboxes.size();
        (bytes, if most < bytes { inboxes.users() } else { Vec::new() })
    };
    if users.is_empty() {
        return Ok(());
    }
    // As many as are over, and an eighth of what may stay.
    let over = u128::from(bytes - most / 8 * 7) * users.len() as u128 / u128::from(bytes);
    let over = usize::try_from(over).unwrap_or(usize::MAX).clamp(1, users.len());
    let mut ranked = Vec::with_capacity(users.len());
    for group in users.chunks(LOOK) {
        let state = shared.state()?;
        let active_at = |user: u32| state.activity.at(Ordinal(user)).map_or(0, |at| at.0);
        ranked.extend(group.iter().map(|user| (active_at(*user), *user)));
    }
    if over < ranked.len() {
        ranked.select_nth_unstable(over);
    }
    for group in ranked.get(..over).unwrap_or_default().chunks(LOOK) {
        let state = shared.state()?;
        for (_, user) in group {
            state.delivery.inboxes.remove(Ordinal(*user));
        }
    }
    Ok(())
}

/// Takes deleted posts out of all inboxes. Afterwards nothing can bring them back: what is in flight of
/// them is called off first, and outboxes do not have them.
pub(crate) fn purge(shared: &Shared) -> Result<()> {
    // What is still to come back may have them, too.
    if shared.state()?.delivery.is_thawing() {
        return Ok(());
    }
    let deleted: HashSet<u64> = shared.state()?.delivery.deleted.clone();
    let users = {
        let state = shared.state()?;
        state.delivery.with_flights(|flights| flights.retain(|post| !deleted.contains(&post.0)));
        state.delivery.inboxes.users()
    };
    for group in users.chunks(LOOK) {
        let state = shared.state()?;
        for user in group {
            if let Some(open) = state.delivery.inboxes.hold(Ordinal(*user)).open() {
                let ids = open.inbox.ids(open.slab);
                let is_gone = |id: &&Sequence| deleted.contains(&id.0);
                ids.iter().filter(is_gone).for_each(|id| open.inbox.remove(open.slab, *id));
            }
        }
    }
    shared.change(|state| state.delivery.deleted.retain(|post| !deleted.contains(post)))
}
