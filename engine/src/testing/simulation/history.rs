//! What happened, as far as anybody can know: the oracle with all that was acknowledged, what the engine
//! removed of users who are being forgotten, and the commands that were sent and not answered.
//!
//! After a crash the log says how far it goes. A command that nobody answered is in it or not, but
//! the log is in the order of sending: its last sequence decides which ones happened.

use super::summary::Summary;
use super::trouble::{Checked, Trouble, ensure, same};
use crate::broadcast::BroadcastAction;
use crate::change::Change;
use crate::command::{Action, Command, Receipt};
use crate::error::{ErrorKind, Result};
use crate::ids::PostId;
use crate::testing::model::{Expected, Model};

/// See the module.
#[derive(Debug)]
pub(super) struct History {
    pub(super) model: Model,
    /// Everything that is in the model, in log order.
    records: Vec<(u64, Happened)>,
    /// Sent, and answered by nobody or with "unavailable".
    in_flight: Vec<Command>,
    /// Up to here everything is durable in any mode.
    pub(super) durable: u64,
    /// The next record has the next sequence: no epoch has just begun.
    pub(super) knows_next: bool,
    /// Something was broken on purpose: writes may be refused for it.
    pub(super) is_faulty: bool,
    /// A removal failed: the log may have more of them than was seen.
    may_have_removed: bool,
    /// Reads may meet damage, and so may the look-ups of a write.
    pub(super) may_be_corrupt: bool,
}

/// What a record of the log was.
#[derive(Clone, Debug)]
pub(super) enum Happened {
    /// Somebody asked for it.
    Asked(Command),
    /// The engine removed something of a user who is being forgotten.
    Removed(Change),
}

impl Happened {
    pub(super) fn apply(&self, model: &mut Model, sequence: u64) {
        match self {
            Self::Asked(command) => model.apply(command, sequence),
            Self::Removed(change) => model.remove(change),
        }
    }
}

impl History {
    pub(super) fn new(followees_max: usize) -> Self {
        Self {
            model: Model::new(followees_max),
            records: Vec::new(),
            in_flight: Vec::new(),
            durable: 0,
            knows_next: true,
            is_faulty: false,
            may_have_removed: false,
            may_be_corrupt: false,
        }
    }

    /// The records above `after`.
    pub(super) fn records_above(&self, after: u64) -> &[(u64, Happened)] {
        let start = self.records.partition_point(|(sequence, _)| *sequence <= after);
        self.records.get(start..).unwrap_or_default()
    }

    /// A command was answered: it must be the oracle's answer, unless something is broken.
    pub(super) fn settle(&mut self, command: &Command, answer: &Result<Receipt>) -> Checked {
        let expected = self.model.expect(command);
        match (expected, answer) {
            (Expected::Changed, Ok(receipt)) if receipt.changed => {
                self.accept(command, receipt)?;
            }
            (Expected::Unchanged, Ok(receipt)) if !receipt.changed => {}
            (Expected::Unchanged, Ok(_))
                if matches!(command.action, Action::Touch { .. } | Action::Tag { .. }) => {}
            (Expected::Repeated(at), Ok(receipt))
                if (receipt.position.sequence.0, receipt.changed) == (at, true) => {}
            (Expected::Refused(kind), Err(error)) if error.kind() == kind => {}
            (_, Err(error)) if self.is_faulty && error.kind() == ErrorKind::Unavailable => {
                self.in_flight.push(command.clone());
            }
            (Expected::Refused(ErrorKind::Conflict), Err(error))
                if self.model.may_refuse(command, error.kind()) => {}
            // Nothing of it happened, says the engine.
            (_, Err(error)) if self.is_faulty && error.kind() == ErrorKind::StorageFull => {}
            (_, Err(error)) if self.may_be_corrupt && error.kind() == ErrorKind::Corrupt => {}
            _ => {
                return Err(Trouble::Differs(format!(
                    "{command:?} was answered {answer:?}, expected {expected:?}"
                )));
            }
        }
        Ok(())
    }

    fn accept(&mut self, command: &Command, receipt: &Receipt) -> Checked {
        let sequence = receipt.position.sequence.0;
        if self.knows_next {
            same(&sequence, &(self.model.last + 1), || format!("sequence of {command:?}"))?;
        } else {
            ensure(self.model.last < sequence, || format!("{sequence} was given out before"))?;
        }
        let is_new = matches!(
            command.action,
            Action::Publish(_)
                | Action::Repost { .. }
                | Action::Comment { .. }
                | Action::Broadcast(BroadcastAction::End { .. })
        );
        let post = is_new.then_some(PostId(sequence));
        same(&receipt.post, &post, || format!("post of {command:?}"))?;
        self.knows_next = true;
        self.apply(command, sequence);
        Ok(())
    }

    fn apply(&mut self, command: &Command, sequence: u64) {
        self.note(Happened::Asked(command.clone()), sequence);
    }

    /// Things were to be removed; these were, whatever the engine says.
    pub(super) fn removed(&mut self, changes: Vec<Change>, answer: Result<u64>) -> Checked {
        changes.into_iter().for_each(|change| self.remove(change));
        match answer {
            Err(error) if self.is_faulty && error.kind() == ErrorKind::Unavailable => {
                self.may_have_removed = true;
            }
            Err(error) if self.is_faulty && error.kind() == ErrorKind::StorageFull => {}
            Err(error) if self.may_be_corrupt && error.kind() == ErrorKind::Corrupt => {}
            answer => drop(answer?),
        }
        Ok(())
    }

    fn remove(&mut self, change: Change) {
        let sequence = change.sequence.0;
        self.knows_next = true;
        self.note(Happened::Removed(change), sequence);
    }

    fn note(&mut self, happened: Happened, sequence: u64) {
        happened.apply(&mut self.model, sequence);
        self.records.push((sequence, happened));
    }

    /// A log that ends at `last` was recovered. If it `may_lose` what was not synced, a beginning
    /// of the history is left; else all of it, and a beginning of what was in flight. `above` tells what
    /// the log has above a sequence.
    pub(super) fn recover(
        &mut self,
        last: u64,
        may_lose: bool,
        above: impl Fn(u64) -> Result<Vec<Change>>,
        summary: &mut Summary,
    ) -> Checked {
        let in_flight = std::mem::take(&mut self.in_flight);
        summary.in_flight += in_flight.len() as u64;
        if may_lose && last < self.model.last {
            self.forget_above(last)?;
        }
        let lost = || format!("acknowledged up to {}, the log ends at {last}", self.model.last);
        ensure(self.model.last <= last, lost)?;
        if std::mem::take(&mut self.may_have_removed) {
            // The engine had died with that: nothing that was sent later is in the log.
            above(self.model.last)?.into_iter().for_each(|change| self.remove(change));
        }
        for command in in_flight {
            if self.model.last < last && self.model.expect(&command) == Expected::Changed {
                self.apply(&command, self.model.last + 1);
                summary.survived += 1;
            }
        }
        same(&last, &self.model.last, || "the log has more than was sent".to_owned())?;
        self.durable = last;
        (self.is_faulty, self.may_be_corrupt) = (false, false);
        Ok(())
    }

    fn forget_above(&mut self, last: u64) -> Checked {
        let durable = self.durable;
        ensure(durable <= last, || format!("durable up to {durable}, the log ends at {last}"))?;
        self.model = self.model_at(last);
        self.records.retain(|(sequence, _)| *sequence <= last);
        same(&self.model.last, &last, || "the log ends between two records".to_owned())
    }

    /// The oracle as of an earlier position.
    pub(super) fn model_at(&self, last: u64) -> Model {
        let mut model = Model::default();
        model.limits = self.model.limits;
        let kept = self.records.iter().take_while(|(sequence, _)| *sequence <= last);
        kept.for_each(|(sequence, happened)| happened.apply(&mut model, *sequence));
        model
    }
}
