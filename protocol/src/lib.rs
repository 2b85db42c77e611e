//! The Fanfold wire protocol: bytes to meaning and back, and nothing else. No sockets, no files, no
//! clocks, and no knowledge of the database behind it.
//!
//! A connection carries frames: a fixed header that is checked before its length is believed, and a
//! body.
//!
//! ```text
//! +------------+------+-------+------------+------------+----------+------------+---------
//! | body_bytes | kind | flags | generation | request_id | body_crc | header_crc | body ...
//! |    u32     |  u8  |  u8   |    u16     |    u32     |   u32    |    u32     |
//! +------------+------+-------+------------+------------+----------+------------+---------
//! ```
//!
//! `PROTOCOL.md` beside this crate is the specification; the tests compare it with the constants
//! here. Read on in `frame.rs`, `wire.rs`, `request/mod.rs`, `reply/mod.rs`.
//!
//! ```
//! use fanfold_protocol::{Delete, FrameCodec, Request, WriteOptions, encode_request, limits};
//! use tokio_util::codec::Decoder;
//!
//! let delete = Request::Delete(Delete { options: WriteOptions::default(), post: 42 });
//! let mut wire = bytes::BytesMut::new();
//! encode_request(1, 0, &delete, &mut wire)?;
//!
//! let frame = FrameCodec::new(limits::BODY_BYTES_MAX).decode(&mut wire)?.expect("a whole frame");
//! assert_eq!(Request::load(&frame)?, delete);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]

pub mod limits;
pub mod version;

mod audience;
mod codec;
mod error;
mod frame;
mod kind;
mod mentions;
mod options;
mod order;
mod reply;
mod request;
mod status;
mod wire;
mod writer;

pub use audience::{Audience, AudienceRef};
pub use codec::FrameCodec;
pub use error::{DecodeError, EncodeError, FrameError, Problem};
pub use frame::{Frame, FrameHeader, HEADER_BYTES, looks_like_http};
pub use kind::{ReplyKind, RequestKind};
pub use options::{Collapse, ReadOptions, WriteOptions};
pub use reply::{
    BeingForgotten, Broadcast, BroadcastChange, BroadcastRef, BroadcastState, Broadcasts,
    BroadcastsHead, BroughtBy, CameBy, Change, Changed, Collapsed, Comment, CommentPage, Counts,
    DeviceMark, Edge, EdgeChange, EdgePage, Edit, ErrorReply, Event, Events, Explained, Follow,
    ForgottenList, Group, GroupChange, Groups, Marks, Moderated, ModeratedPage, ModerationChange,
    NoticeGroup, NoticeKind, NoticePage, OneBroadcast, OnePost, Online, Original, Page, PageEnd,
    PageRest, PageWriter, Position, Post, PostModeration, PostRef, Reactor, ReactorPage, Relation,
    Reply, Repost, Reposter, ReposterPage, ResponseChange, Scanned, ScannedItems, Status,
    StatusValue, Unread, UserCard, Watching, Welcome, What, Why, Written, encode_reply,
};
pub use request::{
    Backup, BroadcastById, BroadcastCancel, BroadcastContent, BroadcastEnd, BroadcastFeed,
    BroadcastReschedule, BroadcastSchedule, BroadcastStart, Changes, CommentDelete, Comments,
    Delete, Edges, Explain, FeedPage, Forget, ForgottenOf, GroupCreate, GroupDelete, GroupFeed,
    GroupMember, Hello, Hiding, Mark, MarksOf, Members, ModeratedOf, ModeratedWhat, NewComment,
    NewFollow, NewRepost, Notices, NoticesRead, Pair, PostById, Private, Publish, Reaction,
    Reactors, RelationOf, Reposters, Request, Revise, Scan, ScanWhat, Span, Started, Suspension,
    Tag, Timeline, Touch, UnreadOf, Unrepost, Unwatch, UserById, Watch, encode_request,
};
pub use status::{Code, Fault, Radius, Retry};
pub use version::{FEATURES, MAGIC, VERSION_MAX, VERSION_MIN, negotiate};
