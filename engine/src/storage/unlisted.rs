//! View files that no manifest lists: of a try that was interrupted or failed, or outdated and not removed.

use super::manifest::Manifest;
use super::{Storage, names, remove_if_present};
use crate::error::{Error, Result};

/// Removes them, finished or not. Only for whoever alone makes view files.
pub(crate) fn remove_unlisted(storage: &dyn Storage, manifests: &[Manifest]) -> Result<()> {
    let views = || manifests.iter().flat_map(|manifest| &manifest.views);
    let failed = |name: &str| {
        let what = format!("remove {name}");
        |error| Error::io(what, error)
    };
    for name in storage.list().map_err(failed("view files that are not in use"))? {
        if names::is_of_view(&name) && views().all(|view| view.name() != name) {
            remove_if_present(storage, &name).map_err(failed(&name))?;
        }
    }
    Ok(())
}
