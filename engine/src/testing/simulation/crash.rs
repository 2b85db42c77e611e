//! Stops of all kinds, and what must hold after each of them.

use super::compare;
use super::trouble::{Checked, Trouble, ensure, same};
use super::world::{World, open, shown};
use crate::check::check_storage;
use crate::error::ErrorKind;
use crate::ids::{Position, Sequence};
use crate::options::{Durability, Options};
use crate::storage::Storage;
use crate::testing::disk::SimulatedDisk;
use crate::testing::disk::faults::{Effect, Fault};
use crate::testing::removals::changes_above;

/// How an engine ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// `close` succeeded.
    Orderly,
    /// The process died.
    Kill,
    /// The machine died.
    PowerCut,
}

/// Openings that are cut short, one after the other, at most.
const BROKEN_OPENS_MAX: u64 = 3;

impl World<'_> {
    /// An orderly stop; often the power goes right after it, which must not matter.
    pub(super) fn close_and_reopen(&mut self) -> Checked {
        self.tell("orderly stop");
        let digests = self.engine.digests()?;
        self.engine.close()?;
        self.summary.closes += 1;
        let image = if self.random.one_in(2) {
            self.disk.crash_image(&mut self.random)
        } else {
            self.disk.kill_image()
        };
        self.history.durable = self.history.model.last;
        self.reopen(image, Stop::Orderly)?;
        same(&self.engine.digests()?, &digests, || "digests after an orderly stop".to_owned())
    }

    /// Commands until the machine or the process dies.
    pub(super) fn crash(&mut self) -> Checked {
        self.learn_next()?;
        let span = match self.random.below(3) {
            0 => 4,
            1 => 40,
            _ => 400,
        };
        let after = self.random.below(span);
        let stop = if self.random.one_in(3) { Stop::Kill } else { Stop::PowerCut };
        self.tell(format!("{stop:?} after {after} operations"));
        let reader = self.start_reader();
        self.history.is_faulty = true;
        self.disk.inject(Fault::power_off(after));
        let retention = self.random.one_in(4).then(|| {
            let engine = self.engine.clone();
            std::thread::spawn(move || engine.retain())
        });
        for _ in 0..self.random.below(30) {
            if self.engine.unavailable_reason().is_some() {
                break;
            }
            match self.random.below(6) {
                0..=1 => self.send_batch()?,
                // Retention would drop what was removed before anybody has seen it.
                2 if retention.is_none() => self.forget()?,
                _ => self.send_one()?,
            }
        }
        self.stop_reader(reader)?;
        let image = self.image(stop);
        self.discard();
        if let Some(retention) = retention {
            let panicked = |_| Trouble::Differs("retention panicked".to_owned());
            // Whether it got through before the end, nobody can say.
            let _ = retention.join().map_err(panicked)?;
        }
        self.reopen(image, stop)
    }

    /// What the stop leaves at this moment, whatever the engine's threads are at.
    pub(super) fn image(&mut self, stop: Stop) -> SimulatedDisk {
        match stop {
            Stop::Orderly | Stop::Kill => {
                self.summary.kills += 1;
                self.disk.kill_image()
            }
            Stop::PowerCut => {
                self.summary.power_cuts += 1;
                self.disk.crash_image(&mut self.random)
            }
        }
    }

    /// Ends the engine of a machine that is dead already.
    pub(super) fn discard(&mut self) {
        self.disk.inject(Fault::power_off(0));
        // It cannot close in order, and says so.
        let _ = self.engine.close();
    }

    /// Opens what a stop left, and compares all of it with the history.
    pub(super) fn reopen(&mut self, image: SimulatedDisk, stop: Stop) -> Checked {
        let was_weak = self.options.durability != Durability::Fsync && stop != Stop::Orderly;
        check_clean(&image)?;
        // After a failed sync, what was acknowledged unsynced may be gone even from the cache.
        let mut may_lose = was_weak && (stop == Stop::PowerCut || self.history.is_faulty);
        let mut disk = image;
        let mut broken = 0;
        let mut is_clean = stop == Stop::Orderly;
        let mut may_begin_epoch = was_weak;
        while broken < BROKEN_OPENS_MAX && self.random.one_in(3) {
            let options = self.random_options();
            let cut = self.break_an_opening(&mut disk, &options)?;
            may_lose |= was_weak && cut == Stop::PowerCut;
            may_begin_epoch |= options.durability != Durability::Fsync;
            is_clean = false;
            broken += 1;
        }
        self.options = self.random_options();
        self.tell(format!("open, {}", shown(&self.options)));
        let before = disk.kill_image();
        self.disk = disk;
        self.engine = open(&self.disk, &self.options)?;
        self.summary.opens += 1;
        let recovery = self.engine.recovery().clone();
        ensure(!is_clean || recovery.clean, || format!("no clean mark: {recovery:?}"))?;
        ensure(recovery.rebuilt.is_none(), || format!("view files are damaged: {recovery:?}"))?;
        let position = self.engine.position()?;
        let above = |sequence| {
            changes_above(&self.engine, Position { sequence: Sequence(sequence), ..position })
        };
        self.history.recover(position.sequence.0, may_lose, above, &mut self.summary)?;
        let epochs = (self.epoch, position.epoch);
        ensure(epochs.0 <= epochs.1, || format!("the epoch went back: {epochs:?}"))?;
        ensure(!was_weak || epochs.0 < epochs.1, || format!("no epoch began: {epochs:?}"))?;
        ensure(may_begin_epoch || epochs.0 == epochs.1, || format!("an epoch began: {epochs:?}"))?;
        self.history.knows_next &= epochs.0 == epochs.1;
        self.epoch = position.epoch;
        self.summary.reads += compare::everything(&self.engine, &self.history.model)?;
        if self.random.one_in(2) { self.rebuild(&before) } else { Ok(()) }
    }

    /// An opening that fails, or dies on its way. Answers how it ended.
    fn break_an_opening(&mut self, disk: &mut SimulatedDisk, options: &Options) -> Checked<Stop> {
        let after = self.random.below(40);
        let effect = match self.random.below(8) {
            0 => Effect::Io,
            1 => Effect::Full,
            2 => Effect::Short,
            _ => Effect::PowerOff,
        };
        let stop = if self.random.one_in(3) { Stop::Kill } else { Stop::PowerCut };
        self.tell(format!(
            "open, {}, that meets {effect:?} after {after} operations, then {stop:?}",
            shown(options)
        ));
        disk.inject(Fault { after, of: None, effect, lasting: effect == Effect::PowerOff });
        let names = disk.names();
        let is_unreadable = self.random.one_in(8) && !names.is_empty();
        if is_unreadable {
            let index = usize::try_from(self.random.below(names.len() as u64)).unwrap_or(0);
            names.get(index).into_iter().for_each(|name| disk.make_unreadable(name));
        }
        let opened = open(disk, options);
        let image = match stop {
            Stop::PowerCut => disk.crash_image(&mut self.random),
            Stop::Orderly | Stop::Kill => disk.kill_image(),
        };
        self.summary.broken_opens += 1;
        disk.inject(Fault::power_off(0));
        match opened {
            // Only what is in files can be damaged, and nothing is.
            Err(error) if error.kind() == ErrorKind::Corrupt => return Err(error.into()),
            Err(_) => {}
            // Dead or alive, it ends here.
            Ok(engine) => drop(engine.close()),
        }
        check_clean(&image)?;
        *disk = image;
        Ok(stop)
    }

    /// The views, folded from the log alone, must be those that the engine has.
    fn rebuild(&mut self, image: &SimulatedDisk) -> Checked {
        for name in image.names().iter().filter(|name| name.ends_with(".view")) {
            image.remove(name).map_err(|error| Trouble::Differs(format!("{name}: {error}")))?;
        }
        let rebuilt = open(image, &self.random_options())?;
        self.summary.rebuilds += 1;
        let (found, expected) = (rebuilt.digests()?, self.engine.digests()?);
        if found != expected {
            // Where they differ says more than that they do.
            compare::everything(&rebuilt, &self.history.model)?;
        }
        drop(rebuilt.close());
        same(&found, &expected, || "digests of a rebuild from the log alone".to_owned())
    }
}

/// A crash damages nothing; a torn tail is a note.
pub(super) fn check_clean(image: &SimulatedDisk) -> Checked {
    // Looking must not change what is looked at, such as by a sync.
    let report = check_storage(&image.kill_image())?;
    ensure(report.is_clean(), || format!("check finds damage: {:?}", report.damage))
}
