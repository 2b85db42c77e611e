//! The limit of a durable write: one thread that appends 4 KiB to a file and syncs each append, in each
//! form that a log can have.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use memmap2::MmapMut;
use rustix::fs::{FallocateFlags, OFlags, fallocate};

use crate::exit::{Explain, Outcome};
use crate::sample::{Latencies, Run};

/// Bytes of one append: one block, as direct writes need.
const APPEND_BYTES: usize = 4_096;

/// Bytes of the file; appends start over at its end.
const FILE_BYTES: u64 = 64 * 1024 * 1024;

/// How a log can be appended to and synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// The file grows; fdatasync.
    Growing,
    /// The file has its size, but its blocks were never written; fdatasync.
    Reserved,
    /// The file was written with zeros ahead; fdatasync.
    Zeroed,
    /// The same past the page cache, `O_DIRECT` and `O_DSYNC`: no call for the sync.
    Direct,
}

impl Form {
    pub(crate) const ALL: [Self; 4] = [Self::Growing, Self::Reserved, Self::Zeroed, Self::Direct];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Growing => "growing file",
            Self::Reserved => "reserved file",
            Self::Zeroed => "zeroed file",
            Self::Direct => "zeroed file, direct",
        }
    }

    /// A name for a file of this form.
    pub(super) fn file(self) -> &'static str {
        match self {
            Self::Growing => "synced-growing",
            Self::Reserved => "synced-reserved",
            Self::Zeroed => "synced-zeroed",
            Self::Direct => "synced-direct",
        }
    }
}

/// A file to be synced.
#[derive(Debug)]
pub(crate) struct SyncedFile {
    path: PathBuf,
    file: File,
    form: Form,
    at: u64,
    /// Begins at a page, as direct writes need.
    append: MmapMut,
}

impl SyncedFile {
    pub(crate) fn create(path: PathBuf, form: Form) -> Outcome<Self> {
        let create = || format!("cannot write {}", path.display());
        let mut file = File::create(&path).explain(create)?;
        match form {
            Form::Growing => {}
            Form::Reserved => {
                fallocate(&file, FallocateFlags::empty(), 0, FILE_BYTES).explain(create)?;
            }
            Form::Zeroed | Form::Direct => {
                let zeros = vec![0; 1024 * 1024];
                for _ in 0..FILE_BYTES / zeros.len() as u64 {
                    file.write_all(&zeros).explain(create)?;
                }
            }
        }
        file.sync_all().explain(create)?;
        if form == Form::Direct {
            let flags = (OFlags::DIRECT | OFlags::DSYNC).bits().cast_signed();
            file =
                OpenOptions::new().write(true).custom_flags(flags).open(&path).explain(create)?;
        }
        let mut append = MmapMut::map_anon(APPEND_BYTES).explain(create)?;
        append.fill(7);
        Ok(Self { path, file, form, at: 0, append })
    }

    /// Appends and syncs for `time`.
    pub(crate) fn run(&mut self, time: Duration) -> Outcome<Run> {
        let (mut count, mut latencies) = (0, Latencies::new()?);
        let started = Instant::now();
        while started.elapsed() < time {
            let sent = Instant::now();
            self.append().explain(|| format!("cannot write {}", self.path.display()))?;
            latencies.add(sent.elapsed());
            self.at += APPEND_BYTES as u64;
            if self.form != Form::Growing {
                self.at %= FILE_BYTES;
            }
            count += 1;
        }
        Ok(Run { count, time: started.elapsed(), latencies })
    }

    fn append(&self) -> std::io::Result<()> {
        self.file.write_all_at(&self.append, self.at)?;
        if self.form == Form::Direct { Ok(()) } else { self.file.sync_data() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_appends() {
        let directory = tempfile::tempdir().unwrap();
        for form in Form::ALL {
            let path = directory.path().join(form.file());
            // Some file systems take no direct writes.
            let Ok(mut file) = SyncedFile::create(path, form) else { continue };
            assert!(0 < file.run(Duration::from_millis(2)).unwrap().count, "{form:?}");
        }
    }
}
