//! One timer a connection, moved only when a deadline comes nearer.
//!
//! Deadlines come and go with every request, but hardly ever pass. Moving a timer costs more than
//! answering a request, so one that is set too early is left alone: it rings, the owner finds that
//! nothing is due, and sets it again.

use std::pin::Pin;
use std::time::Instant;

use tokio::time::{Sleep, sleep_until};

/// See the module.
#[derive(Debug)]
pub(crate) struct Alarm {
    sleep: Pin<Box<Sleep>>,
    armed: Option<Instant>,
}

impl Alarm {
    pub(crate) fn new() -> Self {
        Self { sleep: Box::pin(sleep_until(Instant::now().into())), armed: None }
    }

    /// Rings no later than `deadline`. False if there is nothing to wait for.
    pub(crate) fn set(&mut self, deadline: Option<Instant>) -> bool {
        let Some(deadline) = deadline else { return false };
        if self.armed.is_none_or(|armed| deadline < armed) {
            self.sleep.as_mut().reset(deadline.into());
            self.armed = Some(deadline);
        }
        true
    }

    /// Resolves when the time has come.
    pub(crate) async fn rang(&mut self) {
        self.sleep.as_mut().await;
        self.armed = None;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn an_earlier_deadline_moves_it_a_later_one_does_not() {
        let start = Instant::now();
        let mut alarm = Alarm::new();
        assert!(!alarm.set(None));
        assert!(alarm.set(Some(start + Duration::from_secs(60))));
        assert!(alarm.set(Some(start + Duration::from_millis(20))));
        assert!(alarm.set(Some(start + Duration::from_secs(30))));
        alarm.rang().await;
        let waited = start.elapsed();
        assert!(Duration::from_millis(20) <= waited && waited < Duration::from_secs(60));
        assert!(alarm.set(Some(start + Duration::from_millis(30))));
        alarm.rang().await;
        assert!(Duration::from_millis(30) <= start.elapsed());
    }
}
