//! `ADVISE` on the debug port and `advise` on the binary port say the same.

use fanfold_protocol::{Reply, Request, StatusValue};

use crate::support::converse;
use crate::support::running::Running;

#[test]
fn both_doors_advise_push_to_who_reads_much() {
    let running = Running::start();
    let mut lines = "DELIVERY pull\nFOLLOW 1 14\nFOLLOW 2 14\nHOME 2\nPUBLISH 14 one\n".to_owned();
    // Of many authors pulling is dear.
    (20..60).for_each(|author| lines += &format!("FOLLOW 1 {author}\n"));
    lines += &"HOME 1\n".repeat(50);
    converse(running.debug(), lines.as_bytes());
    let text = converse(running.debug(), b"ADVISE\n");
    let of = |policy: &str| {
        let start = format!("policy={policy} ");
        text.lines().find(|line| line.starts_with(&start)).unwrap()
    };
    assert!(text.contains(" posts=1 pages=51 readers=2 sampled=2 "), "{text}");
    assert!(of("pull").ends_with(" running"), "{text}");
    assert!(text.ends_with("(cheapest: push; change to it: DELIVERY push)\n"), "{text}");

    let mut peer = running.peer();
    peer.send(3, &Request::Advise);
    let Some((3, Reply::Status(status))) = peer.next() else { panic!("no status") };
    let value = |wanted: &str| {
        let field = status.fields().find(|(name, _)| *name == wanted);
        field.map(|(_, value)| value.clone()).unwrap()
    };
    assert_eq!(value("running").text(), Some("pull"));
    assert_eq!(value("cheapest").text(), Some("push"));
    assert_eq!(value("push.deliveries"), StatusValue::Number(2));
    assert_eq!(value("pull.deliveries"), StatusValue::Number(0));
    assert_eq!(value("pull.pulled_authors"), StatusValue::Number(50 * 41 + 1));
}
