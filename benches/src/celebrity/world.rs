//! One author whom everybody follows, and who is active: computed from numbers.

use fanfold_engine::testing::seed::Random;
use fanfold_engine::{Command, UserId};

/// Others whom an active reader follows.
const OTHERS: u64 = 5;

/// Users `1..=followers`, and the celebrity above them.
#[derive(Clone, Copy, Debug)]
pub(super) struct World {
    pub(super) followers: u64,
    pub(super) active: u64,
}

impl World {
    pub(super) fn celebrity(self) -> UserId {
        UserId(self.followers + 1)
    }

    /// The followers in an order without a pattern, each once.
    pub(super) fn followers(self) -> impl Iterator<Item = UserId> {
        (0..self.followers).map(move |place| self.follower(place))
    }

    /// The active: they lie all over the users.
    pub(super) fn reader(self, number: u64) -> UserId {
        self.follower(number * (self.followers / self.active))
    }

    pub(super) fn any_reader(self, random: &mut Random) -> UserId {
        self.reader(random.below(self.active))
    }

    pub(super) fn any_follower(self, random: &mut Random) -> UserId {
        UserId(1 + random.below(self.followers))
    }

    /// Whom the active follow besides: other active ones.
    pub(super) fn others(self) -> impl Iterator<Item = Command> {
        (0..self.active).flat_map(move |number| {
            (1..=OTHERS).map(move |step| {
                let other = self.reader((number + step * step) % self.active);
                Command::follow(self.reader(number), other)
            })
        })
    }

    fn follower(self, place: u64) -> UserId {
        // A power of two in size, walked by an odd multiplier and folded, is a permutation; what lies
        // outside is walked on until it lies inside.
        let bits = u64::BITS - (self.followers - 1).leading_zeros();
        let mask = (1 << bits.max(1)) - 1;
        let mut at = place;
        loop {
            at = at.wrapping_mul(0x9e37_79b9_7f4a_7c15) & mask;
            at ^= at >> (bits.max(2) / 2);
            at = at.wrapping_mul(0xbf58_476d_1ce4_e5b9) & mask;
            if at < self.followers {
                return UserId(1 + at);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn everybody_follows_once_and_in_no_order() {
        let world = World { followers: 1_000, active: 50 };
        let followers: Vec<UserId> = world.followers().collect();
        assert_eq!(followers.iter().collect::<BTreeSet<_>>().len(), 1_000);
        assert!(followers.iter().all(|user| (1..=1_000).contains(&user.0)));
        let ascents = followers.windows(2).filter(|pair| pair[0] < pair[1]).count();
        assert!((400..600).contains(&ascents), "{ascents}");
        let readers: BTreeSet<_> = (0..50).map(|number| world.reader(number)).collect();
        assert_eq!(readers.len(), 50);
        assert_eq!(world.others().count(), 250);
    }
}
