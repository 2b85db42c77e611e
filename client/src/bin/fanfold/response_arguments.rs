//! What can be asked for about reactions and comments. A part of `arguments.rs`, with the same rules.

use clap::Args;
use fanfold_client::{PostId, Sequence, UserId};

use crate::arguments::page_limit;

/// The arguments of `react` and `unreact`.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct ReactionArguments {
    /// Who reacts
    #[arg(allow_negative_numbers = true)]
    pub(crate) user: UserId,
    /// To which post or comment
    #[arg(allow_negative_numbers = true)]
    pub(crate) post: PostId,
    /// How: 0 to 15, as your application has it
    #[arg(allow_negative_numbers = true, value_parser = clap::value_parser!(u8).range(0..=15))]
    pub(crate) kind: u8,
}

/// The arguments of `reactors`.
#[derive(Args, Debug)]
pub(crate) struct ReactorsArguments {
    /// To which post or comment
    #[arg(allow_negative_numbers = true)]
    pub(crate) post: PostId,
    /// Only reactions of this kind, 0 to 15
    #[arg(long, value_name = "K", allow_negative_numbers = true)]
    #[arg(value_parser = clap::value_parser!(u8).range(0..=15))]
    pub(crate) kind: Option<u8>,
    /// Reactions a page [default: 20, at most 200]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = page_limit)]
    pub(crate) limit: Option<u32>,
    /// Only reactions before this sequence
    #[arg(long, value_name = "SEQUENCE", allow_negative_numbers = true)]
    pub(crate) before: Option<Sequence>,
    /// All pages, to the end
    #[arg(long)]
    pub(crate) all: bool,
}

/// The arguments of `comment`.
#[derive(Args, Debug)]
pub(crate) struct CommentArguments {
    /// Who comments
    #[arg(allow_negative_numbers = true)]
    pub(crate) user: UserId,
    /// On which post
    #[arg(allow_negative_numbers = true)]
    pub(crate) post: PostId,
    /// The text; several words are joined by spaces, - reads it from standard input
    #[arg(required = true)]
    pub(crate) text: Vec<String>,
    /// The comment on that post which this one answers
    #[arg(long, value_name = "COMMENT", allow_negative_numbers = true)]
    pub(crate) answers: Option<PostId>,
    /// A user whom it mentions; may be given several times, at most 50
    #[arg(long, value_name = "USER", allow_negative_numbers = true)]
    pub(crate) mention: Vec<UserId>,
}

/// The arguments of `comments`.
#[derive(Args, Debug)]
pub(crate) struct CommentsArguments {
    /// On which post
    #[arg(allow_negative_numbers = true)]
    pub(crate) post: PostId,
    /// Newest first
    #[arg(long, conflicts_with = "after")]
    pub(crate) newest: bool,
    /// Comments a page [default: 20, at most 200]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = page_limit)]
    pub(crate) limit: Option<u32>,
    /// Only comments before this one, newest first
    #[arg(long, value_name = "COMMENT", allow_negative_numbers = true, conflicts_with = "after")]
    pub(crate) before: Option<PostId>,
    /// Only comments after this one, oldest first
    #[arg(long, value_name = "COMMENT", allow_negative_numbers = true)]
    pub(crate) after: Option<PostId>,
    /// All pages, to the end
    #[arg(long)]
    pub(crate) all: bool,
}
