//! Random ways to deliver, so small that a few users meet every case: authors become big and small
//! again, lists overflow, inboxes give up their older half, readers fall asleep.

use std::time::Duration;

use super::seed::Random;
use crate::delivery::policy::{DeliveryOptions, Policy};

/// Draws a policy and its limits.
pub fn random_delivery(random: &mut Random) -> DeliveryOptions {
    let mut below = |end: u64| random.below(end);
    let policies = Policy::ALL.len() as u64;
    let index = usize::try_from(below(policies)).unwrap_or(0);
    DeliveryOptions {
        policy: Policy::ALL.get(index).copied().unwrap_or_default(),
        big_author: u32::try_from(below(5) + 1).unwrap_or(1),
        active_fans: usize::try_from(below(4)).unwrap_or(0),
        active_window: Duration::from_secs(below(2) * 1_000 + 5),
        inbox_min: u16::try_from(below(3) * 6).unwrap_or(0),
        backlog_max: usize::try_from(below(3) * 4).unwrap_or(0),
    }
}
