//! The users of the figures: seeded, with a heavy tail of audiences, as in every real network.
//!
//! The author of rank r has `max * r^-s` followers, `max` being half of all users and `s` solved for
//! the wanted mean; an author's followers are spread evenly over all users. So a few authors are
//! followed by nearly everybody and most by a handful, and each reader follows about the mean.

use fanfold_engine::testing::seed::Random;

use crate::number::{float, to_usize, whole};

/// Users `1..=users` and who follows whom.
#[derive(Clone, Debug)]
pub struct Population {
    users: u64,
    /// Followers of each author, by rank.
    audiences: Vec<u64>,
    seed: u64,
}

impl Population {
    /// `users` users with `mean` followers on average; `mean` is at most a quarter of `users`.
    #[must_use]
    pub fn new(users: u64, mean: u64, seed: u64) -> Self {
        let exponent = exponent(users, mean);
        let audiences = (1..=users).map(|rank| audience(users, rank, exponent)).collect();
        Self { users, audiences, seed }
    }

    /// How many users.
    #[must_use]
    pub fn users(&self) -> u64 {
        self.users
    }

    /// How many follows.
    #[must_use]
    pub fn follow_count(&self) -> u64 {
        self.audiences.iter().sum()
    }

    /// All follows as (follower, author), author by author; none twice.
    pub fn follows(&self) -> impl Iterator<Item = (u64, u64)> {
        let mut random = Random::new(self.seed);
        let ranked = Spread::new(self.users, &mut random);
        (0..).zip(&self.audiences).flat_map(move |(rank, audience)| {
            let author = ranked.user(rank);
            let followers = Spread::new(self.users, &mut random);
            (0..*audience).map(move |number| (followers.user(number), author))
        })
    }
}

/// A pseudo-random order of all users: a walk with a step that has no divisor in common with their
/// number.
#[derive(Clone, Copy, Debug)]
struct Spread {
    users: u64,
    start: u64,
    step: u64,
}

impl Spread {
    fn new(users: u64, random: &mut Random) -> Self {
        let start = random.below(users);
        let mut step = 1 + random.below(users);
        while divisor(step, users) != 1 {
            step = 1 + random.below(users);
        }
        Self { users, start, step }
    }

    /// The user at a place of the order.
    fn user(self, place: u64) -> u64 {
        let walked = u128::from(place) * u128::from(self.step) + u128::from(self.start);
        1 + u64::try_from(walked % u128::from(self.users)).unwrap_or(0)
    }
}

fn divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { divisor(b, a % b) }
}

fn audience(users: u64, rank: u64, exponent: f64) -> u64 {
    whole(float(users) / 2.0 * float(rank).powf(-exponent)).max(1)
}

/// The exponent that gives the mean, by bisection: a larger one gives a smaller mean.
fn exponent(users: u64, mean: u64) -> f64 {
    let (mut low, mut high) = (0.0, 8.0);
    for _ in 0..50 {
        let middle = (low + high) / 2.0;
        let follows: u64 = (1..=users).map(|rank| audience(users, rank, middle)).sum();
        if mean * users < follows {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

/// Texts of posts: words of a fixed vocabulary, so that they compress like text.
#[derive(Clone, Debug)]
pub struct Words {
    vocabulary: Vec<String>,
    random: Random,
}

impl Words {
    /// A seeded vocabulary of 4,096 words.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let vocabulary = (0..4_096).map(|_| word(&mut random)).collect();
        Self { vocabulary, random }
    }

    /// The next text, of exactly `bytes` bytes.
    pub fn text(&mut self, bytes: usize) -> String {
        let mut random = self.random.clone();
        let text = self.draw(&mut random, bytes);
        self.random = random;
        text
    }

    /// The text of that number, whatever was asked for before.
    #[must_use]
    pub fn numbered(&self, number: u64, bytes: usize) -> String {
        self.draw(&mut Random::new(number), bytes)
    }

    fn draw(&self, random: &mut Random, bytes: usize) -> String {
        let mut text = String::with_capacity(bytes + 10);
        while text.len() < bytes {
            let index = to_usize(random.below(self.vocabulary.len() as u64));
            text.push_str(self.vocabulary.get(index).map_or("", String::as_str));
            text.push(' ');
        }
        text.truncate(bytes);
        text
    }
}

fn word(random: &mut Random) -> String {
    let letters = 2 + random.below(8);
    let letter = |random: &mut Random| {
        let offset = u32::try_from(random.below(26)).unwrap_or(0);
        char::from_u32(u32::from(b'a') + offset).unwrap_or('a')
    };
    (0..letters).map(|_| letter(random)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};

    #[test]
    fn the_mean_is_met_and_the_tail_is_heavy() {
        let population = Population::new(2_000, 20, 1);
        let follows: Vec<_> = population.follows().collect();
        assert_eq!(follows.len() as u64, population.follow_count());
        assert_eq!(follows.iter().collect::<BTreeSet<_>>().len(), follows.len());
        assert!((38_000..42_000).contains(&follows.len()), "{}", follows.len());
        let mut audiences: BTreeMap<u64, u64> = BTreeMap::new();
        for (_, author) in &follows {
            *audiences.entry(*author).or_default() += 1;
        }
        assert_eq!(audiences.values().max(), Some(&1_000));
        assert_eq!(audiences.len(), 2_000);
    }

    #[test]
    fn texts_have_their_size_and_differ() {
        let mut words = Words::new(1);
        let (one, two) = (words.text(280), words.text(280));
        assert_eq!((one.len(), two.len()), (280, 280));
        assert_ne!(one, two);
    }
}
