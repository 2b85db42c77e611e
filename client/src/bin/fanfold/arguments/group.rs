//! The arguments of `group`.

use clap::{Args, Subcommand};
use fanfold_client::{Sequence, UserId};

use super::page_limit;

/// What to do with groups.
#[derive(Debug, Subcommand)]
pub(crate) enum GroupCommand {
    /// Begin a group
    Create {
        #[command(flatten)]
        of: GroupOf,
        /// Leave its members out of USER's home
        #[arg(long)]
        exclusive: bool,
    },
    /// End a group, and all memberships with it
    Delete(GroupOf),
    /// Put authors into a group; needs no follow, brings their past posts too
    Add {
        #[command(flatten)]
        of: GroupOf,
        /// Who becomes a member
        #[arg(value_name = "AUTHOR", required = true, allow_negative_numbers = true)]
        authors: Vec<UserId>,
    },
    /// Take authors out of a group
    Remove {
        #[command(flatten)]
        of: GroupOf,
        /// Who is a member no longer
        #[arg(value_name = "AUTHOR", required = true, allow_negative_numbers = true)]
        authors: Vec<UserId>,
    },
    /// List a user's groups, or who is in one
    List(GroupList),
}

/// One of a user's groups.
#[derive(Args, Debug)]
pub(crate) struct GroupOf {
    /// The owner
    #[arg(allow_negative_numbers = true)]
    pub(crate) user: UserId,
    /// What the group is called: 1 to 64 bytes
    pub(crate) name: String,
}

/// The arguments of `group list`.
#[derive(Args, Debug)]
pub(crate) struct GroupList {
    /// The owner
    #[arg(allow_negative_numbers = true)]
    pub(crate) user: UserId,
    /// List who is in this group, newest first
    pub(crate) name: Option<String>,
    /// Members a page [default: 20, at most 200]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = page_limit)]
    #[arg(requires = "name")]
    pub(crate) limit: Option<u32>,
    /// Only who became a member before this sequence
    #[arg(long, value_name = "SEQUENCE", allow_negative_numbers = true, requires = "name")]
    pub(crate) before: Option<Sequence>,
    /// All pages, to the end
    #[arg(long, requires = "name")]
    pub(crate) all: bool,
}
