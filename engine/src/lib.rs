//! Fanfold's engine: a feed database as a synchronous library, without sockets and without a
//! runtime.
//!
//! It stores who follows whom and what they post, and answers "what is new for me?". Every read
//! equals the definition of the home feed at one position of the log, whatever is cached or in
//! flight:
//!
//! ```text
//! home(u) = the posts of every author u follows, newest first,
//!           minus deleted posts, minus authors u has muted
//! ```
//!
//! ```
//! use fanfold_engine::{Command, Engine, Options, Span, TimelineQuery, UserId};
//!
//! # fn main() -> fanfold_engine::Result<()> {
//! # let directory = tempfile::tempdir().expect("a temporary directory");
//! let engine = Engine::open(directory.path(), Options::default())?;
//! let (ann, ben) = (UserId(1), UserId(2));
//! engine.write(Command::publish(ben, "hello from before the follow"))?;
//! engine.write(Command::follow(ann, ben))?;
//! let home = engine.home(&TimelineQuery {
//!     user: ann,
//!     viewer: None,
//!     span: Span::Newest,
//!     limit: 20,
//! })?;
//! assert_eq!(&home.posts[0].text[..], b"hello from before the follow");
//! engine.close()
//! # }
//! ```
//!
//! Reading order: [`command`](Command) -> `commit` -> `log` -> `views` -> `read`. The design and
//! its reasons are in `ARCHITECTURE.md`, the bytes in `engine/FORMAT.md`.

mod audience;
mod backup;
mod broadcast;
mod change;
mod check;
mod clock;
mod collapse;
mod command;
mod commit;
mod delivery;
mod engine;
mod error;
mod flush;
mod forget;
mod forgotten;
mod full;
mod group_name;
mod ids;
mod inspect;
mod inspect_hints;
mod inspect_view;
mod limits;
mod log;
mod mark;
mod mentions;
mod moderation;
mod notice;
mod open;
mod options;
mod query;
mod random;
mod read;
mod repair;
mod repost;
mod resident;
mod restore;
mod retain;
mod runs;
mod shared;
mod status;
mod storage;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod views;
mod watch;

pub use audience::{Audience, AudienceGroup, AudienceRef, Circle};
pub use backup::Backup;
pub use broadcast::{
    Broadcast, BroadcastAction, BroadcastCard, BroadcastFeed, BroadcastFeedRef, BroadcastRef,
    BroadcastState, BroadcastsPage, BroadcastsQuery, ReplayContent, SessionId,
};
pub use change::{
    BroadcastChange, Change, Changed, Changes, ChangesQuery, ContentWanted, EdgeChange,
    GroupChange, ModerationChange, ResponseChange,
};
pub use check::{CheckReport, Damage, check, check_storage};
pub use clock::{Clock, ManualClock, SystemClock};
pub use collapse::{BroughtBy, Collapse, Collapsed};
pub use command::{Action, Command, NewPost, Receipt, WriteOptions};
pub use commit::ticket::Ticket;
pub use delivery::advise::{Advice, PolicyCost};
pub use delivery::flights::FanOutProgress;
pub use delivery::policy::{DeliveryOptions, Policy};
pub use engine::Engine;
pub use error::{Error, ErrorKind, Result};
pub use forgotten::{BeingForgotten, ForgottenList};
pub use full::{CameBy, FullPage, FullQuery};
pub use group_name::GroupName;
pub use ids::{
    BroadcastId, DatabaseId, GroupId, Key, Position, PostId, Sequence, Timestamp, UserId,
};
pub use inspect::{inspect, inspect_file};
pub use limits::{
    BOARD_MAX, BOARD_MAX_DEFAULT, BROUGHT_BY_MAX, CHANGES_DEFAULT, CHANGES_MAX,
    COMMENT_BYTES_MAX_DEFAULT, DEVICES_MAX, DEVICES_MAX_DEFAULT, FOLLOWEES_MAX_DEFAULT,
    FORGETTING_MAX, GROUP_NAME_BYTES_MAX, GROUPS_MAX, GROUPS_MAX_DEFAULT, HORIZON_DEFAULT,
    HORIZON_MAX, HORIZON_MIN, LIMIT_DEFAULT, LIMIT_MAX, MEMBERS_MAX_DEFAULT, MENTIONS_MAX,
    META_BYTES_MAX, NOTICE_ACTORS_MAX, NOTICES_MAX, PAGE_BYTES_MAX, QUEUE_COMMANDS_MAX,
    REACTION_KINDS, RECEIPTS_MAX, SEGMENT_BYTES_DEFAULT, SEGMENT_BYTES_MAX, SEGMENT_BYTES_MIN,
    TEXT_BYTES_MAX, UNREAD_DEFAULT, UNREAD_MAX,
};
pub use log::layout;
pub use mark::{DeviceMark, Feed, Marks, MarksQuery, Unread, UnreadQuery};
pub use mentions::{Mentioned, Mentions, MentionsRef};
pub use moderation::{Moderated, ModeratedOf, ModeratedPage, ModeratedQuery, PostModeration};
pub use notice::{NoticeGroup, NoticeKind, NoticesPage, NoticesQuery};
pub use open::Recovery;
pub use options::{Durability, Options};
pub use query::{
    Comment, CommentOrder, CommentsPage, CommentsQuery, CountedPage, CountedQuery, Counts, Edge,
    EdgePage, EdgeQuery, FollowItem, GroupCard, GroupList, GroupQuery, HomeSteps, MembersQuery,
    Page, PageEnd, PageRef, Post, PostRef, Reactor, ReactorsPage, ReactorsQuery, Relation, Scan,
    ScanItems, ScanOf, ScanQuery, Span, Status, StatusValue, TimelineQuery, UserCard,
};
pub use read::explain::{Explained, Moment, Way, Why};
pub use read::verify::Verified;
pub use repair::{Repaired, repair, repair_storage};
pub use repost::{Original, Repost, Reposter, RepostersPage, RepostersQuery};
pub use resident::Resident;
pub use restore::{Restored, Until, restore, restore_storage};
pub use retain::pass::Retention;
pub use runs::layout as view_layout;
pub use status::Counters;
pub use storage::{Storage, StoredFile};
pub use views::Digest;
pub use views::state::Digests;
pub use watch::event::{WatchBatch, WatchEvent, WatchQuery};
pub use watch::presence::Online;
pub use watch::watch::Watch;
