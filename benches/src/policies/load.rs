//! Who posts and who reads, in which order: seeded, and the same for every policy.
//!
//! Of the users 70 % are active and read, by a skewed distribution (the exponent 0.8 of published
//! traces). Who posts is the world's. In the mix a third of the
//! readers read a hundred times as often as the posts come, a third ten times, a third as often.

use fanfold_engine::testing::seed::Random;

use super::world::World;

/// A load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Load {
    /// So many reads a post.
    Reads(u64),
    /// Readers of three kinds.
    Mix,
}

/// Something to do.
#[derive(Clone, Copy, Debug)]
pub(super) enum Op<'a> {
    /// By an author, of a text.
    Publish(u64, &'a str),
    Read(u64),
}

impl Load {
    pub(super) const ALL: [Self; 4] =
        [Self::Reads(1), Self::Reads(10), Self::Reads(100), Self::Mix];

    pub(super) fn name(self) -> String {
        match self {
            Self::Reads(count) => format!("{count} reads a post"),
            Self::Mix => "a mix of these".to_owned(),
        }
    }

    /// What is done, without end.
    pub(super) fn operations(self, world: &World, seed: u64) -> impl Iterator<Item = Op<'_>> {
        let mut random = Random::new(seed + 17);
        let mut turn = world.turn(&mut random);
        std::iter::repeat_with(move || {
            let reads = match self {
                Self::Reads(count) => count,
                Self::Mix => 37,
            };
            if random.below(reads + 1) == 0 {
                let (author, text) = world.next_post(&mut turn, &mut random);
                return Op::Publish(author, text);
            }
            Op::Read(self.reader(world, &mut random))
        })
    }

    fn reader(self, world: &World, random: &mut Random) -> u64 {
        let active = world.users() / 10 * 7;
        let place = match self {
            Self::Reads(_) => skewed(active, random),
            // 100 : 10 : 1 by thirds of the active.
            Self::Mix => {
                let third = active / 3;
                let kind = match random.below(111) {
                    0..100 => 0,
                    100..110 => 1,
                    _ => 2,
                };
                kind * third + random.below(third.max(1))
            }
        };
        world.user(place)
    }
}

/// A place below `end`, the first ones more often: of density x^-0.8.
fn skewed(end: u64, random: &mut Random) -> u64 {
    const STEPS: u64 = 1 << 20;
    let uniform = crate::number::float(random.below(STEPS)) / crate::number::float(STEPS);
    crate::number::whole(uniform.powi(5) * crate::number::float(end)).min(end.saturating_sub(1))
}
