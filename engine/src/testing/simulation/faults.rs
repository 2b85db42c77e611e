//! Operations of the disk that fail, and a full disk.

use std::time::{Duration, Instant};

use super::crash::Stop;
use super::trouble::{Checked, ensure};
use super::world::World;
use crate::command::Command;
use crate::error::ErrorKind;
use crate::testing::disk::faults::{Effect, Fault, Operation};

/// How long a write is tried on a disk that has space again.
const RESUMES_WITHIN: Duration = Duration::from_secs(60);

impl World<'_> {
    /// One operation fails, or all from then on. Afterwards the engine either goes on, or takes no
    /// more writes, ever; in both cases reads are right.
    pub(super) fn fail_an_operation(&mut self) -> Checked {
        self.learn_next()?;
        let fault = self.random_fault();
        self.tell(format!("{fault:?}"));
        let before = self.disk.injected();
        self.history.is_faulty = true;
        self.disk.inject(fault);
        let reader = self.start_reader();
        for _ in 0..self.random.below(30) + 5 {
            match self.random.below(5) {
                0 => self.send_batch()?,
                1 => self.read()?,
                2 => self.forget()?,
                _ => self.send_one()?,
            }
        }
        self.stop_reader(reader)?;
        self.summary.faults += self.disk.injected() - before;
        self.disk.heal();
        if self.random.one_in(2) && self.resumes()? {
            return Ok(());
        }
        self.has_given_up()?;
        self.die()
    }

    /// The machine or the process dies, here and now.
    pub(super) fn die(&mut self) -> Checked {
        let stop = if self.random.one_in(2) { Stop::Kill } else { Stop::PowerCut };
        self.tell(format!("{stop:?}"));
        let image = self.image(stop);
        self.discard();
        self.reopen(image, stop)
    }

    fn random_fault(&mut self) -> Fault {
        let of = match self.random.below(12) {
            0..=1 => Some(Operation::Sync),
            2 => Some(Operation::Write),
            3 => Some(Operation::Rename),
            4 => Some(Operation::SyncDirectory),
            5 => Some(Operation::Create),
            6 => Some(Operation::Remove),
            7 => Some(Operation::SetLen),
            _ => None,
        };
        let effect = match self.random.below(4) {
            0 => Effect::Full,
            1 => Effect::Short,
            2 => Effect::Kind(std::io::ErrorKind::Other),
            _ => Effect::Io,
        };
        Fault { after: self.random.below(30), of, effect, lasting: self.random.one_in(3) }
    }

    /// If the engine takes no more writes, it says why, refuses them all, and reads go on.
    fn has_given_up(&mut self) -> Checked {
        let Some(reason) = self.engine.unavailable_reason() else { return Ok(()) };
        ensure(reason.kind() == ErrorKind::Unavailable, || format!("no writes for {reason:?}"))?;
        for _ in 0..3 {
            let answer = self.engine.write(Command::publish(self.workload.user(), "too late"));
            let is_refused = answer.as_ref().is_err_and(|e| e.kind() == ErrorKind::Unavailable);
            ensure(is_refused, || format!("a write after {reason:?} was answered {answer:?}"))?;
            self.read()?;
        }
        Ok(())
    }

    /// Space runs out; writes are refused and reads go on until there is space again.
    pub(super) fn fill_the_disk(&mut self) -> Checked {
        self.learn_next()?;
        let room = self.random.below(400_000);
        self.tell(format!("{room} bytes of space left"));
        self.history.is_faulty = true;
        self.disk.set_capacity(Some(self.disk.used() + room));
        let reader = self.start_reader();
        for _ in 0..60 {
            match self.random.below(5) {
                0 => self.send_batch()?,
                1 => self.read()?,
                2 => self.forget()?,
                _ => self.send_one()?,
            }
        }
        self.stop_reader(reader)?;
        self.summary.full_disks += 1;
        let gave_up = self.engine.unavailable_reason();
        ensure(gave_up.is_none(), || format!("a full disk is no reason to give up: {gave_up:?}"))?;
        if self.random.one_in(3) {
            return self.die();
        }
        self.disk.heal();
        let resumes = self.resumes()?;
        ensure(resumes, || "writes do not resume although there is space".to_owned())
    }

    /// Whether writes go on by themselves on a disk that works again. If not, the engine has given up.
    fn resumes(&mut self) -> Checked<bool> {
        let patience = Instant::now() + RESUMES_WITHIN;
        while Instant::now() < patience {
            let command = Command::publish(self.workload.user(), "on we go");
            let answer = self.engine.write(command.clone());
            self.summary.commands += 1;
            self.history.settle(&command, &answer)?;
            match answer {
                Ok(_) => {
                    self.history.is_faulty = false;
                    return self.read().map(|()| true);
                }
                // Who is suspended or being forgotten writes nothing: the next one does.
                Err(error) if may_resume(error.kind()) => {}
                Err(_) => return Ok(false),
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        ensure(false, || "the disk works, and is called full all the same".to_owned())?;
        Ok(false)
    }
}

/// Whether another try, or another author, may do.
fn may_resume(refused: ErrorKind) -> bool {
    matches!(refused, ErrorKind::StorageFull | ErrorKind::Denied | ErrorKind::Conflict)
}
