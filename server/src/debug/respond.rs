//! The words of commands about reactions and comments, and of reads that count them; pure. A part of
//! [`command`](super::command).

use bytes::Bytes;
use fanfold_engine::{
    Action, Collapse, CommentOrder, CommentsQuery, CountedQuery, FullQuery, GroupQuery, PostId,
    ReactorsQuery, Sequence,
};

use super::command::{Command, Timeline, Words, Wrong};

impl Words<'_> {
    /// `user [GROUP name] [COUNTS] [GROUPS] [COLLAPSE ...] ...`
    pub(super) fn home(&mut self) -> Result<Command, Wrong> {
        let user = self.user("user")?;
        let name = if self.is_next("group") { Some(self.name()?) } else { None };
        let (counts, groups) = (self.is_next("counts"), self.is_next("groups"));
        let beside = Beside { counts, groups, collapse: self.collapse()? };
        let page = self.part_of(user)?;
        Ok(match (name, beside.is_any()) {
            (None, false) => Command::Timeline(Timeline::Home, page),
            (None, true) => beside.of(CountedQuery::Home(page)),
            (Some(name), false) => Command::GroupFeed(GroupQuery { name, page }),
            (Some(name), true) => beside.of(CountedQuery::Group(GroupQuery { name, page })),
        })
    }

    /// `user [COUNTS] [COLLAPSE ...] ...`
    pub(super) fn outbox(&mut self) -> Result<Command, Wrong> {
        let user = self.user("user")?;
        let counts = self.is_next("counts");
        let beside = Beside { counts, groups: false, collapse: self.collapse()? };
        let page = self.part_of(user)?;
        Ok(match beside.is_any() {
            true => beside.of(CountedQuery::Outbox(page)),
            false => Command::Timeline(Timeline::Outbox, page),
        })
    }

    /// `id [COUNTS | REVISIONS]`
    pub(super) fn post(&mut self) -> Result<Command, Wrong> {
        let post = PostId(self.number("post")?);
        Ok(if self.is_next("counts") {
            Command::CountedPost(post)
        } else if self.is_next("revisions") {
            Command::Revisions(post)
        } else {
            Command::Post(post)
        })
    }

    /// `user id kind`
    pub(super) fn reaction(&mut self) -> Result<Action, Wrong> {
        let (user, target) = (self.user("user")?, PostId(self.number("post")?));
        let kind = self.kind()?;
        Ok(match self.usage.name {
            "REACT" => Action::React { user, target, kind },
            _ => Action::Unreact { user, target, kind },
        })
    }

    /// `user id [ANSWERS id] [MENTIONS id,id] text...`
    pub(super) fn comment(&mut self, line: &Bytes) -> Result<Action, Wrong> {
        let (user, post) = (self.user("user")?, PostId(self.number("post")?));
        let mut answers = None;
        if self.is_next("answers") {
            answers = Some(PostId(self.number("comment")?));
        }
        let mentions = self.mentions()?;
        Ok(Action::Comment { user, post, answers, text: self.text(line), mentions })
    }

    /// `id [NEWEST] [limit] [BEFORE id | AFTER id]`
    pub(super) fn comments(&mut self) -> Result<CommentsQuery, Wrong> {
        let post = PostId(self.number("post")?);
        let mut newest = self.is_next("newest");
        let limit = self.limit()?;
        let mut cursor = None;
        if let Some(word) = self.word() {
            let is_before = word.eq_ignore_ascii_case("before");
            if !is_before && (newest || !word.eq_ignore_ascii_case("after")) {
                let known = if newest { "BEFORE" } else { "BEFORE or AFTER" };
                return Err(self.wrong(format!("`{word}` is not {known}")));
            }
            newest |= is_before;
            cursor = Some(PostId(self.number("comment")?));
        }
        let order = if newest { CommentOrder::NewestFirst } else { CommentOrder::OldestFirst };
        Ok(CommentsQuery { post, viewer: None, order, cursor, limit })
    }

    /// `id [KIND kind] [limit] [BEFORE sequence]`
    pub(super) fn reactors(&mut self) -> Result<ReactorsQuery, Wrong> {
        let target = PostId(self.number("post")?);
        let kind = if self.is_next("kind") { Some(self.kind()?) } else { None };
        let limit = self.limit()?;
        let mut before = None;
        if let Some(word) = self.word() {
            if !word.eq_ignore_ascii_case("before") {
                return Err(self.wrong(format!("`{word}` is not BEFORE")));
            }
            before = Some(Sequence(self.number("sequence")?));
        }
        Ok(ReactorsQuery { target, kind, viewer: None, before, limit })
    }

    fn kind(&mut self) -> Result<u8, Wrong> {
        let kind = self.number("kind")?;
        let known = u8::try_from(kind).ok().filter(|kind| *kind <= 15);
        known.ok_or_else(|| self.wrong(format!("`{kind}` is not a kind, 0 to 15")))
    }
}

/// What a page comes with.
struct Beside {
    counts: bool,
    groups: bool,
    collapse: Option<Collapse>,
}

impl Beside {
    fn is_any(&self) -> bool {
        self.counts || self.groups || self.collapse.is_some()
    }

    fn of(self, of: CountedQuery) -> Command {
        let Self { counts, groups, collapse } = self;
        Command::Full(FullQuery { of, counts, originals: true, groups, collapse })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use fanfold_engine::{Command as Write, GroupName, Mentions, Span, TimelineQuery, UserId};

    use super::super::command::parse;
    use super::*;

    fn read(line: &str) -> Command {
        let parsed = parse(&Bytes::copy_from_slice(line.as_bytes()));
        parsed.unwrap_or_else(|wrong| panic!("{line}: {wrong:?}")).expect("a command")
    }

    fn wrong(line: &str) -> String {
        match parse(&Bytes::copy_from_slice(line.as_bytes())) {
            Err(Wrong::Arguments(message)) => message,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn responses_name_user_target_and_kind() {
        let (user, target) = (UserId(7), PostId(12));
        let write = |action| Command::Write(Write::new(action));
        assert_eq!(read("react 7 12 15"), write(Action::React { user, target, kind: 15 }));
        assert_eq!(read("UNREACT 7 12 0"), write(Action::Unreact { user, target, kind: 0 }));
        assert!(wrong("REACT 7 12 16").starts_with("`16` is not a kind, 0 to 15; usage: REACT "));
        let text = Bytes::from_static(b"two  words ");
        let mentions = Mentions::new();
        let comment = Action::Comment {
            user,
            post: target,
            answers: None,
            text: text.clone(),
            mentions: mentions.clone(),
        };
        assert_eq!(read("comment 7 12 two  words "), write(comment));
        let answers = Some(PostId(13));
        let answer = Action::Comment { user, post: target, answers, text, mentions };
        assert_eq!(read("COMMENT 7 12 answers 13 two  words "), write(answer));
        let delete = Action::CommentDelete { comment: PostId(13) };
        assert_eq!(read("delete-comment 13"), write(delete));
    }

    #[test]
    fn pages_of_responses_take_order_kind_and_cursor() {
        let comments = |order, cursor, limit| {
            let (post, viewer) = (PostId(12), None);
            Command::Comments(CommentsQuery { post, viewer, order, cursor, limit })
        };
        let (oldest, newest) = (CommentOrder::OldestFirst, CommentOrder::NewestFirst);
        assert_eq!(read("COMMENTS 12"), comments(oldest, None, 20));
        assert_eq!(read("COMMENTS 12 5 AFTER 9"), comments(oldest, Some(PostId(9)), 5));
        assert_eq!(read("COMMENTS 12 newest 5 before 9"), comments(newest, Some(PostId(9)), 5));
        assert_eq!(read("COMMENTS 12 before 9"), comments(newest, Some(PostId(9)), 20));
        assert!(wrong("COMMENTS 12 NEWEST AFTER 9").starts_with("`AFTER` is not BEFORE; usage"));
        let (target, viewer, before) = (PostId(12), None, Some(Sequence(8)));
        let expected = ReactorsQuery { target, kind: Some(3), viewer, before, limit: 2 };
        assert_eq!(read("REACTORS 12 kind 3 2 before 8"), Command::Reactors(expected));
    }

    #[test]
    fn counts_are_asked_for_by_a_word() {
        let (user, viewer, span) = (UserId(7), None, Span::Before(PostId(9)));
        let page = TimelineQuery { user, viewer, span, limit: 5 };
        let counted = |of| Beside { counts: true, groups: false, collapse: None }.of(of);
        let home = counted(CountedQuery::Home(page));
        assert_eq!(read("HOME 7 counts 5 BEFORE 9"), home);
        let outbox = counted(CountedQuery::Outbox(page));
        assert_eq!(read("OUTBOX 7 COUNTS 5 BEFORE 9"), outbox);
        assert_eq!(read("POST 12 COUNTS"), Command::CountedPost(PostId(12)));
    }

    #[test]
    fn a_page_is_collapsed_as_its_words_say() {
        let (user, viewer, span) = (UserId(7), None, Span::Newest);
        let page = TimelineQuery { user, viewer, span, limit: 5 };
        let collapsed =
            |of, collapse| Beside { counts: false, groups: false, collapse: Some(collapse) }.of(of);
        let plainly = collapsed(CountedQuery::Home(page), Collapse::default());
        assert_eq!(read("HOME 7 collapse 5"), plainly);
        let (horizon, top) = (Duration::from_secs(7_200), Some(PostId(80)));
        let group = GroupQuery { name: GroupName::new("work"), page };
        let group = collapsed(CountedQuery::Group(group), Collapse { horizon, top });
        assert_eq!(read("HOME 7 GROUP work COLLAPSE HORIZON 2h TOP 80 5"), group);
        let (horizon, outbox) = (Collapse::default().horizon, CountedQuery::Outbox(page));
        let outbox = collapsed(outbox, Collapse { horizon, top });
        assert_eq!(read("OUTBOX 7 COLLAPSE TOP 80 5"), outbox);
        let message = wrong("HOME 7 COLLAPSE HORIZON soon");
        assert!(message.starts_with("`soon` is not a length of time; give"), "{message}");
        assert!(wrong("HOME 7 COLLAPSE TOP x").starts_with("`x` is not a post"), "TOP");
    }
}
