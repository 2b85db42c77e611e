//! How an import begins: anew, where the progress file says that an earlier run ended, or not at
//! all because it was finished.
//!
//! It only decides; nothing is written here.

use std::path::Path;

use super::feeder::{Kind, Plan};
use super::progress_file::Progress;
use crate::arguments::Import;
use crate::exit::Failure;

/// Where to begin.
pub(crate) struct Start {
    pub(crate) progress: Progress,
    /// An earlier run did a part.
    pub(crate) resumed: bool,
    /// The server's epoch now.
    pub(crate) epoch: u32,
}

/// Goes on with what `path` remembers, or starts with `fresh`. `None` if a finished import had the
/// same files and the same database.
pub(crate) async fn decide(
    arguments: &Import,
    path: &Path,
    fresh: Progress,
) -> Result<Option<Start>, Failure> {
    let epoch = fresh.epoch;
    let anew = |fresh| Some(Start { progress: fresh, resumed: false, epoch });
    let Some(mut found) = Progress::load(path)? else { return Ok(anew(fresh)) };
    if found.finished {
        let is_already = !arguments.again && is_already_imported(arguments, &found, &fresh)?;
        return Ok(if is_already { None } else { anew(fresh) });
    }
    for (kind, file) in arguments.inputs() {
        go_on_in_mended(&mut found, &fresh, kind, file).await?;
    }
    found.check_same(&fresh, path)?;
    Ok(Some(Start { progress: found, resumed: true, epoch }))
}

/// Whether all the files were imported. Refuses if only one of them was.
fn is_already_imported(
    arguments: &Import,
    found: &Progress,
    fresh: &Progress,
) -> Result<bool, Failure> {
    let (done, open): (Vec<_>, Vec<_>) =
        arguments.inputs().partition(|(kind, _)| found.has_imported(fresh, *kind));
    match (done.first(), open.first()) {
        (Some((kind, file)), Some(_)) => Err(Failure::Mistake(format!(
            "{} was imported into this database already; leave --{} out, or use --again to import \
             it once more",
            file.display(),
            kind.word()
        ))),
        (done, _) => Ok(done.is_some()),
    }
}

/// Takes a file that was changed only where nothing had been sent for the one it was.
async fn go_on_in_mended(
    found: &mut Progress,
    fresh: &Progress,
    kind: Kind,
    file: &Path,
) -> Result<(), Failure> {
    let sort = found.sort && kind == Kind::Posts;
    let plan = Plan { kind, settled: 0, sort, keep_lines: false, reposts: false };
    let left = found.left.clone();
    let (Some(input), Some(fresh), Some(left)) = (found.input_mut(kind), fresh.input(kind), left)
    else {
        return Ok(());
    };
    if !input.is_same_input(fresh) && left.fits(input, plan, file).await? {
        input.go_on_in(fresh);
    }
    Ok(())
}

impl Import {
    /// The files, in the order in which they are imported.
    pub(crate) fn inputs(&self) -> impl Iterator<Item = (Kind, &Path)> {
        let files = [(Kind::Graph, &self.graph), (Kind::Posts, &self.posts)];
        files.into_iter().filter_map(|(kind, file)| Some((kind, file.as_deref()?)))
    }
}
