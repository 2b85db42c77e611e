//! Negative controls: a run that must fail, because somebody lost something on purpose. An audit
//! that does not notice is worth nothing.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::book::{Book, Deed, Line};
use super::token::{Token, hash};
use crate::exit::{Explain, Failure, Outcome};

/// What to break.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Sabotage {
    /// Write an acknowledgement of a post that was never sent into the ledger
    Ledger,
    /// Overwrite the newest log segment, but for its beginning, with zeros after the kill
    Tail,
}

/// Bytes of the segment that are left. The loss must be larger than what was in flight: nobody is
/// promised that.
const LEFT: u64 = 16 * 1024;

impl Sabotage {
    /// Breaks it.
    pub(super) fn commit(self, book: &Book, data: &Path) -> Outcome<()> {
        match self {
            Self::Ledger => {
                let token = Token { source: 0, number: u64::MAX };
                let posted = Some((u64::MAX, hash("never sent")));
                book.write(Line::Acknowledged(Deed::Publish(token), posted))?;
                book.flush()
            }
            Self::Tail => lose_tail(&newest_segment(data)?),
        }
    }
}

/// The segment with the greatest name: names ascend with the log.
fn newest_segment(data: &Path) -> Outcome<PathBuf> {
    let list = || format!("cannot list {}", data.display());
    let mut newest = None;
    for entry in data.read_dir().explain(list)? {
        let path = entry.explain(list)?.path();
        if path.extension().is_some_and(|extension| extension == "seg") {
            newest = newest.max(Some(path));
        }
    }
    newest.ok_or_else(|| Failure::failed(format!("no log segment in {}", data.display())))
}

/// Puts zeros over everything that was written behind the first bytes.
fn lose_tail(segment: &Path) -> Outcome<()> {
    let change = || format!("cannot change {}", segment.display());
    let mut file = File::options().read(true).write(true).open(segment).explain(change)?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).explain(change)?;
    let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last as u64 + 1);
    let zeros = vec![0; usize::try_from(end.saturating_sub(LEFT)).unwrap_or(0)];
    file.seek(SeekFrom::Start(LEFT)).explain(change)?;
    file.write_all(&zeros).explain(change)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_segment_is_lost_but_for_its_beginning() {
        let directory = tempfile::tempdir().unwrap();
        let log = directory.path();
        let write = |name: &str, bytes: &[u8]| {
            File::create(log.join(name)).unwrap().write_all(bytes).unwrap();
        };
        write("1.seg", &[7; 100]);
        let mut newest = vec![7; 100_000];
        newest.resize(200_000, 0);
        write("2.seg", &newest);
        let segment = newest_segment(log).unwrap();
        lose_tail(&segment).unwrap();
        let mut left = Vec::new();
        File::open(log.join("2.seg")).unwrap().read_to_end(&mut left).unwrap();
        assert_eq!(left.iter().filter(|byte| **byte == 7).count(), 16 * 1024);
        assert_eq!(left.len(), 200_000);
    }
}
