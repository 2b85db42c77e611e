//! What an interrupted import has to know to go on, and what tells that it is finished: a small
//! JSON file, replaced as a whole.
//!
//! The file of an unfinished import of other inputs or into another database is refused with
//! advice, never guessed about. That of a finished one is replaced.

use std::collections::BTreeMap;
use std::path::Path;

use fanfold_client::Key;
use serde::{Deserialize, Serialize};

use super::digest::Digest;
use super::feeder::Kind;
use super::left::Left;
use crate::exit::Failure;
use crate::files::{self, Identity};

/// The version of the file's layout.
const FORMAT: u32 = 1;

/// The whole file.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) struct Progress {
    format: u32,
    /// The random id that all keys of this import are made of, in hexadecimal.
    import: String,
    pub(crate) database: String,
    pub(crate) epoch: u32,
    pub(crate) sort: bool,
    /// Rows that say so are reposts.
    #[serde(default)]
    pub(crate) reposts: bool,
    pub(crate) graph: Option<Input>,
    pub(crate) posts: Option<Input>,
    /// How long the rejects file is; absent without one.
    pub(crate) rejects_bytes: Option<u64>,
    /// How long the ids file is; absent without one.
    pub(crate) ids_bytes: Option<u64>,
    /// Absent while a run is under way, and after one that was killed.
    pub(crate) left: Option<Left>,
    /// Everything is imported.
    #[serde(default)]
    pub(crate) finished: bool,
}

/// How far an input is.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) struct Input {
    bytes: u64,
    sample: String,
    /// Lines from the start that were imported or refused.
    pub(crate) settled: u64,
    /// Of the settled lines.
    #[serde(default)]
    pub(crate) digest: Digest,
    /// Of these, how many changed something.
    pub(crate) imported: u64,
    /// Of these, how many had nothing to change.
    pub(crate) unchanged: u64,
    /// Of these, how many were refused, by reason.
    pub(crate) refused: BTreeMap<String, u64>,
}

impl Input {
    pub(crate) fn new(identity: &Identity) -> Self {
        let sample = format!("{:016x}", identity.sample);
        Self { bytes: identity.bytes, sample, ..Self::default() }
    }

    /// The next line is settled.
    pub(crate) fn settle(&mut self, line: Digest) {
        self.settled += 1;
        self.digest = self.digest.then(line);
    }

    /// Goes on in another file, `fresh`, in place of this one.
    pub(crate) fn go_on_in(&mut self, fresh: &Self) {
        self.bytes = fresh.bytes;
        self.sample.clone_from(&fresh.sample);
    }

    pub(crate) fn is_same_input(&self, other: &Self) -> bool {
        self.bytes == other.bytes && self.sample == other.sample
    }
}

impl Progress {
    /// A new import with this random id.
    pub(crate) fn new(import: u128, database: String, epoch: u32) -> Self {
        Self {
            format: FORMAT,
            import: format!("{import:032x}"),
            database,
            epoch,
            sort: false,
            reposts: false,
            graph: None,
            posts: None,
            rejects_bytes: None,
            ids_bytes: None,
            left: Some(Left::default()),
            finished: false,
        }
    }

    /// What an earlier run left behind, if anything.
    pub(crate) fn load(path: &Path) -> Result<Option<Self>, Failure> {
        let Some(content) = files::read_if_there(path)? else { return Ok(None) };
        let progress: Self = serde_json::from_slice(&content).map_err(|error| {
            let what = format!("is damaged at its line {}", error.line());
            mistake(path, &what, "restore it, or remove it to start anew")
        })?;
        if progress.format != FORMAT {
            let what = format!("has format {}, this tool knows {FORMAT}", progress.format);
            return Err(mistake(path, &what, "finish with the version that began"));
        }
        Ok(Some(progress))
    }

    pub(crate) fn save(&self, path: &Path) -> Result<(), Failure> {
        let mut text = serde_json::to_string_pretty(self)
            .map_err(|error| Failure::local("cannot describe the progress", &error))?;
        text.push('\n');
        files::replace(path, text.as_bytes())
    }

    /// Refuses to go on with anything else than what `fresh`, made from the arguments, describes.
    pub(crate) fn check_same(&self, fresh: &Self, path: &Path) -> Result<(), Failure> {
        let anew = "finish that import first, or remove the file to start anew";
        let refuse = |what: &str| Err(mistake(path, what, anew));
        if self.database != fresh.database {
            return refuse(&format!(
                "belongs to an import into database {}, the server is database {}",
                self.database, fresh.database
            ));
        }
        if !same_input(self.graph.as_ref(), fresh.graph.as_ref()) {
            return refuse(&another_file(Kind::Graph));
        }
        if !same_input(self.posts.as_ref(), fresh.posts.as_ref()) {
            return refuse(&another_file(Kind::Posts));
        }
        if self.sort != fresh.sort {
            return refuse("belongs to an import with the other choice of --sort");
        }
        if self.reposts != fresh.reposts {
            return refuse("belongs to an import with the other choice of --reposts");
        }
        if self.rejects_bytes.is_some() != fresh.rejects_bytes.is_some() {
            return refuse("belongs to an import with the other choice of --rejects");
        }
        if self.ids_bytes.is_some() != fresh.ids_bytes.is_some() {
            return refuse("belongs to an import with the other choice of --ids");
        }
        Ok(())
    }

    pub(crate) fn input(&self, kind: Kind) -> Option<&Input> {
        match kind {
            Kind::Graph => self.graph.as_ref(),
            Kind::Posts => self.posts.as_ref(),
        }
    }

    /// Whether this is finished, and holds the input of this kind that `fresh` describes.
    pub(crate) fn has_imported(&self, fresh: &Self, kind: Kind) -> bool {
        let is_same = self.input(kind).zip(fresh.input(kind));
        self.finished
            && self.database == fresh.database
            && is_same.is_some_and(|(found, fresh)| found.is_same_input(fresh))
    }

    pub(crate) fn input_mut(&mut self, kind: Kind) -> Option<&mut Input> {
        match kind {
            Kind::Graph => self.graph.as_mut(),
            Kind::Posts => self.posts.as_mut(),
        }
    }

    /// The random id of the import.
    pub(crate) fn import_id(&self, path: &Path) -> Result<u128, Failure> {
        u128::from_str_radix(&self.import, 16).map_err(|_| {
            mistake(path, "holds an import id that is no number", "remove it to start anew")
        })
    }
}

/// The key of a line: no other line of this import, and by chance none of another, has the same.
pub(crate) fn key(import: u128, kind: Kind, line: u64) -> Key {
    let file = match kind {
        Kind::Graph => 0,
        Kind::Posts => 1,
    };
    let offset = (file << 64) | u128::from(line);
    Key(import.wrapping_add(offset).to_le_bytes())
}

fn same_input(one: Option<&Input>, other: Option<&Input>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.is_same_input(other),
        (None, None) => true,
        _ => false,
    }
}

fn another_file(kind: Kind) -> String {
    format!(
        "belongs to an import of another --{} file, or of this one before lines changed that were \
         sent already",
        kind.word()
    )
}

fn mistake(path: &Path, what: &str, advice: &str) -> Failure {
    Failure::Mistake(format!("the progress file {} {what}; {advice}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(bytes: u64) -> Option<Input> {
        Some(Input::new(&Identity { bytes, sample: 7 }))
    }

    fn progress() -> Progress {
        let mut progress = Progress::new(u128::MAX / 3, "ab".to_owned(), 1);
        progress.posts = input(9);
        progress.ids_bytes = Some(0);
        progress
    }

    #[test]
    fn it_comes_back_as_it_was_saved() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.import-progress");
        assert_eq!(Progress::load(&path).unwrap(), None);
        let mut saved = progress();
        saved.input_mut(Kind::Posts).unwrap().refused.insert("limit".into(), 3);
        saved.save(&path).unwrap();
        assert_eq!(Progress::load(&path).unwrap(), Some(saved.clone()));
        assert_eq!(saved.import_id(&path).unwrap(), u128::MAX / 3);
    }

    #[test]
    fn anything_else_is_refused_with_advice() {
        let path = Path::new("x");
        let base = progress();
        let others = [
            Progress { database: "cd".into(), ..base.clone() },
            Progress { posts: input(10), ..base.clone() },
            Progress { posts: None, ..base.clone() },
            Progress { graph: input(9), ..base.clone() },
            Progress { sort: true, ..base.clone() },
            Progress { ids_bytes: None, ..base.clone() },
            Progress { rejects_bytes: Some(0), ..base.clone() },
        ];
        base.check_same(&base, path).unwrap();
        for other in others {
            let failure = base.check_same(&other, path).unwrap_err().to_string();
            assert!(failure.contains("start anew"), "{failure}");
        }
    }

    #[test]
    fn a_broken_file_is_refused_not_ignored() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        for content in [&b"{"[..], b"{}", b"nonsense"] {
            files::replace(&path, content).unwrap();
            let failure = Progress::load(&path).unwrap_err();
            assert!(matches!(failure, Failure::Mistake(_)));
            let message = failure.to_string();
            assert!(message.contains("is damaged at its line 1; restore it"), "{message}");
        }
        let mut old = progress();
        old.format = 2;
        old.save(&path).unwrap();
        assert!(Progress::load(&path).unwrap_err().to_string().contains("format 2"));
    }

    #[test]
    fn every_line_has_its_own_key() {
        let keys = [
            key(u128::MAX, Kind::Graph, 1),
            key(u128::MAX, Kind::Graph, 2),
            key(u128::MAX, Kind::Graph, u64::MAX),
            key(u128::MAX, Kind::Posts, 1),
            key(u128::MAX, Kind::Posts, 2),
        ];
        for (index, key) in keys.iter().enumerate() {
            assert!(!keys[index + 1..].contains(key));
        }
    }
}
