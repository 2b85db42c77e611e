//! How an import begins: anew, or where the progress file says that an earlier run ended.
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

impl Start {
    /// Goes on with what `path` remembers, or starts with `fresh`.
    pub(crate) async fn decide(
        arguments: &Import,
        path: &Path,
        fresh: Progress,
    ) -> Result<Self, Failure> {
        let epoch = fresh.epoch;
        let Some(mut found) = Progress::load(path)? else {
            return Ok(Self { progress: fresh, resumed: false, epoch });
        };
        for (kind, file) in arguments.inputs() {
            go_on_in_mended(&mut found, &fresh, kind, file).await?;
        }
        found.check_same(&fresh, path)?;
        Ok(Self { progress: found, resumed: true, epoch })
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
    let plan = Plan { kind, settled: 0, sort, keep_lines: false };
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
