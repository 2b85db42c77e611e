//! The thread that reads and parses an input, so that parsing and sending run side by side.
//!
//! It hands over batches through a bounded channel and ends early when nobody takes them.

use std::io::{self, BufRead};

use fanfold_client::{NewPost, PostId, Timestamp, UserId, Write};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use super::digest::Digest;
use super::graph_line;
use super::input_id::InputId;
use super::lines::{Line, Lines};
use super::links::LinkLine;
use super::post_line::{self, PostLine};
use super::reason::Refusal;

/// Lines a batch; large enough that the channel costs nothing per line.
const BATCH_LINES: usize = 512;

/// Batches that wait; together a few milliseconds of sending.
const BATCHES_MAX: usize = 8;

/// What an input holds.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    #[default]
    Graph,
    Posts,
}

/// How to feed an input.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) kind: Kind,
    /// Lines that an earlier run has settled.
    pub(crate) settled: u64,
    /// Sort the posts by time first.
    pub(crate) sort: bool,
    /// Keep the lines themselves for the rejects file.
    pub(crate) keep_lines: bool,
    /// Rows that say so are reposts; else they are posts like others.
    pub(crate) reposts: bool,
}

/// A line of the input, parsed.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) number: u64,
    pub(crate) digest: Digest,
    pub(crate) what: Result<Step, Refusal>,
    /// The line itself, if it may be needed.
    pub(crate) line: Option<Box<[u8]>>,
}

/// What a line asks for.
#[derive(Debug)]
pub(crate) enum Step {
    Follow(UserId, UserId),
    Post(PostLine),
    /// A repost, and what it refers to.
    Repost(PostLine, LinkLine),
}

impl Step {
    /// The write, and the input's id for a post. A repost is one of `parent`.
    pub(crate) fn into_write(self, parent: Option<PostId>) -> (Write, Option<InputId>) {
        match self {
            Self::Follow(user, author) => (Write::follow(user, author), None),
            Self::Post(post) | Self::Repost(post, _) => {
                let new = NewPost::new(post.author, post.text).created_at(post.at);
                let new = new.audience(post.audience);
                let write = match parent {
                    Some(parent) => new.reposting(parent),
                    None => new.into(),
                };
                (write, post.id)
            }
        }
    }

    fn at(&self) -> Option<Timestamp> {
        match self {
            Self::Follow(..) => None,
            Self::Post(post) | Self::Repost(post, _) => Some(post.at),
        }
    }
}

/// What comes out of the thread.
#[derive(Debug)]
pub(crate) enum Fed {
    Batch(Vec<Entry>),
    /// The time of a post is before the time of the one above it, for the first time here.
    Disorder(u64),
    Failed(io::Error),
}

/// Starts the thread.
pub(crate) fn start(input: Box<dyn BufRead + Send>, plan: Plan) -> mpsc::Receiver<Fed> {
    let (sender, receiver) = mpsc::channel(BATCHES_MAX);
    std::thread::spawn(move || {
        let mut feeder = Feeder { plan, sender, batch: Vec::new(), newest: None, warned: false };
        // An error here means that the receiver has gone: then nobody wants to know.
        drop(match plan.sort {
            true => feeder.feed_sorted(input),
            false => feeder.feed(input),
        });
    });
    receiver
}

/// The receiver has gone.
struct Gone;

struct Feeder {
    plan: Plan,
    sender: mpsc::Sender<Fed>,
    batch: Vec<Entry>,
    newest: Option<Timestamp>,
    warned: bool,
}

impl Feeder {
    fn feed(&mut self, input: Box<dyn BufRead + Send>) -> Result<(), Gone> {
        let mut lines = Lines::new(input);
        loop {
            match lines.next() {
                Ok(Some((number, _))) if number <= self.plan.settled => {}
                Ok(Some((number, line))) => {
                    let entry = parse(self.plan, number, &line);
                    self.push(entry)?;
                }
                Ok(None) => return self.flush(),
                Err(error) => return self.fail(error),
            }
        }
    }

    fn feed_sorted(&mut self, input: Box<dyn BufRead + Send>) -> Result<(), Gone> {
        let mut lines = Lines::new(input);
        let mut entries = Vec::new();
        loop {
            match lines.next() {
                Ok(Some((number, line))) => entries.push(parse(self.plan, number, &line)),
                Ok(None) => break,
                Err(error) => return self.fail(error),
            }
        }
        sort(&mut entries);
        let settled = usize::try_from(self.plan.settled).unwrap_or(usize::MAX);
        entries.into_iter().skip(settled).try_for_each(|entry| self.push(entry))?;
        self.flush()
    }

    fn push(&mut self, entry: Entry) -> Result<(), Gone> {
        self.watch_order(&entry)?;
        self.batch.push(entry);
        if BATCH_LINES <= self.batch.len() { self.flush() } else { Ok(()) }
    }

    fn watch_order(&mut self, entry: &Entry) -> Result<(), Gone> {
        let Some(at) = entry.what.as_ref().ok().and_then(Step::at) else { return Ok(()) };
        let decreases = self.newest.is_some_and(|newest| at < newest);
        self.newest = Some(at);
        if decreases && !self.warned {
            self.warned = true;
            return self.send(Fed::Disorder(entry.number));
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Gone> {
        match self.batch.is_empty() {
            true => Ok(()),
            false => {
                let batch = std::mem::replace(&mut self.batch, Vec::with_capacity(BATCH_LINES));
                self.send(Fed::Batch(batch))
            }
        }
    }

    fn fail(&mut self, error: io::Error) -> Result<(), Gone> {
        self.flush()?;
        self.send(Fed::Failed(error))
    }

    fn send(&self, fed: Fed) -> Result<(), Gone> {
        self.sender.blocking_send(fed).map_err(|_| Gone)
    }
}

fn parse(plan: Plan, number: u64, line: &Line<'_>) -> Entry {
    let digest = Digest::of(line);
    let (what, line) = match line {
        Line::Whole(line) => (parse_line(plan, line), *line),
        Line::TooLong { bytes } => {
            let message = format!("the line has {bytes} bytes, the limit is 1 MiB");
            (Err(Refusal::new("line_too_long", message)), &b""[..])
        }
    };
    let line = plan.keep_lines.then(|| line.into());
    Entry { number, digest, what, line }
}

fn parse_line(plan: Plan, line: &[u8]) -> Result<Step, Refusal> {
    match plan.kind {
        Kind::Posts if plan.reposts => {
            let post = post_line::parse(line)?;
            let link = LinkLine::parse(line)?;
            Ok(match link {
                Some(link) => Step::Repost(post, link),
                None => Step::Post(post),
            })
        }
        Kind::Graph => graph_line::parse(line).map(|(user, author)| Step::Follow(user, author)),
        Kind::Posts => post_line::parse(line).map(Step::Post),
    }
}

/// By time, equal times in file order; lines without a time come first.
fn sort(entries: &mut [Entry]) {
    entries.sort_by_key(|entry| entry.what.as_ref().ok().and_then(Step::at));
}

#[cfg(test)]
mod tests {
    use super::*;

    const POSTS: &[u8] = b"{\"author\":1,\"at\":30,\"text\":\"\"}\nbroken\n\
        {\"author\":1,\"at\":10,\"text\":\"\"}\n{\"author\":2,\"at\":10,\"text\":\"\"}\n";

    fn plan(kind: Kind) -> Plan {
        Plan { kind, settled: 0, sort: false, keep_lines: false, reposts: false }
    }

    /// The line numbers in the order they come, and where disorder was reported.
    fn fed(input: &'static [u8], plan: Plan) -> (Vec<u64>, Option<u64>) {
        let mut receiver = start(Box::new(input), plan);
        let (mut numbers, mut disorder) = (Vec::new(), None);
        while let Some(fed) = receiver.blocking_recv() {
            match fed {
                Fed::Batch(batch) => numbers.extend(batch.iter().map(|entry| entry.number)),
                Fed::Disorder(number) => disorder = Some(number),
                Fed::Failed(failure) => unreachable!("memory cannot fail: {failure}"),
            }
        }
        (numbers, disorder)
    }

    #[test]
    fn lines_come_in_file_order_and_disorder_is_told() {
        assert_eq!(fed(POSTS, plan(Kind::Posts)), (vec![1, 2, 3, 4], Some(3)));
        assert_eq!(fed(b"1\t2\n2\t1\n", plan(Kind::Graph)), (vec![1, 2], None));
    }

    #[test]
    fn sorting_is_stable_and_ends_the_disorder() {
        let sorted = Plan { sort: true, ..plan(Kind::Posts) };
        assert_eq!(fed(POSTS, sorted), (vec![2, 3, 4, 1], None));
    }

    #[test]
    fn what_is_settled_is_skipped_in_either_order() {
        let resumed = Plan { settled: 3, ..plan(Kind::Posts) };
        assert_eq!(fed(POSTS, resumed), (vec![4], None));
        assert_eq!(fed(POSTS, Plan { sort: true, ..resumed }), (vec![1], None));
    }

    #[test]
    fn lines_are_kept_only_if_wanted() {
        let line = Line::Whole(b"1\t2");
        assert_eq!(parse(plan(Kind::Graph), 1, &line).line, None);
        let keep = Plan { keep_lines: true, ..plan(Kind::Graph) };
        assert_eq!(parse(keep, 1, &line).line.as_deref(), Some(&b"1\t2"[..]));
    }
}
