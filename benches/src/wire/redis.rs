//! What is said to Redis, as its own experts would: posts are strings under their ids, an inbox is a list
//! of ids, newest first, so are the posts of an author.
//!
//! Ids are small numbers, which Redis keeps in three to five bytes. Nothing is trimmed while it is
//! measured, and whoever delivers knows the followers for nothing.

use std::collections::VecDeque;
use std::fmt::{Display, Write as _};
use std::io::{Read, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::BytesMut;
use fanfold_engine::testing::seed::Random;

use super::pick::Pick;
use super::resp::{Event, Replies};
use super::talk::{Dialect, Heard, Talk, plain};
use crate::exit::{Explain, Failure, Outcome};
use crate::world::World;

/// One round trip: the ids, then the posts. Who follows nobody has none.
const PAGE_SCRIPT: &str = "local ids=redis.call('LRANGE',KEYS[1],0,19) \
    if #ids==0 then return ids end return redis.call('MGET',unpack(ids))";

/// The SHA-1 digest of the script, by which it is called.
const PAGE_DIGEST: &str = "e65f1fa1d659a86915a4efc79190d54df436da05";

/// Entries of a page.
const PAGE: usize = 20;

/// What to ask for.
#[derive(Clone, Debug)]
pub(crate) enum Redis {
    /// A page by one script.
    ScriptedPage(Pick),
    /// A page by two calls, the ids and the posts.
    Page(Pick),
    /// A page of somebody without an inbox: the newest of all followees.
    Merged { world: Arc<World>, user: u64 },
    /// A post, put into the inboxes of all followers.
    Deliver { world: Arc<World>, next: Arc<AtomicU64> },
    /// A post, entered in its author's list.
    Publish { world: Arc<World>, next: Arc<AtomicU64> },
}

impl Dialect for Redis {
    fn begin(&self, stream: &mut TcpStream) -> Outcome<()> {
        // Loading a script again changes nothing.
        let loaded = ask(stream, &[&"SCRIPT", &"LOAD", &PAGE_SCRIPT])?;
        match loaded.as_slice() {
            [digest] if digest == PAGE_DIGEST.as_bytes() => Ok(()),
            other => Err(Failure::failed(format!("Redis knows the script as {other:?}"))),
        }
    }

    fn talk(&self, random: Random, _: Option<u32>) -> Outcome<Box<dyn Talk>> {
        let (replies, open) = (Replies::default(), VecDeque::new());
        Ok(Box::new(Asking { about: self.clone(), random, replies, open }))
    }
}

/// What a reply is for.
#[derive(Debug)]
enum Expected {
    /// The last reply to a question.
    Answer(u32),
    /// One of several that are not the last.
    Part,
    /// Ids, whose posts are to be asked for.
    Ids(u32),
    /// Ids of one of many authors; so many more are to come.
    Merged(u32, usize),
}

/// One connection.
struct Asking {
    about: Redis,
    random: Random,
    replies: Replies,
    open: VecDeque<Expected>,
}

impl Asking {
    fn question(&mut self, number: u32, out: &mut BytesMut) {
        match &self.about {
            Redis::ScriptedPage(users) => {
                let inbox = Inbox(users.draw(&mut self.random));
                command(out, &[&"EVALSHA", &PAGE_DIGEST, &1, &inbox]);
                self.open.push_back(Expected::Answer(number));
            }
            Redis::Page(users) => {
                let inbox = Inbox(users.draw(&mut self.random));
                command(out, &[&"LRANGE", &inbox, &0, &(PAGE - 1)]);
                self.open.push_back(Expected::Ids(number));
            }
            Redis::Merged { world, user } => {
                let authors = world.followees(*user);
                for (author, left) in authors.iter().zip((0..authors.len()).rev()) {
                    command(out, &[&"LRANGE", &Outbox(u64::from(*author)), &0, &(PAGE - 1)]);
                    self.open.push_back(Expected::Merged(number, left));
                }
            }
            Redis::Deliver { world, next } => {
                let post = next.fetch_add(1, Ordering::Relaxed);
                let followers = world.followers(world.author(post));
                command(out, &[&"SET", &id(post), &record(world, post)]);
                for follower in followers {
                    command(out, &[&"LPUSH", &Inbox(u64::from(*follower)), &id(post)]);
                    self.open.push_back(Expected::Part);
                }
                self.open.push_back(Expected::Answer(number));
            }
            Redis::Publish { world, next } => {
                let post = next.fetch_add(1, Ordering::Relaxed);
                command(out, &[&"SET", &id(post), &record(world, post)]);
                command(out, &[&"LPUSH", &Outbox(world.author(post)), &id(post)]);
                self.open.extend([Expected::Part, Expected::Answer(number)]);
            }
        }
    }

    /// A reply is complete.
    fn settle(&mut self, heard: &mut Heard) {
        match self.open.pop_front() {
            Some(Expected::Answer(number)) => heard.answered.push(number),
            Some(Expected::Ids(number)) => {
                let ids = std::mem::take(&mut self.replies.strings);
                self.ask_for(ids, number, heard);
            }
            Some(Expected::Merged(number, 0)) => {
                let ids = std::mem::take(&mut self.replies.strings);
                self.ask_for(newest(ids), number, heard);
            }
            // Their ids are kept until the last has come.
            Some(Expected::Merged(..) | Expected::Part) | None => {}
        }
        let keeps = matches!(self.open.front(), Some(Expected::Ids(_) | Expected::Merged(..)));
        let goes_on = !self.replies.strings.is_empty();
        if !(keeps && goes_on) {
            self.replies.want_strings(keeps);
        }
    }

    fn ask_for(&mut self, ids: Vec<Vec<u8>>, number: u32, heard: &mut Heard) {
        if ids.is_empty() {
            heard.answered.push(number);
            return;
        }
        let _cannot_fail = write!(heard.say, "*{}\r\n$4\r\nMGET\r\n", ids.len() + 1);
        for id in ids {
            let _cannot_fail = write!(heard.say, "${}\r\n", id.len());
            heard.say.extend_from_slice(&id);
            heard.say.extend_from_slice(b"\r\n");
        }
        self.open.push_back(Expected::Answer(number));
    }
}

impl Talk for Asking {
    fn ask(&mut self, numbers: Range<u32>, out: &mut BytesMut) -> Outcome<()> {
        numbers.for_each(|number| self.question(number, out));
        let keeps = matches!(self.open.front(), Some(Expected::Ids(_) | Expected::Merged(..)));
        self.replies.want_strings(keeps);
        Ok(())
    }

    fn hear(&mut self, mut bytes: &[u8], heard: &mut Heard) -> Outcome<()> {
        while !bytes.is_empty() {
            let event;
            (event, bytes) = self.replies.hear(bytes)?;
            heard.refused += u64::from(event == Some(Event::Refused));
            if event.is_some() {
                self.settle(heard);
            }
        }
        Ok(())
    }
}

/// The newest of many lists of ids.
fn newest(ids: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    let parsed = ids.iter().filter_map(|id| std::str::from_utf8(id).ok()?.parse::<u64>().ok());
    let mut numbers: Vec<u64> = parsed.collect();
    if PAGE < numbers.len() {
        numbers.select_nth_unstable_by(PAGE, |a, b| b.cmp(a));
        numbers.truncate(PAGE);
    }
    numbers.sort_unstable_by(|a, b| b.cmp(a));
    numbers.into_iter().map(|number| number.to_string().into_bytes()).collect()
}

/// The key of a user's inbox, for those who ask about it.
pub(crate) fn inbox_key(user: u64) -> String {
    Inbox(user).to_string()
}

/// The key of a user's inbox.
struct Inbox(u64);

/// The key of a list of what a user published.
struct Outbox(u64);

impl Display for Inbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "i{}", self.0)
    }
}

impl Display for Outbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "o{}", self.0)
    }
}

/// The id of a post, and the key of its string.
fn id(post: u64) -> u64 {
    post + 1
}

/// A post as a string: author and time, then the text.
fn record(world: &World, post: u64) -> String {
    format!("{:>10} {:>13}{}", world.author(post), 1_700_000_000_000 + post, world.text(post))
}

/// Of a record, the text.
fn text(record: &[u8]) -> Vec<u8> {
    record.get(24..).unwrap_or_default().to_vec()
}

fn command(out: &mut BytesMut, words: &[&dyn Display]) {
    let _cannot_fail = write!(out, "*{}\r\n", words.len());
    let mut word = String::new();
    for shown in words {
        word.clear();
        let _cannot_fail = write!(word, "{shown}");
        let _cannot_fail = write!(out, "${}\r\n{word}\r\n", word.len());
    }
}

/// Sends one command and waits for its reply; the strings in it.
pub(crate) fn ask(stream: &mut TcpStream, words: &[&dyn Display]) -> Outcome<Vec<Vec<u8>>> {
    let mut out = BytesMut::new();
    command(&mut out, words);
    stream.write_all(&out).explain(|| "cannot ask Redis".to_owned())?;
    let (mut replies, mut buffer) = (Replies::default(), vec![0; 64 * 1024]);
    replies.want_strings(true);
    loop {
        let bytes = stream.read(&mut buffer).explain(|| "cannot hear Redis".to_owned())?;
        if bytes == 0 {
            return Err(Failure::failed("Redis closed the connection"));
        }
        match replies.hear(buffer.get(..bytes).unwrap_or_default())? {
            (Some(Event::Reply), _) => return Ok(replies.strings),
            (Some(Event::Refused), _) => {
                return Err(Failure::failed(format!("Redis refuses {}", words.len())));
            }
            (None, _) => {}
        }
    }
}

/// The texts of a user's page.
pub(crate) fn texts(address: SocketAddr, user: u64) -> Outcome<Vec<Vec<u8>>> {
    let mut stream = plain(address)?;
    let found = ask(&mut stream, &[&"EVAL", &PAGE_SCRIPT, &1, &Inbox(user)])?;
    Ok(found.iter().map(|record| text(record)).collect())
}

/// Writes all of a world, command after command, as fast as they are taken.
pub(crate) fn load(address: SocketAddr, world: &World) -> Outcome<()> {
    let stream = plain(address)?;
    let reader = stream.try_clone().explain(|| "cannot load Redis".to_owned())?;
    let total = Arc::new(AtomicU64::new(u64::MAX));
    let counted = Arc::clone(&total);
    let replies = std::thread::spawn(move || count_replies(reader, &counted));
    let mut loader = Loader { stream, out: BytesMut::new(), count: 0 };
    for post in 0..world.posts() {
        loader.push(&[&"SET", &id(post), &record(world, post)])?;
    }
    for user in 1..=world.users() {
        loader.list(&Inbox(user), &world.inbox(user))?;
        loader.list(&Outbox(user), &world.published(user))?;
    }
    // One more than what counts: its reply comes when the total is known.
    total.store(loader.count + 1, Ordering::SeqCst);
    loader.push(&[&"PING"])?;
    loader.flush()?;
    replies.join().unwrap_or_else(|_| Err(Failure::failed("loading Redis panicked")))
}

/// Commands on their way.
struct Loader {
    stream: TcpStream,
    out: BytesMut,
    count: u64,
}

impl Loader {
    fn push(&mut self, words: &[&dyn Display]) -> Outcome<()> {
        command(&mut self.out, words);
        self.count += 1;
        if self.out.len() < 1 << 20 { Ok(()) } else { self.flush() }
    }

    /// A list, its first element first.
    fn list(&mut self, key: &dyn Display, posts: &[u64]) -> Outcome<()> {
        let ids: Vec<u64> = posts.iter().map(|post| id(*post)).collect();
        let mut words: Vec<&dyn Display> = vec![&"RPUSH", key];
        words.extend(ids.iter().map(|id| -> &dyn Display { id }));
        if ids.is_empty() { Ok(()) } else { self.push(&words) }
    }

    fn flush(&mut self) -> Outcome<()> {
        self.stream.write_all(&self.out).explain(|| "cannot load Redis".to_owned())?;
        self.out.clear();
        Ok(())
    }
}

/// Until as many replies have come as `total` says; it may say so late.
fn count_replies(mut stream: TcpStream, total: &AtomicU64) -> Outcome<()> {
    let (mut replies, mut buffer) = (Replies::default(), vec![0; 256 * 1024]);
    let mut count = 0;
    while count < total.load(Ordering::SeqCst) {
        let bytes = stream.read(&mut buffer).explain(|| "cannot hear Redis".to_owned())?;
        let mut bytes = buffer.get(..bytes).unwrap_or_default();
        if bytes.is_empty() {
            return Err(Failure::failed("Redis closed the connection"));
        }
        while !bytes.is_empty() {
            let event;
            (event, bytes) = replies.hear(bytes)?;
            if event == Some(Event::Refused) {
                return Err(Failure::failed("Redis refused a command while it was loaded"));
            }
            count += u64::from(event.is_some());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::{Scene, WorldArgs};

    fn said(talk: &mut dyn Talk, numbers: Range<u32>) -> String {
        let mut out = BytesMut::new();
        talk.ask(numbers, &mut out).unwrap();
        String::from_utf8_lossy(&out).replace("\r\n", " ")
    }

    #[test]
    fn a_page_by_two_calls_asks_for_the_posts_when_the_ids_have_come() {
        let mut talk = Redis::Page(Pick::anybody(1)).talk(Random::new(1), None).unwrap();
        let asked = said(&mut *talk, 1..3);
        assert_eq!(asked.matches("*4 $6 LRANGE $2 i1 $1 0 $2 19").count(), 2);
        let mut heard = Heard::default();
        talk.hear(b"*2\r\n$1\r\n7\r\n$2\r\n12\r\n*1\r\n$1\r\n9\r\n", &mut heard).unwrap();
        let more = String::from_utf8_lossy(&heard.say).replace("\r\n", " ");
        assert_eq!(more, "*3 $4 MGET $1 7 $2 12 *2 $4 MGET $1 9 ");
        assert!(heard.answered.is_empty());
        talk.hear(b"*2\r\n$1\r\nx\r\n$-1\r\n*1\r\n$1\r\ny\r\n", &mut heard).unwrap();
        assert_eq!(heard.answered, [1, 2]);
    }

    #[test]
    fn a_merged_page_has_the_newest_of_all_authors() {
        let world = WorldArgs {
            users: 0,
            mean: 0,
            posts_each: 0,
            inbox: 0,
            celebrity: 0,
            authors: 2,
            data: None,
        };
        let world = Arc::new(World::of(Scene::Reader, &world).unwrap());
        let mut talk = Redis::Merged { world, user: 3 }.talk(Random::new(1), None).unwrap();
        assert_eq!(said(&mut *talk, 1..2).matches("LRANGE").count(), 2);
        let mut heard = Heard::default();
        talk.hear(b"*2\r\n$2\r\n10\r\n$1\r\n9\r\n*1\r\n$2\r\n11\r\n", &mut heard).unwrap();
        let more = String::from_utf8_lossy(&heard.say).replace("\r\n", " ");
        assert_eq!(more, "*4 $4 MGET $2 11 $2 10 $1 9 ");
        talk.hear(b"*0\r\n", &mut heard).unwrap();
        assert_eq!(heard.answered, [1]);
    }
}
