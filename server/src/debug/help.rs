//! The commands of the debug port: how each is written, what it does, an example.
//!
//! The table is the single source: the parser finds its commands here, `HELP` prints it.

use std::fmt::Write;

/// How one command is used.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Usage {
    pub(super) name: &'static str,
    pub(super) form: &'static str,
    pub(super) meaning: &'static str,
    pub(super) example: &'static str,
}

const fn usage(
    name: &'static str,
    form: &'static str,
    meaning: &'static str,
    example: &'static str,
) -> Usage {
    Usage { name, form, meaning, example }
}

const TIMELINE: &str = "newest first; the last line says how to get the next page";
const EDGES: &str = "newest first; the last line says how to get the next page";

pub(super) const USAGES: [Usage; 63] = [
    usage(
        "HOME",
        "HOME user [GROUP name] [COUNTS] [GROUPS] [COLLAPSE [HORIZON time] [TOP id]] [limit] [BEFORE id | AFTER id]",
        TIMELINE,
        "HOME 101 5 BEFORE 3000",
    ),
    usage(
        "OUTBOX",
        "OUTBOX user [COUNTS] [COLLAPSE [HORIZON time] [TOP id]] [limit] [BEFORE id | AFTER id]",
        TIMELINE,
        "OUTBOX 14 COUNTS",
    ),
    usage(
        "POST",
        "POST id [COUNTS | REVISIONS]",
        "one post with everything known about it; what it said before, if that is kept",
        "POST 12",
    ),
    usage("USER", "USER id", "counts of one user", "USER 14"),
    usage("RELATION", "RELATION a b", "what stands between two users", "RELATION 101 14"),
    usage("FOLLOWING", "FOLLOWING user [limit] [BEFORE sequence]", EDGES, "FOLLOWING 101"),
    usage("FOLLOWERS", "FOLLOWERS user [limit] [BEFORE sequence]", EDGES, "FOLLOWERS 14 5"),
    usage("MUTES", "MUTES user [limit] [BEFORE sequence]", EDGES, "MUTES 101"),
    usage("BLOCKS", "BLOCKS user [limit] [BEFORE sequence]", EDGES, "BLOCKS 101"),
    usage(
        "PUBLISH",
        "PUBLISH user [MENTIONS id,id] [AUDIENCE who] text...",
        "a new post; who: everybody, followers, mutual, self or group:NAME",
        "PUBLISH 14 hello, world",
    ),
    usage("DELETE", "DELETE id", "removes a post from every feed", "DELETE 12"),
    usage(
        "REVISE",
        "REVISE id revision text...",
        "another text for the post, which must have that revision: 0 when it is new",
        "REVISE 12 0 hello, worlds",
    ),
    usage(
        "MARK",
        "MARK user post [GROUP name] [DEVICE number]",
        "the device has seen the home, or the group, up to the post",
        "MARK 101 3000 DEVICE 2",
    ),
    usage("MARKS", "MARKS user [GROUP name]", "how far each device has seen a feed", "MARKS 101"),
    usage(
        "UNREAD",
        "UNREAD user [GROUP name] [limit] [SINCE id]",
        "how much of a feed is above the mark; HOME user AFTER mark reads it",
        "UNREAD 101 99",
    ),
    usage(
        "FOLLOW",
        "FOLLOW user author [weight]",
        "the author's posts enter the user's home; weight 0 to 15",
        "FOLLOW 101 14 8",
    ),
    usage("UNFOLLOW", "UNFOLLOW user author", "ends a follow", "UNFOLLOW 101 14"),
    usage("MUTE", "MUTE user author", "hides the author, keeps the follow", "MUTE 101 14"),
    usage("UNMUTE", "UNMUTE user author", "ends a mute", "UNMUTE 101 14"),
    usage(
        "BLOCK",
        "BLOCK user other",
        "ends the follows both ways and refuses new ones",
        "BLOCK 101 14",
    ),
    usage("UNBLOCK", "UNBLOCK user other", "ends a block; restores no follow", "UNBLOCK 101 14"),
    usage(
        "BEFRIEND",
        "BEFRIEND user other",
        "both follow each other; nobody is asked",
        "BEFRIEND 101 14",
    ),
    usage(
        "PRIVATE",
        "PRIVATE user ON | OFF",
        "whoever follows the user has to ask, and only followers see what they post; or not",
        "PRIVATE 14 ON",
    ),
    usage("APPROVE", "APPROVE user follower", "lets somebody follow who asked", "APPROVE 14 101"),
    usage("DENY", "DENY user follower", "ends a request to follow", "DENY 14 101"),
    usage("REQUESTS", "REQUESTS user [limit] [BEFORE sequence]", EDGES, "REQUESTS 14"),
    usage("TAG", "TAG user tag [OFF]", "gives a user a tag, or takes it away", "TAG 101 vip"),
    usage(
        "GROUP",
        "GROUP CREATE user name [EXCLUSIVE] | DELETE user name | ADD user name author | REMOVE user \
         name author | LIST user [name [limit] [BEFORE sequence]]",
        "named lists of authors; HOME user GROUP name reads one",
        "GROUP ADD 101 friends 14",
    ),
    usage(
        "REACT",
        "REACT user id kind",
        "reacts to a post or a comment; kind 0 to 15",
        "REACT 101 12 0",
    ),
    usage("UNREACT", "UNREACT user id kind", "ends a reaction", "UNREACT 101 12 0"),
    usage(
        "REACTORS",
        "REACTORS id [KIND kind] [limit] [BEFORE sequence]",
        "who reacted to a post or a comment, newest first",
        "REACTORS 12 KIND 0",
    ),
    usage(
        "COMMENT",
        "COMMENT user id [ANSWERS id] [MENTIONS id,id] text...",
        "comments on a post, or answers a comment on it; the text is the rest of the line",
        "COMMENT 101 12 well said",
    ),
    usage(
        "COMMENTS",
        "COMMENTS id [NEWEST] [limit] [BEFORE id | AFTER id]",
        "comments on a post, oldest first or newest first",
        "COMMENTS 12 NEWEST 5",
    ),
    usage(
        "REPOST",
        "REPOST user id [MENTIONS id,id] [AUDIENCE who] [text...]",
        "reposts a post; with a text it is a quote",
        "REPOST 101 12",
    ),
    usage("UNREPOST", "UNREPOST user id", "ends a repost without a text", "UNREPOST 101 12"),
    usage(
        "REPOSTERS",
        "REPOSTERS id [limit] [BEFORE id]",
        "who reposted a post, newest first",
        "REPOSTERS 12 5",
    ),
    usage(
        "SUSPEND",
        "SUSPEND user",
        "hides everything of a user from others, and refuses what is written in their name",
        "SUSPEND 14",
    ),
    usage("UNSUSPEND", "UNSUSPEND user", "ends a suspension", "UNSUSPEND 14"),
    usage("HIDE", "HIDE id", "hides a post from all but its author", "HIDE 12"),
    usage("UNHIDE", "UNHIDE id", "shows a hidden post again", "UNHIDE 12"),
    usage(
        "MODERATED",
        "MODERATED [USERS | POSTS] [limit] [BEFORE sequence]",
        "who is suspended and what is hidden, newest first",
        "MODERATED USERS 5",
    ),
    usage(
        "FORGET",
        "FORGET user",
        "hides everything of a user at once, and removes it; then they are somebody new",
        "FORGET 14",
    ),
    usage("FORGOTTEN", "FORGOTTEN", "who is being forgotten", "FORGOTTEN"),
    usage(
        "CHANGES",
        "CHANGES [limit] [FROM sequence]",
        "every change of the database in order; the last line says how to go on",
        "CHANGES 50 FROM 3000",
    ),
    usage("DELETE-COMMENT", "DELETE-COMMENT id", "removes a comment", "DELETE-COMMENT 13"),
    usage(
        "NOTICES",
        "NOTICES user [limit] [BEFORE sequence]",
        "who mentions, comments, reacts, reposts and follows, grouped by what it is about",
        "NOTICES 14 5",
    ),
    usage(
        "READ-NOTICES",
        "READ-NOTICES user [sequence]",
        "the user has read their notices, all or up to there",
        "READ-NOTICES 14",
    ),
    usage(
        "BROADCAST",
        "BROADCAST SCHEDULE user time [text...] | RESCHEDULE id time | START id | START BY user \
         [text...] | END id [text...] | CANCEL id | SHOW id | FEED user [limit] [DEVICE number | \
         SESSION number [AFTER id]]",
        "live sessions; FEED lists those of whom a user follows",
        "BROADCAST START BY 14 a show",
    ),
    usage("TOUCH", "TOUCH user", "marks the user as active now", "TOUCH 101"),
    usage(
        "EXPLAIN",
        "EXPLAIN user id | EXPLAIN HOME user",
        "why a post is in a home or not; what one read of a home did",
        "EXPLAIN 101 12",
    ),
    usage("VERIFY", "VERIFY user", "compares a home with a naive merge", "VERIFY 101"),
    usage("FANOUT", "FANOUT id", "how far the delivery of a post is", "FANOUT 12"),
    usage(
        "DELIVERY",
        "DELIVERY [policy]",
        "how posts are delivered: pull, push, threshold, active-fans, adaptive",
        "DELIVERY push",
    ),
    usage("ADVISE", "ADVISE", "what each policy costs, for what was seen lately", "ADVISE"),
    usage(
        "WAIT",
        "WAIT user [AFTER id] [seconds]",
        "held until the home has a newer entry; answers JSON",
        "WAIT 101 AFTER 3000 30",
    ),
    usage("ONLINE", "ONLINE user", "who is online around a user", "ONLINE 101"),
    usage("INFO", "INFO [section]", "the state of the daemon in numbers", "INFO log"),
    usage("BACKUP", "BACKUP name", "a backup, below --backup-dir", "BACKUP before-upgrade"),
    usage("RETAIN", "RETAIN", "erases deleted posts and packs old segments now", "RETAIN"),
    usage("CLIENTS", "CLIENTS", "who is connected", "CLIENTS"),
    usage("PING", "PING", "answers PONG", "PING"),
    usage("HELP", "HELP [command]", "this list, or one command", "HELP HOME"),
    usage("QUIT", "QUIT", "closes the connection", "QUIT"),
];

/// The answer to `HELP`.
pub(super) fn all() -> String {
    let mut out = String::new();
    for usage in &USAGES {
        let _infallible = writeln!(out, "{:<44} {}", usage.form, usage.meaning);
    }
    out.push_str("Commands are read in any case. Users, posts and sequences are numbers.\n");
    out
}

/// The answer to `HELP command`, if there is such a command.
pub(super) fn one(name: &str) -> Option<String> {
    let upper = name.to_ascii_uppercase();
    let usage = USAGES.iter().find(|usage| usage.name == upper)?;
    Some(format!("{}: {}\nexample: {}\n", usage.form, usage.meaning, usage.example))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_lists_every_command_on_its_line() {
        let text = all();
        assert_eq!(text.lines().count(), USAGES.len() + 1);
        assert!(text.contains("\nRELATION a b "));
    }

    #[test]
    fn help_for_one_command() {
        let expected = "USER id: counts of one user\nexample: USER 14\n";
        assert_eq!(one("user").as_deref(), Some(expected));
        assert_eq!(one("usr"), None);
    }
}
