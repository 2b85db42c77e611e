//! The disk, mounted where a daemon can use it; mounting again is what a reboot does to the page
//! cache.
//!
//! Invariant: a [`Mounted`] that goes out of scope answers everybody who waits, and unmounts.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fuser::{BackgroundSession, Config, MountOption, Session};

use super::disk::Disk;
use super::served::Served;
use crate::exit::{Explain, Failure, Outcome};

/// The kernel's side of FUSE.
const DEVICE: &str = "/dev/fuse";

/// See the module.
#[derive(Debug)]
pub(super) struct Mounted {
    pub(super) disk: Arc<Disk>,
    path: PathBuf,
    session: Option<BackgroundSession>,
}

impl Mounted {
    /// Mounts a new disk of `capacity` bytes at `path`, which is created.
    pub(super) fn new(path: PathBuf, capacity: usize) -> Outcome<Self> {
        std::fs::create_dir(&path).explain(|| format!("cannot create {}", path.display()))?;
        let disk = Arc::new(Disk::new(capacity));
        let session = Some(mount(&disk, &path)?);
        Ok(Self { disk, path, session })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Unmounts: the system forgets what it has cached.
    pub(super) fn unmount(&mut self) -> Outcome<()> {
        let Some(session) = self.session.take() else { return Ok(()) };
        match session.umount_and_join() {
            // How the kernel sometimes tells the session that it is over.
            Err(error) if error.kind() == ErrorKind::ConnectionAborted => Ok(()),
            done => done.explain(|| format!("cannot unmount {}", self.path.display())),
        }
    }

    /// Mounts it again, with the power on.
    pub(super) fn mount(&mut self) -> Outcome<()> {
        self.disk.on();
        self.session = Some(mount(&self.disk, &self.path)?);
        Ok(())
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        self.disk.off();
        let _told_nobody = self.unmount();
    }
}

fn mount(disk: &Arc<Disk>, path: &Path) -> Outcome<BackgroundSession> {
    let mut config = Config::default();
    config.mount_options.push(MountOption::FSName("fanfold-benches".to_owned()));
    let session = Session::new(Served(Arc::clone(disk)), path, &config);
    session.and_then(Session::spawn).map_err(|error| refused(path, &error))
}

/// Says what is missing, if that is known.
fn refused(path: &Path, error: &std::io::Error) -> Failure {
    let shown = path.display();
    let what = format!("cannot mount a file system at {shown}: {error}");
    if !Path::new(DEVICE).exists() {
        return Failure::mistake(format!(
            "{what}; {DEVICE} is missing: load the kernel module (`modprobe fuse`), or start the \
             container with `--device {DEVICE} --cap-add SYS_ADMIN`"
        ));
    }
    if !has_helper() {
        return Failure::mistake(format!(
            "{what}; fusermount3 is missing, without which only root may mount: install it with \
             `apt-get install fuse3`"
        ));
    }
    Failure::failed(what)
}

/// Whether the program is there with which users mount.
fn has_helper() -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|directory| directory.join("fusermount3").is_file())
}
