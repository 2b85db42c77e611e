//! What a database in the process must be able to do to be measured.

use std::time::Duration;

use crate::world::World;

/// A result, or what went wrong, for people.
pub type Done<T> = Result<T, String>;

/// A database that is open. Post `number` of a world is the same post everywhere; how it is named inside is
/// the database's business.
pub trait Store: Send + Sync {
    /// Puts the whole world in; durability does not matter. What should be warm is warm afterwards.
    fn load(&self, world: &World) -> Done<()>;

    /// Reads the newest 20 posts of a user's home with their texts. How many bytes the texts have.
    fn page(&self, user: u64) -> Done<u64>;

    /// The same page, to be compared with the world.
    fn texts(&self, user: u64) -> Done<Vec<Vec<u8>>>;

    /// The same page for a user without an inbox: merged from what the followees published.
    fn merged(&self, world: &World, user: u64) -> Done<u64>;

    /// Stores a post and puts it into the inboxes of all followers, or sees to it that that happens.
    fn deliver(&self, world: &World, number: u64) -> Done<()>;

    /// Waits until everything is delivered.
    fn settle(&self) -> Done<()>;

    /// The processor time of the one thread that delivers, if there is one that does nothing else.
    fn delivery_time(&self) -> Option<Duration> {
        None
    }

    /// Stores a post and enters it in its author's list; returns when both will survive a power cut.
    fn publish(&self, world: &World, number: u64) -> Done<()>;

    /// Named numbers: bytes of memory and disk, each beside what it is for.
    fn sizes(&self, world: &World) -> Done<Vec<(String, f64)>>;

    /// An orderly stop.
    fn stop(&self) -> Done<()>;
}
