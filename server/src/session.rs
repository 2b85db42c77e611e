//! One session of the binary protocol, sans I/O: a frame in, what to do about it out.
//!
//! ```text
//!             hello                 stop, end of stream,         nothing in flight,
//!                                   a session error              last word sent
//!   Greeting --------> Ready --------------------------> Draining -----------------> Closed
//!      |                                                    ^
//!      +----------------------------------------------------+
//!        stop, end of stream, a frame that is no hello
//! ```
//!
//! Not here: sockets, clocks, the engine. `connection.rs` feeds frames and tells the time, and
//! carries out the [`Step`]s.
//!
//! Invariants:
//! * Nothing is answered before a valid hello but an error that ends the session.
//! * A session error is the last frame of its session: answers of writes in flight go out first.
//! * A write is passed on only if it carries the current generation; after a `busy` the generation
//!   is a new one, so the writes that were already on their way cannot overtake the refused one.

use fanfold_protocol::{
    Code, ErrorReply, Frame, FrameError, Hello, Radius, Request, RequestKind, VERSION_MAX,
    VERSION_MIN, negotiate,
};

/// The state machine of one connection.
#[derive(Debug)]
pub(crate) struct Session {
    state: State,
    generation: u16,
    epoch: u32,
    last_word: Option<(u32, ErrorReply)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Greeting,
    Ready,
    Draining,
    Closed,
}

/// What is to be done about a frame.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Answer with a welcome under this version; from now on frames of full size may come.
    Welcome { request_id: u32, version: u16, hello: Hello },
    /// Answer from the current state.
    Read { request_id: u32, request: Request },
    /// Hand to the committer, in order.
    Write { request_id: u32, request: Request },
    /// Answer with this error; the session goes on.
    Refuse { request_id: u32, kind: RequestKind, error: ErrorReply },
    /// Read no further: the session is draining.
    Drain,
}

impl Session {
    /// A session of a database that is in `epoch`.
    pub(crate) fn new(epoch: u32) -> Self {
        Self { state: State::Greeting, generation: 0, epoch, last_word: None }
    }

    /// Whether the hello is still to come.
    pub(crate) fn is_greeting(&self) -> bool {
        self.state == State::Greeting
    }

    /// Whether no more frames are taken.
    pub(crate) fn is_draining(&self) -> bool {
        matches!(self.state, State::Draining | State::Closed)
    }

    /// What to do about `frame`.
    pub(crate) fn on_frame(&mut self, frame: &Frame) -> Step {
        match self.state {
            State::Greeting => self.greet(frame),
            State::Ready => self.serve(frame),
            State::Draining | State::Closed => Step::Drain,
        }
    }

    /// The stream is out of step: says why, and ends.
    pub(crate) fn on_frame_error(&mut self, error: &FrameError) {
        let reply = match error {
            FrameError::Decode(error) => error.reply(),
            other => ErrorReply::new(Code::BadFrame, other.to_string()),
        };
        self.end(0, reply);
    }

    /// Something did not come in time; `what` names it and the deadline.
    pub(crate) fn on_timeout(&mut self, what: String) {
        self.end(0, ErrorReply::new(Code::TimedOut, what));
    }

    /// A write was answered `busy`: the writes behind it must not overtake it.
    pub(crate) fn on_busy(&mut self) {
        self.generation = self.generation.wrapping_add(1);
    }

    /// The hello was fine, but there is nothing to welcome the peer to.
    pub(crate) fn on_fault(&mut self, request_id: u32, error: ErrorReply) {
        self.end(request_id, error);
    }

    /// The server stops.
    pub(crate) fn on_stop(&mut self) {
        let message = "the server is stopping; connect again when it is back";
        self.end(0, ErrorReply::new(Code::Closed, message));
    }

    /// The peer will send no more, or speaks another language: no last word.
    pub(crate) fn on_end_of_stream(&mut self) {
        if !self.is_draining() {
            self.state = State::Draining;
        }
    }

    /// To be called when a draining session has nothing in flight: the last frame to send.
    pub(crate) fn close(&mut self) -> Option<(u32, ErrorReply)> {
        self.state = State::Closed;
        self.last_word.take()
    }

    fn greet(&mut self, frame: &Frame) -> Step {
        if RequestKind::from(frame.kind) != RequestKind::Hello {
            let what = format!("{} came before the hello", RequestKind::from(frame.kind));
            return self.end(frame.request_id, ErrorReply::new(Code::HelloExpected, what));
        }
        match Request::load(frame) {
            Ok(Request::Hello(hello)) => self.welcome(frame.request_id, hello),
            Ok(_) => self.end(frame.request_id, twice()),
            Err(error) => self.end(frame.request_id, error.reply()),
        }
    }

    fn welcome(&mut self, request_id: u32, hello: Hello) -> Step {
        let Some(version) = negotiate(hello.min_version, hello.max_version) else {
            return self.end(request_id, no_version(&hello));
        };
        if let Some(epoch) = hello.epoch.filter(|epoch| *epoch != self.epoch) {
            return self.end(request_id, other_epoch(epoch, self.epoch));
        }
        self.state = State::Ready;
        Step::Welcome { request_id, version, hello }
    }

    fn serve(&mut self, frame: &Frame) -> Step {
        let (request_id, kind) = (frame.request_id, RequestKind::from(frame.kind));
        let request = match Request::load(frame) {
            Ok(request) => request,
            Err(error) => return self.refuse(request_id, kind, error.reply()),
        };
        if kind == RequestKind::Hello {
            return self.end(request_id, twice());
        }
        if !kind.is_write() {
            return Step::Read { request_id, request };
        }
        if frame.generation == self.generation {
            return Step::Write { request_id, request };
        }
        Step::Refuse { request_id, kind, error: overtaking(frame.generation, self.generation) }
    }

    /// Answers with `error`, or ends with it, as its radius says.
    fn refuse(&mut self, request_id: u32, kind: RequestKind, error: ErrorReply) -> Step {
        match error.radius {
            Radius::Request => Step::Refuse { request_id, kind, error },
            Radius::Session => self.end(request_id, error),
        }
    }

    /// Ends the session; the first reason is the one that is told.
    fn end(&mut self, request_id: u32, mut error: ErrorReply) -> Step {
        if !self.is_draining() {
            error.radius = Radius::Session;
            self.last_word = Some((request_id, error));
            self.state = State::Draining;
        }
        Step::Drain
    }
}

fn no_version(hello: &Hello) -> ErrorReply {
    let Hello { min_version, max_version, .. } = hello;
    let message = format!(
        "no version in common: the client speaks {min_version} to {max_version}, the server \
         {VERSION_MIN} to {VERSION_MAX}"
    );
    ErrorReply::new(Code::UnsupportedVersion, message)
}

fn other_epoch(theirs: u32, ours: u32) -> ErrorReply {
    let message = format!(
        "the hello names epoch {theirs}, the database is in epoch {ours}; drop what was learned \
         and connect without an epoch"
    );
    ErrorReply::new(Code::EpochMismatch, message)
}

fn overtaking(theirs: u16, ours: u16) -> ErrorReply {
    let message = format!(
        "a write of generation {theirs}, and the session is in {ours}: an earlier write was \
         refused as busy; send it and those behind it again, in order, under the new generation"
    );
    ErrorReply::new(Code::Busy, message)
}

fn twice() -> ErrorReply {
    ErrorReply::new(Code::HelloExpected, "a second hello in one session")
}

#[cfg(test)]
mod tests {
    use bytes::{Bytes, BytesMut};
    use fanfold_protocol::{FrameCodec, Touch, WriteOptions, encode_request, limits};
    use tokio_util::codec::Decoder;

    use super::*;

    fn frame(generation: u16, request: &Request) -> Frame {
        let mut wire = BytesMut::new();
        encode_request(7, generation, request, &mut wire).unwrap();
        FrameCodec::new(limits::BODY_BYTES_MAX).decode(&mut wire).unwrap().unwrap()
    }

    fn hello(versions: (u16, u16), epoch: Option<u32>) -> Request {
        let (min_version, max_version) = versions;
        let (name, token) = (Bytes::from_static(b"test"), Bytes::new());
        Request::Hello(Hello { min_version, max_version, features: 0, epoch, name, token })
    }

    fn touch() -> Request {
        Request::Touch(Touch { options: WriteOptions::default(), user: 1 })
    }

    fn ready() -> Session {
        let mut session = Session::new(3);
        let step = session.on_frame(&frame(0, &hello((1, 1), Some(3))));
        assert!(matches!(step, Step::Welcome { request_id: 7, version: 1, .. }));
        session
    }

    fn last_code(session: &mut Session) -> Option<Code> {
        assert!(session.is_draining());
        session.close().map(|(_, error)| {
            assert_eq!(error.radius, Radius::Session);
            error.code
        })
    }

    #[test]
    fn reads_and_writes_are_passed_on_after_the_hello() {
        let mut session = ready();
        let read = Step::Read { request_id: 7, request: Request::Ping };
        assert_eq!(session.on_frame(&frame(0, &Request::Ping)), read);
        let write = Step::Write { request_id: 7, request: touch() };
        assert_eq!(session.on_frame(&frame(0, &touch())), write);
    }

    #[test]
    fn anything_before_the_hello_ends_the_session() {
        let mut session = Session::new(1);
        assert_eq!(session.on_frame(&frame(0, &touch())), Step::Drain);
        assert_eq!(last_code(&mut session), Some(Code::HelloExpected));
    }

    #[test]
    fn a_second_hello_ends_the_session() {
        let mut session = ready();
        assert_eq!(session.on_frame(&frame(0, &hello((1, 1), None))), Step::Drain);
        assert_eq!(last_code(&mut session), Some(Code::HelloExpected));
    }

    #[test]
    fn versions_and_epochs_must_agree() {
        let mut session = Session::new(3);
        assert_eq!(session.on_frame(&frame(0, &hello((2, 9), None))), Step::Drain);
        assert_eq!(last_code(&mut session), Some(Code::UnsupportedVersion));
        let mut session = Session::new(3);
        assert_eq!(session.on_frame(&frame(0, &hello((1, 9), Some(2)))), Step::Drain);
        assert_eq!(last_code(&mut session), Some(Code::EpochMismatch));
    }

    #[test]
    fn after_busy_only_the_next_generation_is_taken() {
        let mut session = ready();
        session.on_busy();
        let Step::Refuse { error, .. } = session.on_frame(&frame(0, &touch())) else {
            panic!("an old generation was taken")
        };
        assert_eq!(error.code, Code::Busy);
        assert!(matches!(session.on_frame(&frame(0, &Request::Ping)), Step::Read { .. }));
        assert!(matches!(session.on_frame(&frame(1, &touch())), Step::Write { .. }));
        assert!(matches!(session.on_frame(&frame(2, &touch())), Step::Refuse { .. }));
        assert!(matches!(session.on_frame(&frame(1, &touch())), Step::Write { .. }));
    }

    #[test]
    fn generations_wrap_around() {
        let mut session = ready();
        session.generation = u16::MAX;
        session.on_busy();
        assert!(matches!(session.on_frame(&frame(u16::MAX, &touch())), Step::Refuse { .. }));
        assert!(matches!(session.on_frame(&frame(0, &touch())), Step::Write { .. }));
    }

    #[test]
    fn an_unknown_request_is_refused_and_the_session_goes_on() {
        let mut session = ready();
        let mut unknown = frame(0, &Request::Ping);
        unknown.kind = 0x7e;
        let Step::Refuse { error, .. } = session.on_frame(&unknown) else { panic!("not refused") };
        assert_eq!(error.code, Code::UnknownRequest);
        assert!(!session.is_draining());
    }

    #[test]
    fn a_body_that_breaks_the_rules_ends_the_session() {
        let mut session = ready();
        let mut trailing = frame(0, &Request::Ping);
        trailing.body = Bytes::from_static(b"x");
        assert_eq!(session.on_frame(&trailing), Step::Drain);
        assert_eq!(last_code(&mut session), Some(Code::BadFrame));
    }

    #[test]
    fn the_first_reason_is_told() {
        let mut session = ready();
        session.on_timeout("a frame took more than 10 s".to_owned());
        session.on_stop();
        assert_eq!(last_code(&mut session), Some(Code::TimedOut));
        assert_eq!(session.on_frame(&frame(0, &touch())), Step::Drain);
    }

    #[test]
    fn the_end_of_the_stream_needs_no_last_word() {
        let mut session = ready();
        session.on_end_of_stream();
        assert_eq!(last_code(&mut session), None);
    }
}
