//! Random numbers for names and salts (never for decisions): from the operating system.

use std::hash::{BuildHasher, Hasher, RandomState};

use crate::ids::DatabaseId;

/// 64 random bits. `RandomState` is seeded by the operating system and differs at each call.
pub(crate) fn random_u64() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// A new database's name.
pub(crate) fn random_database_id() -> DatabaseId {
    let mut id = [0; 16];
    let (low, high) = id.split_at_mut(8);
    low.copy_from_slice(&random_u64().to_le_bytes());
    high.copy_from_slice(&random_u64().to_le_bytes());
    DatabaseId(id)
}
