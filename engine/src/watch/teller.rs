//! The teller: the one thread that follows the log and tells the watches; and, now and then, whose
//! presence changed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::ids::Sequence;
use crate::limits::TELL_RECORDS_MAX;
use crate::shared::Shared;

/// Between two looks at whose presence changed, if anybody wants to know.
const PRESENCE_PERIOD: Duration = Duration::from_millis(250);

/// The handle on the thread.
#[derive(Debug)]
pub(crate) struct Teller {
    shared: Arc<Shared>,
    is_stopping: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Teller {
    pub(crate) fn start(shared: &Arc<Shared>) -> Result<Self> {
        let is_stopping = Arc::new(AtomicBool::new(false));
        let (work, stop) = (Arc::clone(shared), Arc::clone(&is_stopping));
        let thread = std::thread::Builder::new()
            .name("fanfold-watch".to_owned())
            .spawn(move || run(&work, &stop))
            .map_err(|error| Error::io("start the watch thread", error))?;
        shared.hub.set_teller(thread.thread().clone());
        Ok(Self { shared: Arc::clone(shared), is_stopping, thread: Some(thread) })
    }

    /// Tells what was committed, then ends the thread and all watches.
    pub(crate) fn stop(&mut self) {
        self.is_stopping.store(true, Ordering::Release);
        self.shared.hub.wake_teller();
        if let Some(thread) = self.thread.take() {
            let _panicked = thread.join();
        }
        self.shared.hub.close();
    }
}

impl Drop for Teller {
    fn drop(&mut self) {
        self.stop();
    }
}

fn run(shared: &Shared, is_stopping: &AtomicBool) {
    let mut told = Instant::now();
    loop {
        let is_last = is_stopping.load(Ordering::Acquire);
        while tell_some(shared) {}
        if is_last {
            return;
        }
        // Who commits or begins to watch unparks, also between the look above and here.
        if !shared.hub.stirred.is_open() {
            std::thread::park();
            continue;
        }
        std::thread::park_timeout(PRESENCE_PERIOD);
        if PRESENCE_PERIOD <= told.elapsed() {
            told = Instant::now();
            shared.hub.tell_presence(shared.options.clock.now());
        }
    }
}

/// Tells some records; whether there were any.
fn tell_some(shared: &Shared) -> bool {
    let Some(told) = shared.hub.to_tell() else { return false };
    // A state that is half applied tells nothing more, as it answers nothing more.
    let Ok(newest) = shared.state().map(|state| state.position.sequence) else { return false };
    let until = Sequence(told.0 + TELL_RECORDS_MAX).min(newest);
    if until <= told {
        return false;
    }
    let segments = shared.log.segments();
    let read = |sequence| {
        // Damage is not ours to report: a read will. Nobody knows what the record was.
        segments.record(Sequence(sequence)).unwrap_or(None)
    };
    let records: Vec<_> = (told.0 + 1..=until.0).map(read).collect();
    shared.hub.tell(shared, told, &records);
    true
}
