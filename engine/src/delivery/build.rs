//! Makes an inbox: the newest posts of the authors that are pushed to its reader, out of their
//! outboxes, as far as these are in memory.

use std::cell::Cell;

use super::Tally;
use super::inbox::{Inbox, ROOM_MAX, ROOM_MIN};
use super::note::known_above;
use super::pace::Reads;
use super::policy::Policy;
use super::profile::Profile;
use super::readers::HUGE;
use crate::error::Result;
use crate::ids::{Sequence, Timestamp};
use crate::query::Span;
use crate::read::merge::Merge;
use crate::views::outbox::Resident;
use crate::views::state::State;
use crate::views::users::Ordinal;

/// What goes into a new inbox.
struct Content {
    /// Ascending, all above the floor.
    ids: Vec<Sequence>,
    floor: Sequence,
    pulled: Vec<u32>,
    /// Who pushes to it and has so many followers that the readers among them are found ahead.
    huge: Vec<Ordinal>,
}

/// What a new inbox is to be like.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) reader: Ordinal,
    /// How many ids it keeps.
    pub(crate) room: u16,
    pub(crate) bound: u8,
    pub(crate) now: Timestamp,
}

/// Makes the reader's inbox. `authors` are those whom they follow and have not muted, now.
pub(crate) fn build(state: &State, plan: Plan, authors: &[Ordinal]) -> Result<()> {
    let delivery = &state.delivery;
    if delivery.options.policy == Policy::ActiveFans {
        // From joining the lists to having the inbox, nobody is put off a list: an inbox that is not
        // there cannot be told.
        let _lists = delivery.joining();
        return make(state, plan, authors);
    }
    make(state, plan, authors)
}

fn make(state: &State, plan: Plan, authors: &[Ordinal]) -> Result<()> {
    let delivery = &state.delivery;
    let rises = delivery.levels.rises();
    let content = Content::gather(state, plan, authors)?;
    let Plan { reader, bound, now, .. } = plan;
    let mut held = delivery.inboxes.hold(reader);
    let made = Inbox::new(&mut held.shard.slab, content.floor, plan.room, &content.ids);
    let Some(inbox) = made else { return Ok(()) };
    held.insert(inbox, Profile::new(reader.0, bound, content.pulled, Reads::begin(now)));
    Tally::count(&delivery.tally.built, 1);
    // The inbox is there: whoever begins a search from now on sees it.
    let mut audiences = delivery.audiences();
    if !audiences.is_empty() {
        authors.iter().for_each(|author| audiences.join(*author, reader));
    }
    content.huge.iter().for_each(|author| audiences.want(*author));
    drop(audiences);
    if delivery.levels.rises() != rises
        && let Some(mut open) = held.open()
    {
        // A level rose meanwhile, and whoever raised it may not have seen this inbox.
        let risen = authors.iter().filter(|author| bound < delivery.levels.pull(**author));
        risen.for_each(|author| open.pull(author.0));
    }
    Ok(())
}

impl Content {
    fn gather(state: &State, plan: Plan, authors: &[Ordinal]) -> Result<Self> {
        let State { delivery, outboxes, activity, graph, .. } = state;
        let room = usize::from(plan.room.clamp(ROOM_MIN, ROOM_MAX));
        let resident = Resident { outboxes, missed: Cell::new(false) };
        let mut merge = Merge::new(&resident, Span::Newest, authors.len());
        let (mut pulled, mut huge, mut floor) = (Vec::new(), Vec::new(), Sequence(0));
        for author in authors {
            if delivery.is_pushed_to(activity, (plan.reader, plan.bound), *author) {
                floor = floor.max(known_above(outboxes, *author));
                merge.add(*author);
                if HUGE <= graph.followers.count(*author) {
                    huge.push(*author);
                }
            } else {
                pulled.push(author.0);
            }
        }
        pulled.sort_unstable();
        let mut ids = merge.nearest(room + 1)?;
        if let Some(next) = ids.get(room) {
            floor = floor.max(*next);
        }
        ids.retain(|id| floor < *id);
        ids.reverse();
        Ok(Self { ids, floor, pulled, huge })
    }
}
