//! Makes an inbox: the newest posts of the authors that are pushed to its reader, out of their
//! outboxes, as far as these are in memory.

use std::cell::Cell;

use super::Tally;
use super::inbox::{Inbox, ROOM_MAX, ROOM_MIN};
use super::note::known_above;
use super::policy::Policy;
use crate::error::Result;
use crate::ids::Sequence;
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
}

/// Makes the reader's inbox, with room for `room` posts. `authors` are those whom they follow and have
/// not muted, now.
pub(crate) fn build(state: &State, reader: Ordinal, authors: &[Ordinal], room: u16) -> Result<()> {
    let delivery = &state.delivery;
    let room = room.clamp(ROOM_MIN, ROOM_MAX);
    if delivery.options.policy == Policy::ActiveFans {
        // From joining the lists to having the inbox, nobody is put off a list: an inbox that is not
        // there cannot be told.
        let _lists = delivery.joining();
        return make(state, reader, authors, room);
    }
    make(state, reader, authors, room)
}

fn make(state: &State, reader: Ordinal, authors: &[Ordinal], room: u16) -> Result<()> {
    let delivery = &state.delivery;
    let content = Content::gather(state, reader, authors, usize::from(room))?;
    let mut shard = delivery.inboxes.shard(reader);
    let made = Inbox::new(&mut shard.slab, reader.0, content.floor, room, &content.ids);
    if let Some(mut inbox) = made {
        inbox.pulled = content.pulled;
        delivery.inboxes.insert(&mut shard, inbox);
        Tally::count(&delivery.tally.built, 1);
    }
    Ok(())
}

impl Content {
    fn gather(state: &State, reader: Ordinal, authors: &[Ordinal], room: usize) -> Result<Self> {
        let State { delivery, outboxes, activity, .. } = state;
        let resident = Resident { outboxes, missed: Cell::new(false) };
        let mut merge = Merge::new(&resident, Span::Newest, authors.len());
        let (mut pulled, mut floor) = (Vec::new(), Sequence(0));
        for author in authors {
            if delivery.is_pushed_to(activity, reader, *author) {
                floor = floor.max(known_above(outboxes, *author));
                merge.add(*author);
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
        Ok(Self { ids, floor, pulled })
    }
}
