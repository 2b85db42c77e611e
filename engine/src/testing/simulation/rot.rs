//! Bits that flip on the disk, and reads that get what they did not ask for: answers are right, or
//! say `Corrupt` and where, but never wrong.

use super::compare;
use super::trouble::{Checked, Trouble, ensure};
use super::world::{World, open};
use crate::check::check_storage;
use crate::error::{Error, ErrorKind};
use crate::testing::disk::SimulatedDisk;

impl World<'_> {
    /// Flips one bit in a copy of the disk and opens it.
    pub(super) fn rot(&mut self) -> Checked {
        for _ in 0..4 {
            let image = self.disk.kill_image();
            let Some((name, offset)) = image.rot(&mut self.random, |_| true) else { continue };
            self.tell(format!("a bit of {name} at {offset} flips in a copy"));
            self.summary.rotted += 1;
            self.open_rotten(&image, &name)?;
        }
        Ok(())
    }

    fn open_rotten(&mut self, image: &SimulatedDisk, name: &str) -> Checked {
        let newest = image.names().into_iter().rfind(|name| name.starts_with("log-"));
        let report = check_storage(&image.kill_image())?;
        let engine = match open(image, &self.random_options()) {
            Ok(engine) => engine,
            Err(error) => {
                self.summary.corrupt += 1;
                ensure(!report.is_clean(), || format!("check says nothing, opening {error:?}"))?;
                return says_where(error);
            }
        };
        let last = engine.position()?.sequence.0;
        // Rot in what was written last cannot be told from a tear: `engine/SAFETY.md`.
        let is_torn = engine.recovery().torn.is_some() && newest.is_some_and(|last| last == name);
        let compared = if is_torn && last < self.history.model.last {
            compare::everything(&engine, &self.history.model_at(last))
        } else {
            compare::everything(&engine, &self.history.model)
        };
        let _ = engine.close();
        match compared {
            Ok(reads) => {
                self.summary.reads += reads;
                Ok(())
            }
            Err(Trouble::Refused(error)) => {
                self.summary.corrupt += 1;
                ensure(!report.is_clean(), || format!("check says nothing, a read {error:?}"))?;
                says_where(error)
            }
            differs => differs.map(drop),
        }
    }

    /// Reads of the engine get other bytes than they asked for. The disk is sound all the while, so
    /// after a crash everything is right: nothing wrong was written back.
    pub(super) fn misdirect_reads(&mut self) -> Checked {
        self.learn_next()?;
        self.tell("reads go astray");
        // A read that goes astray while a segment is sealed ends the writes.
        (self.history.is_faulty, self.history.may_be_corrupt) = (true, true);
        let before = self.disk.misdirected();
        for _ in 0..self.random.below(60) + 10 {
            if self.random.one_in(5) {
                self.disk.misdirect_read(self.random.below(4));
            }
            match self.random.below(8) {
                0 => self.send_batch()?,
                1 => tolerate(self.engine.retain().map(drop).map_err(Trouble::from))?,
                2..=4 => self.send_one()?,
                _ => {
                    let outcome = self.read();
                    self.summary.corrupt += u64::from(outcome.is_err());
                    tolerate(outcome)?;
                }
            }
        }
        self.summary.rotted += self.disk.misdirected() - before;
        self.die()
    }
}

/// `Corrupt` with a place is a right answer about damage.
fn tolerate(outcome: Checked) -> Checked {
    match outcome {
        Err(Trouble::Refused(error)) => says_where(error),
        other => other,
    }
}

fn says_where(error: Error) -> Checked {
    let is_right = error.kind() == ErrorKind::Corrupt && error.place().is_some();
    ensure(is_right, || format!("damage is answered with {error:?}"))
}
