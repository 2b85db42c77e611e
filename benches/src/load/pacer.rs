//! The clock of an open load: says what is due, and does not wait for anything but the time.

use std::time::{Duration, Instant};

use tokio::sync::mpsc::UnboundedSender;

/// Less is not worth a sleep: the system wakes nobody more precisely.
const SLEEP_MIN: Duration = Duration::from_micros(20);

/// A steady rate for a time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pacer {
    pub(super) rate: u64,
    pub(super) time: Duration,
}

impl Pacer {
    /// Hands out the moments at which requests are due, to the connections in turn. How many there were.
    pub(super) fn run(self, queues: &[UnboundedSender<Instant>]) -> u64 {
        let begin = Instant::now();
        let mut number = 0;
        for queue in queues.iter().cycle() {
            let after = self.due(number);
            if self.time <= after {
                break;
            }
            let due = begin + after;
            let now = Instant::now();
            if now + SLEEP_MIN < due {
                std::thread::sleep(due - now);
            }
            // A connection that has failed ends the run by itself.
            let _failed = queue.send(due);
            number += 1;
        }
        number
    }

    /// When the request of that number, from 0, is due.
    fn due(self, number: u64) -> Duration {
        let nanos = u128::from(number) * 1_000_000_000 / u128::from(self.rate.max(1));
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::mpsc::unbounded_channel;

    #[test]
    fn what_is_due_does_not_depend_on_who_takes_it() {
        let (queues, mut ends): (Vec<_>, Vec<_>) = (0..3).map(|_| unbounded_channel()).unzip();
        let pacer = Pacer { rate: 10_000, time: Duration::from_millis(10) };
        assert_eq!(pacer.run(&queues), 100);
        drop(queues);
        let mut moments: Vec<Instant> = Vec::new();
        for end in &mut ends {
            moments.extend(std::iter::from_fn(|| end.try_recv().ok()));
        }
        moments.sort();
        let first = moments[0];
        for (number, due) in (0..).zip(&moments) {
            assert_eq!(*due - first, pacer.due(number));
        }
        assert_eq!(moments.len(), 100);
    }
}
