//! Frames and messages: bytes in memory, no socket.

use std::hint::black_box;

use bytes::{Bytes, BytesMut};
use fanfold_protocol::{
    Audience, AudienceRef, FrameCodec, FrameHeader, HEADER_BYTES, Page, PageEnd, PageWriter,
    Position, Post, PostRef, Publish, ReadOptions, Reply, Request, Span, Timeline, WriteOptions,
    encode_request, limits,
};
use tokio_util::codec::Decoder;

use super::Hot;
use crate::population::Words;

const POSITION: Position = Position { epoch: 1, sequence: 10_000_000 };

pub(super) const CASES: [Hot; 7] = [
    Hot { name: "frame header, read", prepare: header },
    Hot { name: "home request, written", prepare: || written(home()) },
    Hot { name: "home request, read", prepare: || read(home()) },
    Hot { name: "publish of 280 bytes, written", prepare: || written(publish()) },
    Hot { name: "publish of 280 bytes, read", prepare: || read(publish()) },
    Hot { name: "page of 20 posts, written", prepare: page_written },
    Hot { name: "page of 20 posts, read", prepare: page_read },
];

fn home() -> Request {
    let options = ReadOptions::default();
    Request::Home(Timeline { options, user: 77_777, span: Span::Newest, limit: 20 })
}

fn publish() -> Request {
    let options = WriteOptions { key: Some([7; limits::KEY_BYTES]), actor: None };
    let text = Bytes::from(Words::new(1).text(280));
    let (author, meta) = (77_777, Bytes::new());
    let mentions = Vec::new();
    let audience = Audience::Everybody;
    Request::Publish(Publish {
        options,
        author,
        kind: 0,
        created_at: None,
        text,
        meta,
        mentions,
        audience,
    })
}

fn header() -> Box<dyn FnMut()> {
    let mut wire = BytesMut::new();
    let encoded = encode_request(7, 0, &home(), &mut wire);
    debug_assert!(encoded.is_ok(), "the sample fits");
    let header: [u8; HEADER_BYTES] = wire.first_chunk().copied().unwrap_or([0; HEADER_BYTES]);
    Box::new(move || {
        let loaded = FrameHeader::load(black_box(&header), limits::BODY_BYTES_MAX);
        let _checked = black_box(loaded);
    })
}

fn written(request: Request) -> Box<dyn FnMut()> {
    let mut out = BytesMut::with_capacity(1 << 12);
    Box::new(move || {
        out.clear();
        let encoded = encode_request(7, 0, black_box(&request), &mut out);
        debug_assert!(encoded.is_ok(), "the sample fits");
    })
}

fn read(request: Request) -> Box<dyn FnMut()> {
    let mut wire = BytesMut::new();
    let encoded = encode_request(7, 0, &request, &mut wire);
    debug_assert!(encoded.is_ok(), "the sample fits");
    Box::new(move || {
        let frame = FrameCodec::new(limits::BODY_BYTES_MAX).decode(&mut wire.clone());
        if let Ok(Some(frame)) = frame {
            let _checked = black_box(Request::load(&frame));
        }
    })
}

fn sample() -> Page {
    let mut words = Words::new(1);
    let post = |number: u64| Post {
        id: 9_000_000 - number * 37,
        author: 1 + number * 4_999,
        at: 1_700_000_000_000 - number,
        committed_at: 1_700_000_000_000,
        kind: 0,
        text: Bytes::from(words.text(280)),
        meta: Bytes::new(),
        repost: None,
        mentions: Vec::new(),
        edit: None,
        audience: Audience::Everybody,
    };
    Page {
        position: POSITION,
        end: PageEnd::More,
        posts: (0..20).map(post).collect(),
        counts: None,
        originals: Vec::new(),
        original_counts: Vec::new(),
        came_by: None,
        collapsed: None,
    }
}

fn encode(page: &Page, out: &mut BytesMut) {
    let mut writer = PageWriter::start(1, page.position, out);
    for post in &page.posts {
        let Post { id, author, at, committed_at, kind, repost, edit, .. } = *post;
        let (text, meta) = (&post.text[..], &post.meta[..]);
        let pushed = writer.push(PostRef {
            id,
            author,
            at,
            committed_at,
            kind,
            text,
            meta,
            repost,
            mentions: &[],
            edit,
            audience: AudienceRef::Everybody,
        });
        debug_assert!(pushed.is_ok(), "the sample is in order");
    }
    let finished = writer.finish(page.end);
    debug_assert!(finished.is_ok(), "the sample fits");
}

fn page_written() -> Box<dyn FnMut()> {
    let page = sample();
    let mut out = BytesMut::with_capacity(1 << 14);
    Box::new(move || {
        out.clear();
        encode(black_box(&page), &mut out);
    })
}

fn page_read() -> Box<dyn FnMut()> {
    let mut wire = BytesMut::new();
    encode(&sample(), &mut wire);
    Box::new(move || {
        let frame = FrameCodec::new(limits::BODY_BYTES_MAX).decode(&mut wire.clone());
        if let Ok(Some(frame)) = frame {
            let _checked = black_box(Reply::load(&frame));
        }
    })
}
