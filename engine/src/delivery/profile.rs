//! What is known of a reader who has an inbox: what is pulled for them, and how often they read. Stands
//! apart from the inbox itself, which the fan-out writes to without looking at any of this.

use super::pace::Reads;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Profile {
    /// The reader's ordinal.
    pub(crate) user: u32,
    /// Edges to authors of a higher level are pulled.
    pub(crate) bound: u8,
    /// The inbox is to be made anew, with this bound, and the room that it has by now.
    pub(crate) is_outdated: bool,
    pub(crate) next_bound: u8,
    /// How often the reader reads.
    pub(crate) reads: Reads,
    /// Authors whose posts are not, or not all, in the inbox: ascending ordinals.
    pub(crate) pulled: Vec<u32>,
}

impl Profile {
    /// A reader to whom everything up to the bound is pushed, but for the pulled.
    pub(crate) fn new(user: u32, bound: u8, pulled: Vec<u32>, reads: Reads) -> Self {
        Self { user, bound, next_bound: bound, is_outdated: false, reads, pulled }
    }

    pub(crate) fn pulls(&self, author: u32) -> bool {
        self.pulled.binary_search(&author).is_ok()
    }

    /// The author is pulled from now on; false if they were already.
    pub(super) fn pull(&mut self, author: u32) -> bool {
        let place = self.pulled.binary_search(&author);
        if let Err(at) = place {
            self.pulled.insert(at, author);
        }
        place.is_err()
    }

    /// The author is not pulled any more; false if they were not.
    pub(super) fn unpull(&mut self, author: u32) -> bool {
        let place = self.pulled.binary_search(&author);
        if let Ok(at) = place {
            self.pulled.remove(at);
        }
        place.is_ok()
    }
}
