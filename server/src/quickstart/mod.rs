//! `fanfoldd quickstart`: a served database with something in it, within seconds.
//!
//! The posts are the sample that ships with the repository: real. The readers and who follows whom
//! come from `population.rs`: generated, and said so on screen. Everything goes in through the
//! commands anybody would use.
//!
//! Invariant: only a fresh directory is filled, so nobody's data gets the sample mixed in.

mod load;
mod population;
mod sample;
mod show;

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::config::{Origin, Resolved};
use crate::console::say;
use crate::exit::Failure;
use crate::server::Server;

/// What a file system makes at its top: a fresh mount is a fresh directory.
const LOST_AND_FOUND: &str = "lost+found";

/// Where the database is put: a directory of the user's, or a temporary one that goes when this
/// value goes.
#[derive(Debug)]
pub struct Place {
    path: PathBuf,
    temporary: Option<TempDir>,
}

impl Place {
    /// The directory of `--data`, which must be missing or empty; a temporary one if none is given.
    ///
    /// # Errors
    /// The directory holds something, or no temporary one can be made.
    pub fn choose(resolved: &Resolved) -> Result<Self, Failure> {
        if resolved.origin("data") != Some(&Origin::Default) {
            let path = resolved.config.data.clone();
            check_fresh(&path)?;
            return Ok(Self { path, temporary: None });
        }
        let made = tempfile::Builder::new().prefix("fanfold-quickstart-").tempdir();
        let temporary = made.map_err(|error| {
            Failure::new(format!("cannot make a temporary directory: {error}; give --data DIR"))
        })?;
        Ok(Self { path: temporary.path().join("data"), temporary: Some(temporary) })
    }

    /// The data directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn describe(&self) -> String {
        let path = self.path.display();
        match self.temporary {
            Some(_) => format!("{path} (temporary: removed at the end; --data DIR keeps it)"),
            None => format!("{path} (kept; serve it again with `fanfoldd --data {path}`)"),
        }
    }
}

/// Loads the sample through the server's engine, shows some feeds, and says what to try next.
///
/// # Errors
/// A write that failed.
pub async fn fill_and_show(server: &Server, place: &Place) -> Result<(), Failure> {
    say(format_args!("Fanfold quickstart\n\ndata directory: {}", place.describe()));
    let engine = server.engine().clone();
    let filling = tokio::task::spawn_blocking(move || {
        let loaded = load::load(&engine)?;
        say(&loaded);
        show::feeds(&engine, &loaded)
    });
    let feeds = filling
        .await
        .map_err(|error| Failure::new(format!("the sample could not be loaded: {error}")))??;
    say(feeds);
    say(show::next_steps(server.addresses()));
    Ok(())
}

fn check_fresh(path: &Path) -> Result<(), Failure> {
    let shown = path.display();
    match std::fs::read_dir(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Failure::mistake(format!(
            "cannot use {shown} for the quickstart: {error}; name a directory to be created"
        ))),
        Ok(mut entries) => match entries.find(|entry| !is_lost_and_found(entry)) {
            None => Ok(()),
            Some(_) => Err(Failure::mistake(format!(
                "{shown} is not empty, and the quickstart fills a fresh directory only; name \
                 another with --data, or serve this one with `fanfoldd --data {shown}`"
            ))),
        },
    }
}

fn is_lost_and_found(entry: &std::io::Result<std::fs::DirEntry>) -> bool {
    entry.as_ref().is_ok_and(|entry| entry.file_name() == LOST_AND_FOUND)
}
