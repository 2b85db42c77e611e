//! One connection of the binary port: the only owner of its socket.
//!
//! ```text
//! socket -> inbound -> session -> translate -> engine: reads of memory at once, writes by ticket
//!                                     |           ^
//!                                     +-> cold ---+   what may wait for a disk: on the lane
//! socket <- outbound <- reply <-------------------+
//! ```
//!
//! The loop: answer what can be answered, send it in one go, sleep until something happens. Reads
//! may overtake one another and earlier writes; writes are answered in their order.
//!
//! Invariants:
//! * Requests that arrive together cost one read and one write of the socket.
//! * No request is taken while the peer does not take its answers, while its writes fill their
//!   window, or while a write waits for room in the commit queue.
//! * Whatever a peer does or leaves undone ends with a deadline; the memory it can hold is bounded.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use fanfold_protocol as wire;
use fanfold_protocol::{
    Code, ErrorReply, FEATURES, Hello, Reply, Request, RequestKind, Watching, Welcome,
};
use futures_util::FutureExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::alarm::Alarm;
use crate::clients::Ticket;
use crate::cold::{Cold, Thawed};
use crate::inbound::Inbound;
use crate::limits::{EVENT_BYTES_WAITING, FRAMES_PER_TURN, IN_FLIGHT_MAX, LINGER};
use crate::outbound::Outbound;
use crate::reply::Refusal;
use crate::service::{SERVER_NAME, Service};
use crate::session::{Session, Step};
use crate::translate::Question;
use crate::watches::{self, News, Told, Watches};
use crate::writes::{Asked, Done, Writes};
use crate::{info, reply, translate};

/// Serves one connection until it ends.
pub(crate) async fn serve(socket: TcpStream, service: Arc<Service>, client: Ticket) {
    let mut connection = Connection::new(socket, service, client);
    if let Err(error) = connection.run().await {
        tracing::debug!(client = connection.client.id, %error, "connection lost");
    }
    connection.linger().await;
}

/// Tells a peer that there is no place for it.
pub(crate) async fn refuse(mut socket: TcpStream, max: usize) {
    let message = format!("{max} connections are open; the limit is --max-connections");
    let mut outbound = Outbound::default();
    reply::refuse(0, ErrorReply::new(Code::TooManyConnections, message), &mut outbound.buffer);
    let _peer_may_be_gone = socket.write_all(&outbound.buffer).await;
    hang_up(&mut socket).await;
}

struct Connection {
    socket: TcpStream,
    service: Arc<Service>,
    client: Ticket,
    session: Session,
    inbound: Inbound,
    outbound: Outbound,
    writes: Writes,
    cold: Cold,
    watches: Watches,
    alarm: Alarm,
    /// Complete frames may be left in `inbound`.
    has_more: bool,
    was_blocked: bool,
    is_over: bool,
}

/// Why the connection woke up.
enum Wake {
    Read(io::Result<usize>),
    Wrote(io::Result<()>),
    Answer(Done),
    Thawed(Thawed),
    Told(Told),
    Alarm,
    Stop,
    More,
}

impl Connection {
    fn new(socket: TcpStream, service: Arc<Service>, client: Ticket) -> Self {
        Self {
            socket,
            client,
            session: Session::new(service.epoch),
            inbound: Inbound::new(),
            outbound: Outbound::default(),
            writes: Writes::new(service.engine.clone()),
            cold: Cold::default(),
            watches: Watches::default(),
            alarm: Alarm::new(),
            service,
            has_more: false,
            was_blocked: false,
            is_over: false,
        }
    }

    async fn run(&mut self) -> io::Result<()> {
        loop {
            self.answer_writes();
            self.take_frames();
            self.close_if_done();
            self.outbound.flush(&self.socket)?;
            if self.is_over && self.outbound.is_empty() {
                return Ok(());
            }
            match self.wait().await {
                Wake::Read(read) => self.on_read(read?),
                Wake::Wrote(wrote) => wrote?,
                Wake::Answer(done) => self.answer_write(done),
                Wake::Thawed(thawed) => self.on_thawed(thawed),
                Wake::Told(told) => self.on_told(told),
                Wake::Alarm => self.on_alarm()?,
                Wake::Stop => self.session.on_stop(),
                Wake::More => {}
            }
        }
    }

    async fn wait(&mut self) -> Wake {
        if self.has_more && self.wants_read() {
            tokio::task::yield_now().await;
            return Wake::More;
        }
        let wants_read = self.wants_read();
        let wants_write = !self.outbound.is_empty();
        let wants_events = self.wants_events();
        let has_deadline = self.alarm.set(self.next_deadline());
        let (mut reader, mut writer) = self.socket.split();
        tokio::select! {
            biased;
            read = self.inbound.read(&mut reader), if wants_read => Wake::Read(read),
            wrote = self.outbound.write(&mut writer), if wants_write => Wake::Wrote(wrote),
            done = self.writes.next_done() => Wake::Answer(done),
            thawed = self.cold.next() => Wake::Thawed(thawed),
            told = self.watches.next(), if wants_events => Wake::Told(told),
            () = self.client.stopped(), if !self.session.is_draining() => Wake::Stop,
            () = self.alarm.rang(), if has_deadline => Wake::Alarm,
        }
    }

    /// The peer has to wait: it takes no answers, or its requests find no room.
    fn is_blocked(&self) -> bool {
        self.outbound.is_full() || !self.writes.has_room() || !self.cold.has_room()
    }

    fn wants_read(&self) -> bool {
        !self.session.is_draining() && !self.is_blocked()
    }

    /// Whether the peer has taken nearly all that was told, and may be told more.
    fn wants_events(&self) -> bool {
        !self.session.is_draining() && self.outbound.waiting() < EVENT_BYTES_WAITING
    }

    fn on_read(&mut self, read: usize) {
        if read == 0 {
            self.session.on_end_of_stream();
            return;
        }
        self.service.counters.bytes_in.fetch_add(read as u64, Ordering::Relaxed);
        self.has_more = true;
    }

    /// Takes frames until there are none, it is time to send, or the peer has to wait.
    fn take_frames(&mut self) {
        if self.client.is_stopping() {
            self.session.on_stop();
        }
        if self.is_blocked() {
            self.was_blocked = true;
            return;
        }
        if std::mem::take(&mut self.was_blocked) {
            self.inbound.forgive();
        }
        for _ in 0..FRAMES_PER_TURN {
            if self.session.is_draining() || self.is_blocked() {
                return;
            }
            if !self.take_frame() {
                self.has_more = false;
                self.inbound.shrink();
                return;
            }
            // At least one frame a turn: a peer that takes its answers slowly still moves on.
            if self.outbound.is_worth_sending() {
                return;
            }
        }
    }

    /// Takes one frame; false if there is no complete one.
    fn take_frame(&mut self) -> bool {
        if self.inbound.is_http() {
            self.answer_http();
            return false;
        }
        match self.inbound.next_frame() {
            Ok(Some(frame)) => {
                let step = self.session.on_frame(&frame);
                self.carry_out(step);
                true
            }
            Ok(None) => false,
            Err(error) => {
                self.session.on_frame_error(&error);
                false
            }
        }
    }

    fn carry_out(&mut self, step: Step) {
        match step {
            Step::Welcome { request_id, version, hello } => {
                self.welcome(request_id, version, &hello);
            }
            Step::Read { request_id, request } => self.read(request_id, &request),
            Step::Write { request_id, request } => self.write(request_id, request),
            Step::Refuse { request_id, kind, error } if kind.is_write() => {
                self.writes.refuse(Asked { request_id, kind, at: Instant::now() }, error);
            }
            Step::Refuse { request_id, kind, error } => {
                let refusal = reply::refuse(request_id, error, &mut self.outbound.buffer);
                self.count(kind, refusal);
            }
            Step::Drain => {}
        }
    }

    fn welcome(&mut self, request_id: u32, version: u16, hello: &Hello) {
        let position = match self.service.engine.position() {
            Ok(position) => reply::position(position),
            Err(error) => return self.session.on_fault(request_id, reply::refusal(&error)),
        };
        self.client.set_name(hello.name());
        self.inbound.widen();
        let welcome = Welcome {
            version,
            epoch: position.epoch,
            sequence: position.sequence,
            features: hello.features & FEATURES,
            database: self.service.engine.database_id().0,
            server: SERVER_NAME.into(),
            max_body_bytes: wire::limits::BODY_BYTES_MAX,
            max_in_flight: u32::try_from(IN_FLIGHT_MAX).unwrap_or(u32::MAX),
        };
        let reply = Reply::Welcome(welcome);
        let refusal = reply::send(request_id, &reply, &mut self.outbound.buffer);
        self.count(RequestKind::Hello, refusal);
    }

    /// A watch came back; others that did meanwhile go out with it.
    fn on_told(&mut self, told: Told) {
        self.tell(told);
        for _ in 0..FRAMES_PER_TURN {
            if !self.wants_events() {
                return;
            }
            match self.watches.next().now_or_never() {
                Some(told) => self.tell(told),
                None => return,
            }
        }
    }

    fn tell(&mut self, told: Told) {
        let Told { request_id, news } = told;
        let out = &mut self.outbound.buffer;
        match news {
            News::Begun(mut watch) => {
                let position = reply::position(watch.position());
                let refusal = reply::send(request_id, &Reply::Watching(Watching { position }), out);
                self.watches.go_on(&self.service, request_id, watch);
                self.count(RequestKind::Watch, refusal);
            }
            News::Refused(error) => {
                let refusal = reply::refuse(request_id, error, out);
                self.count(RequestKind::Watch, refusal);
            }
            News::Batch(watch, batch) => {
                reply::send(request_id, &reply::events(batch), out);
                self.watches.go_on(&self.service, request_id, watch);
            }
            News::Ended(error) => {
                reply::refuse(request_id, error, out);
            }
        }
    }

    fn watch(&mut self, request_id: u32, watch: &wire::Watch) {
        let query = translate::watch_query(watch);
        if let Err(error) = self.watches.begin(&self.service, request_id, query) {
            let refusal = reply::refuse(request_id, error, &mut self.outbound.buffer);
            self.count(RequestKind::Watch, refusal);
        }
    }

    fn unwatch(&mut self, request_id: u32, watch: u32) {
        let out = &mut self.outbound.buffer;
        let refusal = if self.watches.end(watch) {
            reply::send(request_id, &Reply::Unwatched, out)
        } else {
            let message = format!("this connection has no watch of request id {watch}");
            reply::refuse(request_id, ErrorReply::new(Code::NotFound, message), out)
        };
        self.count(RequestKind::Unwatch, refusal);
    }

    fn read(&mut self, request_id: u32, request: &Request) {
        match request {
            Request::Watch(watch) => return self.watch(request_id, watch),
            Request::Unwatch(unwatch) => return self.unwatch(request_id, unwatch.watch),
            _ => {}
        }
        let Some(question) = translate::question(request) else { return };
        if let Some(error) = self.mismatch(&question) {
            let refusal = reply::refuse(request_id, error, &mut self.outbound.buffer);
            return self.count(request.kind(), refusal);
        }
        let started = Instant::now();
        let out = &mut self.outbound.buffer;
        let answered = match &question {
            Question::Ping => Some(reply::send(request_id, &Reply::Pong, out)),
            Question::Status => Some(reply::result(info::status(&self.service), request_id, out)),
            question => reply::answer_resident(&self.service.engine, question, request_id, out),
        };
        match answered {
            Some(refusal) => self.count_read(request.kind(), started, refusal),
            None => {
                let (asked, patience) =
                    ((request_id, request.kind()), translate::patience(request));
                self.cold.read(&self.service, asked, question, patience);
            }
        }
    }

    /// Changes above a position of another epoch: here that is an error of the request alone.
    fn mismatch(&self, question: &Question) -> Option<ErrorReply> {
        let Question::Changes(query, _) = question else { return None };
        let after = query.after.filter(|after| after.epoch != self.service.epoch)?;
        Some(watches::mismatch(&self.service, after))
    }

    fn write(&mut self, request_id: u32, request: Request) {
        let asked = Asked { request_id, kind: request.kind(), at: Instant::now() };
        let Some(command) = translate::command(request) else { return };
        // What is wrong with it is told when it is submitted.
        if self.service.engine.resident().can_submit(&command).unwrap_or(true) {
            self.writes.submit(asked, command);
        } else {
            self.cold.look_ahead(&self.service, asked, command);
        }
    }

    fn on_thawed(&mut self, thawed: Thawed) {
        match thawed {
            Thawed::Read { kind, started, answer, refusal } => {
                self.outbound.buffer.extend_from_slice(&answer);
                self.service.counters.cold_reads.fetch_add(1, Ordering::Relaxed);
                self.count_read(kind, started, refusal);
            }
            Thawed::Write(asked, command) => self.writes.submit(asked, command),
        }
    }

    fn count_read(&self, kind: RequestKind, started: Instant, refusal: Refusal) {
        self.service.counters.reads.record(started.elapsed());
        self.count(kind, refusal);
    }

    fn answer_writes(&mut self) {
        if self.writes.retry(self.service.config.timeouts.submit) {
            self.session.on_busy();
        }
        while let Some(done) = self.writes.take_done() {
            self.answer_write(done);
        }
    }

    fn answer_write(&mut self, (asked, result): Done) {
        let Asked { request_id, kind, at } = asked;
        self.service.counters.writes.record(at.elapsed());
        let refusal = reply::written(result, request_id, &mut self.outbound.buffer);
        self.count(kind, refusal);
    }

    fn count(&self, kind: RequestKind, refusal: Refusal) {
        self.client.count_request();
        self.service.counters.count(kind, refusal);
    }

    /// Somebody pointed a browser or a scraper at the wrong port.
    fn answer_http(&mut self) {
        let advice = match self.service.addresses.http {
            Some(address) => format!("HTTP is served at http://{address}/"),
            None => "HTTP is off; start with --http ADDR:PORT".to_owned(),
        };
        let body = format!("this is the binary port of fanfoldd, not HTTP; {advice}\n");
        let head = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n";
        let answer = format!("{head}Content-Length: {}\r\n\r\n{body}", body.len());
        self.outbound.buffer.extend_from_slice(answer.as_bytes());
        self.session.on_end_of_stream();
    }

    /// Once a draining session owes nothing more, its last word goes out.
    fn close_if_done(&mut self) {
        let is_owing = !self.writes.is_empty() || !self.cold.is_empty();
        if self.is_over || !self.session.is_draining() || is_owing {
            return;
        }
        self.is_over = true;
        self.watches.end_all();
        self.inbound.discard();
        if let Some((request_id, error)) = self.session.close() {
            self.service.counters.ended_sessions.fetch_add(1, Ordering::Relaxed);
            let message = error.message();
            tracing::debug!(client = self.client.id, code = error.code.name(), message, "ended");
            reply::refuse(request_id, error, &mut self.outbound.buffer);
        }
    }

    fn next_deadline(&self) -> Option<Instant> {
        let timeouts = &self.service.config.timeouts;
        let hello = self.session.is_greeting().then(|| self.client.since + timeouts.hello);
        let half = self.inbound.half_since().filter(|_| self.wants_read());
        let frame = half.map(|since| since + timeouts.frame);
        let stall = self.outbound.stalled_since().map(|since| since + timeouts.write_stall);
        [hello, frame, stall, self.writes.retry_at()].into_iter().flatten().min()
    }

    fn on_alarm(&mut self) -> io::Result<()> {
        let now = Instant::now();
        let timeouts = self.service.config.timeouts;
        let is_due =
            |since: Option<Instant>, patience| since.is_some_and(|at| at + patience <= now);
        if is_due(self.outbound.stalled_since(), timeouts.write_stall) {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "the peer takes no answers"));
        }
        if self.session.is_greeting() && self.client.since + timeouts.hello <= now {
            let waited = timeouts.hello;
            self.session.on_timeout(format!("no complete hello within {waited:?}"));
        }
        if self.wants_read() && is_due(self.inbound.half_since(), timeouts.frame) {
            let waited = timeouts.frame;
            self.session.on_timeout(format!("half a frame, and no more of it within {waited:?}"));
        }
        Ok(())
    }

    /// Lets the peer take the last answers before the connection is gone.
    async fn linger(&mut self) {
        if self.outbound.is_empty() {
            hang_up(&mut self.socket).await;
        }
    }
}

/// Ends our side, then reads on for a while: closing a socket with unread bytes would reset it, and
/// the peer would lose the last answer.
pub(crate) async fn hang_up(socket: &mut TcpStream) {
    if socket.shutdown().await.is_err() {
        return;
    }
    let mut scrap = [0; 4096];
    let read_on = async { while let Ok(1..) = socket.read(&mut scrap).await {} };
    let _peer_may_stay = tokio::time::timeout(LINGER, read_on).await;
}
