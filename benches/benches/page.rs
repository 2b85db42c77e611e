//! A page on the wire: 20 posts of 280 bytes, into a connection's buffer and out of it again.

use std::hint::black_box;

use bytes::{Bytes, BytesMut};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use fanfold_benches::Words;
use fanfold_protocol::{
    FrameCodec, Page, PageEnd, PageWriter, Position, Post, PostRef, Reply, limits,
};
use tokio_util::codec::Decoder;

const POSITION: Position = Position { epoch: 1, sequence: 10_000_000 };

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
    };
    Page { position: POSITION, end: PageEnd::More, posts: (0..20).map(post).collect() }
}

fn encode(page: &Page, out: &mut BytesMut) {
    let mut writer = PageWriter::start(1, page.position, out);
    for post in &page.posts {
        let Post { id, author, at, committed_at, kind, .. } = *post;
        let (text, meta) = (&post.text[..], &post.meta[..]);
        let post = PostRef { id, author, at, committed_at, kind, text, meta };
        writer.push(post).expect("the sample is in order");
    }
    writer.finish(page.end).expect("the sample fits");
}

fn page(criterion: &mut Criterion) {
    let page = sample();
    let mut wire = BytesMut::new();
    encode(&page, &mut wire);
    let mut group = criterion.benchmark_group("page of 20 x 280 bytes");
    group.throughput(Throughput::Bytes(wire.len() as u64));
    group.bench_function("encode", |bencher| {
        let mut out = BytesMut::with_capacity(wire.len());
        bencher.iter(|| {
            out.clear();
            encode(black_box(&page), &mut out);
        });
    });
    group.bench_function("decode", |bencher| {
        let decode = |mut wire: BytesMut| {
            let frame = FrameCodec::new(limits::BODY_BYTES_MAX).decode(&mut wire);
            let frame = frame.expect("a sound frame").expect("a whole frame");
            Reply::load(&frame).expect("a sound page")
        };
        bencher.iter_batched(|| wire.clone(), decode, BatchSize::SmallInput);
    });
    group.finish();
}

criterion_group!(benches, page);
criterion_main!(benches);
