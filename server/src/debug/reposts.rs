//! `REPOST`, `UNREPOST` and `REPOSTERS`: their words, who reposted as lines, and what posts refer to. A part of
//! [`command`](super::command) and of `answer.rs`.

use bytes::Bytes;
use fanfold_engine::{
    Action, Engine, Error, ErrorKind, NewPost, Original, PageEnd, Post, PostId, Repost, Reposter,
    RepostersPage, RepostersQuery,
};

use super::answer::line;
use super::command::{Words, Wrong};
use super::timelines;
use crate::text::{count, escape};

impl Words<'_> {
    /// `user id [MENTIONS id,id] [AUDIENCE who] [text...]`
    pub(super) fn repost(&mut self, line: &Bytes) -> Result<Action, Wrong> {
        let (user, parent) = (self.user("user")?, PostId(self.number("post")?));
        if self.usage.name == "UNREPOST" {
            return Ok(Action::Unrepost { user, post: parent });
        }
        let (mentions, audience) = (self.mentions()?, self.audience()?);
        let text = self.text(line);
        let post = NewPost { author: user, text, mentions, audience, ..NewPost::default() };
        Ok(Action::Repost { post, parent })
    }

    /// `id [limit] [BEFORE id]`
    pub(super) fn reposters(&mut self) -> Result<RepostersQuery, Wrong> {
        let post = PostId(self.number("post")?);
        let limit = self.limit()?;
        let mut before = None;
        if let Some(word) = self.word() {
            if !word.eq_ignore_ascii_case("before") {
                return Err(self.wrong(format!("`{word}` is not BEFORE")));
            }
            before = Some(PostId(self.number("repost")?));
        }
        Ok(RepostersQuery { post, viewer: None, before, limit })
    }
}

/// `  reposts 12 of user 14`; nothing of what is no repost.
pub(super) fn link(post: &Post) -> String {
    let refers_to = |link: Repost| format!("  reposts {} of user {}", link.root, link.root_author);
    post.repost.map_or_else(String::new, refers_to)
}

/// Appends what the post refers to, if that is among these.
pub(super) fn original(out: &mut String, originals: &[Original], post: &Post) {
    let Some(link) = post.repost else { return };
    match originals.iter().find(|original| original.id() == link.root) {
        Some(Original::Post(post)) => {
            line(out, format_args!("    | {}  {}", timelines::heading(post), escape(&post.text)));
        }
        Some(Original::Deleted { id, author }) => {
            line(out, format_args!("    | {id}  user {author}  (deleted)"));
        }
        None => {}
    }
}

/// What a single post refers to, as of now: what is not there any more is deleted.
pub(super) fn original_of(engine: &Engine, post: &Post) -> Result<Option<Original>, Error> {
    let Some(link) = post.repost else { return Ok(None) };
    match engine.post(link.root, None) {
        Ok((_, post)) => Ok(Some(Original::Post(post))),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Ok(Some(Original::Deleted { id: link.root, author: link.root_author }))
        }
        Err(error) => Err(error),
    }
}

pub(super) fn reposters(query: &RepostersQuery, page: &RepostersPage) -> String {
    let mut out = String::new();
    for Reposter { user, repost, is_quote } in &page.reposters {
        let what = if *is_quote { "quote" } else { "repost" };
        line(&mut out, format_args!("{repost}  user {user}  {what}"));
    }
    let entries = count(page.reposters.len(), "entry", "entries");
    let more = match page.reposters.last().filter(|_| page.end != PageEnd::End) {
        None => "end".to_owned(),
        Some(last) => {
            format!("more: REPOSTERS {} {} BEFORE {}", query.post, query.limit, last.repost)
        }
    };
    let (total, root, at) = (page.total, page.root, page.position);
    line(&mut out, format_args!("({entries} of {total} of post {root}, {more}) at {at}"));
    out
}

#[cfg(test)]
mod tests {
    use fanfold_engine::{Position, Sequence, Timestamp, UserId};

    use super::super::command::{Command, parse};
    use super::*;

    fn read(line: &str) -> Command {
        parse(&Bytes::copy_from_slice(line.as_bytes())).unwrap().unwrap()
    }

    #[test]
    fn words_are_understood_and_answers_say_how_to_go_on() {
        let (post, before) = (PostId(12), Some(PostId(40)));
        let query = RepostersQuery { post, viewer: None, before, limit: 1 };
        assert_eq!(read("REPOSTERS 12 1 before 40"), Command::Reposters(query));
        let post = |id, author, root: Option<u64>| Post {
            id: PostId(id),
            author: UserId(author),
            repost: root.map(|root| Repost {
                parent: PostId(root),
                parent_author: UserId(14),
                root: PostId(root),
                root_author: UserId(14),
                root_at: Timestamp(0),
                root_circle: fanfold_engine::Circle::default(),
            }),
            text: Bytes::from_static(b"two\nlines"),
            ..Post::default()
        };
        let mut out = String::new();
        let deleted = Original::Deleted { id: PostId(4), author: UserId(14) };
        let originals = [Original::Post(post(9, 14, None)), deleted];
        [Some(9), Some(4), Some(5), None]
            .into_iter()
            .for_each(|root| original(&mut out, &originals, &post(20, 7, root)));
        let below =
            "    | 9  1970-01-01 00:00:00  user 14  two\\nlines\n    | 4  user 14  (deleted)\n";
        assert_eq!(
            (out.as_str(), link(&post(20, 7, Some(9))).as_str()),
            (below, "  reposts 9 of user 14")
        );
        let reposter = Reposter { user: UserId(7), repost: PostId(30), is_quote: true };
        let position = Position { epoch: 1, sequence: Sequence(50) };
        let (reposters, end) = (vec![reposter], PageEnd::More);
        let page = RepostersPage { position, root: PostId(3), total: 4, reposters, end };
        let expected = "30  user 7  quote\n(1 entry of 4 of post 3, more: REPOSTERS 12 1 BEFORE 30) \
                        at 1:50\n";
        assert_eq!(super::reposters(&query, &page), expected);
    }
}
