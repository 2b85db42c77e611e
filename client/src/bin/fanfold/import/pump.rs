//! Sends the lines of one input, in order, with many in flight.
//!
//! Invariants:
//! * lines are settled strictly in file order: refused ones wait in the window like sent ones;
//! * the window is bounded, whatever it holds;
//! * after the first line that cannot be settled none behind it is: the settled lines are a prefix.

use std::collections::VecDeque;
use std::path::Path;

use fanfold_client::{Client, Pending, PostId, WriteOptions, Written};
use tokio::sync::mpsc;

use super::digest::Digest;
use super::feeder::{Entry, Fed, Kind, Step};
use super::input_id::InputId;
use super::journal::{Journal, Settled};
use super::left::Left;
use super::links::{self, Became};
use super::meter::Meter;
use super::progress_file::key;
use super::reason::Refusal;
use crate::exit::{Failure, is_mistake};
use crate::files;
use crate::session::Session;

/// Lines in the window: as many writes as a server takes of one connection before it stops reading.
/// More would wait in the socket and only make the part longer that an interruption leaves open.
pub(crate) const WINDOW_MAX: usize = 1_024;

/// A line on its way.
struct Flight {
    number: u64,
    digest: Digest,
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
    pub(crate) path: &'a Path,
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
    /// The line that could not be settled.
    stuck: Option<Stuck>,
}

#[derive(Clone, Copy)]
struct Stuck {
    digest: Digest,
    /// Nothing came of it, and nothing will: its key is free.
    refused: bool,
}

impl<'a> Pump<'a> {
    pub(crate) fn new(
        client: &'a Client,
        manner: Manner<'a>,
        journal: &'a mut Journal,
        meter: &'a mut Meter,
    ) -> Self {
        Self { client, manner, journal, meter, window: VecDeque::new(), stuck: None }
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
                Fed::Failed(error) => return Err(files::cannot_read(self.manner.path, &error)),
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
        while let Some(flight) = self.window.front_mut().filter(|_| self.stuck.is_none()) {
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
        let Entry { number, digest, what, line } = entry;
        let (fate, id) = match what {
            Ok(step) => {
                let parent = match self.parent(&step).await? {
                    Ok(parent) => parent,
                    Err(refusal) => {
                        let (fate, id) = (Fate::Refused(refusal), None);
                        return Ok(Flight { number, digest, id, line, fate });
                    }
                };
                let (write, id) = step.into_write(parent);
                if let (Some(links), Some(id)) = (self.journal.links(), &id) {
                    links.begin(id);
                }
                let options = WriteOptions {
                    key: Some(key(self.manner.import, self.manner.kind, number)),
                    actor: self.manner.session.actor(),
                };
                (Fate::Sent(self.client.start(write.with(options)).await?), id)
            }
            Err(refusal) => (Fate::Refused(refusal), None),
        };
        Ok(Flight { number, digest, id, line, fate })
    }

    /// What a repost refers to; waits until the line of that is settled.
    async fn parent(&mut self, step: &Step) -> Result<Result<Option<PostId>, Refusal>, Failure> {
        let Step::Repost(_, link) = step else { return Ok(Ok(None)) };
        loop {
            let found = self.journal.links().map_or(Became::Nothing, |links| links.find(link));
            match found {
                Became::Post(post) => return Ok(Ok(Some(post))),
                Became::Waiting if !self.window.is_empty() => self.settle_first().await?,
                Became::Waiting | Became::Nothing => break,
            }
        }
        if self.manner.strict {
            // Nothing behind it is sent.
            self.settle_all().await?;
        }
        Ok(Err(links::unknown(link)))
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

    /// What was sent and is not settled.
    pub(crate) fn left(&self) -> Left {
        let kind = self.manner.kind;
        let stuck = self.stuck.iter().map(|stuck| stuck.digest);
        Left {
            kind,
            settled: self.journal.settled(kind),
            refused: self.stuck.is_some_and(|stuck| stuck.refused),
            digests: stuck.chain(self.window.iter().map(|flight| flight.digest)).collect(),
        }
    }

    /// Books what came of a line. Without an answer it is the refusal that it carries.
    fn settle(
        &mut self,
        flight: Flight,
        answer: Option<fanfold_client::Result<Written>>,
    ) -> Result<(), Failure> {
        let Flight { number, digest, id, line, fate } = flight;
        // What cannot be booked may have happened.
        self.stuck = Some(Stuck { digest, refused: false });
        let settled = Settled { kind: self.manner.kind, number, digest, line: line.as_deref() };
        match (answer, fate) {
            (Some(Ok(written)), _) => self.journal.imported(&settled, id, &written)?,
            (Some(Err(error)), _) if is_mistake(error.kind()) => {
                if let (Some(links), Some(id)) = (self.journal.links(), &id) {
                    links.end(id, None);
                }
                self.refuse(&settled, &Refusal::by_server(error.kind(), error.message()))?;
            }
            (Some(Err(error)), _) => return Err(error.into()),
            (None, Fate::Refused(refusal)) => self.refuse(&settled, &refusal)?,
            (None, Fate::Sent(_)) => unreachable!("a sent line is settled with its answer"),
        }
        self.stuck = None;
        Ok(())
    }

    fn refuse(&mut self, settled: &Settled<'_>, refusal: &Refusal) -> Result<(), Failure> {
        if !self.manner.strict {
            return self.journal.refused(settled, refusal);
        }
        self.stuck = Some(Stuck { digest: settled.digest, refused: true });
        let (file, number) = (self.manner.path.display(), settled.number);
        let Refusal { reason, message } = refusal;
        Err(Failure::Local(format!(
            "{file} line {number}: {reason}: {message} (--strict stops here; mend the line in its \
             place, or leave out --strict to skip such lines)"
        )))
    }
}
