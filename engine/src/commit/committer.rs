//! The one writer: takes what is in the queue, decides each command in order, appends the accepted
//! ones as one group, applies them, answers everyone.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam::channel::{RecvTimeoutError, Sender};

use super::decide::{Decider, Decision, Pending};
use super::queue::{Message, QueueReceiver, Queued, Settled};
use super::ticket::Completion;
use crate::command::Receipt;
use crate::error::{Error, ErrorKind, Result};
use crate::flush::flusher::Flusher;
use crate::flush::step::Frozen;
use crate::forget::progress::Order;
use crate::ids::{Position, PostId, Sequence, Timestamp};
use crate::limits::{APPLY_RECORDS_MAX, FLUSH_RECORDS_MIN, GROUP_COMMANDS_MAX};
use crate::log::record::{Effect, Record};
use crate::log::response_effect::ResponseAct;
use crate::log::{CommitLog, Pace};
use crate::shared::{Shared, Tally};
use crate::views::receipts::Answered;

/// How often a committer with nothing to do looks whether a wanted flush may begin.
const FLUSH_WAIT: Duration = Duration::from_millis(10);

/// How long a committer looks out for the next command before it sleeps, while commands come one by
/// one: to wake a thread takes as long as a fifth of a sync. It gives way to whoever wants the
/// processor meanwhile.
const LOOKOUT: Duration = Duration::from_micros(100);

/// The committer's thread-owned state.
pub(crate) struct Committer {
    shared: Arc<Shared>,
    queue: QueueReceiver,
    log: Box<dyn CommitLog>,
    pending: Pending,
    epoch: u32,
    /// The sequence of the next record.
    next: Sequence,
    /// The latest time given to a record or to a segment.
    time: Timestamp,
    group_bytes_max: usize,
    flusher: Flusher,
    /// Records applied since the last flush began.
    unflushed: u64,
    /// A flush was asked for, however little there is.
    wants_flush: bool,
}

/// Where and with what a committer starts.
pub(crate) struct CommitStart {
    pub(crate) next: Sequence,
    pub(crate) flusher: Flusher,
    /// Records in the state that are in no file.
    pub(crate) unflushed: u64,
    /// The time at which the log goes on; no record is dated before it.
    pub(crate) time: Timestamp,
}

/// Commands taken off the queue together.
struct Batch {
    commands: Vec<Queued>,
    /// Whoever asked to seal and flush after these.
    settling: Option<Sender<Settled>>,
    closing: bool,
}

/// A decided group that waits for its log.
struct Decided {
    records: Vec<Record>,
    answers: Vec<(Completion, Result<Receipt>)>,
}

impl Committer {
    pub(crate) fn new(
        shared: Arc<Shared>,
        queue: QueueReceiver,
        log: Box<dyn CommitLog>,
        start: CommitStart,
    ) -> Result<Self> {
        let CommitStart { next, flusher, unflushed, time } = start;
        let epoch = shared.state()?.position.epoch;
        let group_bytes_max = log.group_bytes_max();
        let pending = Pending::new();
        Ok(Self {
            shared,
            queue,
            log,
            pending,
            epoch,
            next,
            time,
            group_bytes_max,
            flusher,
            unflushed,
            wants_flush: false,
        })
    }

    /// Runs until it is asked to close. The error is why the log could not be closed cleanly.
    pub(crate) fn run(mut self) -> Result<()> {
        let mut sleep = Duration::ZERO;
        let mut lookout = Duration::ZERO;
        loop {
            let idle = Instant::now();
            let next = self.queue.next(sleep, lookout);
            lookout = if idle.elapsed() < LOOKOUT { LOOKOUT } else { Duration::ZERO };
            let batch = match next {
                Ok(message) => self.gather(message),
                Err(RecvTimeoutError::Timeout) => {
                    self.flush_if_due();
                    sleep = self.tick(Pace::Idle);
                    continue;
                }
                Err(RecvTimeoutError::Disconnected) => return self.close(),
            };
            self.commit(batch.commands);
            batch.settling.into_iter().for_each(|answer| self.settle(&answer));
            self.flush_if_due();
            if batch.closing {
                return self.close();
            }
            sleep = self.tick(Pace::Working);
        }
    }

    /// Orders a flush if enough is unflushed and none is under way. The log is durable up to where
    /// the state is frozen: no file may know more than the log.
    fn flush_if_due(&mut self) {
        self.wants_flush &= 0 < self.unflushed;
        let is_due = self.wants_flush || self.shared.options.flush_records <= self.unflushed;
        if !is_due || self.flusher.is_busy() || self.shared.fault().is_some() {
            return;
        }
        if let Err(error) = self.begin_flush() {
            self.shared.fail(error);
        }
    }

    /// Seals what there is and has it flushed as soon as may be.
    fn settle(&mut self, answer: &Sender<Settled>) {
        let now = self.now();
        let mut unsealed = None;
        if self.shared.fault().is_none()
            && let Err(error) = self.log.roll(now)
        {
            match error.kind() {
                // What is sealed already can still be flushed.
                ErrorKind::StorageFull => unsealed = Some(error),
                _ => self.shared.fail(error),
            }
        }
        self.wants_flush = true;
        if let Ok(state) = self.shared.state() {
            let _ = answer.send(Settled { until: state.position.sequence, unsealed });
        }
    }

    fn begin_flush(&mut self) -> Result<()> {
        self.log.sync()?;
        let (mut users, mut until) = (None, Sequence(0));
        self.shared.change(|state| {
            users = state.freeze();
            // Not the sequence before the next one: an epoch that has just begun skipped some.
            until = state.position.sequence;
        })?;
        self.flusher.order(Frozen { until, users });
        self.unflushed = 0;
        self.wants_flush = false;
        Ok(())
    }

    fn close(&mut self) -> Result<()> {
        if let Some(fault) = self.shared.fault() {
            return Err(fault);
        }
        self.flusher.wait();
        if FLUSH_RECORDS_MIN.min(self.shared.options.flush_records) <= self.unflushed
            && !self.flusher.is_busy()
        {
            self.begin_flush()?;
        }
        self.flusher.stop();
        self.log.close()
    }

    /// Takes what is there, up to the size of a group; waits for nothing.
    fn gather(&self, first: Message) -> Batch {
        let mut batch = Batch { commands: Vec::new(), settling: None, closing: false };
        let mut weight = 0;
        let mut message = Some(first);
        while let Some(taken) = message {
            let queued = match taken {
                Message::Command(queued) => queued,
                Message::Settle(answer) => {
                    batch.settling = Some(answer);
                    break;
                }
                Message::Close => {
                    batch.closing = true;
                    break;
                }
            };
            self.queue.taken(&queued);
            weight += queued.prepared.effect.weight();
            batch.commands.push(queued);
            let room = weight + heaviest() <= self.group_bytes_max
                && batch.commands.len() < GROUP_COMMANDS_MAX;
            message = if room { self.queue.messages.try_recv().ok() } else { None };
        }
        batch
    }

    fn tick(&mut self, pace: Pace) -> Duration {
        // A flush that is wanted begins as soon as the one under way has ended.
        let idle = if self.wants_flush { FLUSH_WAIT } else { Duration::from_secs(1) };
        if self.shared.fault().is_some() {
            return idle;
        }
        let now = self.now();
        match self.log.tick(now, pace) {
            Ok(sleep) => sleep.min(idle),
            // A full disk stops the roll, not the log: the next group tries again.
            Err(error) if error.kind() == ErrorKind::StorageFull => idle,
            Err(error) => {
                self.shared.fail(error);
                idle
            }
        }
    }

    /// The clock, but never before what it was taken for earlier: timestamps do not step back, and
    /// none is before the time at which its segment began.
    fn now(&mut self) -> Timestamp {
        self.time = self.shared.options.clock.now().max(self.time);
        self.time
    }

    fn commit(&mut self, commands: Vec<Queued>) {
        if commands.is_empty() {
            return;
        }
        if let Some(fault) = self.shared.fault() {
            commands.into_iter().for_each(|queued| queued.completion.answer(Err(fault.clone())));
            return;
        }
        if let Err(error) = self.decide(commands).and_then(|decided| self.log_and_apply(decided)) {
            self.shared.fail(error);
        }
    }

    fn decide(&mut self, commands: Vec<Queued>) -> Result<Decided> {
        let time = self.now();
        let mut decided =
            Decided { records: Vec::new(), answers: Vec::with_capacity(commands.len()) };
        let shared = Arc::clone(&self.shared);
        let state = shared.state()?;
        let mut pending = std::mem::replace(&mut self.pending, Pending::new());
        pending.begin(time);
        let log = shared.log.segments();
        let limits = shared.options.limits();
        let mut decider = Decider::new((&state, &log), &mut pending, limits);
        let mut next = self.next;
        for Queued { mut prepared, completion } in commands {
            let decision = shared.noticing(decider.decide(&mut prepared, next));
            let answered = prepared.effect.answered();
            let accepted = matches!(decision, Ok(Decision::Accept));
            let answer = decision.map(|decision| self.receipt(decision, next, answered));
            if accepted {
                let (key, effect) = (prepared.key, prepared.effect);
                decided.records.push(Record { time, key, effect });
                next = next.next();
            }
            decided.answers.push((completion, answer));
        }
        pending.clear();
        self.pending = pending;
        Ok(decided)
    }

    fn receipt(&self, decision: Decision, next: Sequence, answered: Answered) -> Receipt {
        let at = |sequence| Position { epoch: self.epoch, sequence };
        match decision {
            Decision::Accept => receipt(at(next), answered),
            Decision::Unchanged | Decision::Asked => {
                // Nothing to wait for but what was decided before.
                let settled = Sequence(next.0 - 1);
                let requested = decision == Decision::Asked;
                Receipt { position: at(settled), requested, ..Receipt::default() }
            }
            Decision::Known(first) => {
                let settled = Sequence(next.0 - 1);
                let post = Some(PostId::from(first));
                Receipt { position: at(settled), post, ..Receipt::default() }
            }
            Decision::Repeated { sequence, answered } => receipt(at(sequence), answered),
        }
    }

    fn log_and_apply(&mut self, decided: Decided) -> Result<()> {
        let Decided { records, answers } = decided;
        if !records.is_empty() {
            if let Err(error) = self.log.append(self.next, &records) {
                return self.refuse_all(answers, error);
            }
            self.apply(&records)?;
        }
        self.tally(records.len(), &answers);
        answers.into_iter().for_each(|(completion, answer)| completion.answer(answer));
        // Not before: nobody waits for deliveries, and these want a processor too.
        self.shared.fan_out_now()
    }

    /// The group is not in the log. Even its no-ops are refused: they were decided on top of it.
    fn refuse_all(&self, answers: Vec<(Completion, Result<Receipt>)>, error: Error) -> Result<()> {
        let fatal = error.kind() == ErrorKind::Unavailable;
        if fatal {
            self.shared.fail(error.clone());
        }
        for (completion, _) in answers {
            completion.answer(Err(error.clone()));
        }
        Ok(())
    }

    fn apply(&mut self, records: &[Record]) -> Result<()> {
        for slice in records.chunks(APPLY_RECORDS_MAX) {
            let first = self.next;
            let retained = &self.shared.retained;
            let mut begins_a_forget = false;
            self.shared.change(|state| {
                let mut sequence = first;
                for record in slice {
                    if ends_a_text(&record.effect) {
                        retained.pend();
                    }
                    begins_a_forget |= matches!(record.effect, Effect::Forget(_));
                    let touched = state.apply(sequence, record);
                    state.deliver(sequence, &record.effect, touched);
                    sequence = sequence.next();
                }
                state.reposts.settle();
            })?;
            self.shared.hub.committed();
            self.shared.tail.committed();
            if begins_a_forget {
                self.shared.forgetting.order(Order::Look);
            }
            self.next = Sequence(first.0 + slice.len() as u64);
            self.unflushed += slice.len() as u64;
        }
        Ok(())
    }

    fn tally(&self, changed: usize, answers: &[(Completion, Result<Receipt>)]) {
        let refused = answers.iter().filter(|(_, answer)| answer.is_err()).count();
        let unchanged = answers.len() - refused - changed;
        Tally::count(&self.shared.tally.changed, changed as u64);
        Tally::count(&self.shared.tally.refused, refused as u64);
        Tally::count(&self.shared.tally.unchanged, unchanged as u64);
    }
}

/// The answer to what changed something.
fn receipt(position: Position, answered: Answered) -> Receipt {
    let post = (answered == Answered::New).then(|| PostId::from(position.sequence));
    Receipt { position, changed: true, post, requested: answered == Answered::Requested }
}

/// Whether something is to be erased now.
fn ends_a_text(effect: &Effect) -> bool {
    match effect {
        Effect::Delete { .. } | Effect::Unrepost { .. } | Effect::Revise(_) => true,
        Effect::Forget(forget) => forget.is_done(),
        Effect::Response(response) => response.act == ResponseAct::Delete,
        Effect::Broadcast(broadcast) => broadcast.cancelled().is_some(),
        _ => false,
    }
}

/// What the heaviest command weighs: a group is closed when another of these might not fit.
fn heaviest() -> usize {
    crate::limits::RECORD_BODY_BYTES_MAX
}
