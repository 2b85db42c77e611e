//! Who follows whom and who posted what: computed from numbers, so that any page can be checked
//! without storing the world a second time.

use fanfold_engine::{Command, UserId};

use crate::exit::{Failure, Outcome};

/// Bytes of a post's text.
pub(super) const TEXT_BYTES: usize = 280;

/// One in so many followees is one of the most followed.
const FAMOUS_SHARE: u64 = 4;

/// One in so many users is famous.
const FAMOUS: u64 = 100;

/// See the module.
#[derive(Clone, Copy, Debug)]
pub(super) struct World {
    pub(super) users: u64,
    /// Followees of each user, at most.
    pub(super) each: u64,
    pub(super) posts: u64,
}

/// The finaliser of splitmix64 (Steele, Lea, Flood, OOPSLA 2014).
fn mix(value: u64) -> u64 {
    let mut bits = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

impl World {
    pub(super) fn check(&self) -> Outcome<()> {
        if self.users < 1_000 || self.each == 0 || 2_000 < self.each || self.posts < 1_000 {
            let Self { users, each, posts } = self;
            return Err(Failure::mistake(format!(
                "{users} users with {each} follows each and {posts} posts make no world: give at \
                 least 1,000 users and posts, and 1 to 2,000 follows for each user"
            )));
        }
        Ok(())
    }

    /// Whom a user follows, each once.
    pub(super) fn followees(&self, user: u64) -> Vec<u64> {
        let famous = (self.users / FAMOUS).max(1);
        let among =
            |place: u64| if place.is_multiple_of(FAMOUS_SHARE) { famous } else { self.users };
        let pick = |place| 1 + mix((user << 12) | place) % among(place);
        let mut authors: Vec<u64> = (0..self.each).map(pick).collect();
        authors.sort_unstable();
        authors.dedup();
        authors
    }

    /// Who wrote a post.
    pub(super) fn author(&self, post: u64) -> u64 {
        1 + mix(post ^ 0x5bd1_e995_0000_0000) % self.users
    }

    pub(super) fn publish(&self, post: u64) -> Command {
        Command::publish(UserId(self.author(post)), text(post))
    }

    /// The newest `limit` posts of a user's home below post number `before`.
    pub(super) fn home(&self, user: u64, before: u64, limit: usize) -> Vec<u64> {
        let authors = self.followees(user);
        let numbers = (1..before).rev();
        let is_theirs = |post: &u64| authors.binary_search(&self.author(*post)).is_ok();
        numbers.filter(is_theirs).take(limit).collect()
    }
}

pub(super) fn follow(user: u64, author: u64) -> Command {
    Command::follow(UserId(user), UserId(author))
}

/// The text of a post: its number, then words.
pub(super) fn text(post: u64) -> Vec<u8> {
    let mut text = format!("{post} ").into_bytes();
    let mut word = mix(post);
    while text.len() < TEXT_BYTES {
        let letters = (word >> 60) + 3;
        text.extend((0..letters).map(|n| b'a' + u8::try_from((word >> (3 * n)) & 15).unwrap_or(0)));
        text.push(b' ');
        word = mix(word);
    }
    text.truncate(TEXT_BYTES);
    text
}
