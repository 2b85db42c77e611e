//! Tools for tests, here and in `benches`: nothing of this is part of the engine.
//!
//! * [`collapse`]: collapsed pages against the oracle's.
//! * [`delivery`]: random ways to deliver.
//! * [`disk`]: a simulated disk that does what real disks do when the power goes.
//! * [`forge`]: makes the checksums of a changed file right again.
//! * [`memory`]: a breakable storage in memory; a copy of it is what a crash would leave.
//! * [`model`]: the naive database, a few `HashMap`s: the oracle.
//! * [`removals`]: what the engine removes of users who are being forgotten, told to the oracle.
//! * [`workload`]: seeded random commands and queries.
//! * [`seed`]: one number that replays a failure.
//! * [`simulation`]: an engine on the simulated disk beside the oracle, through crashes and faults.

pub mod collapse;
pub mod delivery;
pub mod disk;
pub mod forge;
pub mod memory;
pub mod model;
pub mod removals;
pub mod seed;
pub mod simulation;
pub mod workload;
