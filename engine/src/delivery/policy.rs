//! Delivery policies: which edges are pushed, which are pulled.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::error::Error;

/// Where the work of a home feed is done. Every policy gives the same answers at every moment; they
/// differ in cost alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    /// No inboxes: every read merges the outboxes of the reader's followees ("read fan-out").
    Pull,
    /// Every post goes into the inbox of every active follower ("write fan-out").
    Push,
    /// Posts of authors with few followers are pushed, those of authors with
    /// [`big_author`](DeliveryOptions::big_author) followers or more are pulled.
    Threshold,
    /// Big authors push to a bounded list of active followers; the others pull them.
    ActiveFans,
    /// Each edge by itself: pushed while its reader's reads cost more to pull than its author's posts
    /// cost to push (Silberstein et al., "Feeding Frenzy", SIGMOD 2010).
    #[default]
    Adaptive,
}

/// How posts are delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeliveryOptions {
    /// Which edges are pushed.
    pub policy: Policy,
    /// From so many followers on an author is big. 10,000: fewer are pushed to in a millisecond.
    pub big_author: u32,
    /// How many active followers a big author pushes to at most, under
    /// [`ActiveFans`](Policy::ActiveFans). 100,000.
    pub active_fans: usize,
    /// Who did nothing for so long has no inbox; the next read makes one. Three days.
    pub active_window: Duration,
    /// Posts that a new inbox keeps, 4 to 4,096. 64: three pages; one whose reader goes further grows.
    pub inbox_min: u16,
    /// Posts that may wait for their delivery; past that, writes wait. 4,096: some milliseconds of
    /// work, which every read of a home looks through.
    pub backlog_max: usize,
}

impl Default for DeliveryOptions {
    fn default() -> Self {
        Self {
            policy: Policy::default(),
            big_author: 10_000,
            active_fans: 100_000,
            active_window: Duration::from_secs(3 * 24 * 60 * 60),
            inbox_min: 64,
            backlog_max: 4_096,
        }
    }
}

impl Policy {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Pull, Self::Push, Self::Threshold, Self::ActiveFans, Self::Adaptive];

    /// The name in settings and commands.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pull => "pull",
            Self::Push => "push",
            Self::Threshold => "threshold",
            Self::ActiveFans => "active-fans",
            Self::Adaptive => "adaptive",
        }
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Policy {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        Self::ALL.into_iter().find(|policy| policy.name() == name).ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            Error::invalid(format!("delivery policy `{name}` is not known; choose one of {names}"))
        })
    }
}
