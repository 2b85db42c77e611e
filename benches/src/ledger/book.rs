//! The ledger: a text file beside the data directory, a line per intent and per acknowledgement.
//!
//! ```text
//! ? publish 3-17              intended, about to be sent
//! ! publish 3-17 4711 9f..    acknowledged as post 4711, content hash
//! ? follow 1000003 49         ? unfollow ..   ? delete 4711
//! ! follow 1000003 49         ! unfollow ..   ! delete 4711
//! ```
//!
//! An audit reads the file, not the memory of who wrote it. Invariant: an intent is in the book
//! before its request goes out, an acknowledgement after its answer came in.

use std::fmt;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::token::Token;
use crate::exit::{Explain, Outcome};

/// A change that the load asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    Publish(Token),
    Delete(u64),
    Follow(u64, u64),
    Unfollow(u64, u64),
}

/// A line of the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    Intended(Deed),
    /// With the post id and the hash of the content, for a publish.
    Acknowledged(Deed, Option<(u64, u64)>),
}

/// The ledger, being written.
#[derive(Debug)]
pub(crate) struct Book {
    path: PathBuf,
    file: Mutex<BufWriter<File>>,
}

impl Book {
    pub(crate) fn create(path: PathBuf) -> Outcome<Self> {
        let file = File::create(&path).explain(|| format!("cannot write {}", path.display()))?;
        Ok(Self { file: Mutex::new(BufWriter::new(file)), path })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn write(&self, line: Line) -> Outcome<()> {
        writeln!(self.file(), "{line}").explain(|| format!("cannot write {}", self.path.display()))
    }

    /// Makes everything written so far readable.
    pub(crate) fn flush(&self) -> Outcome<()> {
        self.file().flush().explain(|| format!("cannot write {}", self.path.display()))
    }

    /// Reads the file while nobody writes to it.
    pub(crate) fn read<T>(&self, job: impl FnOnce(&Path) -> Outcome<T>) -> Outcome<T> {
        let mut file = self.file();
        file.flush().explain(|| format!("cannot write {}", self.path.display()))?;
        job(&self.path)
    }

    fn file(&self) -> MutexGuard<'_, BufWriter<File>> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Display for Deed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Publish(token) => write!(f, "publish {token}"),
            Self::Delete(post) => write!(f, "delete {post}"),
            Self::Follow(user, author) => write!(f, "follow {user} {author}"),
            Self::Unfollow(user, author) => write!(f, "unfollow {user} {author}"),
        }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Intended(deed) => write!(f, "? {deed}"),
            Self::Acknowledged(deed, None) => write!(f, "! {deed}"),
            Self::Acknowledged(deed, Some((post, hash))) => write!(f, "! {deed} {post} {hash:x}"),
        }
    }
}

impl FromStr for Line {
    type Err = String;

    fn from_str(line: &str) -> Result<Self, String> {
        parse(line).ok_or_else(|| format!("not a line of a ledger: {line}"))
    }
}

fn parse(line: &str) -> Option<Line> {
    let mut words = line.split(' ');
    let mark = words.next()?;
    let word = words.next()?;
    let first = words.next()?;
    let mut number = || words.next()?.parse::<u64>().ok();
    let deed = match word {
        "publish" => Deed::Publish(first.parse().ok()?),
        "delete" => Deed::Delete(first.parse().ok()?),
        "follow" => Deed::Follow(first.parse().ok()?, number()?),
        "unfollow" => Deed::Unfollow(first.parse().ok()?, number()?),
        _ => return None,
    };
    match (mark, deed) {
        ("?", deed) => Some(Line::Intended(deed)),
        ("!", Deed::Publish(_)) => {
            let post = number()?;
            let hash = u64::from_str_radix(words.next()?, 16).ok()?;
            Some(Line::Acknowledged(deed, Some((post, hash))))
        }
        ("!", deed) => Some(Line::Acknowledged(deed, None)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_survives_the_way_there_and_back() {
        let token = Token { source: 3, number: 17 };
        let deeds =
            [Deed::Publish(token), Deed::Delete(5), Deed::Follow(1, 2), Deed::Unfollow(1, 2)];
        for deed in deeds {
            let posted = matches!(deed, Deed::Publish(_)).then_some((4_711, 0x9f));
            for line in [Line::Intended(deed), Line::Acknowledged(deed, posted)] {
                assert_eq!(line.to_string().parse(), Ok(line));
            }
        }
        for bad in ["", "?", "? publish", "! publish 1-2", "? delete x", "x delete 1", "? eat 1"] {
            assert!(bad.parse::<Line>().is_err(), "{bad}");
        }
    }
}
