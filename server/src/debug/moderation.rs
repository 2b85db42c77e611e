//! `SUSPEND`, `UNSUSPEND`, `HIDE`, `UNHIDE` and `MODERATED`: their words, and what is moderated as lines. A part of
//! [`command`](super::command) and of `answer.rs`.

use fanfold_engine::{
    Action, Engine, Error, Moderated, ModeratedOf, ModeratedPage, ModeratedQuery, PageEnd, Post,
    PostId, Sequence,
};

use super::answer::line;
use super::command::{Words, Wrong};
use crate::text::count;

impl Words<'_> {
    /// `user` or `id`
    pub(super) fn moderation(&mut self) -> Result<Action, Wrong> {
        Ok(match self.usage.name {
            "SUSPEND" => Action::Suspend { user: self.user("user")? },
            "UNSUSPEND" => Action::Unsuspend { user: self.user("user")? },
            "HIDE" => Action::Hide { post: PostId(self.number("post")?) },
            _ => Action::Unhide { post: PostId(self.number("post")?) },
        })
    }

    /// `[USERS | POSTS] [limit] [BEFORE sequence]`
    pub(super) fn moderated(&mut self) -> Result<ModeratedQuery, Wrong> {
        let of = match (self.is_next("users"), self.is_next("posts")) {
            (true, _) => ModeratedOf::Users,
            (false, true) => ModeratedOf::Posts,
            (false, false) => ModeratedOf::All,
        };
        let limit = self.limit()?;
        let mut before = None;
        if let Some(word) = self.word() {
            if !word.eq_ignore_ascii_case("before") {
                return Err(self.wrong(format!("`{word}` is not BEFORE")));
            }
            before = Some(Sequence(self.number("sequence")?));
        }
        Ok(ModeratedQuery { of, viewer: None, before, limit })
    }
}

pub(super) fn moderated(query: &ModeratedQuery, page: &ModeratedPage) -> String {
    let mut out = String::new();
    for Moderated { user, post, since } in &page.moderated {
        match post {
            Some(post) => {
                line(&mut out, format_args!("{since}  post {post} of user {user}  hidden"))
            }
            None => line(&mut out, format_args!("{since}  user {user}  suspended")),
        }
    }
    let entries = count(page.moderated.len(), "entry", "entries");
    let more = match page.moderated.last().filter(|_| page.end != PageEnd::End) {
        None => "end".to_owned(),
        Some(last) => {
            let of = match query.of {
                ModeratedOf::All => "",
                ModeratedOf::Users => "USERS ",
                ModeratedOf::Posts => "POSTS ",
            };
            format!("more: MODERATED {of}{} BEFORE {}", query.limit, last.since)
        }
    };
    line(&mut out, format_args!("({entries}, {more}) at {}", page.position));
    out
}

/// A line about a single post that is moderated; nothing of one that is not.
pub(super) fn note(engine: &Engine, post: &Post) -> Result<&'static str, Error> {
    let found = engine.post_moderation(post.id, post.author)?;
    Ok(match (found.hidden, found.suspended) {
        (false, false) => "",
        (true, false) => "(hidden)\n",
        (false, true) => "(its author is suspended)\n",
        (true, true) => "(hidden, its author is suspended)\n",
    })
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use fanfold_engine::{Position, UserId};

    use super::super::command::{Command, parse};
    use super::*;

    fn read(line: &str) -> Command {
        parse(&Bytes::copy_from_slice(line.as_bytes())).unwrap().unwrap()
    }

    #[test]
    fn words_are_understood_and_answers_say_how_to_go_on() {
        let write = |action| Command::Write(fanfold_engine::Command::new(action));
        assert_eq!(read("suspend 7"), write(Action::Suspend { user: UserId(7) }));
        assert_eq!(read("UNSUSPEND 7"), write(Action::Unsuspend { user: UserId(7) }));
        assert_eq!(read("HIDE 42"), write(Action::Hide { post: PostId(42) }));
        assert_eq!(read("UNHIDE 42"), write(Action::Unhide { post: PostId(42) }));
        let query = |of, before, limit| ModeratedQuery { of, viewer: None, before, limit };
        let all = query(ModeratedOf::All, None, 20);
        assert_eq!(read("MODERATED"), Command::Moderated(all));
        let posts = query(ModeratedOf::Posts, Some(Sequence(50)), 2);
        assert_eq!(read("moderated posts 2 before 50"), Command::Moderated(posts));
        let position = Position { epoch: 1, sequence: Sequence(60) };
        let (hidden, since) = (Some(PostId(42)), Sequence(40));
        let moderated = vec![
            Moderated { user: UserId(7), post: None, since: Sequence(45) },
            Moderated { user: UserId(8), post: hidden, since },
        ];
        let page = ModeratedPage { position, moderated, end: PageEnd::More };
        let expected = "45  user 7  suspended\n40  post 42 of user 8  hidden\n\
                        (2 entries, more: MODERATED POSTS 2 BEFORE 40) at 1:60\n";
        assert_eq!(super::moderated(&posts, &page), expected);
    }
}
