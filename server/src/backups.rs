//! Backups of the running database, below the configured directory only.

use std::path::{Path, PathBuf};

use fanfold_engine::{Backup, Engine, Error, ErrorKind};

/// The longest name.
const NAME_BYTES_MAX: usize = fanfold_protocol::limits::BACKUP_NAME_BYTES_MAX;

/// Makes the backup `name` below `place`. Answers where it is, too.
///
/// No path comes from outside: a name is letters, digits, `.`, `_` and `-`, and does not begin with a
/// dot, so that it can lead nowhere else.
pub(crate) fn backup(
    engine: &Engine,
    place: Option<&Path>,
    name: &str,
) -> Result<(PathBuf, Backup), Error> {
    let refused = |what: String| Error::new(ErrorKind::Invalid, what);
    let Some(place) = place else {
        let what = "this daemon has no place for backups; start it with --backup-dir DIR";
        return Err(refused(what.to_owned()));
    };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let is_name = !name.is_empty()
        && name.len() <= NAME_BYTES_MAX
        && !name.starts_with('.')
        && name.chars().all(is_plain);
    if !is_name {
        return Err(refused(format!(
            "`{name}` is no name for a backup; give 1 to {NAME_BYTES_MAX} letters, digits, `.`, `_` \
             and `-`, not beginning with a dot"
        )));
    }
    let directory = place.join(name);
    engine.backup(&directory).map(|made| (directory, made))
}

/// What is told of a backup, as names and numbers.
pub(crate) fn fields(made: &Backup) -> [(&'static str, u64); 3] {
    [("files", made.files), ("bytes", made.bytes), ("copied_bytes", made.copied_bytes)]
}
