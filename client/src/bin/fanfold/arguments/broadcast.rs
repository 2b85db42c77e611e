//! The arguments of `broadcast`.

use clap::{Args, Subcommand};
use fanfold_client::{BroadcastId, Timestamp, UserId};

use super::{page_limit, whole};

/// What to do with broadcasts.
#[derive(Debug, Subcommand)]
pub(crate) enum BroadcastCommand {
    /// Put a broadcast on USER's board, to start at a time
    Schedule {
        /// Whose broadcast
        #[arg(value_name = "USER", allow_negative_numbers = true)]
        author: UserId,
        /// What it is called; several words are joined by spaces
        text: Vec<String>,
        /// When it is to start, in unix milliseconds
        #[arg(long, value_name = "MS", required = true, allow_negative_numbers = true)]
        at: Timestamp,
        /// A number of your own, 0 to 65535
        #[arg(long, default_value_t = 0, allow_negative_numbers = true)]
        kind: u16,
    },
    /// Move the start of a scheduled broadcast
    Reschedule {
        /// The broadcast's id
        #[arg(allow_negative_numbers = true)]
        broadcast: BroadcastId,
        /// When it is to start, in unix milliseconds
        #[arg(long, value_name = "MS", required = true, allow_negative_numbers = true)]
        at: Timestamp,
    },
    /// Go live: with a scheduled broadcast, or with a new one by --by
    Start(BroadcastStart),
    /// End a live broadcast; its replay is a post
    End(BroadcastEnd),
    /// Take a scheduled broadcast off
    Cancel {
        /// The broadcast's id
        #[arg(allow_negative_numbers = true)]
        broadcast: BroadcastId,
    },
    /// Show one broadcast
    Show {
        /// The broadcast's id
        #[arg(allow_negative_numbers = true)]
        broadcast: BroadcastId,
    },
    /// List the broadcasts of whom a user follows: live, scheduled, replays
    Feed(BroadcastFeedOf),
}

/// The arguments of `broadcast start`.
#[derive(Args, Debug)]
pub(crate) struct BroadcastStart {
    /// The scheduled broadcast's id
    #[arg(required_unless_present = "by", conflicts_with = "by", allow_negative_numbers = true)]
    pub(crate) broadcast: Option<BroadcastId>,
    /// Whose broadcast, if it is a new one
    #[arg(long, value_name = "USER", allow_negative_numbers = true)]
    pub(crate) by: Option<UserId>,
    /// What a new one is called
    #[arg(long, requires = "by")]
    pub(crate) text: Option<String>,
    /// A number of your own, 0 to 65535
    #[arg(long, default_value_t = 0, requires = "by", allow_negative_numbers = true)]
    pub(crate) kind: u16,
}

/// The arguments of `broadcast end`.
#[derive(Args, Debug)]
pub(crate) struct BroadcastEnd {
    /// The broadcast's id
    #[arg(allow_negative_numbers = true)]
    pub(crate) broadcast: BroadcastId,
    /// What the replay says, if not what the broadcast is called
    #[arg(long)]
    pub(crate) text: Option<String>,
    /// A number of your own, if not that of the broadcast
    #[arg(long, allow_negative_numbers = true)]
    pub(crate) kind: Option<u16>,
    /// Data of your own, such as where the replay is to be had
    #[arg(long)]
    pub(crate) meta: Option<String>,
}

/// The arguments of `broadcast feed`.
#[derive(Args, Debug)]
pub(crate) struct BroadcastFeedOf {
    /// Whose feed
    #[arg(allow_negative_numbers = true)]
    pub(crate) user: UserId,
    /// Entries a page [default: 20, at most 200]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = page_limit)]
    pub(crate) limit: Option<u32>,
    /// A number for the reader's device: it has one session at a time
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = whole)]
    #[arg(conflicts_with = "session")]
    pub(crate) device: Option<u64>,
    /// Go on in this session
    #[arg(long, value_name = "SESSION", allow_negative_numbers = true, value_parser = whole)]
    pub(crate) session: Option<u64>,
    /// Behind this entry of the session
    #[arg(long, value_name = "ID", allow_negative_numbers = true, value_parser = whole)]
    #[arg(requires = "session")]
    pub(crate) after: Option<u64>,
    /// All pages, to the end
    #[arg(long)]
    pub(crate) all: bool,
}
