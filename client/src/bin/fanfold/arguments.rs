//! What can be asked for on the command line and in the shell: one definition for both.
//!
//! Only names, types and help texts; nothing is done here. The doc comments of the fields are the
//! help that users read, so they speak to users.

mod broadcast;
mod group;
mod marks;
mod timeline;

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgGroup, Args, Parser, Subcommand};
use fanfold_client::{Audience, PostId, Sequence, Timestamp, UserId};

pub(crate) use self::broadcast::{BroadcastCommand, BroadcastEnd, BroadcastFeedOf, BroadcastStart};
pub(crate) use self::group::{GroupCommand, GroupList};
pub(crate) use self::marks::{FeedOf, Mark, Revise, Unread};
pub(crate) use self::timeline::Timeline;
use crate::moderation::ModeratedArguments;
use crate::notices::{NoticesArguments, ReadNoticesArguments};
use crate::reposts::{RepostArguments, RepostersArguments, UnrepostArguments};
use crate::response_arguments::{
    CommentArguments, CommentsArguments, ReactionArguments, ReactorsArguments,
};

/// Talk to a Fanfold server: follow, publish, read feeds, import and export.
#[derive(Debug, Parser)]
#[command(name = "fanfold", version, max_term_width = 100, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options that work before and after the command.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// The server.
    #[arg(long, global = true, value_name = "URL", help = URL_HELP)]
    pub(crate) url: Option<String>,
    /// Print one JSON object a line
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Write as this user; without it, as the trusted application
    #[arg(long = "as", global = true, value_name = "USER", allow_negative_numbers = true)]
    pub(crate) actor: Option<UserId>,
    /// Read what this user may see; without it, everything
    #[arg(long, global = true, value_name = "USER", allow_negative_numbers = true)]
    pub(crate) viewer: Option<UserId>,
    /// Give up on a request after so long [default: 5, for import 60, for backup 3600]
    #[arg(long, global = true, value_name = "SECONDS", allow_negative_numbers = true)]
    #[arg(value_parser = seconds)]
    pub(crate) timeout: Option<Duration>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Ask for a sign of life
    Ping,
    /// Show the server's status
    Status,
    /// Publish a post
    Publish(Publish),
    /// Delete a post
    Delete {
        /// The post's id
        #[arg(allow_negative_numbers = true)]
        post: PostId,
    },
    /// Give a post another text
    Revise(Revise),
    /// Say that a user has seen a feed up to a post
    Mark(Mark),
    /// Show how far each device of a user has seen a feed
    Marks(FeedOf),
    /// Count the entries of a feed that a user has not seen
    Unread(Unread),
    /// Let USER follow AUTHOR
    Follow(Follow),
    /// End a follow
    Unfollow(Pair),
    /// Hide AUTHOR from USER's home, keep the follow
    Mute(Pair),
    /// End a mute
    Unmute(Pair),
    /// End the follows both ways, refuse new ones
    #[command(mut_arg("other", |other| other.value_name("OTHER")))]
    Block(Pair),
    /// End a block
    #[command(mut_arg("other", |other| other.value_name("OTHER")))]
    Unblock(Pair),
    /// Let two users follow each other, in one step
    #[command(mut_arg("other", |other| other.value_name("OTHER")))]
    Befriend(Pair),
    /// Have whoever wants to follow a user ask for it, and only followers see what they post; or not
    Private {
        /// The user
        #[arg(allow_negative_numbers = true)]
        user: UserId,
        /// Whether they are private from here on
        #[arg(value_enum)]
        switch: Switch,
    },
    /// Let FOLLOWER follow USER, as they asked
    #[command(mut_arg("other", |other| other.value_name("FOLLOWER").help("Who asked")))]
    Approve(Pair),
    /// End a request to follow USER
    #[command(mut_arg("other", |other| other.value_name("FOLLOWER").help("Who asked")))]
    Deny(Pair),
    /// List who asks to follow a user, newest first
    Requests(Edges),
    /// Mark a user as active
    Touch {
        /// The user
        #[arg(allow_negative_numbers = true)]
        user: UserId,
    },
    /// Named lists of authors, each with a feed of its own
    #[command(subcommand)]
    Group(GroupCommand),
    /// Repost a post, or a repost; with a text it is a quote
    Repost(RepostArguments),
    /// End a repost without a text
    Unrepost(UnrepostArguments),
    /// Show who reposted a post, newest first
    Reposters(RepostersArguments),
    /// Hide everything of a user from others; for moderators
    Suspend {
        /// The user
        #[arg(allow_negative_numbers = true)]
        user: UserId,
    },
    /// End a suspension
    Unsuspend {
        /// The user
        #[arg(allow_negative_numbers = true)]
        user: UserId,
    },
    /// Hide a post from all but its author; for moderators
    Hide {
        /// The post's id
        #[arg(allow_negative_numbers = true)]
        post: PostId,
    },
    /// Show a hidden post again
    Unhide {
        /// The post's id
        #[arg(allow_negative_numbers = true)]
        post: PostId,
    },
    /// Show who is suspended and what is hidden, newest first
    Moderated(ModeratedArguments),
    /// React to a post or a comment
    React(ReactionArguments),
    /// End a reaction
    Unreact(ReactionArguments),
    /// Show who reacted to a post or a comment, newest first
    Reactors(ReactorsArguments),
    /// Comment on a post, or answer a comment on it
    Comment(CommentArguments),
    /// Show the comments on a post, oldest first
    Comments(CommentsArguments),
    /// Delete a comment
    DeleteComment {
        /// The comment's id
        #[arg(allow_negative_numbers = true)]
        comment: PostId,
    },
    /// Show who mentions, comments, reacts, reposts and follows, grouped, newest first
    Notices(NoticesArguments),
    /// Mark a user's notices as read
    ReadNotices(ReadNoticesArguments),
    /// Hide everything of a user at once, and remove it; then they are somebody new
    Forget(Forget),
    /// Show who is being forgotten
    Forgotten,
    /// Live sessions: scheduled, live, and their replays
    #[command(subcommand)]
    Broadcast(BroadcastCommand),
    /// Give a user a tag: whoever has one may get posts earlier, as the server is configured
    Tag(Tag),
    /// Show a home feed, newest first
    Home {
        #[command(flatten)]
        timeline: Timeline,
        /// The feed of this group instead
        #[arg(long, value_name = "NAME")]
        group: Option<String>,
        /// What is above the user's mark, the oldest first; goes on with --after
        #[arg(long, conflicts_with_all = ["before", "after"])]
        unread: bool,
    },
    /// Show a user's own posts, newest first
    Outbox(Timeline),
    /// Show one post
    Post {
        /// The post's id
        #[arg(allow_negative_numbers = true)]
        post: PostId,
        /// With comments and reactions counted, and which of these are the viewer's
        #[arg(long)]
        counts: bool,
        /// Show all revisions that the server keeps, newest first
        #[arg(long, conflicts_with = "counts")]
        revisions: bool,
        /// Of a repost not what it refers to
        #[arg(long)]
        no_original: bool,
    },
    /// Show the counts of a user
    User {
        /// The user
        #[arg(allow_negative_numbers = true)]
        user: UserId,
    },
    /// Show how A stands to B
    Relation {
        /// The one user
        #[arg(allow_negative_numbers = true)]
        a: UserId,
        /// The other user
        #[arg(allow_negative_numbers = true)]
        b: UserId,
    },
    /// List whom a user follows, newest first
    Following(Edges),
    /// List who follows a user, newest first
    Followers(Edges),
    /// List whom a user muted, newest first
    Mutes(Edges),
    /// List whom a user blocked, newest first
    Blocks(Edges),
    /// Show what happens to a home as it commits, until interrupted
    Watch(Watch),
    /// Show every change of the database in order, as it was committed
    Changes(ChangesArguments),
    /// Show who is online around a user
    Online {
        /// The user
        #[arg(allow_negative_numbers = true)]
        user: UserId,
    },
    /// Show why a post is in a home, or why it is not
    Explain {
        /// Whose home
        #[arg(allow_negative_numbers = true)]
        user: UserId,
        /// Which post
        #[arg(allow_negative_numbers = true)]
        post: PostId,
    },
    /// Show what each delivery policy costs, for what was read and published lately
    Advise,
    /// Load follows and posts from files; an interrupted import goes on where it was
    Import(Import),
    /// Write all follows and posts to files, in the formats import reads
    Export(Export),
    /// Make a backup of the running database, where the daemon keeps backups
    Backup {
        /// What to call it: letters, digits, `.`, `_` and `-`
        name: String,
    },
    /// Type commands one after the other, over one connection
    Shell,
}

/// The arguments of `publish`.
#[derive(Args, Debug)]
pub(crate) struct Publish {
    /// The author
    #[arg(value_name = "USER", allow_negative_numbers = true)]
    pub(crate) author: UserId,
    /// The text; several words are joined by spaces, - reads it from standard input
    #[arg(required = true)]
    pub(crate) text: Vec<String>,
    /// A number of your own, 0 to 65535
    #[arg(long, default_value_t = 0, allow_negative_numbers = true)]
    pub(crate) kind: u16,
    /// The time to show, in unix milliseconds; without it, the time of the commit
    #[arg(long, value_name = "MS", allow_negative_numbers = true)]
    pub(crate) at: Option<Timestamp>,
    /// A user whom it mentions; may be given several times, at most 50
    #[arg(long, value_name = "USER", allow_negative_numbers = true)]
    pub(crate) mention: Vec<UserId>,
    /// Who sees it: everybody, followers, mutual, self or group:NAME
    #[arg(long, value_name = "WHO", default_value_t)]
    pub(crate) audience: Audience,
}

/// On, or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Switch {
    /// From here on
    On,
    /// Not any more
    Off,
}

/// Two users.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Pair {
    /// Who acts
    #[arg(allow_negative_numbers = true)]
    pub(crate) user: UserId,
    /// Upon whom
    #[arg(value_name = "AUTHOR", allow_negative_numbers = true)]
    pub(crate) other: UserId,
}

/// The arguments of `follow`.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Follow {
    #[command(flatten)]
    pub(crate) pair: Pair,
    /// How much it matters that posts come early, 0 to 15; changes that of a follow that stands
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    #[arg(value_parser = clap::value_parser!(u8).range(0..=15))]
    pub(crate) weight: Option<u8>,
}

/// The arguments of `forget`.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Forget {
    /// The user
    #[arg(allow_negative_numbers = true)]
    pub(crate) user: UserId,
    /// Return when nothing is left of them
    #[arg(long)]
    pub(crate) wait: bool,
}

/// The arguments of `tag`.
#[derive(Args, Clone, Debug)]
pub(crate) struct Tag {
    /// The user
    #[arg(allow_negative_numbers = true)]
    pub(crate) user: UserId,
    /// Letters, digits, `.`, `_` and `-`; at most 32
    pub(crate) tag: String,
    /// Take it away
    #[arg(long)]
    pub(crate) remove: bool,
}

/// A part of a list of users.
#[derive(Args, Debug)]
pub(crate) struct Edges {
    /// Whose
    #[arg(allow_negative_numbers = true)]
    pub(crate) user: UserId,
    /// Users a page [default: 20, at most 200]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = page_limit)]
    pub(crate) limit: Option<u32>,
    /// Only entries made before this sequence
    #[arg(long, value_name = "SEQUENCE", allow_negative_numbers = true)]
    pub(crate) before: Option<Sequence>,
    /// All pages, to the end
    #[arg(long)]
    pub(crate) all: bool,
}

/// The arguments of `watch`.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Watch {
    /// Whose home
    #[arg(allow_negative_numbers = true)]
    pub(crate) user: UserId,
    /// Go on behind this post or position (EPOCH:SEQUENCE), as if nothing had been missed
    #[arg(long, value_name = "ID", allow_negative_numbers = true, value_parser = after)]
    pub(crate) after: Option<After>,
    /// Also tell when followees come online and go offline
    #[arg(long)]
    pub(crate) presence: bool,
}

/// The arguments of `changes`.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct ChangesArguments {
    /// The first change wanted: a sequence, or EPOCH:SEQUENCE [default: the first of all]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = after)]
    pub(crate) from: Option<After>,
    /// Go on as changes commit, until interrupted
    #[arg(long)]
    pub(crate) follow: bool,
    /// Stop after so many
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) limit: Option<u64>,
    /// Leave out what posts say
    #[arg(long)]
    pub(crate) no_text: bool,
}

/// Where a watch goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct After {
    /// Absent: that of the server.
    pub(crate) epoch: Option<u32>,
    pub(crate) sequence: u64,
}

/// The arguments of `import`.
#[derive(Args, Clone, Debug, Default)]
#[command(after_help = IMPORT_NOTES, group = files())]
pub(crate) struct Import {
    /// Follows, a line each: follower, tab, followee; .zst is unpacked
    #[arg(long, value_name = "FILE")]
    pub(crate) graph: Option<PathBuf>,
    /// Posts, a JSON object a line: author, at (unix ms), text; .zst is unpacked
    #[arg(long, value_name = "FILE")]
    pub(crate) posts: Option<PathBuf>,
    /// Where to remember how far it is.
    #[arg(long, value_name = "FILE", help = PROGRESS_HELP)]
    pub(crate) progress: Option<PathBuf>,
    /// Write refused lines here: file, line number, reason, message, line; tabs between
    #[arg(long, value_name = "FILE")]
    pub(crate) rejects: Option<PathBuf>,
    /// Write the new ids of posts that have an "id" here: that id, tab, post id
    #[arg(long, value_name = "FILE")]
    pub(crate) ids: Option<PathBuf>,
    /// Rows of kind "repost" refer to the rows above whose "id" is their "parent", else their "root";
    /// without this they are posts like others; needs --ids
    #[arg(long, requires = "posts", requires = "ids")]
    pub(crate) reposts: bool,
    /// Stop at the first refused line and exit with 1
    #[arg(long)]
    pub(crate) strict: bool,
    /// Sort the posts by "at" first (holds them all in memory)
    #[arg(long, requires = "posts")]
    pub(crate) sort: bool,
    /// Import files once more that a finished import had already
    #[arg(long)]
    pub(crate) again: bool,
}

/// The arguments of `export`.
#[derive(Args, Debug)]
#[command(group = files())]
pub(crate) struct Export {
    /// Write follows here; packed if the name ends in .zst
    #[arg(long, value_name = "FILE")]
    pub(crate) graph: Option<PathBuf>,
    /// Write posts here; packed if the name ends in .zst
    #[arg(long, value_name = "FILE")]
    pub(crate) posts: Option<PathBuf>,
}

/// One of the files, or both.
fn files() -> ArgGroup {
    ArgGroup::new("files").args(["graph", "posts"]).required(true).multiple(true)
}

/// Entries of a page.
pub(crate) fn page_limit(text: &str) -> Result<u32, String> {
    let number = text.parse().ok().filter(|number| (1..=LIMIT_MAX).contains(number));
    number.ok_or_else(|| format!("ask for 1 to {LIMIT_MAX}"))
}

/// A number of the user's own, or one that an answer named.
pub(crate) fn whole(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| "expected a whole number, 0 to 2^64 - 1".to_owned())
}

/// A post or a position.
fn after(text: &str) -> Result<After, String> {
    let (epoch, sequence) = match text.split_once(':') {
        Some((epoch, sequence)) => (epoch.parse().ok().map(Some), sequence),
        None => (Some(None), text),
    };
    let after = epoch.zip(sequence.parse().ok());
    let after = after.map(|(epoch, sequence)| After { epoch, sequence });
    after.ok_or_else(|| "expected a sequence, such as a post's id, or EPOCH:SEQUENCE".to_owned())
}

/// A positive number of seconds, fractions allowed.
fn seconds(text: &str) -> Result<Duration, String> {
    let number: f64 = text.parse().map_err(|_| "expected a number of seconds".to_owned())?;
    match Duration::try_from_secs_f64(number) {
        Ok(duration) if Duration::ZERO < duration && duration <= LONGEST => Ok(duration),
        _ => Err(format!("expected more than 0 and at most {} seconds", LONGEST.as_secs())),
    }
}

const URL_HELP: &str = "The server: fanfold://[token@]host[:port] [env: FANFOLD_URL] [default: \
    fanfold://127.0.0.1:7717]";

const PROGRESS_HELP: &str = "Where to remember how far it is [default: <posts or graph file \
    name>.import-progress]";

/// Entries of a page at most.
const LIMIT_MAX: u32 = 200;

const EXIT_CODES: &str = "Exit codes: 0 done; 1 it failed (server, network, file); 2 a mistake in \
    the request (arguments, an id that does not exist, a limit, somebody else's post)";

const IMPORT_NOTES: &str = "\
    An import that is interrupted, or stopped by --strict, goes on where it was when the same \
    command is run again: nothing is doubled. A line that stopped it may be mended in the file \
    first, in its place. The progress file of a finished import stays and marks it as such: the \
    same files are not imported into the same database again, unless --again asks for it. A \
    changed file is another one. Without that progress file (another folder, another --progress, \
    removed) the posts are published once more.";

/// A day; longer is a typing mistake.
const LONGEST: Duration = Duration::from_secs(86_400);

#[cfg(test)]
mod tests;
