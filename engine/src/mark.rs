//! Read marks as the caller sees them: how far the devices of a user have seen a feed, and how much
//! of it is unread.
//!
//! A mark is a post id, compared by order and never looked up: it outlives its post. That of a feed
//! is the greatest of its devices.

use crate::group_name::GroupName;
use crate::ids::{Position, PostId, UserId};

/// One of a user's feeds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a user has a home and groups")]
pub enum Feed {
    /// Their home.
    Home,
    /// Their group of that name.
    Group(GroupName),
}

/// How far a user has seen a feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarksQuery {
    /// Whose marks.
    pub user: UserId,
    /// Of which feed.
    pub feed: Feed,
    /// Who looks: the user, or absent for the trusted application.
    pub viewer: Option<UserId>,
}

/// How far one device has seen a feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceMark {
    /// The device, a number of the application's choice.
    pub device: u64,
    /// Up to where.
    pub post: PostId,
}

/// How far a user has seen a feed, on each device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marks {
    /// The position of the answer.
    pub position: Position,
    /// The mark of the feed: the greatest of its devices; 0 if none has marked it.
    pub mark: PostId,
    /// The devices with a mark, ascending.
    pub devices: Vec<DeviceMark>,
}

/// How many entries of a feed are unread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadQuery {
    /// Whose feed.
    pub user: UserId,
    /// Which one.
    pub feed: Feed,
    /// Who looks: the user, or absent for the trusted application.
    pub viewer: Option<UserId>,
    /// What counts is above this instead of above the mark.
    pub since: Option<PostId>,
    /// Up to how many are counted: 1..=9,999.
    pub limit: usize,
}

/// How many entries of a feed are unread: those above the mark that the user sees there, but for their
/// own posts, and of each author only those since they follow them (in a group: since the author is a
/// member).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unread {
    /// The position of the answer.
    pub position: Position,
    /// The mark of the feed; 0 if there is none.
    pub mark: PostId,
    /// How many; the limit if there are more.
    pub count: usize,
    /// There are more than the limit.
    pub is_more: bool,
    /// The oldest of them; absent if there are none, or more than the limit.
    pub oldest: Option<PostId>,
}
