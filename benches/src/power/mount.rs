//! The disk, mounted where a daemon can use it; mounting again is what a reboot does to the page
//! cache.
//!
//! Invariant: a [`Mounted`] that goes out of scope answers everybody who waits, and unmounts.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fuser::{BackgroundSession, Config, MountOption, Session};

use super::content::PAGE;
use super::disk::Disk;
use super::served::Served;
use crate::console::say;
use crate::exit::{Explain, Failure, Outcome};
use crate::workplace::{WorkArgs, in_workplace};

/// The kernel's side of FUSE.
const DEVICE: &str = "/dev/fuse";

/// What else may be in the way.
const CONTAINER: &str = "it takes root, or a user who may open /dev/fuse; a container needs \
    `--device /dev/fuse --cap-add SYS_ADMIN`";

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
        let session = mount(&disk, &path).map_err(|error| refused(&path, &error))?;
        Ok(Self { disk, path, session: Some(session) })
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
        let again = || format!("cannot mount {} again", self.path.display());
        self.session = Some(mount(&self.disk, &self.path).explain(again)?);
        Ok(())
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        self.disk.off();
        let _told_nobody = self.unmount();
    }
}

/// Mounts and unmounts: whether the jobs of this module can run here.
pub(crate) fn try_out(args: &WorkArgs) -> Outcome<()> {
    in_workplace(args, |workplace| Mounted::new(workplace.join("disk"), PAGE)?.unmount())?;
    say("mount-check: file systems can be mounted here");
    Ok(())
}

fn mount(disk: &Arc<Disk>, path: &Path) -> std::io::Result<BackgroundSession> {
    let mut config = Config::default();
    config.mount_options.push(MountOption::FSName("fanfold-benches".to_owned()));
    Session::new(Served(Arc::clone(disk)), path, &config).and_then(Session::spawn)
}

/// Says what is missing. Nothing was tested yet: it is for whoever typed the command to mend.
fn refused(path: &Path, error: &std::io::Error) -> Failure {
    let advice = if !Path::new(DEVICE).exists() {
        format!("{DEVICE} is missing: load the kernel module with `modprobe fuse`; {CONTAINER}")
    } else if !has_helper() {
        "fusermount3 is missing: install it with `apt-get install fuse3`".to_owned()
    } else {
        CONTAINER.to_owned()
    };
    let path = path.display();
    Failure::mistake(format!("cannot mount a file system at {path}: {error}; {advice}"))
}

/// Whether the program is there with which users mount.
fn has_helper() -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|directory| directory.join("fusermount3").is_file())
}
