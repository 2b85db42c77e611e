//! The session's rules, each played through with frames and a clock that the test moves.
//!
//! No socket and no sleeping: a test hands frames to the session, looks at the bytes that would go
//! out and at who was answered.

use super::super::testing::{
    Name, PATIENCE, busy, error, frame, operation, pair, publish, sent, written,
};
use super::*;
use fanfold_protocol::{NewFollow, ReadOptions, RequestKind, WriteOptions};
use fanfold_protocol::{Retry, UserById};

/// A session with its output, its completions and its clock.
struct Table {
    session: Session<Name>,
    out: BytesMut,
    done: Vec<Completion<Name>>,
    now: Instant,
}

impl Table {
    fn new() -> Self {
        let mut session = Session::new(Duration::from_secs(2));
        session.connected(Grant { in_flight_max: 8, body_bytes_max: 1 << 20 });
        Self { session, out: BytesMut::new(), done: Vec::new(), now: Instant::now() }
    }

    fn ask(&mut self, name: &'static str, request: Request) -> Name {
        let (operation, handle) = operation(name, self.now, request);
        self.session.submit(operation);
        handle
    }

    /// What goes out now, as ids, generations and kinds.
    fn goes_out(&mut self) -> Vec<(u32, u16, RequestKind)> {
        self.session.fill(self.now, &mut self.out, &mut self.done);
        sent(&mut self.out)
            .into_iter()
            .map(|(id, turn, request)| (id, turn, request.kind()))
            .collect()
    }

    fn ids(&mut self) -> Vec<u32> {
        self.goes_out().into_iter().map(|(id, _, _)| id).collect()
    }

    fn answer(&mut self, id: u32, reply: &Reply) -> std::result::Result<(), Ending> {
        self.session.on_frame(self.now, &frame(id, reply), &mut self.done)
    }

    fn pass(&mut self, time: Duration) -> std::result::Result<(), Ending> {
        self.now += time;
        self.session.tick(self.now, &mut self.out, &mut self.done)
    }

    fn lose(&mut self) {
        let error = Error::new(ErrorKind::Disconnected, "cable cut");
        self.session.disconnected(error, &mut self.done);
    }

    fn reconnect(&mut self) {
        self.session.connected(Grant { in_flight_max: 8, body_bytes_max: 1 << 20 });
    }

    /// Who was answered since the last look, and with which kind of error.
    fn answered(&mut self) -> Vec<(&'static str, Option<ErrorKind>)> {
        let kind = |result: Result<Reply>| result.err().map(|error| error.kind());
        self.done.drain(..).map(|done| (done.waiter.name, kind(done.result))).collect()
    }
}

fn card() -> Request {
    Request::User(UserById { options: ReadOptions::default(), user: 1 })
}

#[test]
fn reads_are_answered_in_any_order() {
    let mut table = Table::new();
    table.ask("first", card());
    table.ask("second", Request::Ping);
    assert_eq!(table.ids(), [1, 2]);
    table.answer(2, &Reply::Pong).unwrap();
    table.answer(1, &Reply::Pong).unwrap();
    assert_eq!(table.answered(), [("second", None), ("first", None)]);
    assert!(table.session.is_idle());
}

#[test]
fn writes_answered_out_of_order_end_the_connection() {
    let mut table = Table::new();
    table.ask("first", publish(1));
    table.ask("second", publish(2));
    assert_eq!(table.ids(), [1, 2]);
    assert!(matches!(table.answer(2, &written()), Err(Ending::Lost(error))
        if error.kind() == ErrorKind::Protocol));
}

#[test]
fn the_grant_bounds_what_is_in_flight() {
    let mut table = Table::new();
    (1..=10).for_each(|key| drop(table.ask("write", publish(key))));
    table.ask("read", Request::Ping);
    assert_eq!(table.ids().len(), 8);
    table.answer(2, &written()).unwrap();
    assert_eq!(table.ids().len(), 1);
}

#[test]
fn a_lost_connection_sends_everything_again_in_order() {
    let mut table = Table::new();
    (1..=4).for_each(|key| drop(table.ask("write", publish(key))));
    table.goes_out();
    table.answer(1, &written()).unwrap();
    table.ask("newer", publish(5));
    table.lose();
    assert_eq!(table.ids(), []);
    table.reconnect();
    table.session.fill(table.now, &mut table.out, &mut table.done);
    let again: Vec<Request> = sent(&mut table.out).into_iter().map(|(_, _, it)| it).collect();
    assert_eq!(again, [2, 3, 4, 5].map(publish));
}

#[test]
fn busy_waits_for_all_and_goes_again_in_the_next_generation() {
    let mut table = Table::new();
    for (name, key) in [("a", 1), ("b", 2), ("c", 3), ("d", 4)] {
        table.ask(name, publish(key));
    }
    assert_eq!(table.goes_out().len(), 4);
    table.answer(1, &written()).unwrap();
    table.answer(2, &busy()).unwrap();
    table.ask("e", publish(5));
    table.now += Duration::from_millis(40);
    assert_eq!(table.goes_out(), [], "two writes are still unanswered");
    table.answer(3, &busy()).unwrap();
    table.answer(4, &busy()).unwrap();
    assert_eq!(table.goes_out(), [], "the pause counts from the last busy");
    assert_eq!(table.session.next_wakeup(), Some(table.now + Duration::from_millis(30)));
    table.now += Duration::from_millis(30);
    table.session.fill(table.now, &mut table.out, &mut table.done);
    let again: Vec<_> = sent(&mut table.out).into_iter().map(|(_, turn, it)| (turn, it)).collect();
    assert_eq!(again, [2, 3, 4, 5].map(|key| (1, publish(key))));
    assert_eq!(table.answered(), [("a", None)]);
}

#[test]
fn a_refusal_between_busy_ones_is_final() {
    let mut table = Table::new();
    table.ask("a", publish(1));
    table.ask("b", publish(2));
    table.goes_out();
    table.answer(1, &busy()).unwrap();
    table.answer(2, &error(Code::Invalid, Retry::Never)).unwrap();
    assert_eq!(table.answered(), [("b", None)], "its result is an error reply");
    table.now += Duration::from_millis(30);
    assert_eq!(table.goes_out(), [(3, 1, RequestKind::Publish)]);
}

#[test]
fn an_acceptance_after_busy_ends_the_connection() {
    let mut table = Table::new();
    table.ask("a", publish(1));
    table.ask("b", publish(2));
    table.goes_out();
    table.answer(1, &busy()).unwrap();
    assert!(table.answer(2, &written()).is_err());
    table.lose();
    table.reconnect();
    assert_eq!(table.goes_out().len(), 2, "both go again, in generation 0");
}

#[test]
fn the_longest_pause_counts() {
    let mut table = Table::new();
    table.ask("a", publish(1));
    table.ask("b", publish(2));
    table.goes_out();
    table.answer(1, &busy()).unwrap();
    table.answer(2, &error(Code::Busy, Retry::After(1))).unwrap();
    assert_eq!(table.session.next_wakeup(), Some(table.now + Duration::from_millis(30)));
}

#[test]
fn the_generation_starts_anew_with_a_connection() {
    let mut table = Table::new();
    table.ask("a", publish(1));
    table.goes_out();
    table.answer(1, &busy()).unwrap();
    table.now += Duration::from_millis(30);
    assert_eq!(table.goes_out(), [(2, 1, RequestKind::Publish)]);
    table.lose();
    table.reconnect();
    assert_eq!(table.goes_out(), [(1, 0, RequestKind::Publish)]);
}

#[test]
fn a_busy_read_goes_again_alone() {
    let mut table = Table::new();
    table.ask("a", card());
    table.ask("b", Request::Ping);
    table.goes_out();
    table.answer(1, &busy()).unwrap();
    table.answer(2, &Reply::Pong).unwrap();
    assert_eq!(table.goes_out(), []);
    table.now += Duration::from_millis(30);
    assert_eq!(table.goes_out(), [(3, 0, RequestKind::User)]);
}

#[test]
fn a_dependent_write_holds_back_all_behind_it() {
    let mut table = Table::new();
    let options = WriteOptions::default();
    let follow = NewFollow { options, user: 1, other: 2, weight: None };
    table.ask("follow", Request::Follow(follow));
    table.ask("unfollow", Request::Unfollow(pair(1, 3)));
    table.ask("publish", publish(1));
    table.ask("read", Request::Ping);
    let kinds: Vec<_> = table.goes_out().into_iter().map(|(_, _, kind)| kind).collect();
    assert_eq!(kinds, [RequestKind::Ping, RequestKind::Follow]);
    table.answer(2, &written()).unwrap();
    let kinds: Vec<_> = table.goes_out().into_iter().map(|(_, _, kind)| kind).collect();
    assert_eq!(kinds, [RequestKind::Unfollow, RequestKind::Publish]);
}

#[test]
fn the_deadline_says_how_far_the_request_came() {
    let mut table = Table::new();
    table.ask("busy", publish(1));
    table.ask("read", card());
    table.goes_out();
    table.answer(2, &busy()).unwrap();
    table.now += Duration::from_millis(30);
    assert_eq!(table.goes_out().len(), 1);
    table.now += PATIENCE;
    table.answer(3, &busy()).unwrap();
    table.pass(Duration::ZERO).unwrap();
    let kinds = [("busy", Some(ErrorKind::Busy)), ("read", Some(ErrorKind::TimedOut))];
    assert_eq!(table.answered(), kinds);
    table.ask("cut", publish(2));
    table.lose();
    table.pass(PATIENCE).unwrap();
    assert_eq!(table.answered(), [("cut", Some(ErrorKind::Disconnected))]);
}

#[test]
fn a_late_answer_after_the_deadline_is_swallowed() {
    let mut table = Table::new();
    table.ask("late", publish(1));
    table.ask("late read", card());
    table.goes_out();
    table.now += PATIENCE - Duration::from_secs(1);
    table.session.heard(table.now);
    table.pass(Duration::from_secs(1)).unwrap();
    assert_eq!(table.answered().len(), 2);
    table.answer(1, &Reply::Pong).unwrap();
    table.answer(2, &written()).unwrap();
    assert_eq!(table.answered(), []);
    assert!(table.session.is_idle());
}

#[test]
fn a_caller_who_left_is_not_sent_and_not_sent_again() {
    let mut table = Table::new();
    table.ask("unsent", publish(1)).leave();
    table.ask("unsent read", card()).leave();
    let sent_one = table.ask("sent", publish(2));
    assert_eq!(table.goes_out().len(), 1);
    sent_one.leave();
    table.lose();
    table.reconnect();
    assert_eq!(table.ids(), []);
    assert_eq!(table.answered().len(), 3, "all gave their places back");
    assert!(table.session.is_idle());
}

#[test]
fn a_closing_server_is_left_and_asked_again_elsewhen() {
    let mut table = Table::new();
    table.ask("a", publish(1));
    table.ask("b", publish(2));
    table.goes_out();
    assert!(matches!(
        table.answer(1, &error(Code::Closed, Retry::Elsewhere)),
        Err(Ending::Lost(_))
    ));
    table.lose();
    table.reconnect();
    assert_eq!(table.goes_out().len(), 2);
    assert_eq!(table.answered(), []);
}

#[test]
fn three_broken_answers_in_a_row_fail_what_waits() {
    let mut table = Table::new();
    table.ask("a", publish(1));
    for _ in 0..2 {
        table.goes_out();
        assert!(table.answer(99, &written()).is_err());
        table.lose();
        table.reconnect();
    }
    assert_eq!(table.answered(), []);
    table.goes_out();
    assert!(table.answer(99, &written()).is_err());
    table.lose();
    assert_eq!(table.answered(), [("a", Some(ErrorKind::Disconnected))]);
}

#[test]
fn an_unknown_kind_of_reply_fails_its_request_only() {
    let mut table = Table::new();
    table.ask("a", publish(1));
    table.ask("b", publish(2));
    table.goes_out();
    let mut strange = frame(1, &Reply::Pong);
    strange.kind = 0xB0;
    table.session.on_frame(table.now, &strange, &mut table.done).unwrap();
    table.answer(2, &written()).unwrap();
    assert_eq!(table.answered(), [("a", Some(ErrorKind::Protocol)), ("b", None)]);
}

#[test]
fn a_push_is_none_of_our_business() {
    let mut table = Table::new();
    let mut push = frame(77, &Reply::Pong);
    push.kind = 0xC0;
    table.session.on_frame(table.now, &push, &mut table.done).unwrap();
}

#[test]
fn silence_is_pinged_then_given_up() {
    let mut table = Table::new();
    table.ask("a", publish(1));
    table.goes_out();
    table.pass(Duration::ZERO).unwrap();
    table.pass(Duration::from_secs(2)).unwrap();
    let kinds: Vec<_> = sent(&mut table.out).into_iter().map(|(_, _, it)| it.kind()).collect();
    assert_eq!(kinds, [RequestKind::Ping]);
    assert!(matches!(table.pass(Duration::from_secs(2)), Err(Ending::Lost(_))));
    table.answer(2, &Reply::Pong).unwrap();
    assert_eq!(table.answered(), [], "nobody waits for the ping");
}

#[test]
fn too_large_a_request_fails_alone_and_leaves_the_output_as_it_was() {
    let mut table = Table::new();
    let mut large = publish(1);
    if let Request::Publish(publish) = &mut large {
        publish.text = vec![b'x'; 70_000].into();
    }
    table.ask("large", large);
    table.ask("small", publish(2));
    assert_eq!(table.goes_out(), [(2, 0, RequestKind::Publish)]);
    assert_eq!(table.answered(), [("large", Some(ErrorKind::Limit))]);
    table.answer(2, &written()).unwrap();
    table.answered();
    table.session.connected(Grant { in_flight_max: 8, body_bytes_max: 10 });
    table.ask("above the grant", publish(3));
    assert_eq!(table.goes_out(), []);
    assert_eq!(table.answered(), [("above the grant", Some(ErrorKind::Limit))]);
}

#[test]
fn ids_skip_zero_and_those_in_use() {
    let mut table = Table::new();
    table.ask("old", card());
    assert_eq!(table.ids(), [1]);
    table.session.last_id = u32::MAX;
    table.ask("new", card());
    assert_eq!(table.ids(), [2]);
}

#[test]
fn ids_wait_for_a_write_half_the_range_behind() {
    let mut table = Table::new();
    table.ask("old", publish(1));
    table.goes_out();
    table.session.last_id = u32::MAX / 2;
    table.ask("new", card());
    assert_eq!(table.ids(), []);
    table.answer(1, &written()).unwrap();
    assert_eq!(table.ids(), [u32::MAX / 2 + 1]);
}
