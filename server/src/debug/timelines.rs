//! `HOME`, `OUTBOX` and `POST`: one line a post, or a revision of one, newest first; below a repost what it
//! refers to.
//!
//! The last line names the number of entries, how to go on, and the position at which the answer
//! holds. After `AFTER` going on means towards newer posts, otherwise towards older ones.

use fanfold_engine::{FullPage, Original, Page, PageEnd, Position, Post, Span, TimelineQuery};

use super::answer::line;
use super::audiences;
use super::reposts;
use crate::text::{count, escape, time};

/// `command` is what was asked, up to the timeline it names.
pub(super) fn page(command: &str, query: &TimelineQuery, found: &FullPage) -> String {
    let mut out = String::new();
    for post in &found.page.posts {
        line(&mut out, format_args!("{}", summary(post)));
        reposts::original(&mut out, &found.originals, post);
    }
    close(&mut out, command, query, &found.page);
    out
}

/// The last line of a page.
pub(super) fn close(out: &mut String, command: &str, query: &TimelineQuery, page: &Page) {
    let entries = count(page.posts.len(), "entry", "entries");
    let more = next(command, query, page).map_or_else(
        || "end".to_owned(),
        |next| {
            let cut = if page.end == PageEnd::Bytes { "1 MiB reached, " } else { "" };
            format!("{cut}more: {next}")
        },
    );
    line(out, format_args!("({entries}, {more}) at {}", page.position));
}

pub(super) fn one(at: Position, post: &Post, original: Option<&Original>) -> String {
    let mut out = String::new();
    line(&mut out, format_args!("{}", summary(post)));
    reposts::original(&mut out, original.map_or(&[], std::slice::from_ref), post);
    let (committed, meta) = (time(post.committed_at), post.meta.len());
    let mentions: Vec<String> = post.mentions.iter().map(|user| user.to_string()).collect();
    let mentions = match mentions.is_empty() {
        true => String::new(),
        false => format!(", mentions {}", mentions.join(",")),
    };
    let kind = post.kind;
    let details = format!(
        "(committed {committed}, kind {kind}, meta of {meta} bytes{mentions}{}{})",
        audiences::listed(&post.audience),
        edit(post)
    );
    line(&mut out, format_args!("{details} at {at}"));
    out
}

/// The revisions of a post that are kept, newest first.
pub(super) fn revisions(at: Position, posts: &[Post]) -> String {
    let mut out = String::new();
    for post in posts {
        let (revision, text) = (post.revision, escape(&post.text));
        let since = time(post.edited_at.unwrap_or(post.committed_at));
        line(&mut out, format_args!("revision {revision}  {since}  {text}"));
    }
    let kept = count(posts.len(), "revision", "revisions");
    line(&mut out, format_args!("({kept}, end) at {at}"));
    out
}

fn edit(post: &Post) -> String {
    let revision = post.revision;
    let edited = |at| format!(", revision {revision}, edited at {}", time(at));
    post.edited_at.map_or_else(String::new, edited)
}

fn summary(post: &Post) -> String {
    format!("{}  {}", heading(post), escape(&post.text))
}

/// Everything but the text.
pub(super) fn heading(post: &Post) -> String {
    format!("{}  {}  user {}{}", post.id, time(post.at), post.author, reposts::link(post))
}

/// The command that reads the next page, if there is one.
fn next(command: &str, query: &TimelineQuery, page: &Page) -> Option<String> {
    if page.end == PageEnd::End {
        return None;
    }
    let (word, cursor) = match query.span {
        Span::After(_) => ("AFTER", page.posts.first()?.id),
        Span::Newest | Span::Before(_) => ("BEFORE", page.posts.last()?.id),
    };
    Some(format!("{command} {} {word} {cursor}", query.limit))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use fanfold_engine::{CameBy, Mentions, PostId, Sequence, Timestamp, UserId};

    use super::*;

    fn post(id: u64) -> Post {
        Post {
            id: PostId(id),
            author: UserId(14),
            at: Timestamp(1_370_050_955_000),
            committed_at: Timestamp(1_400_000_000_000),
            kind: 3,
            text: Bytes::from_static(b"two\nlines"),
            meta: Bytes::from_static(b"m"),
            repost: None,
            mentions: Mentions::new(),
            ..Post::default()
        }
    }

    fn shown(span: Span, end: PageEnd) -> String {
        let position = Position { epoch: 1, sequence: Sequence(12) };
        let query = TimelineQuery { user: UserId(7), viewer: None, span, limit: 2 };
        let page = Page { position, posts: vec![post(9), post(4)], end };
        let (counts, originals, original_counts) = (Vec::new(), Vec::new(), Vec::new());
        let came_by = CameBy::default();
        super::page(
            "HOME 7",
            &query,
            &FullPage { page, counts, originals, original_counts, came_by, collapsed: None },
        )
    }

    #[test]
    fn a_page_says_how_to_go_on() {
        let lines = "9  2013-06-01 01:42:35  user 14  two\\nlines\n\
                     4  2013-06-01 01:42:35  user 14  two\\nlines\n";
        let end = |last: &str| format!("{lines}{last}\n");
        let older = "(2 entries, more: HOME 7 2 BEFORE 4) at 1:12";
        assert_eq!(shown(Span::Newest, PageEnd::More), end(older));
        let newer = "(2 entries, more: HOME 7 2 AFTER 9) at 1:12";
        assert_eq!(shown(Span::After(PostId(1)), PageEnd::More), end(newer));
        let cut = "(2 entries, 1 MiB reached, more: HOME 7 2 BEFORE 4) at 1:12";
        assert_eq!(shown(Span::Newest, PageEnd::Bytes), end(cut));
        assert_eq!(shown(Span::Newest, PageEnd::End), end("(2 entries, end) at 1:12"));
    }

    #[test]
    fn one_post_shows_everything() {
        let at = Position { epoch: 1, sequence: Sequence(12) };
        let expected = "9  2013-06-01 01:42:35  user 14  two\\nlines\n\
                        (committed 2014-05-13 16:53:20, kind 3, meta of 1 bytes) at 1:12\n";
        assert_eq!(one(at, &post(9), None), expected);
    }
}
