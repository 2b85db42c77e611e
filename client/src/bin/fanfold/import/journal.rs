//! What happened to each line, in file order: counts, the rejects and ids files, and the progress
//! file that describes them.
//!
//! Invariant: a saved progress file never counts a line whose reject or id is not in its file.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use fanfold_client::Written;

use super::digest::Digest;
use super::feeder::Kind;
use super::input_id::InputId;
use super::left::Left;
use super::links::Links;
use super::progress_file::{Input, Progress};
use super::reason::Refusal;
use super::start::Start;
use crate::arguments::Import;
use crate::exit::Failure;
use crate::files::Tail;

/// How old the saved progress may get.
const SAVE_EVERY: Duration = Duration::from_millis(500);

/// The books of an import.
pub(crate) struct Journal {
    path: PathBuf,
    progress: Progress,
    rejects: Option<Tail>,
    ids: Option<Tail>,
    /// What the ids became, if reposts refer to them.
    links: Option<Links>,
    saved_at: Instant,
    resumed: bool,
    /// What earlier runs had sent; `None` if one of them could not tell.
    earlier: Option<Left>,
    /// The newest epoch seen in an answer.
    epoch: u32,
}

/// A line whose turn it is.
pub(crate) struct Settled<'a> {
    pub(crate) kind: Kind,
    pub(crate) number: u64,
    pub(crate) digest: Digest,
    pub(crate) line: Option<&'a [u8]>,
}

impl Journal {
    /// Opens the books at `start`, to be kept in `path`.
    pub(crate) fn open(arguments: &Import, path: &Path, start: Start) -> Result<Self, Failure> {
        let Start { mut progress, resumed, epoch } = start;
        let earlier = progress.left.take();
        let rejects = open_tail(arguments.rejects.as_deref(), progress.rejects_bytes)?;
        let known = arguments.ids.as_deref().filter(|_| arguments.reposts);
        let known = known.map(|path| Links::load(path, progress.ids_bytes.unwrap_or_default()));
        let links = known.transpose()?;
        let ids = open_tail(arguments.ids.as_deref(), progress.ids_bytes)?;
        let (path, saved_at) = (path.to_owned(), Instant::now());
        let mut journal =
            Self { path, progress, rejects, ids, links, saved_at, resumed, earlier, epoch };
        journal.save()?;
        Ok(journal)
    }

    /// Whether an earlier run was interrupted.
    pub(crate) fn is_resumed(&self) -> bool {
        self.resumed
    }

    /// The newest epoch, if one began since the import did.
    pub(crate) fn later_epoch(&self) -> Option<u32> {
        (self.progress.epoch < self.epoch).then_some(self.epoch)
    }

    pub(crate) fn import_id(&self) -> Result<u128, Failure> {
        self.progress.import_id(&self.path)
    }

    pub(crate) fn input(&self, kind: Kind) -> Option<&Input> {
        self.progress.input(kind)
    }

    /// How many lines of an input are settled.
    pub(crate) fn settled(&self, kind: Kind) -> u64 {
        self.input(kind).map_or(0, |input| input.settled)
    }

    /// What the ids of the input became, if reposts refer to them.
    pub(crate) fn links(&mut self) -> Option<&mut Links> {
        self.links.as_mut()
    }

    /// A line was imported.
    pub(crate) fn imported(
        &mut self,
        settled: &Settled<'_>,
        id: Option<InputId>,
        written: &Written,
    ) -> Result<(), Failure> {
        if let (Some(links), Some(id)) = (&mut self.links, &id) {
            links.end(id, written.post);
        }
        if let (Some(ids), Some(id), Some(post)) = (&mut self.ids, id, written.post) {
            ids.write(format!("{}\t{post}\n", id.0).as_bytes())?;
        }
        self.epoch = self.epoch.max(written.position.epoch.0);
        let Some(input) = self.progress.input_mut(settled.kind) else { return Ok(()) };
        input.settle(settled.digest);
        match written.changed {
            true => input.imported += 1,
            false => input.unchanged += 1,
        }
        Ok(())
    }

    /// A line was refused.
    pub(crate) fn refused(
        &mut self,
        settled: &Settled<'_>,
        refusal: &Refusal,
    ) -> Result<(), Failure> {
        if let Some(rejects) = &mut self.rejects {
            let message = refusal.message.replace(['\t', '\n', '\r'], " ");
            let (file, number) = (settled.kind.word(), settled.number);
            rejects
                .write(format!("{file}\t{number}\t{}\t{message}\t", refusal.reason).as_bytes())?;
            rejects.write(settled.line.unwrap_or_default())?;
            rejects.write(b"\n")?;
        }
        let Some(input) = self.progress.input_mut(settled.kind) else { return Ok(()) };
        input.settle(settled.digest);
        *input.refused.entry(refusal.reason.to_owned()).or_default() += 1;
        Ok(())
    }

    /// The run ends in the middle of an input: what it had sent of it.
    pub(crate) fn leave(&mut self, left: Left) {
        self.progress.left = self.earlier.take().map(|earlier| left.over(earlier));
    }

    /// Saves at the end of a run that did not finish.
    pub(crate) fn save_unfinished(&mut self) -> Result<(), Failure> {
        if let Some(earlier) = self.earlier.take() {
            // It ended outside of an input, so there is nothing to add.
            self.progress.left = Some(earlier);
        }
        self.save()
    }

    pub(crate) fn save_if_due(&mut self) -> Result<(), Failure> {
        if self.saved_at.elapsed() < SAVE_EVERY {
            return Ok(());
        }
        self.save()
    }

    /// Saves; the files first, what describes them after.
    pub(crate) fn save(&mut self) -> Result<(), Failure> {
        self.progress.rejects_bytes = self.rejects.as_mut().map(Tail::flush).transpose()?;
        self.progress.ids_bytes = self.ids.as_mut().map(Tail::flush).transpose()?;
        self.progress.save(&self.path)?;
        self.saved_at = Instant::now();
        Ok(())
    }

    /// All is imported: marks it, so that it is not done twice by mistake.
    pub(crate) fn finish(&mut self) -> Result<(), Failure> {
        self.progress.finished = true;
        self.save()
    }
}

impl Kind {
    /// The option that names the file.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Graph => "graph",
            Self::Posts => "posts",
        }
    }
}

fn open_tail(path: Option<&Path>, bytes: Option<u64>) -> Result<Option<Tail>, Failure> {
    path.map(|path| Tail::open(path, bytes.unwrap_or_default())).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::{Identity, read_if_there};
    use fanfold_client::{Position, PostId};

    fn fresh() -> Progress {
        let mut progress = Progress::new(5, "ab".to_owned(), 1);
        progress.posts = Some(Input::new(&Identity { bytes: 9, sample: 7 }));
        (progress.rejects_bytes, progress.ids_bytes) = (Some(0), Some(0));
        progress
    }

    fn written(post: u64) -> Written {
        Written {
            position: Position::default(),
            changed: true,
            requested: false,
            post: Some(PostId(post)),
        }
    }

    fn start(path: &Path) -> Start {
        let found = Progress::load(path).unwrap();
        let resumed = found.is_some();
        Start { progress: found.unwrap_or_else(fresh), resumed, epoch: 1 }
    }

    #[test]
    fn a_resumed_journal_drops_what_was_not_saved() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| folder.path().join(name);
        let arguments =
            Import { rejects: Some(file("rejects")), ids: Some(file("ids")), ..Import::default() };
        let id = |id: &str| Some(InputId(id.to_owned()));
        let refusal = Refusal::new("bad_json", "not\tgood");
        let digest = Digest::default();
        let settled = |number| Settled { kind: Kind::Posts, number, digest, line: Some(b"{x") };

        let mut journal =
            Journal::open(&arguments, &file("progress"), start(&file("progress"))).unwrap();
        assert!(!journal.is_resumed());
        journal.imported(&settled(1), id("a"), &written(10)).unwrap();
        journal.refused(&settled(2), &refusal).unwrap();
        journal.save().unwrap();
        journal.imported(&settled(3), id("lost"), &written(11)).unwrap();
        journal.refused(&settled(4), &refusal).unwrap();
        journal.ids.as_mut().unwrap().flush().unwrap();
        journal.rejects.as_mut().unwrap().flush().unwrap();
        drop(journal);

        let mut journal =
            Journal::open(&arguments, &file("progress"), start(&file("progress"))).unwrap();
        assert!(journal.is_resumed());
        assert_eq!(journal.settled(Kind::Posts), 2);
        journal.imported(&settled(3), id("b"), &written(11)).unwrap();
        journal.finish().unwrap();
        let content =
            |name| String::from_utf8(read_if_there(&file(name)).unwrap().unwrap()).unwrap();
        assert_eq!(content("ids"), "a\t10\nb\t11\n");
        assert_eq!(content("rejects"), "posts\t2\tbad_json\tnot good\t{x\n");
        assert!(Progress::load(&file("progress")).unwrap().unwrap().finished);
    }
}
