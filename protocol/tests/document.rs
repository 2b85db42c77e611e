//! `PROTOCOL.md` against the code, in both directions: every number of the document is in the code
//! and every constant of the code is in the document. The example session is real bytes.
//!
//! `FANFOLD_UPDATE=1 cargo test -p fanfold-protocol --test document` writes the example anew.

mod support;

use std::collections::{BTreeMap, BTreeSet};

use bytes::{Bytes, BytesMut};
use fanfold_protocol::{
    Audience, Code, Fault, FrameHeader, HEADER_BYTES, Hello, Page, PageEnd, Position, Post,
    Publish, Radius, ReadOptions, Relation, Reply, ReplyKind, Request, RequestKind, Retry, Span,
    Timeline, VERSION_MAX, VERSION_MIN, Welcome, WriteOptions, Written, encode_reply,
    encode_request,
};
use fanfold_protocol::{limits, version};
use support::hex;
use support::markdown::{Table, tables};
use support::spec::{Spec, TEXT};

fn table(section: &str, first_column: &str) -> Table {
    let found = tables(TEXT).into_iter().find(|table| {
        table.section == section && table.columns.first().is_some_and(|name| name == first_column)
    });
    found.unwrap_or_else(|| panic!("no table of {first_column} in {section}"))
}

/// The first `N` cells of each row.
fn rows<const N: usize>(section: &str, first_column: &str) -> Vec<[String; N]> {
    let rows = table(section, first_column).rows;
    rows.iter().map(|row| row.first_chunk().expect("enough columns").clone()).collect()
}

fn byte(text: &str) -> u8 {
    let digits = text.strip_prefix("0x").expect("0x in front");
    u8::from_str_radix(digits, 16).expect("a byte")
}

#[test]
fn the_header_is_as_drawn() {
    let offsets = [
        ("body_bytes", FrameHeader::BODY_BYTES_AT),
        ("kind", FrameHeader::KIND_AT),
        ("flags", FrameHeader::FLAGS_AT),
        ("generation", FrameHeader::GENERATION_AT),
        ("request_id", FrameHeader::REQUEST_ID_AT),
        ("body_crc", FrameHeader::BODY_CRC_AT),
        ("header_crc", FrameHeader::HEADER_CRC_AT),
    ];
    let mut end = 0;
    let mut documented = Vec::new();
    for [name, offset, shape] in rows::<3>("Frames", "header field") {
        assert_eq!(offset, end.to_string(), "{name} begins where the field before ends");
        let bits: usize = shape.trim_start_matches('u').parse().expect("u and bits");
        documented.push((name, end));
        end += bits / 8;
    }
    let coded: Vec<_> = offsets.iter().map(|(name, at)| ((*name).to_owned(), *at)).collect();
    assert_eq!(documented, coded);
    assert_eq!(end, HEADER_BYTES);
}

#[test]
fn the_kinds_agree() {
    let mut coded = BTreeMap::new();
    for kind in RequestKind::ALL {
        let sort = match kind.byte() {
            0x01..=0x0f => "session",
            _ if kind.is_write() => "write",
            _ => "read",
        };
        coded.insert(kind.byte(), (kind.name().to_owned(), sort.to_owned()));
    }
    for kind in ReplyKind::ALL {
        let sort = if kind.byte() < 0xc0 { "reply" } else { "push" };
        coded.insert(kind.byte(), (kind.name().to_owned(), sort.to_owned()));
    }
    let documented = rows::<4>("Kinds", "kind");
    let words: BTreeSet<&str> = ReplyKind::ALL.iter().map(|kind| kind.name()).collect();
    for [_, name, _, reply] in &documented {
        assert!(reply == "-" || words.contains(reply.as_str()), "{name} is answered by {reply}");
    }
    let documented: BTreeMap<u8, _> =
        documented.into_iter().map(|[kind, name, sort, _]| (byte(&kind), (name, sort))).collect();
    assert_eq!(documented, coded);

    let names: BTreeMap<u8, String> =
        coded.into_iter().map(|(kind, (name, _))| (kind, name)).collect();
    assert_eq!(*Spec::read().kinds(), names, "each kind has a section of its own");
}

#[test]
fn the_status_codes_agree() {
    let coded: Vec<[String; 5]> = Code::ALL.iter().map(|code| row_of(*code)).collect();
    assert_eq!(rows::<5>("Status codes", "code"), coded);
}

fn row_of(code: Code) -> [String; 5] {
    let radius = match code.radius() {
        Radius::Request => "request",
        Radius::Session => "session",
    };
    let fault = match code.fault() {
        Fault::Peer => "peer",
        Fault::Us => "us",
        Fault::Resource => "resource",
    };
    let retry = match code.retry() {
        Retry::Never => "never".to_owned(),
        Retry::After(ms) => format!("after {ms}"),
        Retry::Elsewhere => "elsewhere".to_owned(),
    };
    [code.number().to_string(), code.name().to_owned(), radius.to_owned(), fault.to_owned(), retry]
}

#[test]
fn the_limits_agree() {
    let documented: BTreeMap<String, u64> = rows::<2>("Limits", "limit")
        .into_iter()
        .map(|[name, value]| (name, value.parse().expect("a number")))
        .collect();
    let coded: BTreeMap<String, u64> =
        coded_limits().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    assert_eq!(documented, coded);
}

#[test]
fn no_limit_of_the_code_is_missing_above() {
    let source = include_str!("../src/limits.rs");
    let in_source: BTreeSet<&str> = source
        .lines()
        .filter_map(|line| line.strip_prefix("pub const "))
        .filter_map(|line| line.split(':').next())
        .collect();
    let listed = coded_limits().into_iter().map(|(name, _)| name);
    assert_eq!(in_source, listed.filter(|name| *name != "HEADER_BYTES").collect());
}

fn coded_limits() -> Vec<(&'static str, u64)> {
    vec![
        ("HEADER_BYTES", HEADER_BYTES as u64),
        ("BODY_BYTES_MAX", limits::BODY_BYTES_MAX.into()),
        ("BEFORE_HELLO_BYTES_MAX", limits::BEFORE_HELLO_BYTES_MAX.into()),
        ("HELLO_BODY_BYTES_MAX", limits::HELLO_BODY_BYTES_MAX.into()),
        ("VARINT_BYTES_MAX", limits::VARINT_BYTES_MAX as u64),
        ("KEY_BYTES", limits::KEY_BYTES as u64),
        ("DATABASE_BYTES", limits::DATABASE_BYTES as u64),
        ("NAME_BYTES_MAX", limits::NAME_BYTES_MAX as u64),
        ("TOKEN_BYTES_MAX", limits::TOKEN_BYTES_MAX as u64),
        ("TEXT_BYTES_MAX", limits::TEXT_BYTES_MAX as u64),
        ("META_BYTES_MAX", limits::META_BYTES_MAX as u64),
        ("MESSAGE_BYTES_MAX", limits::MESSAGE_BYTES_MAX as u64),
        ("GROUP_NAME_BYTES_MAX", limits::GROUP_NAME_BYTES_MAX as u64),
        ("REACTION_KINDS", limits::REACTION_KINDS as u64),
        ("MENTIONS_MAX", limits::MENTIONS_MAX as u64),
        ("BROUGHT_BY_MAX", u64::from(limits::BROUGHT_BY_MAX)),
        ("BACKUP_NAME_BYTES_MAX", limits::BACKUP_NAME_BYTES_MAX as u64),
        ("TAG_NAME_BYTES_MAX", limits::TAG_NAME_BYTES_MAX as u64),
        ("STATUS_NAME_BYTES_MAX", limits::STATUS_NAME_BYTES_MAX as u64),
        ("STATUS_TEXT_BYTES_MAX", limits::STATUS_TEXT_BYTES_MAX as u64),
        ("STATUS_FIELDS_MAX", limits::STATUS_FIELDS_MAX as u64),
        ("ITEMS_DEFAULT", limits::ITEMS_DEFAULT.into()),
        ("ITEMS_MAX", limits::ITEMS_MAX.into()),
        ("CHANGES_DEFAULT", limits::CHANGES_DEFAULT.into()),
        ("CHANGES_MAX", limits::CHANGES_MAX.into()),
        ("UNREAD_DEFAULT", limits::UNREAD_DEFAULT.into()),
        ("UNREAD_MAX", limits::UNREAD_MAX.into()),
        ("WAIT_MS_MAX", limits::WAIT_MS_MAX.into()),
        ("WATCHES_MAX", limits::WATCHES_MAX.into()),
        ("PAGE_BYTES_MAX", limits::PAGE_BYTES_MAX.into()),
    ]
}

/// The meaning of a field of a table, by the heading above it.
fn meaning(heading: &str, field: &str) -> String {
    let tables = tables(TEXT);
    let table = tables.iter().find(|table| table.heading == heading).expect(heading);
    let row = table.rows.iter().find(|row| row.first().is_some_and(|name| name == field));
    row.and_then(|row| row.last()).expect(field).clone()
}

#[test]
fn the_flags_agree() {
    let write = (WriteOptions::KEY, WriteOptions::ACTOR);
    let expected =
        format!("bits: {} a key follows, {} an actor follows; others must be 0", write.0, write.1);
    assert_eq!(meaning("write options", "options"), expected);
    let expected = format!(
        "bits: {} a viewer follows, {} posts come with counts, {} pages come with originals, \
         {} pages come with groups, {} pages are collapsed; others must be 0",
        ReadOptions::VIEWER,
        ReadOptions::COUNTS,
        ReadOptions::ORIGINALS,
        ReadOptions::GROUPS,
        ReadOptions::COLLAPSE
    );
    assert_eq!(meaning("read options", "options"), expected);
    let expected = format!(
        "bits: {} `a` follows `b`, {} `b` follows `a`, {} `a` muted `b`, {} `a` blocked `b`, \
         {} `b` blocked `a`, {} `b` is in an exclusive group of `a`, {} `a` asks to follow `b`, {} `b` asks \
         to follow `a`",
        Relation::FOLLOWS,
        Relation::FOLLOWED_BY,
        Relation::MUTED,
        Relation::BLOCKED,
        Relation::BLOCKED_BY,
        Relation::APART,
        Relation::REQUESTED,
        Relation::REQUESTED_BY
    );
    assert_eq!(meaning("0x88 relation", "flags"), expected);
}

#[test]
fn the_versions_agree() {
    let documented: Vec<u16> = rows::<1>("Versions", "version")
        .into_iter()
        .map(|[version]| version.parse().expect("a number"))
        .collect();
    assert_eq!(documented, (VERSION_MIN..=VERSION_MAX).collect::<Vec<u16>>());
    assert!(TEXT.starts_with(&format!("# The Fanfold wire protocol, version {VERSION_MAX}\n")));
    assert_eq!(version::FEATURES, 0, "PROTOCOL.md says that version 1 has no features");
    let magic = str::from_utf8(&version::MAGIC).expect("ASCII");
    assert_eq!(meaning("0x01 hello", "magic"), format!("the ASCII letters `{magic}`"));
}

#[test]
fn every_link_within_the_document_has_its_heading() {
    let anchor = |title: &str| {
        let kept = title.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        kept.collect::<String>().to_lowercase().replace(' ', "-")
    };
    let titles = TEXT.lines().filter(|line| line.starts_with("##"));
    let anchors: BTreeSet<String> =
        titles.map(|line| anchor(line.trim_start_matches('#').trim_start())).collect();
    for link in TEXT.split("](#").skip(1) {
        let target = link.split(')').next().expect("an end of the link");
        assert!(anchors.contains(target), "#{target}");
    }
}

/// The page of the example.
fn example_page(position: Position, (at, text): (u64, Bytes)) -> Page {
    let (meta, repost, edit, mentions) = (Bytes::new(), None, None, Vec::new());
    let (id, author, committed_at, kind) = (42, 7, at, 0);
    let audience = Audience::Everybody;
    let newest =
        Post { id, author, at, committed_at, kind, text, meta, repost, edit, mentions, audience };
    let older = Post {
        id: 12,
        at: at - 60_000,
        committed_at: at - 50_000,
        text: Bytes::from_static(b"first"),
        ..newest.clone()
    };
    let posts = vec![newest, older];
    Page {
        position,
        end: PageEnd::End,
        posts,
        counts: None,
        originals: Vec::new(),
        original_counts: Vec::new(),
        came_by: None,
        collapsed: None,
    }
}

/// The frames of the example, in order.
fn example() -> Vec<Bytes> {
    let mut out = BytesMut::new();
    let (at, text) = (1_700_000_000_000, Bytes::from_static(b"good morning"));
    let hello = Hello {
        min_version: 1,
        max_version: 1,
        features: 0,
        epoch: None,
        name: Bytes::from_static(b"example"),
        token: Bytes::new(),
    };
    let welcome = Welcome {
        version: 1,
        epoch: 1,
        sequence: 41,
        features: 0,
        database: *b"\x8f\x1d\x02\x6b\x5c\x40\x4e\x97\xa3\x3e\x11\xd0\x75\xc8\x2a\x64",
        server: Bytes::from_static(b"fanfoldd 0.1.0"),
        max_body_bytes: limits::BODY_BYTES_MAX,
        max_in_flight: 256,
    };
    let options = WriteOptions {
        key: Some(*b"\x51\x0e\x99\x3a\xc7\x28\x44\xf6\xb0\x12\x7d\xe5\x03\x6f\xd8\x9b"),
        actor: None,
    };
    let publish = Publish {
        options,
        author: 7,
        kind: 0,
        created_at: None,
        text: text.clone(),
        meta: Bytes::new(),
        mentions: Vec::new(),
        audience: Audience::Everybody,
    };
    let position = Position { epoch: 1, sequence: 42 };
    let written = Written { position, changed: true, requested: false, post: Some(42) };
    let home = Timeline { options: ReadOptions::default(), user: 9, span: Span::Newest, limit: 20 };
    let page = example_page(position, (at, text));

    let mut request = |id, request| {
        encode_request(id, 0, &request, &mut out).expect("a good request");
        out.split().freeze()
    };
    let (hello, publish, home) = (
        request(1, Request::Hello(hello)),
        request(2, Request::Publish(publish)),
        request(3, Request::Home(home)),
    );
    let mut reply = |id, reply| {
        encode_reply(id, &reply, &mut out).expect("a good reply");
        out.split().freeze()
    };
    let (welcome, written, page) = (
        reply(1, Reply::Welcome(welcome)),
        reply(2, Reply::Written(written)),
        reply(3, Reply::Page(page)),
    );
    vec![hello, welcome, publish, written, home, page]
}

const FENCE: &str = "```hex\n";

#[test]
fn the_example_is_what_the_code_sends() {
    let spec = Spec::read();
    let frames = example();
    let texts: Vec<String> =
        frames.iter().map(|frame| spec.annotate(frame).expect("by the tables")).collect();
    if std::env::var_os("FANFOLD_UPDATE").is_some() {
        update(&texts);
        return;
    }
    let fences: Vec<&str> = TEXT.split(FENCE).skip(1).collect();
    assert_eq!(fences.len(), texts.len(), "fences of the example");
    for ((fence, text), frame) in fences.iter().zip(&texts).zip(&frames) {
        let shown = fence.split("```").next().expect("an end of the fence");
        assert_eq!(hex::parse(shown), *frame);
        assert_eq!(shown, text);
    }
}

#[expect(clippy::disallowed_methods, reason = "a document is no data of a database")]
fn update(texts: &[String]) {
    let mut parts = TEXT.split(FENCE);
    let mut out = parts.next().expect("a beginning").to_owned();
    for (part, text) in parts.zip(texts) {
        let (_, rest) = part.split_once("```").expect("an end of the fence");
        out.extend([FENCE, text, "```", rest]);
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/PROTOCOL.md");
    std::fs::write(path, out).expect("the document is writable");
}
