//! A reader whose notices go on coming.
//!
//! No test holds a read between its looks, so these are made one by one.

use std::sync::Arc;

use super::*;
use crate::command::Command;
use crate::engine::Engine;
use crate::options::Options;
use crate::testing::memory::MemoryStorage;

const ANN: UserId = UserId(7);

fn follow(engine: &Engine, user: u64) {
    let command = Command::follow(UserId(user), ANN);
    assert!(engine.write(command).unwrap().changed);
}

#[test]
fn a_reader_who_is_told_more_at_every_look_holds_the_state_in_the_end() {
    let engine = Engine::open_on(Arc::new(MemoryStorage::default()), Options::default()).unwrap();
    let query = NoticesQuery { user: ANN, viewer: None, before: None, limit: 9 };
    for reach in [Reach::Memory, Reach::Files] {
        let mut reading = Reading::new(engine.shared(), &query, reach);
        let told = engine.shared().state().unwrap().position.sequence.0;
        for look in 0..u64::from(STALE_MAX) {
            let gathered = reading.gather().unwrap().unwrap();
            assert!(gathered.held.is_none(), "look {look}");
            follow(&engine, 100 + told + look);
            assert!(matches!(reading.judge(gathered).unwrap(), Look::Again), "look {look}");
        }
        let gathered = reading.gather().unwrap().unwrap();
        assert!(gathered.held.is_some(), "nothing new may come any more");
        let Look::Page(page) = reading.judge(gathered).unwrap() else { panic!("it is all there") };
        let followers = page.groups.first().map(|group| u64::from(group.count));
        assert_eq!(followers, Some(told + u64::from(STALE_MAX)));
        follow(&engine, 99 - told);
        let known = reading.known.len();
        assert!(matches!(reading.gather().unwrap(), Some(gathered) if gathered.held.is_some()));
        assert_eq!(reading.known.len(), known + 1, "only what is new is fetched");
    }
}

#[test]
fn who_gets_a_first_notice_between_two_looks_is_looked_for_again() {
    let engine = Engine::open_on(Arc::new(MemoryStorage::default()), Options::default()).unwrap();
    let query = NoticesQuery { user: ANN, viewer: None, before: None, limit: 9 };
    let mut reading = Reading::new(engine.shared(), &query, Reach::Files);
    let gathered = reading.gather().unwrap().unwrap();
    follow(&engine, 8);
    assert!(matches!(reading.judge(gathered).unwrap(), Look::Again));
    let gathered = reading.gather().unwrap().unwrap();
    let Look::Page(page) = reading.judge(gathered).unwrap() else { panic!("it is all there") };
    assert_eq!((page.groups.len(), page.unread), (1, 1));
}
