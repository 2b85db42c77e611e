//! A disk that can be trusted with nothing: power cuts, a full disk, a failed sync.
//!
//! ```text
//! ledger's load -> fanfoldd -> kernel -> FUSE -> disk in this process  <- switches
//!       |             |                            |
//!       v             v                            v
//!     ledger ------ audit ------------------ what no sync had covered is gone
//! ```
//!
//! From the bottom up: [`survival`] draws what of unsynced writes a cut leaves, [`content`] and
//! [`directory`] are bytes and names as seen and as kept, [`state`] and [`disk`] put them together,
//! [`served`] and [`mount`] make a file system of it, [`victim`] is a daemon on it. The three jobs:
//! [`cuts`] (with [`life`]), [`full`], [`failed`], the last two with a [`writer`] that minds being
//! refused.

mod content;
mod cuts;
mod directory;
mod disk;
mod life;
mod mount;
mod served;
mod state;
mod survival;
mod victim;

pub(crate) use cuts::{CutArgs, run as power_cuts};
