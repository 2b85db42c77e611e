//! The catalog: the manifest of an open database, and the only hand that changes it.
//!
//! Whatever changes what the directory is (a flush, the keeper beginning a segment, an orderly
//! stop) goes through [`Catalog::change`], one at a time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::Storage;
use super::manifest::Manifest;
use super::reserve::Reserve;
use crate::error::Result;

/// See the module.
#[derive(Debug)]
pub(crate) struct Catalog {
    storage: Arc<dyn Storage>,
    manifest: Mutex<Manifest>,
    next_number: AtomicU64,
    reserve: Reserve,
}

impl Catalog {
    /// The catalog of a directory whose manifest is stored already.
    pub(crate) fn new(storage: Arc<dyn Storage>, manifest: Manifest) -> Self {
        let next_number = AtomicU64::new(manifest.next_number);
        let reserve = Reserve::new(Arc::clone(&storage));
        Self { storage, manifest: Mutex::new(manifest), next_number, reserve }
    }

    pub(crate) fn storage(&self) -> &dyn Storage {
        &*self.storage
    }

    /// Room for when there is none.
    pub(crate) fn reserve(&self) -> &Reserve {
        &self.reserve
    }

    /// The manifest now.
    pub(crate) fn manifest(&self) -> Manifest {
        self.manifest.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A number for a view file that no file had before. It is given up if the file is never
    /// published.
    pub(crate) fn take_number(&self) -> u64 {
        self.next_number.fetch_add(1, Ordering::Relaxed)
    }

    /// Changes the manifest and stores it. If that fails, it stays as it was.
    pub(crate) fn change(&self, edit: impl FnOnce(&mut Manifest)) -> Result<()> {
        let mut manifest = self.manifest.lock().unwrap_or_else(PoisonError::into_inner);
        let mut changed = manifest.clone();
        edit(&mut changed);
        changed.next_number = self.next_number.load(Ordering::Relaxed);
        changed.store(&*self.storage)?;
        *manifest = changed;
        Ok(())
    }
}
