//! Every kind of frame with its explicit number. A number is never reused, and an unknown one is a
//! value (`Other`), not a panic.
//!
//! | range | use |
//! |---|---|
//! | `0x00` | never |
//! | `0x01..=0x0f` | session requests |
//! | `0x10..=0x2f` | writes |
//! | `0x30..=0x4f` | reads |
//! | `0x50..=0x5f` | more writes |
//! | `0x60..=0x6f` | reserved for later requests |
//! | `0x70..=0x7f` | requests for pushes |
//! | `0x80..=0xbf` | replies; `0xbf` is the error |
//! | `0xc0..=0xdf` | pushes of the server |

use std::fmt;

/// Declares an enum of frame kinds from one table: name, byte, word.
macro_rules! kinds {
    (
        $(#[$about:meta])*
        $name:ident { $($(#[$doc:meta])* $kind:ident = $byte:literal, $word:literal;)+ }
    ) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$doc])* $kind,)+
            /// A number that this version does not know.
            Other(u8),
        }

        impl $name {
            /// Every kind of this version, in the order of their numbers.
            pub const ALL: &'static [Self] = &[$(Self::$kind),+];

            /// The number in the frame header.
            #[must_use]
            pub const fn byte(self) -> u8 {
                match self {
                    $(Self::$kind => $byte,)+
                    Self::Other(byte) => byte,
                }
            }

            /// The word for it in documents, logs and metrics.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $word,)+
                    Self::Other(_) => "unknown",
                }
            }
        }

        impl From<u8> for $name {
            fn from(byte: u8) -> Self {
                match byte {
                    $($byte => Self::$kind,)+
                    other => Self::Other(other),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{} ({:#04x})", self.name(), self.byte())
            }
        }
    };
}

kinds! {
    /// What a client asks for. Complete for version 1.
    RequestKind {
        /// Opens a session.
        Hello = 0x01, "hello";
        /// Asks for a sign of life.
        Ping = 0x02, "ping";
        /// Asks for the server's state in numbers.
        Status = 0x03, "status";
        /// Makes a backup of the running database.
        Backup = 0x04, "backup";
        /// Asks what each delivery policy costs.
        Advise = 0x05, "advise";
        /// Publishes a post.
        Publish = 0x10, "publish";
        /// Deletes a post.
        Delete = 0x11, "delete";
        /// Follows an author.
        Follow = 0x12, "follow";
        /// Ends a follow.
        Unfollow = 0x13, "unfollow";
        /// Hides an author from a home feed.
        Mute = 0x14, "mute";
        /// Ends a mute.
        Unmute = 0x15, "unmute";
        /// Parts two users.
        Block = 0x16, "block";
        /// Ends a block.
        Unblock = 0x17, "unblock";
        /// Says that a user was active.
        Touch = 0x18, "touch";
        /// Gives a user a tag, or takes it away.
        Tag = 0x19, "tag";
        /// Begins a group of authors.
        GroupCreate = 0x1a, "group_create";
        /// Ends a group.
        GroupDelete = 0x1b, "group_delete";
        /// Puts an author into a group.
        GroupAdd = 0x1c, "group_add";
        /// Takes an author out of a group.
        GroupRemove = 0x1d, "group_remove";
        /// Reacts to a post or a comment.
        React = 0x1e, "react";
        /// Ends a reaction.
        Unreact = 0x1f, "unreact";
        /// Comments on a post.
        Comment = 0x20, "comment";
        /// Deletes a comment.
        CommentDelete = 0x21, "comment_delete";
        /// Says how far a device has seen a feed.
        Mark = 0x22, "mark";
        /// Gives a post another text.
        Revise = 0x23, "revise";
        /// Puts a broadcast on its author's board.
        BroadcastSchedule = 0x24, "broadcast_schedule";
        /// Moves the start of a scheduled broadcast.
        BroadcastReschedule = 0x25, "broadcast_reschedule";
        /// Goes live: with a scheduled broadcast, or with a new one.
        BroadcastStart = 0x26, "broadcast_start";
        /// Ends a live broadcast; its replay is a post.
        BroadcastEnd = 0x27, "broadcast_end";
        /// Takes a scheduled broadcast off.
        BroadcastCancel = 0x28, "broadcast_cancel";
        /// Hides everything of a user from others.
        Suspend = 0x2d, "suspend";
        /// Ends a suspension.
        Unsuspend = 0x2e, "unsuspend";
        /// Hides a post from all but its author.
        Hide = 0x2f, "hide";
        /// Shows a hidden post again.
        Unhide = 0x54, "unhide";
        /// Lists who is suspended and what is hidden.
        Moderated = 0x46, "moderated";
        /// Has a user forgotten.
        Forget = 0x55, "forget";
        /// Lists who is being forgotten.
        Forgotten = 0x4a, "forgotten";
        /// Lets two users follow each other.
        Befriend = 0x29, "befriend";
        /// Makes a user private, or ends that.
        Private = 0x2a, "private";
        /// Lets somebody follow who asked.
        Approve = 0x2b, "approve";
        /// Ends a request to follow.
        Deny = 0x2c, "deny";
        /// Reads a home feed.
        Home = 0x30, "home";
        /// Reads what a user published.
        Outbox = 0x31, "outbox";
        /// Reads one post.
        Post = 0x32, "post";
        /// Lists whom a user follows.
        Following = 0x33, "following";
        /// Lists who follows a user.
        Followers = 0x34, "followers";
        /// Lists whom a user muted.
        Mutes = 0x35, "mutes";
        /// Lists whom a user blocked.
        Blocks = 0x36, "blocks";
        /// Reads a user's counts.
        User = 0x37, "user";
        /// Reads how two users stand to each other.
        Relation = 0x38, "relation";
        /// Walks through everything that holds, in log order.
        Scan = 0x39, "scan";
        /// Asks who is online around a user.
        Online = 0x3a, "online";
        /// Asks why a post is in a home, or why it is not.
        Explain = 0x3b, "explain";
        /// Reads a group's feed.
        Group = 0x3c, "group";
        /// Lists a user's groups.
        Groups = 0x3d, "groups";
        /// Lists who is in a group.
        Members = 0x3e, "members";
        /// Reads the log's changes from a position on.
        Changes = 0x3f, "changes";
        /// Reads comments on a post.
        Comments = 0x40, "comments";
        /// Lists who reacted.
        Reactors = 0x41, "reactors";
        /// Lists who asks to follow a user.
        Requests = 0x49, "requests";
        /// Lists who reposted a post.
        Reposters = 0x47, "reposters";
        /// Publishes a post that refers to another.
        Repost = 0x51, "repost";
        /// Ends a bare repost.
        Unrepost = 0x52, "unrepost";
        /// Reads what concerns a user.
        Notices = 0x48, "notices";
        /// Marks a user's notices as read.
        NoticesRead = 0x53, "notices_read";
        /// Lists how far each device has seen a feed.
        Marks = 0x42, "marks";
        /// Counts the unread entries of a feed.
        Unread = 0x43, "unread";
        /// Reads the broadcasts of whom a user follows.
        Broadcasts = 0x44, "broadcasts";
        /// Reads one broadcast.
        Broadcast = 0x45, "broadcast";
        /// Asks to be told what happens to a home.
        Watch = 0x70, "watch";
        /// Ends a watch.
        Unwatch = 0x71, "unwatch";
    }
}

kinds! {
    /// What a server answers. Complete for version 1.
    ReplyKind {
        /// Accepts a hello.
        Welcome = 0x80, "welcome";
        /// Answers a ping.
        Pong = 0x81, "pong";
        /// The server's state in numbers.
        Status = 0x82, "status";
        /// A write was accepted.
        Written = 0x83, "written";
        /// A page of posts.
        Page = 0x84, "page";
        /// One post.
        Post = 0x85, "post";
        /// A page of users at the other end of an edge.
        Edges = 0x86, "edges";
        /// A user's counts.
        User = 0x87, "user";
        /// How two users stand to each other.
        Relation = 0x88, "relation";
        /// One step of a scan.
        Scanned = 0x89, "scanned";
        /// Who is online around a user.
        Online = 0x8a, "online";
        /// A watch has begun.
        Watching = 0x8b, "watching";
        /// A watch has ended.
        Unwatched = 0x8c, "unwatched";
        /// Why a post is in a home, or why it is not.
        Explained = 0x8d, "explained";
        /// All groups of a user.
        Groups = 0x8e, "groups";
        /// A part of the change stream.
        Changed = 0x8f, "changed";
        /// A page of comments.
        Comments = 0x90, "comments";
        /// A page of who reacted.
        Reactors = 0x91, "reactors";
        /// A page of who reposted.
        Reposters = 0x97, "reposters";
        /// A page of notices.
        Notices = 0x98, "notices";
        /// How far each device has seen a feed.
        Marks = 0x92, "marks";
        /// How many entries of a feed are unread.
        Unread = 0x93, "unread";
        /// A page of broadcasts.
        Broadcasts = 0x94, "broadcasts";
        /// One broadcast.
        Broadcast = 0x95, "broadcast";
        /// A page of who is suspended and what is hidden.
        Moderated = 0x96, "moderated";
        /// Who is being forgotten.
        Forgotten = 0x9a, "forgotten";
        /// A request or a session was refused.
        Error = 0xbf, "error";
        /// What happened to a watched home; pushed.
        Events = 0xc0, "events";
    }
}

impl RequestKind {
    /// Whether it changes the database: then it has [`WriteOptions`](crate::WriteOptions), its
    /// generation counts, and its order among the connection's other writes is kept.
    #[must_use]
    pub const fn is_write(self) -> bool {
        matches!(self.byte(), 0x10..=0x2f | 0x50..=0x5f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_survives_the_way_there_and_back() {
        for byte in 0..=u8::MAX {
            assert_eq!(RequestKind::from(byte).byte(), byte);
            assert_eq!(ReplyKind::from(byte).byte(), byte);
        }
        assert_eq!(RequestKind::from(0x7e), RequestKind::Other(0x7e));
    }

    #[test]
    fn names_its_number() {
        assert_eq!(RequestKind::Home.to_string(), "home (0x30)");
        assert_eq!(ReplyKind::Other(4).to_string(), "unknown (0x04)");
    }

    #[test]
    fn knows_the_writes() {
        let writes = RequestKind::ALL.iter().filter(|kind| kind.is_write()).count();
        assert_eq!(writes, 37);
        assert!(!RequestKind::Home.is_write());
    }
}
