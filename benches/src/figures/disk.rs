//! The limit of a durable write: one thread that appends to a file which is preallocated and
//! written with zeros, and syncs each append.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::sample::{Latencies, Run};
use crate::exit::{Explain, Outcome};

/// Bytes of one append.
const APPEND_BYTES: usize = 4_096;

/// Bytes of the file; appends start over at its end.
const FILE_BYTES: u64 = 64 * 1024 * 1024;

/// A file to be synced.
#[derive(Debug)]
pub(super) struct SyncedFile {
    path: PathBuf,
    file: File,
    at: u64,
}

impl SyncedFile {
    pub(super) fn create(path: PathBuf) -> Outcome<Self> {
        let create = || format!("cannot write {}", path.display());
        let mut file = File::create(&path).explain(create)?;
        let zeros = vec![0; 1024 * 1024];
        for _ in 0..FILE_BYTES / zeros.len() as u64 {
            file.write_all(&zeros).explain(create)?;
        }
        file.sync_all().explain(create)?;
        Ok(Self { path, file, at: 0 })
    }

    /// Appends and syncs for `time`.
    pub(super) fn run(&mut self, time: Duration) -> Outcome<Run> {
        let append = [7; APPEND_BYTES];
        let (mut count, mut latencies) = (0, Latencies::new()?);
        let started = Instant::now();
        while started.elapsed() < time {
            let sent = Instant::now();
            let written = self.file.write_all_at(&append, self.at);
            written
                .and_then(|()| self.file.sync_data())
                .explain(|| format!("cannot write {}", self.path.display()))?;
            latencies.add(sent.elapsed());
            self.at = (self.at + APPEND_BYTES as u64) % FILE_BYTES;
            count += 1;
        }
        Ok(Run { count, time: started.elapsed(), latencies })
    }
}
