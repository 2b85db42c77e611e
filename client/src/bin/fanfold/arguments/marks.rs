//! What `revise`, `mark`, `marks` and `unread` take.

use clap::Args;
use fanfold_client::{PostId, UserId};

use super::whole;

/// The arguments of `revise`.
#[derive(Args, Clone, Debug)]
pub(crate) struct Revise {
    /// The post's id
    #[arg(allow_negative_numbers = true)]
    pub(crate) post: PostId,
    /// The revision it is known to have: 0 when it is new
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(crate) revision: u32,
    /// The new text; several words are joined by spaces, - reads it from standard input
    #[arg(required = true)]
    pub(crate) text: Vec<String>,
}

/// The arguments of `mark`.
#[derive(Args, Clone, Debug)]
pub(crate) struct Mark {
    /// Whose mark
    #[arg(allow_negative_numbers = true)]
    pub(crate) user: UserId,
    /// Up to where
    #[arg(allow_negative_numbers = true)]
    pub(crate) post: PostId,
    /// The user's group of that name, or home [default: home]
    #[arg(long, value_name = "NAME")]
    pub(crate) feed: Option<String>,
    /// Which device, a number of your own
    #[arg(long, value_name = "N", default_value_t = 0, allow_negative_numbers = true)]
    #[arg(value_parser = whole)]
    pub(crate) device: u64,
}

/// One of a user's feeds.
#[derive(Args, Clone, Debug)]
pub(crate) struct FeedOf {
    /// Whose
    #[arg(allow_negative_numbers = true)]
    pub(crate) user: UserId,
    /// The user's group of that name, or home [default: home]
    #[arg(long, value_name = "NAME")]
    pub(crate) feed: Option<String>,
}

/// The arguments of `unread`.
#[derive(Args, Clone, Debug)]
pub(crate) struct Unread {
    #[command(flatten)]
    pub(crate) of: FeedOf,
    /// Count what is above this post instead of what is above the mark
    #[arg(long, value_name = "POST", allow_negative_numbers = true)]
    pub(crate) since: Option<PostId>,
    /// Count up to so many [default: 999, at most 9999]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=9_999))]
    pub(crate) limit: Option<u32>,
}
