//! The tool's own files: inputs and outputs, packed or not by their ending, and replacing a small
//! file as a whole.
//!
//! These are the user's files, never a database: that one is only ever touched by a server.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::exit::Failure;

/// Buffer of the packed side, and of the unpacked side.
const BUFFER_BYTES: usize = 256 * 1024;

/// How much of the beginning and of the end of an input tells it from another one.
const SAMPLE_BYTES: u64 = 64 * 1024;

/// What an input is, as far as a resumed import has to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) bytes: u64,
    /// FNV-1a over the first and the last 64 KiB.
    pub(crate) sample: u64,
}

/// Reads size and sample of a file.
pub(crate) fn identify(path: &Path) -> Result<Identity, Failure> {
    let failed = |error| Failure::local(&format!("cannot read {}", path.display()), &error);
    let mut file = File::open(path).map_err(|error| cannot_open(path, &error))?;
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() {
        let message = format!("{} is not a regular file, so it cannot be resumed", path.display());
        return Err(Failure::Mistake(message));
    }
    let bytes = metadata.len();
    let mut sample = Vec::new();
    (&file).take(SAMPLE_BYTES).read_to_end(&mut sample).map_err(failed)?;
    file.seek(SeekFrom::Start(bytes.saturating_sub(SAMPLE_BYTES))).map_err(failed)?;
    file.take(SAMPLE_BYTES).read_to_end(&mut sample).map_err(failed)?;
    Ok(Identity { bytes, sample: fnv1a(&sample) })
}

/// FNV-1a, 64 bits.
pub(crate) fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Opens an input, unpacking it if its name ends in `.zst`. `consumed` counts the bytes taken from
/// the file, for the progress bar.
pub(crate) fn open_input(
    path: &Path,
    consumed: Arc<AtomicU64>,
) -> Result<Box<dyn BufRead + Send>, Failure> {
    let failed = |error| Failure::local(&format!("cannot read {}", path.display()), &error);
    let file = Counted { file: File::open(path).map_err(failed)?, consumed };
    let file = BufReader::with_capacity(BUFFER_BYTES, file);
    if !is_packed(path) {
        return Ok(Box::new(file));
    }
    let unpacked = zstd::Decoder::with_buffer(file).map_err(failed)?;
    Ok(Box::new(BufReader::with_capacity(BUFFER_BYTES, unpacked)))
}

struct Counted {
    file: File,
    consumed: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.file.read(buffer)?;
        self.consumed.fetch_add(len as u64, Ordering::Relaxed);
        Ok(len)
    }
}

/// A new file that appears under its name only when it is complete.
pub(crate) struct Output {
    path: PathBuf,
    partial: PathBuf,
    writer: Writer,
}

enum Writer {
    Plain(BufWriter<File>),
    Packed(Box<zstd::Encoder<'static, BufWriter<File>>>),
}

impl Output {
    /// Starts an output, packed if its name ends in `.zst`. An existing file is not overwritten.
    pub(crate) fn create(path: &Path) -> Result<Self, Failure> {
        if path.exists() {
            let shown = path.display();
            let message = format!("{shown} exists already, remove it or choose another name");
            return Err(Failure::Mistake(message));
        }
        let failed = |error| Failure::local(&format!("cannot write {}", path.display()), &error);
        let partial = sibling(path, ".partial");
        let file = File::create(&partial).map_err(failed)?;
        let file = BufWriter::with_capacity(BUFFER_BYTES, file);
        let writer = match is_packed(path) {
            true => Writer::Packed(Box::new(zstd::Encoder::new(file, 0).map_err(failed)?)),
            false => Writer::Plain(file),
        };
        Ok(Self { path: path.to_owned(), partial, writer })
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let written = match &mut self.writer {
            Writer::Plain(file) => file.write_all(bytes),
            Writer::Packed(file) => file.write_all(bytes),
        };
        written.map_err(|error| cannot_write(&self.path, &error))
    }

    /// Completes the file and gives it its name.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        let file = match self.writer {
            Writer::Plain(file) => Ok(file),
            Writer::Packed(file) => file.finish(),
        };
        let file = file.and_then(|file| file.into_inner().map_err(io::IntoInnerError::into_error));
        file.and_then(|file| file.sync_all())
            .and_then(|()| rename(&self.partial, &self.path))
            .map_err(|error| cannot_write(&self.path, &error))
    }
}

/// A file that only grows, whose length is remembered elsewhere.
#[derive(Debug)]
pub(crate) struct Tail {
    path: PathBuf,
    file: BufWriter<File>,
    bytes: u64,
}

impl Tail {
    /// Opens `path` at `bytes`, dropping what is behind: the part that a resumed run writes again.
    pub(crate) fn open(path: &Path, bytes: u64) -> Result<Self, Failure> {
        let failed = |error| cannot_write(path, &error);
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(failed)?;
        let found = file.metadata().map_err(failed)?.len();
        if found < bytes {
            let shown = path.display();
            let message = format!(
                "{shown} has {found} bytes, but {bytes} were written before the interruption; \
                 restore it, or remove the progress file to start anew"
            );
            return Err(Failure::Mistake(message));
        }
        file.set_len(bytes).map_err(failed)?;
        file.seek(SeekFrom::End(0)).map_err(failed)?;
        Ok(Self { path: path.to_owned(), file: BufWriter::new(file), bytes })
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.bytes += bytes.len() as u64;
        self.file.write_all(bytes).map_err(|error| cannot_write(&self.path, &error))
    }

    /// Hands everything to the system and says how long the file is.
    pub(crate) fn flush(&mut self) -> Result<u64, Failure> {
        self.file.flush().map_err(|error| cannot_write(&self.path, &error))?;
        Ok(self.bytes)
    }
}

/// Replaces a small file as a whole: a reader sees the old or the new content, never a mixture.
pub(crate) fn replace(path: &Path, content: &[u8]) -> Result<(), Failure> {
    let new = sibling(path, ".new");
    let write = || {
        let mut file = File::create(&new)?;
        file.write_all(content)?;
        file.sync_data()?;
        rename(&new, path)
    };
    write().map_err(|error| cannot_write(path, &error))
}

/// The content of a file, `None` if there is none.
pub(crate) fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, Failure> {
    let mut content = Vec::new();
    let read = File::open(path).and_then(|mut file| file.read_to_end(&mut content));
    match read {
        Ok(_) => Ok(Some(content)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::local(&format!("cannot read {}", path.display()), &error)),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a file of this tool, outside of any data directory; losing it loses no data"
)]
fn rename(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::rename(from, to)
}

fn sibling(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn is_packed(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "zst")
}

/// A name that nothing has is the user's mistake.
fn cannot_open(path: &Path, error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::NotFound => Failure::Mistake(format!("there is no file {}", path.display())),
        _ => cannot_read(path, error),
    }
}

pub(crate) fn cannot_read(path: &Path, error: &io::Error) -> Failure {
    Failure::local(&format!("cannot read {}", path.display()), error)
}

fn cannot_write(path: &Path, error: &io::Error) -> Failure {
    Failure::local(&format!("cannot write {}", path.display()), error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(path: &Path) -> String {
        let mut text = String::new();
        open_input(path, Arc::default()).unwrap().read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn outputs_come_back_as_inputs_packed_or_not() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["plain.tsv", "packed.tsv.zst"] {
            let path = folder.path().join(name);
            let mut output = Output::create(&path).unwrap();
            output.write(b"1\t2\n").unwrap();
            assert!(!path.exists(), "not there before it is complete");
            output.finish().unwrap();
            assert_eq!(content(&path), "1\t2\n");
            assert!(matches!(Output::create(&path), Err(Failure::Mistake(_))));
        }
    }

    #[test]
    fn an_identity_sees_a_change_at_either_end_and_in_length() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("input");
        let mut content = vec![b'x'; 200_000];
        let identity = |content: &[u8]| {
            replace(&path, content).unwrap();
            identify(&path).unwrap()
        };
        let original = identity(&content);
        assert_eq!(identity(&content), original);
        content[0] = b'y';
        assert_ne!(identity(&content), original);
        content[0] = b'x';
        content[199_999] = b'y';
        assert_ne!(identity(&content), original);
        content[199_999] = b'x';
        content.push(b'x');
        assert_ne!(identity(&content), original);
        assert!(matches!(identify(folder.path()), Err(Failure::Mistake(_))));
    }

    #[test]
    fn a_tail_drops_what_comes_again_and_refuses_what_is_missing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ids");
        replace(&path, b"old content").unwrap();
        let mut tail = Tail::open(&path, 3).unwrap();
        tail.write(b" new").unwrap();
        assert_eq!(tail.flush().unwrap(), 7);
        assert_eq!(content(&path), "old new");
        assert!(matches!(Tail::open(&path, 8), Err(Failure::Mistake(_))));
    }
}
