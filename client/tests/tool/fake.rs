//! A fake server with a memory: enough of the rules (keys, follows, posts, paging, scans) to run
//! the command-line tool against, in the test's own process. Answers in order and keeps nothing on
//! disk.
//!
//! It can be told to hang up after a number of writes, to be silent, and to refuse follows above a
//! limit or a text.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::{Bytes, BytesMut};
use fanfold_protocol::limits::BODY_BYTES_MAX;
use fanfold_protocol::{
    Code, ErrorReply, Follow, FrameCodec, OnePost, Page, PageEnd, Position, Post, PostModeration,
    Publish, Reply, Request, Scan, ScanWhat, Scanned, ScannedItems, Span, Status, StatusValue,
    Timeline, UserCard, Welcome, WriteOptions, Written, encode_reply,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::codec::Decoder;

/// A running fake; ends with the test.
pub(crate) struct Fake {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    _runtime: tokio::runtime::Runtime,
}

/// What the fake holds.
#[derive(Default)]
pub(crate) struct State {
    sequence: u64,
    pub(crate) posts: Vec<Post>,
    pub(crate) follows: Vec<Follow>,
    keys: HashMap<[u8; 16], Written>,
    /// Weights of follows and tags, as they came.
    pub(crate) weights: Vec<u8>,
    pub(crate) tags: Vec<(u64, String, bool)>,
    /// Writes executed since the start, repeated ones not counted.
    pub(crate) writes: u64,
    /// After so many more writes: answer nothing more and close the connection.
    pub(crate) hang_up_in: Option<u64>,
    /// More follows by one user are refused.
    pub(crate) followees_max: Option<usize>,
    /// Posts with this text are refused.
    pub(crate) texts_refused: Option<&'static str>,
    /// Writes are counted and neither executed nor answered.
    pub(crate) silent: bool,
    pub(crate) unanswered: u64,
    /// What it calls itself, if not `fake 1`.
    pub(crate) name: String,
    /// The id that it gives as its database's.
    pub(crate) database: [u8; 16],
}

impl Fake {
    pub(crate) fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::<Mutex<State>>::default();
        let shared = Arc::clone(&state);
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        Self { address, state, _runtime: runtime }
    }

    pub(crate) fn url(&self) -> String {
        format!("fanfold://{}", self.address)
    }

    pub(crate) fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

async fn serve(mut stream: TcpStream, state: Arc<Mutex<State>>) {
    let mut codec = FrameCodec::new(BODY_BYTES_MAX);
    let (mut inbox, mut out) = (BytesMut::new(), BytesMut::new());
    loop {
        while let Some(frame) = codec.decode(&mut inbox).unwrap() {
            let request = Request::load(&frame).unwrap();
            if state.lock().unwrap().ignores(&request) {
                continue;
            }
            let Some(reply) = state.lock().unwrap().answer(&request) else { return };
            encode_reply(frame.request_id, &reply, &mut out).unwrap();
        }
        if stream.write_all_buf(&mut out).await.is_err() {
            return;
        }
        if !matches!(stream.read_buf(&mut inbox).await, Ok(1..)) {
            return;
        }
    }
}

impl State {
    fn position(&self) -> Position {
        Position { epoch: 1, sequence: self.sequence }
    }

    fn ignores(&mut self, request: &Request) -> bool {
        let ignored = self.silent && request.kind().is_write();
        self.unanswered += u64::from(ignored);
        ignored
    }

    /// The answer, `None` to hang up.
    fn answer(&mut self, request: &Request) -> Option<Reply> {
        if request.kind().is_write() {
            match &mut self.hang_up_in {
                Some(0) => {
                    self.hang_up_in = None;
                    return None;
                }
                Some(left) => *left -= 1,
                None => {}
            }
        }
        Some(match request {
            Request::Hello(_) => self.welcome(),
            Request::Ping => Reply::Pong,
            Request::Status => self.status(),
            Request::Advise => self.advice(),
            Request::Publish(publish) => self.publish(publish),
            Request::Follow(follow) => {
                self.weights.extend(follow.weight);
                self.follow(follow.options, follow.user, follow.other)
            }
            Request::Tag(tag) => {
                self.tags.push((tag.user, tag.name().to_owned(), tag.set));
                self.write(tag.options, |_| None)
            }
            Request::Delete(delete) => self.delete(delete.options, delete.post),
            Request::Home(timeline) => {
                let followed = |author| {
                    self.follows.iter().any(|it| (it.user, it.author) == (timeline.user, author))
                };
                self.page(timeline, &followed)
            }
            Request::Outbox(timeline) => self.page(timeline, &|author| author == timeline.user),
            Request::Post(one) => match self.posts.iter().find(|post| post.id == one.post) {
                Some(post) => Reply::Post(OnePost {
                    position: self.position(),
                    post: post.clone(),
                    counts: None,
                    moderation: PostModeration::default(),
                }),
                None => refusal(Code::NotFound, &format!("no post {}", one.post)),
            },
            Request::User(user) => self.card(user.user),
            Request::Scan(scan) => self.scan(scan),
            other => refusal(Code::UnknownRequest, &format!("the fake knows no {}", other.kind())),
        })
    }

    fn advice(&self) -> Reply {
        let number = |name: &'static str, number| {
            (Bytes::from_static(name.as_bytes()), StatusValue::Number(number))
        };
        let text = |name: &'static str, text: &'static str| {
            let text = StatusValue::Text(Bytes::from_static(text.as_bytes()));
            (Bytes::from_static(name.as_bytes()), text)
        };
        let fields = vec![
            number("window_millis", 2_000),
            number("pages", 4),
            text("running", "push"),
            text("cheapest", "pull"),
            number("pull.pulled_authors", 10),
            number("push.deliveries", 30),
        ];
        Reply::Status(Status { position: self.position(), fields })
    }

    /// Executes a write once per key.
    fn publish(&mut self, publish: &Publish) -> Reply {
        if self.texts_refused.is_some_and(|text| publish.text == text.as_bytes()) {
            return refusal(Code::Limit, "this text is refused");
        }
        let sequence = self.sequence + 1;
        let post = Post {
            id: sequence,
            author: publish.author,
            at: publish.created_at.unwrap_or(1_000),
            committed_at: 1_000,
            kind: publish.kind,
            text: publish.text.clone(),
            meta: publish.meta.clone(),
            repost: None,
            mentions: publish.mentions.clone(),
            edit: None,
            audience: fanfold_protocol::Audience::Everybody,
        };
        self.write(publish.options, |state| {
            state.posts.push(post);
            Some(sequence)
        })
    }

    fn write(
        &mut self,
        options: WriteOptions,
        apply: impl FnOnce(&mut Self) -> Option<u64>,
    ) -> Reply {
        let key = options.key.unwrap();
        if let Some(first) = self.keys.get(&key) {
            return Reply::Written(*first);
        }
        self.sequence += 1;
        self.writes += 1;
        let post = apply(self);
        let written = Written { position: self.position(), changed: true, requested: false, post };
        self.keys.insert(key, written);
        Reply::Written(written)
    }

    fn follow(&mut self, options: WriteOptions, user: u64, author: u64) -> Reply {
        let known = options.key.is_some_and(|key| self.keys.contains_key(&key));
        let mut followees = self.follows.iter().filter(|follow| follow.user == user);
        if !known && followees.any(|follow| follow.author == author) {
            let position = self.position();
            return Reply::Written(Written {
                position,
                changed: false,
                requested: false,
                post: None,
            });
        }
        let count = self.follows.iter().filter(|follow| follow.user == user).count();
        if !known && self.followees_max.is_some_and(|max| max <= count) {
            return refusal(Code::Limit, &format!("user {user} follows {count}, the limit"));
        }
        let sequence = self.sequence + 1;
        self.write(options, |state| {
            state.follows.push(Follow { user, author, sequence });
            None
        })
    }

    fn delete(&mut self, options: WriteOptions, post: u64) -> Reply {
        let Some(found) = self.posts.iter().position(|it| it.id == post) else {
            return refusal(Code::NotFound, &format!("no post {post}"));
        };
        if options.actor.is_some_and(|actor| actor != self.posts[found].author) {
            return refusal(Code::Denied, "somebody else's post");
        }
        self.write(options, |state| {
            state.posts.remove(found);
            None
        })
    }

    fn page(&self, timeline: &Timeline, shows: &dyn Fn(u64) -> bool) -> Reply {
        let limit = if timeline.limit == 0 { 20 } else { timeline.limit as usize };
        let newest_first = self.posts.iter().rev().filter(|post| shows(post.author));
        let (mut posts, more): (Vec<Post>, bool) = match timeline.span {
            Span::Newest | Span::Before(_) => {
                let below = if let Span::Before(id) = timeline.span { id } else { u64::MAX };
                let all: Vec<Post> = newest_first.filter(|it| it.id < below).cloned().collect();
                let more = limit < all.len();
                (all.into_iter().take(limit).collect(), more)
            }
            Span::After(id) => {
                let all: Vec<Post> = newest_first.filter(|it| id < it.id).cloned().collect();
                let more = limit < all.len();
                (all.into_iter().rev().take(limit).rev().collect(), more)
            }
        };
        posts.sort_by_key(|post| std::cmp::Reverse(post.id));
        let end = if more { PageEnd::More } else { PageEnd::End };
        Reply::Page(Page {
            position: self.position(),
            end,
            posts,
            counts: None,
            originals: Vec::new(),
            original_counts: Vec::new(),
            came_by: None,
            collapsed: None,
        })
    }

    fn card(&self, user: u64) -> Reply {
        let count =
            |hit: &dyn Fn(&Follow) -> bool| self.follows.iter().filter(|it| hit(it)).count();
        Reply::User(UserCard {
            position: self.position(),
            user,
            posts: self.posts.iter().filter(|post| post.author == user).count() as u64,
            followers: count(&|follow| follow.author == user) as u64,
            followees: count(&|follow| follow.user == user) as u64,
            newest_post: self.posts.iter().rev().find(|it| it.author == user).map(|it| it.id),
            active_at: None,
            suspended: false,
            private: false,
        })
    }

    fn scan(&self, scan: &Scan) -> Reply {
        let limit = scan.limit.min(3) as usize;
        let inside = |sequence| scan.after < sequence && sequence <= scan.until.unwrap_or(u64::MAX);
        let posts: Vec<Post> = self.posts.iter().filter(|it| inside(it.id)).cloned().collect();
        let follows: Vec<Follow> =
            self.follows.iter().filter(|it| inside(it.sequence)).copied().collect();
        let (items, next, left) = match scan.what {
            ScanWhat::Posts => {
                let page: Vec<Post> = posts.iter().take(limit).cloned().collect();
                let next = page.last().map(|post| post.id);
                (ScannedItems::Posts(page), next, limit < posts.len())
            }
            ScanWhat::Follows => {
                let page: Vec<Follow> = follows.iter().take(limit).copied().collect();
                let next = page.last().map(|follow| follow.sequence);
                (ScannedItems::Follows(page), next, limit < follows.len())
            }
        };
        let end = if left { PageEnd::More } else { PageEnd::End };
        let next = next.unwrap_or(scan.after);
        Reply::Scanned(Scanned { position: self.position(), next, end, items })
    }

    fn welcome(&self) -> Reply {
        let name = if self.name.is_empty() { "fake 1" } else { &self.name };
        Reply::Welcome(Welcome {
            version: 1,
            epoch: 1,
            sequence: 0,
            features: 0,
            database: self.database,
            server: Bytes::copy_from_slice(name.as_bytes()),
            max_body_bytes: BODY_BYTES_MAX,
            // More than any client should ask for.
            max_in_flight: 1 << 16,
        })
    }

    fn status(&self) -> Reply {
        let name = Bytes::from_static(b"log.records");
        let fields = vec![(name, StatusValue::Number(self.sequence))];
        Reply::Status(Status { position: self.position(), fields })
    }
}

fn refusal(code: Code, message: &str) -> Reply {
    Reply::Error(ErrorReply::new(code, message.to_owned()))
}
