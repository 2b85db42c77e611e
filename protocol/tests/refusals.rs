//! Bodies and values that are refused, each with the field, the problem and the status it is
//! answered with. Also what a refusal must not do: take memory by an unverified number, or leave
//! half a frame in a buffer.

mod samples;

use bytes::{BufMut, Bytes, BytesMut};
use fanfold_protocol::limits::{BODY_BYTES_MAX, META_BYTES_MAX, TEXT_BYTES_MAX};
use fanfold_protocol::{
    BroughtBy, Code, Collapsed, DecodeError, ErrorReply, Frame, Hello, Page, PageEnd, PageRest,
    PageWriter, Position, Post, PostRef, Problem, Publish, Radius, Reply, ReplyKind, Request,
    RequestKind, WriteOptions, encode_reply, encode_request,
};
use samples::{Message, decode, samples};

fn frame(kind: u8, body: &[u8]) -> Frame {
    Frame { kind, flags: 0, generation: 0, request_id: 1, body: Bytes::copy_from_slice(body) }
}

fn request(kind: RequestKind, body: &[u8]) -> DecodeError {
    Request::load(&frame(kind.byte(), body)).expect_err("a bad request")
}

fn reply(kind: ReplyKind, body: &[u8]) -> DecodeError {
    Reply::load(&frame(kind.byte(), body)).expect_err("a bad reply")
}

fn post(id: u64, text: &[u8]) -> PostRef<'_> {
    PostRef {
        id,
        author: 1,
        at: 2,
        committed_at: 3,
        kind: 4,
        text,
        meta: b"",
        repost: None,
        edit: None,
        mentions: &[],
        audience: fanfold_protocol::AudienceRef::Everybody,
    }
}

fn published(text: Vec<u8>, meta: Vec<u8>) -> Request {
    Request::Publish(Publish {
        options: WriteOptions::default(),
        author: 7,
        kind: 0,
        created_at: None,
        text: text.into(),
        meta: meta.into(),
        mentions: Vec::new(),
        audience: fanfold_protocol::Audience::Everybody,
    })
}

#[test]
fn bytes_left_over_are_refused() {
    for sample in samples() {
        let whole = decode(&sample.encode());
        let body = [&whole.body[..], b"\0"].concat();
        let error = sample.message.load(&frame(whole.kind, &body)).expect_err(sample.name);
        assert_eq!(error.problem(), Problem::Trailing { bytes: 1 }, "{}", sample.name);
        assert_eq!(error.at(), whole.body.len(), "{}", sample.name);
    }
}

#[test]
fn a_varint_has_one_form_and_64_bits() {
    let long = [0xff; 9];
    let overlong: [&[u8]; 4] =
        [&[0x80, 0x00], &[0xff, 0x00], &[0x81, 0x80, 0x00], &[&long[..], &[0]].concat()];
    for varint in overlong {
        let error = request(RequestKind::Delete, &[&[0], varint].concat());
        assert_eq!((error.field(), error.at(), error.problem()), ("post", 1, Problem::Varint));
    }
    for wide in [[&long[..], &[2]].concat(), [&long[..], &[0xff]].concat(), vec![0x80; 300]] {
        let error = request(RequestKind::Delete, &[&[0], &wide[..]].concat());
        assert_eq!(error.problem(), Problem::Varint, "{wide:x?}");
    }
    let widest = frame(RequestKind::Delete.byte(), &[&[0], &long[..], &[1]].concat());
    let Ok(Request::Delete(delete)) = Request::load(&widest) else {
        panic!("2^64 - 1 is a varint")
    };
    assert_eq!(delete.post, u64::MAX);
}

#[test]
fn a_length_above_the_body_is_refused_before_anything_is_taken() {
    // Flags, author, post_kind, no created_at, then a text of 65,536 bytes that is not there.
    let error = request(RequestKind::Publish, &[0, 7, 0, 0, 0x80, 0x80, 0x04, b'x']);
    assert_eq!(error.field(), "text");
    assert_eq!(error.problem(), Problem::Truncated { needed: 65_536, left: 1 });
}

#[test]
fn a_count_above_the_body_is_refused_before_anything_is_taken() {
    let counts = [
        (ReplyKind::Page, &[1, 1, 0, 0][..], 10),
        (ReplyKind::Edges, &[1, 1, 0], 2),
        (ReplyKind::Scanned, &[1, 1, 9, 0, 0], 10),
        (ReplyKind::Scanned, &[1, 1, 9, 0, 1], 3),
    ];
    for (kind, start, item_bytes) in counts {
        let error = reply(kind, &[start, &[0xff, 0xff, 1, 1, 1]].concat());
        let needed = 65_535 * item_bytes;
        assert_eq!(error.field(), "count", "{kind}");
        assert_eq!(error.problem(), Problem::Truncated { needed, left: 3 }, "{kind}");
    }
    let error = reply(ReplyKind::Status, &[1, 1, 100, 0]);
    assert_eq!(
        (error.field(), error.problem()),
        ("count", Problem::Truncated { needed: 300, left: 1 })
    );
    let error = reply(ReplyKind::Status, &[1, 1, 0x81, 0x08]);
    assert_eq!(error.problem(), Problem::TooLarge { value: 1025, limit: 1024 });
}

#[test]
fn values_above_their_limit_end_the_request_and_not_the_session() {
    let text = request(RequestKind::Publish, &[0, 7, 0, 0, 0x81, 0x80, 0x04]);
    assert_eq!(text.problem(), Problem::TooLong { bytes: 65_537, limit: 65_536 });
    assert_eq!(text.to_string(), "text at byte 4: 65537 bytes are above the limit of 65536");
    let kind = request(RequestKind::Publish, &[0, 7, 0x80, 0x80, 0x04]);
    assert_eq!(kind.problem(), Problem::TooLarge { value: 65_536, limit: 65_535 });
    let limit = request(RequestKind::Home, &[0, 9, 0, 0x80, 0x80, 0x80, 0x80, 0x10]);
    assert_eq!(limit.problem(), Problem::TooLarge { value: 1 << 32, limit: u64::from(u32::MAX) });
    for error in [text, kind, limit] {
        assert_eq!(error.code(), Code::Limit);
        assert_eq!(error.reply().radius, Radius::Request);
    }
    let utf8 = request(RequestKind::Publish, &[0, 7, 0, 0, 1, 0xff, 0]);
    assert_eq!((utf8.problem(), utf8.code()), (Problem::NotUtf8, Code::Invalid));
}

#[test]
fn bytes_without_meaning_end_the_session() {
    let unknown = [
        request(RequestKind::Delete, &[4, 1]),
        request(RequestKind::Home, &[32, 9, 0, 0]),
        request(RequestKind::User, &[2, 9]),
        request(RequestKind::Home, &[0, 9, 3, 0]),
        request(RequestKind::Following, &[0, 9, 2, 0]),
        request(RequestKind::Scan, &[0, 2, 0, 0, 0]),
        request(RequestKind::Hello, b"FANG\x01\0\x01\0"),
        reply(ReplyKind::Written, &[1, 1, 4, 0]),
        reply(ReplyKind::Page, &[1, 1, 3, 0, 0, 0]),
        reply(ReplyKind::Page, &[1, 1, 0, 8, 0, 0]),
        reply(ReplyKind::User, &[1, 1, 9, 0, 0, 0, 0, 0, 0, 2]),
        reply(ReplyKind::Error, &[1, 0, 2, 0, 0, 0]),
        reply(ReplyKind::Error, &[1, 0, 0, 3, 0, 0]),
        reply(ReplyKind::Error, &[1, 0, 0, 0, 3, 0]),
    ];
    for error in unknown {
        assert!(matches!(error.problem(), Problem::Unknown { .. }), "{error}");
        assert_eq!(error.code(), Code::BadFrame, "{error}");
        assert_eq!(error.reply().radius, Radius::Session, "{error}");
    }
}

#[test]
fn an_unknown_kind_ends_the_request() {
    for kind in [0x00, 0x06, 0x5f, 0x6f, 0x72, 0x7f, 0x80, 0xc0, 0xff] {
        let error = Request::load(&frame(kind, b"whatever")).expect_err("no request");
        assert_eq!(error.problem(), Problem::UnknownKind { kind });
        assert_eq!(error.code(), Code::UnknownRequest);
        assert_eq!(error.reply().radius, Radius::Request);
    }
    for kind in [0x00, 0x01, 0xbe, 0xc1, 0xff] {
        let error = Reply::load(&frame(kind, b"whatever")).expect_err("no reply");
        assert_eq!(error.problem(), Problem::UnknownKind { kind });
    }
}

#[test]
fn the_header_of_a_message_is_checked() {
    let ping = frame(RequestKind::Ping.byte(), b"");
    let error = Request::load(&Frame { request_id: 0, ..ping.clone() }).expect_err("id 0");
    assert_eq!((error.field(), error.code()), ("request_id", Code::BadFrame));
    let error = Request::load(&Frame { generation: 1, ..ping }).expect_err("a generation");
    assert_eq!((error.field(), error.code()), ("generation", Code::BadFrame));
    let pong = Frame { generation: 1, ..frame(ReplyKind::Pong.byte(), b"") };
    assert_eq!(Reply::load(&pong).expect_err("a generation").field(), "generation");

    let mut out = BytesMut::new();
    let error = encode_request(0, 0, &Request::Ping, &mut out).expect_err("id 0");
    assert_eq!(error.field(), "request_id");
    assert!(out.is_empty());
}

#[test]
fn lists_of_users_and_tags_of_changes_are_checked() {
    // Flags, user, post, no answer, an empty text, then three users of which one is there.
    let error = request(RequestKind::Comment, &[0, 7, 9, 0, 0, 3, 8]);
    assert_eq!(
        (error.field(), error.problem()),
        ("mentions", Problem::Truncated { needed: 3, left: 1 })
    );
    let long = Request::Publish(Publish { mentions: vec![1; 256], ..post_of_nothing() });
    let error = encode_request(1, 0, &long, &mut BytesMut::new()).expect_err("too many to count");
    assert_eq!(error.field(), "mentions");
    for tag in [39, 40, 255] {
        let error = reply(ReplyKind::Changed, &[1, 9, 9, 0, 1, 0, 5, 6, tag, 7, 8]);
        assert_eq!((error.field(), error.at()), ("tag", 8), "{tag}");
    }
}

fn post_of_nothing() -> Publish {
    let Request::Publish(publish) = published(Vec::new(), Vec::new()) else {
        unreachable!("it is a publish")
    };
    publish
}

#[test]
fn runs_are_strict() {
    let item = |delta: u8| [delta, 1, 1, 0, 0, 0, 0, 0, 0, 0];
    let page = |end: [u8; 10]| [&[1, 1, 0, 0, 2, 0], &item(5)[..], &end, &[0, 0]].concat();
    let same = reply(ReplyKind::Page, &page(item(0)));
    assert_eq!((same.field(), same.at(), same.problem()), ("id", 16, Problem::Order));
    assert_eq!(reply(ReplyKind::Page, &page(item(6))).problem(), Problem::Order);
    assert!(Reply::load(&frame(ReplyKind::Page.byte(), &page(item(5)))).is_ok());
    assert_eq!(reply(ReplyKind::Edges, &[1, 1, 0, 2, 0, 9, 5, 9, 0]).field(), "sequence");

    let mut follows = vec![1, 1, 9, 0, 1, 2, 0, 9, 7];
    follows.extend([0xff; 9]);
    follows.extend([1, 9, 7, 1]);
    assert_eq!(reply(ReplyKind::Scanned, &follows).problem(), Problem::Order);
}

#[test]
fn what_cannot_be_sent_leaves_the_buffer_alone() {
    let long_name = Hello {
        min_version: 1,
        max_version: 1,
        features: 0,
        epoch: None,
        name: vec![b'n'; 65].into(),
        token: Bytes::new(),
    };
    let requests = [
        (published(vec![b'x'; TEXT_BYTES_MAX + 1], Vec::new()), "text"),
        (published(vec![0xff], Vec::new()), "text"),
        (published(Vec::new(), vec![0; META_BYTES_MAX + 1]), "meta"),
        (Request::Hello(long_name), "name"),
    ];
    let mut out = BytesMut::from(&b"before"[..]);
    for (request, field) in requests {
        let error = encode_request(1, 0, &request, &mut out).expect_err(field);
        assert_eq!(error.field(), field);
        assert_eq!(&out[..], b"before");
    }
    let owned = |id| Post {
        id,
        author: 1,
        at: 2,
        committed_at: 3,
        edit: None,
        kind: 4,
        text: Bytes::new(),
        meta: Bytes::new(),
        repost: None,
        mentions: Vec::new(),
        audience: fanfold_protocol::Audience::Everybody,
    };
    let posts = vec![owned(5), owned(5)];
    let (position, end) = (Position::default(), PageEnd::End);
    let page = Reply::Page(Page {
        position,
        end,
        posts,
        counts: None,
        originals: Vec::new(),
        original_counts: Vec::new(),
        came_by: None,
        collapsed: None,
    });
    let error = encode_reply(1, &page, &mut out).expect_err("not falling");
    assert_eq!((error.field(), error.problem()), ("id", Problem::Order));
    assert_eq!(&out[..], b"before");
}

#[test]
fn nobody_is_named_who_is_not_counted_and_not_too_many() {
    let mut out = BytesMut::from(&b"before"[..]);
    let position = Position { epoch: 1, sequence: 99 };
    for (others, named) in [(1, 2), (9, 4)] {
        let brought_by = vec![BroughtBy { others, users: vec![7; named] }];
        let collapsed = Collapsed { top: 9, brought_by };
        let mut writer = PageWriter::start(3, position, &mut out);
        writer.push(post(5, b"x")).expect("a post");
        let rest = PageRest { collapsed: Some(&collapsed), ..PageRest::default() };
        let error = writer.finish_with(PageEnd::End, rest).expect_err("too many names");
        assert_eq!(error.field(), "named");
        assert_eq!(&out[..], b"before");
    }
}

#[test]
fn a_page_goes_on_after_a_post_that_does_not_fit() {
    let position = Position { epoch: 1, sequence: 99 };
    let text = vec![b'x'; TEXT_BYTES_MAX];
    let mut out = BytesMut::from(&b"before"[..]);
    let mut writer = PageWriter::start(3, position, &mut out);
    let mut id = 1000;
    let error = loop {
        match writer.push(post(id, &text)) {
            Ok(()) => id -= 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(error.problem(), Problem::BodyTooLarge { .. }), "{error}");
    assert!(writer.push(post(1001, b"")).is_err(), "the order holds after a refusal");
    let too_long = writer.push(post(1, &[&text[..], b"x"].concat())).expect_err("too long");
    assert!(matches!(too_long.problem(), Problem::TooLong { .. }), "{too_long}");
    writer.push(post(id, b"short")).expect("a short one still fits");
    let (count, body_bytes) = (writer.count(), writer.body_bytes());
    writer.finish(PageEnd::Bytes).expect("every push was checked");

    assert!(body_bytes + 2 <= BODY_BYTES_MAX as usize);
    let frame = decode(out.strip_prefix(b"before").expect("what was there"));
    let Ok(Reply::Page(page)) = Reply::load(&frame) else { panic!("a page") };
    // Behind the posts stands that there are no originals.
    assert_eq!((page.posts.len(), frame.body.len()), (usize::from(count), body_bytes + 2));
    assert_eq!((page.end, page.position), (PageEnd::Bytes, position));
    assert_eq!(page.posts.last().map(Post::text), Some("short"));
}

#[test]
fn a_page_that_is_not_finished_leaves_no_bytes() {
    let mut out = BytesMut::from(&b"before"[..]);
    let mut writer = PageWriter::start(3, Position::default(), &mut out);
    writer.push(post(1, b"text")).expect("a good post");
    drop(writer);
    assert_eq!(&out[..], b"before");
}

#[test]
fn a_page_has_at_most_as_many_posts_as_its_count_can_say() {
    let mut out = BytesMut::new();
    let mut writer = PageWriter::start(3, Position::default(), &mut out);
    for id in (1..=65_535).rev() {
        writer.push(post(id, b"")).expect("a good post");
    }
    let error = writer.push(post(0, b"")).expect_err("65,536 posts");
    assert_eq!(error.problem(), Problem::TooLarge { value: 65_536, limit: 65_535 });
    writer.finish(PageEnd::More).expect("every push was checked");
    let frame = decode(&out);
    let Ok(Reply::Page(page)) = Reply::load(&frame) else { panic!("a page") };
    assert_eq!(page.posts.len(), 65_535);
}

#[test]
fn a_long_message_is_cut_at_a_character() {
    let message = "\u{e4}".repeat(1000);
    let error = ErrorReply::new(Code::Invalid, format!("x{message}"));
    assert_eq!(error.message.len(), 1023);
    assert!(error.message().ends_with('\u{e4}'));
    let frame = decode(&Message::Reply(Reply::Error(error.clone())).encode(1, 0));
    assert_eq!(Reply::load(&frame), Ok(Reply::Error(error)));
    assert_eq!(ErrorReply::new(Code::Invalid, "short").message(), "short");
}

#[test]
fn text_put_there_by_hand_never_panics() {
    let mut message = BytesMut::from(&b"good"[..]);
    message.put_u8(0xff);
    let error = ErrorReply { message: message.freeze(), ..ErrorReply::new(Code::Internal, "") };
    assert_eq!(error.message(), "good");
}
