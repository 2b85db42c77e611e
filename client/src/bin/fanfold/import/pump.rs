//! Sends the lines of one input, in order, with many in flight.
//!
//! Invariants:
//! * lines are settled strictly in file order: refused ones wait in the window like sent ones;
//! * the window is bounded, whatever it holds;
//! * after the first line that cannot be settled none behind it is: the settled lines are a prefix.

use std::collections::VecDeque;

use fanfold_client::{Client, Pending, WriteOptions, Written};
use tokio::sync::mpsc;

use super::feeder::{Entry, Fed, Kind};
use super::input_id::InputId;
use super::journal::{Journal, Settled};
use super::meter::Meter;
use super::progress_file::key;
use super::reason::Refusal;
use crate::exit::{Failure, is_mistake};
use crate::session::Session;

/// Writes in flight: what a server takes of one connection before it stops reading.
pub(crate) const IN_FLIGHT_MAX: usize = 1_024;

/// Lines in the window, answered ones and refused ones included.
const WINDOW_MAX: usize = 2 * IN_FLIGHT_MAX;

/// A line on its way.
struct Flight {
    number: u64,
    id: Option<InputId>,
    line: Option<Box<[u8]>>,
    fate: Fate,
}

enum Fate {
    Sent(Pending),
    Refused(Refusal),
}

/// How lines become writes.
#[derive(Clone, Copy)]
pub(crate) struct Manner<'a> {
    pub(crate) session: &'a Session,
    pub(crate) kind: Kind,
    pub(crate) import: u128,
    pub(crate) strict: bool,
}

/// The pump of one input.
pub(crate) struct Pump<'a> {
    client: &'a Client,
    manner: Manner<'a>,
    journal: &'a mut Journal,
    meter: &'a mut Meter,
    window: VecDeque<Flight>,
    /// A line could not be settled.
    is_stuck: bool,
}

impl<'a> Pump<'a> {
    pub(crate) fn new(
        client: &'a Client,
        manner: Manner<'a>,
        journal: &'a mut Journal,
        meter: &'a mut Meter,
    ) -> Self {
        Self { client, manner, journal, meter, window: VecDeque::new(), is_stuck: false }
    }

    /// Sends all that is fed and waits for all answers.
    pub(crate) async fn run(&mut self, mut feed: mpsc::Receiver<Fed>) -> Result<(), Failure> {
        while let Some(fed) = feed.recv().await {
            match fed {
                Fed::Batch(batch) => self.send(batch).await?,
                Fed::Disorder(number) => self.meter.note(&format!(
                    "warning: \"at\" decreases at line {number}; feeds are ordered by import, so \
                     use --sort to import in time order"
                )),
                Fed::Failed(failure) => return Err(failure),
            }
            self.journal.save_if_due()?;
            self.meter.show(self.journal.settled(self.manner.kind));
        }
        self.settle_all().await
    }

    /// Waits for all lines of the window.
    async fn settle_all(&mut self) -> Result<(), Failure> {
        while !self.window.is_empty() {
            self.settle_first().await?;
            self.journal.save_if_due()?;
        }
        Ok(())
    }

    /// Settles what is answered already; for the books of an interrupted run.
    pub(crate) fn settle_ready(&mut self) -> Result<(), Failure> {
        while let Some(flight) = self.window.front_mut().filter(|_| !self.is_stuck) {
            let answer = match &mut flight.fate {
                Fate::Sent(pending) => match pending.try_take() {
                    Some(answer) => Some(answer),
                    None => return Ok(()),
                },
                Fate::Refused(_) => None,
            };
            if let Some(flight) = self.window.pop_front() {
                self.settle(flight, answer)?;
            }
        }
        Ok(())
    }

    async fn send(&mut self, batch: Vec<Entry>) -> Result<(), Failure> {
        for entry in batch {
            if self.manner.strict && entry.what.is_err() {
                // Nothing behind it is sent.
                self.settle_all().await?;
            }
            if WINDOW_MAX <= self.window.len() {
                self.settle_first().await?;
            }
            let flight = self.launch(entry).await?;
            self.window.push_back(flight);
            self.settle_ready()?;
        }
        Ok(())
    }

    async fn launch(&mut self, entry: Entry) -> Result<Flight, Failure> {
        let Entry { number, what, line } = entry;
        let (fate, id) = match what {
            Ok(step) => {
                let (write, id) = step.into_write();
                let options = WriteOptions {
                    key: Some(key(self.manner.import, self.manner.kind, number)),
                    actor: self.manner.session.actor(),
                };
                (Fate::Sent(self.client.start(write.with(options)).await?), id)
            }
            Err(refusal) => (Fate::Refused(refusal), None),
        };
        Ok(Flight { number, id, line, fate })
    }

    /// Waits for the first line of the window.
    async fn settle_first(&mut self) -> Result<(), Failure> {
        let Some(flight) = self.window.front_mut() else { return Ok(()) };
        let answer = match &mut flight.fate {
            Fate::Sent(pending) => Some(pending.await),
            Fate::Refused(_) => None,
        };
        match self.window.pop_front() {
            Some(flight) => self.settle(flight, answer),
            None => Ok(()),
        }
    }

    /// Books what came of a line. Without an answer it is the refusal that it carries.
    fn settle(
        &mut self,
        flight: Flight,
        answer: Option<fanfold_client::Result<Written>>,
    ) -> Result<(), Failure> {
        let booked = self.book(flight, answer);
        self.is_stuck |= booked.is_err();
        booked
    }

    fn book(
        &mut self,
        flight: Flight,
        answer: Option<fanfold_client::Result<Written>>,
    ) -> Result<(), Failure> {
        let Flight { number, id, line, fate } = flight;
        let kind = self.manner.kind;
        let refusal = match (answer, fate) {
            (Some(Ok(written)), _) => return self.journal.imported(kind, id, &written),
            (Some(Err(error)), _) if is_mistake(error.kind()) => {
                Refusal::by_server(error.kind(), error.message())
            }
            (Some(Err(error)), _) => return Err(error.into()),
            (None, Fate::Refused(refusal)) => refusal,
            (None, Fate::Sent(_)) => unreachable!("a sent line is settled with its answer"),
        };
        if self.manner.strict {
            let Refusal { reason, message } = refusal;
            let file = kind.word();
            return Err(Failure::Local(format!(
                "{file} line {number}: {reason}: {message} (--strict stops here; without it, such \
                 lines are counted and left out)"
            )));
        }
        self.journal.refused(&Settled { kind, number, line: line.as_deref() }, &refusal)
    }
}
