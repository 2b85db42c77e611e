//! The Fanfold client: one pipelined connection behind a handle that is cheap to clone.
//!
//! ```no_run
//! use fanfold_client::{Client, TimelineQuery, UserId};
//!
//! # async fn quickstart() -> fanfold_client::Result<()> {
//! let client = Client::connect("fanfold://127.0.0.1:7717").await?;
//! let (reader, author) = (UserId(7), UserId(9));
//! client.follow(reader, author).await?;
//! client.publish(author, "hello").await?;
//! for post in client.home(TimelineQuery::of(reader).limit(20)).await?.posts {
//!     println!("{} {}", post.author, post.text);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Which method when:
//!
//! * one write: [`Client::publish`], [`Client::follow`] ...; with options: [`Client::write`];
//! * very many writes: [`Client::start`], which hands back a [`Pending`] answer at once;
//! * one page: [`Client::home`] and the other reads; all pages: [`Client::stream_home`];
//! * a named list of authors, and its feed: [`Client::group`];
//! * reposts: [`Client::repost`], [`Client::quote`], [`Client::reposters`]; of one original the newest
//!   alone: [`TimelineQuery::collapse`];
//! * who sees a post: [`Write::audience`]; friends and private users: [`Client::befriend`],
//!   [`Client::private`], [`Client::approve`], [`Client::requests`];
//! * another text for a post: [`Client::revise`];
//! * moderation: [`Client::suspend`], [`Client::hide`], [`Client::moderated`];
//! * reactions and comments: [`Client::react`], [`Client::comments`]; with every page:
//!   [`TimelineQuery::counts`];
//! * who mentions, comments, reacts, reposts and follows: [`Client::notices`];
//! * what a user has seen, and what is left: [`Client::marks`], [`Client::unread`];
//! * what happens from now on: [`Client::watch`];
//! * live sessions, and the feed of them: [`Client::broadcasts`];
//! * every change of the database, in order: [`Client::stream_changes`];
//! * a user who goes for good: [`Client::forget`], [`Client::forgotten`].
//!
//! `examples/product.rs` uses all of these once.
//!
//! Guarantees:
//!
//! * Writes of one client reach the log in the order in which they got their place in the line.
//! * A lost connection is made again by itself. What was not answered is sent again in its old
//!   order under its old key, so that nothing happens twice.
//! * Every call ends by its deadline. Dropping it is safe; its effect is then unknown.
//! * Every queue and table is bounded; a caller waits for a free place instead.

#![forbid(unsafe_code)]

mod advice;
mod answer;
mod audience;
mod backoff;
mod broadcast;
mod changes;
mod client;
mod collapse;
mod connection;
mod dial;
mod error;
mod feed;
mod forget;
mod group;
mod ids;
mod limits;
mod marks;
mod moderation;
mod notice;
mod options;
mod pending;
mod query;
mod random;
mod reads;
mod repost;
mod response;
mod session;
mod shared;
mod translate;
mod translate_changes;
mod url;
mod watch;
mod write;
mod writes;

pub use advice::{Advice, PolicyCost};
pub use answer::{
    Edge, EdgePage, Explained, Follow, GroupCard, GroupList, Online, Page, PageEnd, Post, Relation,
    Scan, ScanItems, ServerInfo, Status, StatusField, StatusValue, UserCard, WatchBatch,
    WatchEvent, Why, Written,
};
pub use audience::{Audience, NotAnAudience};
pub use broadcast::{Broadcast, BroadcastFeed, BroadcastId, BroadcastState, BroadcastsQuery};
pub use changes::{
    BroadcastChange, Change, ChangeStream, Changed, Changes, ChangesQuery, EdgeChange, GroupChange,
    ModerationChange, ResponseChange,
};
pub use client::Client;
pub use collapse::{BroughtBy, Collapse, Collapsed};
pub use error::{Error, ErrorKind, Result};
pub use feed::PageStream;
pub use forget::{BeingForgotten, ForgottenList};
pub use group::Group;
pub use ids::{DatabaseId, Epoch, Key, NotANumber, Position, PostId, Sequence, Timestamp, UserId};
pub use marks::{DeviceMark, Feed, Marks, Unread, UnreadQuery};
pub use moderation::{Moderated, ModeratedOf, ModeratedPage, ModeratedQuery};
pub use notice::{NoticeGroup, NoticeKind, NoticePage, NoticesQuery};
pub use options::{ClientBuilder, ConnectOptions};
pub use pending::Pending;
pub use query::{EdgeQuery, ScanQuery, ScanWhat, Span, TimelineQuery, WatchQuery};
pub use repost::{Original, Repost, Reposter, ReposterPage, RepostersQuery};
pub use response::{
    Comment, CommentPage, CommentsQuery, CountedPost, Counts, REACTION_KINDS, Reactor, ReactorPage,
    ReactorsQuery,
};
pub use url::{DEFAULT_PORT, Target};
pub use watch::WatchStream;
pub use write::{NewPost, Write, WriteOptions};
