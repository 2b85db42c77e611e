//! The users of the loads: who follows whom, and who posts what, one after the other.
//!
//! Either made up, or a real graph with real posts in their real order, again and again.

use std::collections::BTreeSet;

use fanfold_engine::testing::seed::Random;

use crate::exit::{Failure, Outcome};
use crate::input::{Input, InputArgs};
use crate::number::to_usize;
use crate::population::Population;
use crate::workplace::Workplace;

const TEXT_BYTES: usize = 280;

/// See the module.
#[derive(Debug)]
pub(super) struct World {
    users: Vec<u64>,
    pub(super) follows: Vec<(u64, u64)>,
    posts: Posts,
}

#[derive(Debug)]
enum Posts {
    MadeUp(String),
    Real(Vec<(u64, Box<str>)>),
}

/// Who posts next.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turn(usize);

impl World {
    /// `users` users with `mean` followers on average.
    pub(super) fn made_up(users: u64, mean: u64) -> Self {
        let population = Population::new(users, mean, 1);
        Self {
            users: (1..=users).collect(),
            follows: population.follows().collect(),
            posts: Posts::MadeUp("t".repeat(TEXT_BYTES)),
        }
    }

    /// What stands in files.
    pub(super) fn real(args: &InputArgs, place: &Workplace) -> Outcome<Self> {
        let Input { follows, posts, .. } = Input::load(args, place)?;
        let named = follows.iter().flat_map(|(user, author)| [*user, *author]);
        let users: BTreeSet<u64> = named.collect();
        if users.len() < 16 || posts.is_empty() {
            return Err(Failure::mistake("a graph of at least 16 users, and a post"));
        }
        let posts = posts.into_iter().map(|post| (post.author, post.text)).collect();
        Ok(Self { users: users.into_iter().collect(), follows, posts: Posts::Real(posts) })
    }

    pub(super) fn users(&self) -> u64 {
        self.users.len() as u64
    }

    /// The user at a place of an order without a pattern.
    pub(super) fn user(&self, place: u64) -> u64 {
        let index = place.wrapping_mul(0x9e37_79b9_7f4a_7c15) % self.users();
        self.users.get(to_usize(index)).copied().unwrap_or(0)
    }

    /// Where the posts of a round begin.
    pub(super) fn turn(&self, random: &mut Random) -> Turn {
        Turn(match &self.posts {
            Posts::MadeUp(_) => 0,
            Posts::Real(posts) => to_usize(random.below(posts.len() as u64)),
        })
    }

    /// Author and text of the next post. Made up: half are by anybody, half by one user in a hundred.
    pub(super) fn next_post(&self, turn: &mut Turn, random: &mut Random) -> (u64, &str) {
        match &self.posts {
            Posts::MadeUp(text) => {
                let few = (self.users() / 100).max(1);
                let among = if random.one_in(2) { few } else { self.users() };
                (self.user(random.below(among).wrapping_mul(7)), text)
            }
            Posts::Real(posts) => {
                let (author, text) = posts.get(turn.0).map_or((0, ""), |(a, text)| (*a, text));
                turn.0 = (turn.0 + 1) % posts.len();
                (author, text)
            }
        }
    }
}
