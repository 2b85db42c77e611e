//! The work that every system under comparison is given: who follows whom, who posted what, and what is in
//! whose inbox. Seeded, held in memory, the same in every process that is given the same arguments.
//!
//! Users are `1..=users`. Posts are numbered from 0; their authors `1..=authors` publish in turn. Of the
//! posts from `pushed_from` on an entry is in the inbox of each follower; systems that keep inboxes are
//! loaded with these.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::exit::{Failure, Outcome};
use crate::input;
use crate::number::to_usize;
use crate::population::{Population, Words};

/// Bytes of a post's text.
const TEXT_BYTES: usize = 280;

/// Posts of each author whom the reader of many follows.
const READER_POSTS: u64 = 10;

/// Posts of a page.
const PAGE: usize = 20;

/// Posts in each inbox before the celebrity posts again.
const CELEBRITY_POSTS: u64 = 20;

/// Users of an empty world: so many authors publish.
const EMPTY_USERS: u64 = 10_000;

/// How large the worlds are.
#[derive(Args, Clone, Debug)]
pub struct WorldArgs {
    /// Users of the made-up world
    #[arg(long, default_value_t = 100_000, value_name = "N")]
    pub(crate) users: u64,
    /// Followers of a user, on average
    #[arg(long, default_value_t = 90, value_name = "N")]
    pub(crate) mean: u64,
    /// Posts of each user
    #[arg(long, default_value_t = 10, value_name = "N")]
    pub(crate) posts_each: u64,
    /// Entries of an inbox, on average; they are the newest
    #[arg(long, default_value_t = 500, value_name = "N")]
    pub(crate) inbox: u64,
    /// Followers of the celebrity
    #[arg(long, default_value_t = 1_000_000, value_name = "N")]
    pub(crate) celebrity: u64,
    /// Authors whom the reader of many follows
    #[arg(long, default_value_t = 2_000, value_name = "N")]
    pub(crate) authors: u64,
    /// A directory with graph.tsv[.zst]: its graph instead of the made-up one
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
}

/// Which world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Scene {
    /// Many users with a heavy tail of followers.
    World,
    /// The same for systems that can do without inboxes: everything is pushed.
    Pushed,
    /// The last user follows all others.
    Reader,
    /// All follow the first user.
    Celebrity,
    /// Nobody follows anybody, nothing was posted.
    Empty,
}

impl Scene {
    /// Its name on a command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::World => "world",
            Self::Pushed => "pushed",
            Self::Reader => "reader",
            Self::Celebrity => "celebrity",
            Self::Empty => "empty",
        }
    }
}

/// For each user a list of others.
#[derive(Clone, Debug, Default)]
struct Lists {
    /// Where the list of a user begins; one more at the end.
    begins: Vec<usize>,
    others: Vec<u32>,
}

impl Lists {
    /// Of pairs (user, other), users below `users + 1`.
    fn of(users: u64, pairs: &[(u32, u32)]) -> Self {
        let mut begins = vec![0; to_usize(users) + 2];
        for (user, _) in pairs {
            if let Some(count) = begins.get_mut(*user as usize + 1) {
                *count += 1;
            }
        }
        let mut total = 0;
        for begin in &mut begins {
            total += *begin;
            *begin = total;
        }
        let mut next = begins.clone();
        let mut others = vec![0; pairs.len()];
        for (user, other) in pairs {
            let Some(at) = next.get_mut(*user as usize) else { continue };
            if let Some(place) = others.get_mut(*at) {
                *place = *other;
            }
            *at += 1;
        }
        Self { begins, others }
    }

    fn get(&self, user: u64) -> &[u32] {
        let begin = |user: u64| self.begins.get(to_usize(user)).copied();
        let range = begin(user).zip(begin(user + 1));
        range.and_then(|(from, to)| self.others.get(from..to)).unwrap_or_default()
    }
}

/// See the module.
#[derive(Clone, Debug)]
pub struct World {
    users: u64,
    authors: u64,
    posts: u64,
    pushed_from: u64,
    followers: Lists,
    followees: Lists,
    words: Words,
}

impl World {
    /// The world of that scene.
    pub(crate) fn of(scene: Scene, args: &WorldArgs) -> Outcome<Self> {
        match scene {
            Scene::World | Scene::Pushed => Self::large(args),
            Scene::Reader => {
                let reader = args.authors + 1;
                let pairs = (1..=args.authors).map(|author| (reader, author));
                Ok(Self::new(reader, args.authors, args.authors * READER_POSTS, pairs))
            }
            Scene::Celebrity => {
                let followers = (2..=args.celebrity + 1).map(|user| (user, 1));
                Ok(Self::new(args.celebrity + 1, 1, CELEBRITY_POSTS, followers))
            }
            Scene::Empty => Ok(Self::new(EMPTY_USERS, EMPTY_USERS, 0, std::iter::empty())),
        }
    }

    fn large(args: &WorldArgs) -> Outcome<Self> {
        let mut world = match &args.data {
            Some(data) => {
                let follows = input::graph(data)?;
                let users = follows.iter().map(|(a, b)| 1 + (*a).max(*b)).max().unwrap_or(0);
                let pairs = follows.into_iter().map(|(a, b)| (a + 1, b + 1));
                Self::new(users, users, users * args.posts_each, pairs)
            }
            None => {
                let Some(0..) = (args.users / 4).checked_sub(args.mean) else {
                    let WorldArgs { users, mean, .. } = args;
                    return Err(Failure::mistake(format!(
                        "--users {users} is too few for --mean {mean}, at least four times as many"
                    )));
                };
                let made_up = Population::new(args.users, args.mean, 1);
                Self::new(args.users, args.users, args.users * args.posts_each, made_up.follows())
            }
        };
        // So many of the newest posts that their entries fill the inboxes.
        let entries = world.users * args.inbox;
        let of_a_post = (world.follow_count() / world.users.max(1)).max(1);
        world.pushed_from = world.posts.saturating_sub(entries / of_a_post);
        Ok(world)
    }

    fn new(
        users: u64,
        authors: u64,
        posts: u64,
        follows: impl Iterator<Item = (u64, u64)>,
    ) -> Self {
        let narrow = |user: u64| u32::try_from(user).unwrap_or(u32::MAX);
        let mut pairs: Vec<(u32, u32)> =
            follows.map(|(user, author)| (narrow(user), narrow(author))).collect();
        let followees = Lists::of(users, &pairs);
        pairs.iter_mut().for_each(|(user, author)| std::mem::swap(user, author));
        let followers = Lists::of(users, &pairs);
        Self { users, authors, posts, pushed_from: 0, followers, followees, words: Words::new(1) }
    }

    /// How many users.
    #[must_use]
    pub fn users(&self) -> u64 {
        self.users
    }

    /// How many posts are loaded; later ones have the numbers from there on.
    #[must_use]
    pub fn posts(&self) -> u64 {
        self.posts
    }

    /// How many follows.
    #[must_use]
    pub fn follow_count(&self) -> u64 {
        self.followees.others.len() as u64
    }

    /// All follows as (follower, author), follower by follower.
    pub fn follows(&self) -> impl Iterator<Item = (u64, u64)> {
        (1..=self.users).flat_map(|user| {
            self.followees.get(user).iter().map(move |author| (user, u64::from(*author)))
        })
    }

    /// Who follows an author.
    #[must_use]
    pub fn followers(&self, author: u64) -> &[u32] {
        self.followers.get(author)
    }

    /// Whom a user follows.
    #[must_use]
    pub fn followees(&self, user: u64) -> &[u32] {
        self.followees.get(user)
    }

    /// Who wrote the post of that number, loaded or later.
    #[must_use]
    pub fn author(&self, number: u64) -> u64 {
        1 + number % self.authors
    }

    /// Its text, 280 bytes.
    #[must_use]
    pub fn text(&self, number: u64) -> String {
        self.words.numbered(number, TEXT_BYTES)
    }

    /// How many entries the posts in `numbers` have in all inboxes together.
    #[must_use]
    pub fn entries(&self, numbers: std::ops::Range<u64>) -> u64 {
        numbers.map(|number| self.followers(self.author(number)).len() as u64).sum()
    }

    /// The posts whose entries are in inboxes.
    #[must_use]
    pub fn pushed(&self) -> std::ops::Range<u64> {
        self.pushed_from..self.posts
    }

    /// The entries of a user's inbox, newest first: those of the newest posts of all, and a page at least,
    /// if there is one. In real graphs some follow few, whose posts are old.
    #[must_use]
    pub fn inbox(&self, user: u64) -> Vec<u64> {
        let inbox = self.newest_of(user, self.pushed_from);
        if PAGE <= inbox.len() { inbox } else { self.home(user, PAGE) }
    }

    /// How many entries all inboxes have together.
    #[must_use]
    pub fn inbox_entries(&self) -> u64 {
        (1..=self.users).map(|user| self.inbox(user).len() as u64).sum()
    }

    /// The newest entries of a user's home.
    #[must_use]
    pub fn home(&self, user: u64, limit: usize) -> Vec<u64> {
        let mut posts = self.newest_of(user, 0);
        posts.truncate(limit);
        posts
    }

    /// What a user published, newest first.
    #[must_use]
    pub fn published(&self, author: u64) -> Vec<u64> {
        let mut posts: Vec<u64> = self.published_from(author, 0).collect();
        posts.reverse();
        posts
    }

    /// An author's posts are `authors` apart, from author - 1 on.
    fn published_from(&self, author: u64, from: u64) -> impl Iterator<Item = u64> + use<> {
        let first = author.saturating_sub(1);
        let skipped = from.saturating_sub(first).div_ceil(self.authors);
        let end = if author <= self.authors { self.posts } else { 0 };
        (first + skipped * self.authors..end).step_by(to_usize(self.authors))
    }

    fn newest_of(&self, user: u64, from: u64) -> Vec<u64> {
        let mut posts = Vec::new();
        for author in self.followees(user) {
            posts.extend(self.published_from(u64::from(*author), from));
        }
        posts.sort_unstable_by(|a, b| b.cmp(a));
        posts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args() -> WorldArgs {
        WorldArgs {
            users: 1_000,
            mean: 20,
            posts_each: 10,
            inbox: 50,
            celebrity: 300,
            authors: 40,
            data: None,
        }
    }

    /// The slow way to know what is in a home.
    fn naive(world: &World, user: u64, from: u64) -> Vec<u64> {
        let follows = |number: &u64| {
            world.followees(user).iter().any(|author| u64::from(*author) == world.author(*number))
        };
        (from..world.posts()).rev().filter(follows).collect()
    }

    #[test]
    fn homes_and_inboxes_are_what_a_naive_search_finds() {
        for scene in [Scene::World, Scene::Reader, Scene::Celebrity] {
            let world = World::of(scene, &args()).unwrap();
            for user in (1..=world.users()).step_by(37).chain([world.users()]) {
                let mut home = naive(&world, user, 0);
                home.truncate(20);
                assert_eq!(world.home(user, 20), home, "{scene:?} {user}");
                let mut inbox = naive(&world, user, world.pushed().start);
                if inbox.len() < 20 {
                    inbox.clone_from(&home);
                }
                assert_eq!(world.inbox(user), inbox);
            }
        }
    }

    /// Where inboxes are short on average, those of whoever follows few still have a page.
    #[test]
    fn every_inbox_has_a_page() {
        let world = World::of(Scene::World, &WorldArgs { inbox: 5, ..args() }).unwrap();
        let mut is_filled_up = false;
        for user in 1..=1_000 {
            let (inbox, home) = (world.inbox(user), world.home(user, PAGE));
            assert_eq!(inbox[..home.len()], home, "{user}");
            is_filled_up |= inbox.last().is_some_and(|oldest| *oldest < world.pushed().start);
        }
        assert!(is_filled_up);
    }

    #[test]
    fn followers_mirror_followees_and_inboxes_are_as_long_as_was_asked_for() {
        let world = World::of(Scene::World, &args()).unwrap();
        let mirrored: u64 = (1..=1_000).map(|author| world.followers(author).len() as u64).sum();
        assert_eq!(mirrored, world.follow_count());
        let entries = world.entries(world.pushed());
        assert!((45_000..55_000).contains(&entries), "{entries}");
        // Some are filled up to a page.
        assert!((entries..entries + entries / 50).contains(&world.inbox_entries()));
        assert_eq!(world.text(7), world.text(7));
        assert_ne!(world.text(7), world.text(8));
        assert_eq!(world.text(7).len(), TEXT_BYTES);
    }

    #[test]
    fn everybody_follows_the_celebrity_and_the_reader_everybody() {
        let world = World::of(Scene::Celebrity, &args()).unwrap();
        assert_eq!(world.followers(1).len(), 300);
        assert_eq!(world.inbox(2).len(), 20);
        let world = World::of(Scene::Reader, &args()).unwrap();
        assert_eq!(world.followees(41).len(), 40);
        assert_eq!(world.posts(), 400);
    }
}
