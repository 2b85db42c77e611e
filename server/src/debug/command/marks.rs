//! The words of `MARK`, `MARKS`, `UNREAD` and `REVISE`.

use bytes::Bytes;
use fanfold_engine::{
    Action, Command as Write, Feed, MarksQuery, PostId, UNREAD_DEFAULT, UnreadQuery,
};

use super::{Command, Words, Wrong};

impl Words<'_> {
    /// `id revision text...`
    pub(super) fn revise(&mut self, line: &Bytes) -> Result<Command, Wrong> {
        let post = PostId(self.number("post")?);
        let word = self.required("revision")?;
        let wrong = || self.wrong(format!("`{word}` is not a revision (a number)"));
        let revision = word.parse().map_err(|_| wrong())?;
        let (text, meta) = (self.text(line), None);
        Ok(Command::Write(Write::new(Action::Revise { post, revision, text, meta })))
    }

    /// `user post [GROUP name] [DEVICE number]`
    pub(super) fn mark(&mut self) -> Result<Command, Wrong> {
        let (user, post) = (self.user("user")?, PostId(self.number("post")?));
        let feed = self.feed()?;
        let device = if self.is_next("device") { self.number("device")? } else { 0 };
        Ok(Command::Write(Write::new(Action::Mark { user, feed, device, post })))
    }

    /// `user [GROUP name]`
    pub(super) fn marks(&mut self) -> Result<Command, Wrong> {
        let user = self.user("user")?;
        Ok(Command::Marks(MarksQuery { user, feed: self.feed()?, viewer: None }))
    }

    /// `user [GROUP name] [limit] [SINCE id]`
    pub(super) fn unread(&mut self) -> Result<Command, Wrong> {
        let (user, feed) = (self.user("user")?, self.feed()?);
        let limit = self.limit_or(UNREAD_DEFAULT)?;
        let since = if self.is_next("since") { Some(PostId(self.number("post")?)) } else { None };
        Ok(Command::Unread(UnreadQuery { user, feed, viewer: None, since, limit }))
    }

    /// `[GROUP name]`
    fn feed(&mut self) -> Result<Feed, Wrong> {
        if self.is_next("group") { self.name().map(Feed::Group) } else { Ok(Feed::Home) }
    }
}

#[cfg(test)]
mod tests {
    use fanfold_engine::{GroupName, UserId};

    use super::super::parse;
    use super::*;

    fn read(line: &str) -> Result<Option<Command>, Wrong> {
        parse(&Bytes::copy_from_slice(line.as_bytes()))
    }

    #[test]
    fn marks_name_feed_and_device() {
        let (user, post) = (UserId(7), PostId(12));
        let mark = |feed, device| {
            let action = Action::Mark { user, feed, device, post };
            Ok(Some(Command::Write(Write::new(action))))
        };
        let friends = || Feed::Group(GroupName::new("friends"));
        assert_eq!(read("mark 7 12"), mark(Feed::Home, 0));
        assert_eq!(read("MARK 7 12 group friends Device 3"), mark(friends(), 3));
        let query = MarksQuery { user, feed: friends(), viewer: None };
        assert_eq!(read("marks 7 GROUP friends"), Ok(Some(Command::Marks(query))));
        let query =
            UnreadQuery { user, feed: Feed::Home, viewer: None, since: Some(post), limit: 5 };
        assert_eq!(read("unread 7 5 since 12"), Ok(Some(Command::Unread(query.clone()))));
        let query = UnreadQuery { since: None, limit: UNREAD_DEFAULT, ..query };
        assert_eq!(read("UNREAD 7"), Ok(Some(Command::Unread(query))));
    }

    #[test]
    fn a_revise_takes_the_rest_of_the_line() {
        let text = Bytes::from_static(b" two  words");
        let action = Action::Revise { post: PostId(3), revision: 1, text, meta: None };
        assert_eq!(read("revise 3 1  two  words"), Ok(Some(Command::Write(Write::new(action)))));
        assert_eq!(read("post 3 revisions"), Ok(Some(Command::Revisions(PostId(3)))));
        let wrong = Wrong::Arguments(
            "`x` is not a revision (a number); usage: REVISE id revision text...".to_owned(),
        );
        assert_eq!(read("REVISE 3 x"), Err(wrong));
    }
}
