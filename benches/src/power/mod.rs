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
//! [`served`] and [`mount`] make a file system of it, [`victim`] is a daemon on it. The three jobs,
//! each in a [`scene`]: [`cuts`] (with [`life`]), [`full`] and [`failed`], both with a [`writer`]
//! that minds being refused.

mod content;
mod cuts;
mod directory;
mod disk;
mod failed;
mod full;
mod life;
mod mount;
mod scene;
mod served;
mod state;
mod survival;
mod victim;
mod writer;

pub(crate) use cuts::{CutArgs, run as power_cuts};
pub(crate) use failed::run as failed_sync;
pub(crate) use full::run as full_disk;
pub(crate) use mount::try_out;
pub(crate) use scene::SceneArgs;
