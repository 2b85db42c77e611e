//! A line to a command; pure.
//!
//! Words are separated by blanks, command words are read in any case, numbers are decimal. The text
//! of a `PUBLISH` is the rest of the line, as it is. What is wrong is said together with the usage,
//! and a mistyped command with what was probably meant.

mod broadcast;
mod marks;

use std::time::Duration;

use bytes::Bytes;
use fanfold_engine::{
    Action, BroadcastId, BroadcastsQuery, Command as Write, CommentsQuery, EdgeQuery, FullQuery,
    GroupName, GroupQuery, LIMIT_DEFAULT, MarksQuery, MembersQuery, Mentions, ModeratedQuery,
    NewPost, NoticesQuery, Policy, PostId, ReactorsQuery, RepostersQuery, Sequence, Span,
    TimelineQuery, UnreadQuery, UserId,
};

use super::changes::Part;
use super::help::{USAGES, Usage};
use crate::limits::{WAIT_DEFAULT, WAIT_MAX};
use crate::suggest::nearest;
use crate::wait::WaitQuery;

/// What a line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Command {
    Help(Option<String>),
    Ping,
    Info(Option<String>),
    Timeline(Timeline, TimelineQuery),
    Edges(Edges, EdgeQuery),
    GroupFeed(GroupQuery),
    Groups(UserId),
    Members(MembersQuery),
    Full(FullQuery),
    CountedPost(PostId),
    Comments(CommentsQuery),
    Reactors(ReactorsQuery),
    Reposters(RepostersQuery),
    Moderated(ModeratedQuery),
    Forgotten,
    Changes(Part),
    Notices(NoticesQuery),
    Broadcasts(BroadcastsQuery),
    Broadcast(BroadcastId),
    Post(PostId),
    Revisions(PostId),
    Marks(MarksQuery),
    Unread(UnreadQuery),
    User(UserId),
    Relation(UserId, UserId),
    Write(Write),
    Explain(UserId, PostId),
    ExplainHome(UserId),
    Verify(UserId),
    FanOut(PostId),
    Delivery(Option<Policy>),
    Advise,
    Clients,
    Retain,
    Wait(WaitQuery),
    Online(UserId),
    Backup(String),
    Quit,
}

/// Which timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Timeline {
    Home,
    Outbox,
}

/// Which edges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edges {
    Following,
    Followers,
    Mutes,
    Blocks,
    Requests,
}

/// Why a line is no command.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// No such command.
    Unknown(String),
    /// The command is known, its words are not right.
    Arguments(String),
    /// Somebody speaks HTTP here; the connection is to be closed.
    Http,
}

/// Reads one line, without its end. None for a blank one.
pub(super) fn parse(line: &Bytes) -> Result<Option<Command>, Wrong> {
    let text = std::str::from_utf8(line)
        .map_err(|_| Wrong::Arguments("the line is not UTF-8".to_owned()))?;
    let (name, rest) = split_word(text);
    if name.is_empty() {
        return Ok(None);
    }
    if is_http(name, rest) {
        return Err(Wrong::Http);
    }
    let upper = name.to_ascii_uppercase();
    let usage = USAGES.iter().find(|usage| usage.name == upper).ok_or_else(|| unknown(name))?;
    let mut words = Words { rest, usage };
    let command = command(&mut words, line)?;
    words.end()?;
    Ok(Some(command))
}

fn command(words: &mut Words<'_>, line: &Bytes) -> Result<Command, Wrong> {
    Ok(match words.usage.name {
        "HELP" => Command::Help(words.word().map(str::to_owned)),
        "PING" => Command::Ping,
        "INFO" => Command::Info(words.word().map(str::to_owned)),
        "HOME" => words.home()?,
        "OUTBOX" => words.outbox()?,
        "POST" => words.post()?,
        "COMMENTS" => Command::Comments(words.comments()?),
        "REACTORS" => Command::Reactors(words.reactors()?),
        "REPOSTERS" => Command::Reposters(words.reposters()?),
        "FORGOTTEN" => Command::Forgotten,
        "CHANGES" => Command::Changes(words.changes()?),
        "MODERATED" => Command::Moderated(words.moderated()?),
        "NOTICES" => Command::Notices(words.notices()?),
        "REVISE" => words.revise(line)?,
        "MARK" => words.mark()?,
        "MARKS" => words.marks()?,
        "UNREAD" => words.unread()?,
        "USER" => Command::User(words.user("user")?),
        "RELATION" => Command::Relation(words.user("first user")?, words.user("second user")?),
        "FOLLOWING" => Command::Edges(Edges::Following, words.edges()?),
        "FOLLOWERS" => Command::Edges(Edges::Followers, words.edges()?),
        "MUTES" => Command::Edges(Edges::Mutes, words.edges()?),
        "BLOCKS" => Command::Edges(Edges::Blocks, words.edges()?),
        "REQUESTS" => Command::Edges(Edges::Requests, words.edges()?),
        "GROUP" => words.group()?,
        "BROADCAST" => words.broadcast(line)?,
        "EXPLAIN" => words.explain()?,
        "VERIFY" => Command::Verify(words.user("user")?),
        "FANOUT" => Command::FanOut(PostId(words.number("post")?)),
        "DELIVERY" => Command::Delivery(words.policy()?),
        "ADVISE" => Command::Advise,
        "CLIENTS" => Command::Clients,
        "RETAIN" => Command::Retain,
        "WAIT" => Command::Wait(words.wait()?),
        "ONLINE" => Command::Online(words.user("user")?),
        "BACKUP" => Command::Backup(words.required("name")?.to_owned()),
        "QUIT" => Command::Quit,
        _ => Command::Write(Write::new(action(words, line)?)),
    })
}

fn action(words: &mut Words<'_>, line: &Bytes) -> Result<Action, Wrong> {
    Ok(match words.usage.name {
        "PUBLISH" => {
            let author = words.user("user")?;
            let (mentions, audience) = (words.mentions()?, words.audience()?);
            let text = words.text(line);
            Action::Publish(NewPost { author, text, mentions, audience, ..NewPost::default() })
        }
        "DELETE" => Action::Delete { post: PostId(words.number("post")?) },
        "FOLLOW" => Action::Follow {
            user: words.user("user")?,
            author: words.user("author")?,
            weight: words.weight()?,
        },
        "TAG" => Action::Tag {
            user: words.user("user")?,
            tag: words.required("tag")?.to_owned(),
            is_set: words.is_set()?,
        },
        "UNFOLLOW" => Action::Unfollow { user: words.user("user")?, author: words.user("author")? },
        "MUTE" => Action::Mute { user: words.user("user")?, author: words.user("author")? },
        "UNMUTE" => Action::Unmute { user: words.user("user")?, author: words.user("author")? },
        "BLOCK" => Action::Block { user: words.user("user")?, other: words.user("other user")? },
        "UNBLOCK" => {
            Action::Unblock { user: words.user("user")?, other: words.user("other user")? }
        }
        "BEFRIEND" => {
            Action::Befriend { user: words.user("user")?, other: words.user("other user")? }
        }
        "PRIVATE" => Action::Private { user: words.user("user")?, is_on: words.is_on()? },
        "APPROVE" => {
            Action::Approve { user: words.user("user")?, follower: words.user("follower")? }
        }
        "DENY" => Action::Deny { user: words.user("user")?, follower: words.user("follower")? },
        "TOUCH" => Action::Touch { user: words.user("user")? },
        "REACT" | "UNREACT" => words.reaction()?,
        "REPOST" | "UNREPOST" => words.repost(line)?,
        "COMMENT" => words.comment(line)?,
        "FORGET" => Action::Forget { user: words.user("user")? },
        "SUSPEND" | "UNSUSPEND" | "HIDE" | "UNHIDE" => words.moderation()?,
        "READ-NOTICES" => Action::NoticesRead {
            user: words.user("user")?,
            up_to: words.last_number("sequence")?.map(Sequence),
        },
        "DELETE-COMMENT" => Action::CommentDelete { comment: PostId(words.number("comment")?) },
        name => return Err(unknown(name)),
    })
}

/// The words after the command, taken one by one.
pub(super) struct Words<'a> {
    pub(super) rest: &'a str,
    pub(super) usage: &'static Usage,
}

impl<'a> Words<'a> {
    pub(super) fn word(&mut self) -> Option<&'a str> {
        let (word, rest) = split_word(self.rest);
        self.rest = rest;
        (!word.is_empty()).then_some(word)
    }

    pub(super) fn required(&mut self, what: &str) -> Result<&'a str, Wrong> {
        self.word().ok_or_else(|| self.wrong(format!("no {what} given")))
    }

    pub(super) fn number(&mut self, what: &str) -> Result<u64, Wrong> {
        let word = self.required(what)?;
        word.parse().map_err(|_| self.wrong(format!("`{word}` is not a {what} (a number)")))
    }

    /// A number, if there is one more word.
    fn last_number(&mut self, what: &str) -> Result<Option<u64>, Wrong> {
        if self.rest.trim().is_empty() { Ok(None) } else { self.number(what).map(Some) }
    }

    /// `[MENTIONS id,id]`: nobody unless the word is there; what follows it must be users.
    pub(super) fn mentions(&mut self) -> Result<Mentions, Wrong> {
        if !self.is_next("mentions") {
            return Ok(Mentions::new());
        }
        let list = self.required("users")?;
        let users: Result<Mentions, _> =
            list.split(',').map(|user| user.parse().map(UserId)).collect();
        users.map_err(|_| {
            self.wrong(format!(
                "`{list}` is not a list of users (numbers with commas between); a text that begins with \
                 MENTIONS goes through another door, such as `fanfold publish`"
            ))
        })
    }

    pub(super) fn user(&mut self, what: &str) -> Result<UserId, Wrong> {
        self.number(what).map(UserId)
    }

    /// `user id | HOME user`
    fn explain(&mut self) -> Result<Command, Wrong> {
        let (word, rest) = split_word(self.rest);
        if word.eq_ignore_ascii_case("home") {
            self.rest = rest;
            return self.user("user").map(Command::ExplainHome);
        }
        Ok(Command::Explain(self.user("user")?, PostId(self.number("post")?)))
    }

    /// `[weight]`
    fn weight(&mut self) -> Result<Option<u8>, Wrong> {
        let Some(word) = self.word() else { return Ok(None) };
        let weight = word.parse().ok().filter(|weight| (0..=15).contains(weight));
        weight.map(Some).ok_or_else(|| self.wrong(format!("`{word}` is not a weight, 0 to 15")))
    }

    /// `[OFF]`
    fn is_set(&mut self) -> Result<bool, Wrong> {
        match self.word() {
            None => Ok(true),
            Some(word) if word.eq_ignore_ascii_case("off") => Ok(false),
            Some(word) => Err(self.wrong(format!("`{word}` is not OFF"))),
        }
    }

    /// `ON | OFF`
    fn is_on(&mut self) -> Result<bool, Wrong> {
        match self.required("ON or OFF")? {
            word if word.eq_ignore_ascii_case("on") => Ok(true),
            word if word.eq_ignore_ascii_case("off") => Ok(false),
            word => Err(self.wrong(format!("`{word}` is not ON or OFF"))),
        }
    }

    fn policy(&mut self) -> Result<Option<Policy>, Wrong> {
        let policy = |word: &str| word.to_ascii_lowercase().parse();
        let parsed = self.word().map(policy).transpose();
        parsed.map_err(|error: fanfold_engine::Error| self.wrong(error.to_string()))
    }

    /// `CREATE user name [EXCLUSIVE] | DELETE user name | ADD user name author | ...`
    fn group(&mut self) -> Result<Command, Wrong> {
        let verb = self.required("verb")?.to_ascii_uppercase();
        let known = ["CREATE", "DELETE", "ADD", "REMOVE", "LIST"];
        if !known.contains(&verb.as_str()) {
            return Err(self.wrong(format!("`{verb}` is not one of {}", known.join(", "))));
        }
        let user = self.user("user")?;
        if verb == "LIST" {
            return self.group_list(user);
        }
        let name = self.name()?;
        let action = match verb.as_str() {
            "CREATE" => Action::GroupCreate { user, name, exclusive: self.is_next("exclusive") },
            "DELETE" => Action::GroupDelete { user, name },
            "ADD" => Action::GroupAdd { user, name, author: self.user("author")? },
            _ => Action::GroupRemove { user, name, author: self.user("author")? },
        };
        Ok(Command::Write(Write::new(action)))
    }

    /// `[name [limit] [BEFORE sequence]]`
    fn group_list(&mut self, user: UserId) -> Result<Command, Wrong> {
        let Some(name) = self.word().map(GroupName::new) else { return Ok(Command::Groups(user)) };
        Ok(Command::Members(MembersQuery { name, page: self.edges_of(user)? }))
    }

    /// One word: who wants blanks in a name uses another door.
    pub(super) fn name(&mut self) -> Result<GroupName, Wrong> {
        self.required("name").map(GroupName::new)
    }

    /// Takes the next word if it is this one.
    pub(super) fn is_next(&mut self, wanted: &str) -> bool {
        let (word, rest) = split_word(self.rest);
        let is_it = word.eq_ignore_ascii_case(wanted);
        if is_it {
            self.rest = rest;
        }
        is_it
    }

    /// `[limit] [BEFORE id | AFTER id]`
    pub(super) fn part_of(&mut self, user: UserId) -> Result<TimelineQuery, Wrong> {
        let limit = self.limit()?;
        let span = match self.word() {
            None => Span::Newest,
            Some(word) if word.eq_ignore_ascii_case("before") => {
                Span::Before(PostId(self.number("post")?))
            }
            Some(word) if word.eq_ignore_ascii_case("after") => {
                Span::After(PostId(self.number("post")?))
            }
            Some(word) => return Err(self.wrong(format!("`{word}` is not BEFORE or AFTER"))),
        };
        Ok(TimelineQuery { user, viewer: None, span, limit })
    }

    /// `user [limit] [BEFORE sequence]`
    fn edges(&mut self) -> Result<EdgeQuery, Wrong> {
        let user = self.user("user")?;
        self.edges_of(user)
    }

    /// `[limit] [BEFORE sequence]`
    fn edges_of(&mut self, user: UserId) -> Result<EdgeQuery, Wrong> {
        let limit = self.limit()?;
        let before = match self.word() {
            None => None,
            Some(word) if word.eq_ignore_ascii_case("before") => {
                Some(Sequence(self.number("sequence")?))
            }
            Some(word) => return Err(self.wrong(format!("`{word}` is not BEFORE"))),
        };
        Ok(EdgeQuery { user, viewer: None, before, limit })
    }

    /// `user [AFTER id] [seconds]`
    fn wait(&mut self) -> Result<WaitQuery, Wrong> {
        let mut wait = WaitQuery { user: self.user("user")?, after: None, patience: WAIT_DEFAULT };
        let mut word = self.word();
        if word.is_some_and(|word| word.eq_ignore_ascii_case("after")) {
            wait.after = Some(PostId(self.number("post")?));
            word = self.word();
        }
        let Some(seconds) = word else { return Ok(wait) };
        let asked = seconds.parse().ok().map(Duration::from_secs);
        let max = WAIT_MAX.as_secs();
        let wrong = || self.wrong(format!("`{seconds}` is not a number of seconds, 0 to {max}"));
        wait.patience = asked.filter(|asked| *asked <= WAIT_MAX).ok_or_else(wrong)?;
        Ok(wait)
    }

    pub(super) fn limit(&mut self) -> Result<usize, Wrong> {
        self.limit_or(LIMIT_DEFAULT)
    }

    /// A number if the next word starts like one, else the default.
    fn limit_or(&mut self, default: usize) -> Result<usize, Wrong> {
        let (word, rest) = split_word(self.rest);
        if !word.starts_with(|c: char| c.is_ascii_digit()) {
            return Ok(default);
        }
        self.rest = rest;
        word.parse().map_err(|_| self.wrong(format!("`{word}` is not a limit (a number)")))
    }

    /// All that is left, as a slice of the line it stands in.
    pub(super) fn text(&mut self, line: &Bytes) -> Bytes {
        let text = std::mem::take(&mut self.rest);
        line.slice(line.len() - text.len()..)
    }

    fn end(&mut self) -> Result<(), Wrong> {
        match self.word() {
            None => Ok(()),
            Some(word) => Err(self.wrong(format!("`{word}` is one word too many"))),
        }
    }

    pub(super) fn wrong(&self, what: String) -> Wrong {
        Wrong::Arguments(format!("{what}; usage: {}", self.usage.form))
    }
}

/// The first word, and what follows the blank after it.
fn split_word(text: &str) -> (&str, &str) {
    let text = text.trim_start_matches([' ', '\t']);
    text.split_once([' ', '\t']).unwrap_or((text, ""))
}

fn unknown(name: &str) -> Wrong {
    let near = nearest(name, USAGES.iter().map(|usage| usage.name));
    let advice = match near {
        Some(near) => format!("did you mean {near}? HELP {near} says how it is used"),
        None => "HELP lists the commands".to_owned(),
    };
    let shown: String = name.chars().take(40).collect();
    Wrong::Unknown(format!("unknown command `{shown}`; {advice}"))
}

/// `POST` is a command of ours too: there the end of the line tells.
fn is_http(name: &str, rest: &str) -> bool {
    let method = matches!(name, "GET" | "HEAD" | "PUT" | "OPTIONS" | "PATCH" | "CONNECT" | "TRACE");
    method || name.eq_ignore_ascii_case("host:") || rest.contains(" HTTP/") && name == "POST"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Option<Command>, Wrong> {
        parse(&Bytes::copy_from_slice(line.as_bytes()))
    }

    fn timeline(line: &str) -> TimelineQuery {
        let Ok(Some(Command::Timeline(_, query))) = read(line) else { panic!("{line}") };
        query
    }

    fn message(line: &str) -> String {
        match read(line) {
            Err(Wrong::Unknown(message) | Wrong::Arguments(message)) => message,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn case_and_blanks_do_not_matter() {
        assert_eq!(read("  pInG \t"), Ok(Some(Command::Ping)));
        assert_eq!(read("   "), Ok(None));
        assert_eq!(read(""), Ok(None));
    }

    #[test]
    fn timelines_take_limit_and_span() {
        let query = timeline("home 7");
        assert_eq!((query.user, query.limit, query.span), (UserId(7), 20, Span::Newest));
        let query = timeline("OUTBOX 7 5 before 99");
        assert_eq!((query.limit, query.span), (5, Span::Before(PostId(99))));
        let query = timeline("home 7 After 3");
        assert_eq!((query.limit, query.span), (20, Span::After(PostId(3))));
    }

    #[test]
    fn edges_take_limit_and_cursor() {
        let expected =
            EdgeQuery { user: UserId(3), viewer: None, before: Some(Sequence(9)), limit: 2 };
        assert_eq!(
            read("followers 3 2 BEFORE 9"),
            Ok(Some(Command::Edges(Edges::Followers, expected)))
        );
        assert_eq!(
            message("MUTES 3 AFTER 9"),
            "`AFTER` is not BEFORE; usage: MUTES user [limit] [BEFORE sequence]"
        );
    }

    #[test]
    fn the_text_of_a_post_is_the_rest_of_the_line() {
        let expected = Write::publish(UserId(7), Bytes::from_static(b" two  blanks, end "));
        assert_eq!(read("publish 7  two  blanks, end "), Ok(Some(Command::Write(expected))));
        let empty = Write::publish(UserId(7), Bytes::new());
        assert_eq!(read("PUBLISH 7"), Ok(Some(Command::Write(empty))));
    }

    #[test]
    fn writes_name_both_users() {
        let block = Action::Block { user: UserId(1), other: UserId(2) };
        assert_eq!(read("block 1 2"), Ok(Some(Command::Write(Write::new(block)))));
        assert_eq!(message("FOLLOW 1"), "no author given; usage: FOLLOW user author [weight]");
    }

    #[test]
    fn groups_are_named_by_user_and_word() {
        let (user, name, author) = (UserId(7), GroupName::new("Friends"), UserId(9));
        let write = |action| Ok(Some(Command::Write(Write::new(action))));
        let create = |exclusive| Action::GroupCreate { user, name: name.clone(), exclusive };
        assert_eq!(read("group create 7 Friends"), write(create(false)));
        assert_eq!(read("GROUP CREATE 7 Friends exclusive"), write(create(true)));
        let add = Action::GroupAdd { user, name: name.clone(), author };
        assert_eq!(read("GROUP add 7 Friends 9"), write(add));
        let remove = Action::GroupRemove { user, name: name.clone(), author };
        assert_eq!(read("GROUP REMOVE 7 Friends 9"), write(remove));
        let delete = Action::GroupDelete { user, name: name.clone() };
        assert_eq!(read("GROUP DELETE 7 Friends"), write(delete));
        assert_eq!(read("GROUP LIST 7"), Ok(Some(Command::Groups(user))));
        let page = EdgeQuery { user, viewer: None, before: Some(Sequence(8)), limit: 2 };
        let members = MembersQuery { name: name.clone(), page };
        let line = "GROUP LIST 7 Friends 2 BEFORE 8";
        assert_eq!(read(line), Ok(Some(Command::Members(members))));
        let page = TimelineQuery { user, viewer: None, span: Span::After(PostId(3)), limit: 5 };
        let feed = Command::GroupFeed(GroupQuery { name, page });
        assert_eq!(read("HOME 7 group Friends 5 AFTER 3"), Ok(Some(feed)));
        assert!(message("GROUP DROP 7").starts_with("`DROP` is not one of CREATE, DELETE, ADD,"));
        assert!(message("GROUP ADD 7 Friends").starts_with("no author given; usage: GROUP "));
    }

    #[test]
    fn typos_get_a_suggestion() {
        assert_eq!(
            message("HOEM 7"),
            "unknown command `HOEM`; did you mean HOME? HELP HOME says how it is used"
        );
        assert_eq!(message("frobnicate"), "unknown command `frobnicate`; HELP lists the commands");
        assert_eq!(
            message("POST x1"),
            "`x1` is not a post (a number); usage: POST id [COUNTS | REVISIONS]"
        );
        assert_eq!(message("PING 3"), "`3` is one word too many; usage: PING");
        assert_eq!(
            message("home 7 99999999999999999999999"),
            "`99999999999999999999999` is not a limit (a number); usage: HOME user [GROUP name] \
             [COUNTS] [GROUPS] [COLLAPSE [HORIZON time] [TOP id]] [limit] [BEFORE id | AFTER id]"
        );
    }

    #[test]
    fn every_usage_is_a_command() {
        for usage in &USAGES {
            let line = usage.example;
            assert!(matches!(read(line), Ok(Some(_))), "{line}: {:?}", read(line));
            assert!(line.starts_with(usage.name), "{line}");
        }
    }

    #[test]
    fn http_is_recognised() {
        assert_eq!(read("GET / HTTP/1.1"), Err(Wrong::Http));
        assert_eq!(read("POST / HTTP/1.1"), Err(Wrong::Http));
        assert_eq!(read("Host: localhost:7719"), Err(Wrong::Http));
        assert_eq!(read(" post 12 "), Ok(Some(Command::Post(PostId(12)))));
    }

    #[test]
    fn a_line_must_be_utf8() {
        let wrong = parse(&Bytes::from_static(b"PUBLISH 1 \xff")).unwrap_err();
        assert_eq!(wrong, Wrong::Arguments("the line is not UTF-8".to_owned()));
    }
}
