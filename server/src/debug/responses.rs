//! Pages with counts, `COMMENTS` and `REACTORS`: one line each, and a last line that says how to go on.

use std::fmt::Write;

use fanfold_engine::{
    Comment, CommentOrder, CommentsPage, CommentsQuery, CountedQuery, Counts, FullPage, FullQuery,
    Original, PageEnd, Position, Post, Reactor, ReactorsPage, ReactorsQuery,
};

use super::answer::line;
use super::collapse;
use super::reposts;
use super::timelines::{self, heading};
use crate::text::{count, escape, time};

/// A page of posts with what was asked for beside them.
pub(super) fn page(query: &FullQuery, found: &FullPage) -> String {
    let mut out = String::new();
    for (place, post) in found.page.posts.iter().enumerate() {
        let (heading, text) = (heading(post), escape(&post.text));
        let counts = found.counts.get(place).map(|counts| format!("  {}", counted(counts)));
        let (counts, groups) = (counts.unwrap_or_default(), groups(found, place));
        line(&mut out, format_args!("{heading}{counts}{groups}  {text}"));
        reposts::original(&mut out, &found.originals, post);
        collapse::brought_by(&mut out, found.collapsed.as_ref(), place);
    }
    let words = [(query.counts, " COUNTS"), (query.groups, " GROUPS")];
    let words = words.map(|(is_asked, word)| if is_asked { word } else { "" }).concat();
    let words = words + &collapse::words(query.collapse.as_ref(), found.collapsed.as_ref());
    let (command, query) = match &query.of {
        CountedQuery::Home(query) => (format!("HOME {}{words}", query.user), query),
        CountedQuery::Outbox(query) => (format!("OUTBOX {}{words}", query.user), query),
        CountedQuery::Group(group) => {
            let name = escape(group.name.as_str().as_bytes());
            (format!("HOME {} GROUP {name}{words}", group.page.user), &group.page)
        }
    };
    timelines::close(&mut out, &command, query, &found.page);
    out
}

/// `  [close work]`: the reader's groups that have the author; nothing if none has.
fn groups(found: &FullPage, place: usize) -> String {
    let names = found.came_by.of(place).map(|name| escape(name.as_str().as_bytes()));
    let names: Vec<_> = names.collect();
    if names.is_empty() { String::new() } else { format!("  [{}]", names.join(" ")) }
}

/// One post with counts.
pub(super) fn one(
    at: Position,
    post: &Post,
    counts: &Counts,
    original: Option<&Original>,
) -> String {
    let shown = timelines::one(at, post, original);
    format!("{}\n{shown}", counted(counts))
}

/// `comments=3 reposts=0 reactions=0:5,15:1 mine=0`
fn counted(counts: &Counts) -> String {
    format!("comments={} reposts={} {}", counts.comments, counts.reposts, reactions(counts))
}

fn reactions(counts: &Counts) -> String {
    let standing = (0_u32..).zip(counts.reactions).filter(|(_, number)| *number != 0);
    let list = |words: Vec<String>| match words.is_empty() {
        true => "none".to_owned(),
        false => words.join(","),
    };
    let mine = (0..16_u32).filter(|kind| counts.mine & (1 << kind) != 0);
    let standing = list(standing.map(|(kind, number)| format!("{kind}:{number}")).collect());
    let mine = list(mine.map(|kind| kind.to_string()).collect());
    format!("reactions={standing} mine={mine}")
}

pub(super) fn comments(query: &CommentsQuery, page: &CommentsPage) -> String {
    let mut out = String::new();
    for Comment { id, author, at, answers, text, counts, mentions } in &page.comments {
        let mut head = format!("{id}  {}  user {author}", time(*at));
        if let Some(answered) = answers {
            let _infallible = write!(head, "  answers {answered}");
        }
        if !mentions.is_empty() {
            let users: Vec<String> = mentions.iter().map(|user| user.to_string()).collect();
            let _infallible = write!(head, "  mentions {}", users.join(","));
        }
        line(&mut out, format_args!("{head}  {}  {}", reactions(counts), escape(text)));
    }
    let entries = count(page.comments.len(), "entry", "entries");
    let more = match page.comments.last().filter(|_| page.end != PageEnd::End) {
        None => "end".to_owned(),
        Some(last) => {
            let (word, newest) = match query.order {
                CommentOrder::OldestFirst => ("AFTER", ""),
                CommentOrder::NewestFirst => ("BEFORE", " NEWEST"),
            };
            format!("more: COMMENTS {}{newest} {} {word} {}", query.post, query.limit, last.id)
        }
    };
    line(&mut out, format_args!("({entries} of {}, {more}) at {}", page.total, page.position));
    out
}

pub(super) fn reactors(query: &ReactorsQuery, page: &ReactorsPage) -> String {
    let mut out = String::new();
    for Reactor { user, kind, sequence } in &page.reactors {
        line(&mut out, format_args!("user {user}  kind {kind}  since {sequence}"));
    }
    let entries = count(page.reactors.len(), "entry", "entries");
    let more = match page.reactors.last().filter(|_| page.end != PageEnd::End) {
        None => "end".to_owned(),
        Some(last) => {
            let kind = query.kind.map_or_else(String::new, |kind| format!(" KIND {kind}"));
            let (target, limit) = (query.target, query.limit);
            format!("more: REACTORS {target}{kind} {limit} BEFORE {}", last.sequence)
        }
    };
    line(&mut out, format_args!("({entries}, {more}) at {}", page.position));
    out
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use fanfold_engine::{PostId, Sequence, Timestamp, UserId};

    use super::*;

    const AT: Position = Position { epoch: 1, sequence: Sequence(12) };

    #[test]
    fn counts_are_words_of_their_own() {
        let mut counts = Counts { comments: 3, mine: 0x8001, ..Counts::default() };
        (counts.reactions[0], counts.reactions[15]) = (5, 1);
        assert_eq!(counted(&counts), "comments=3 reposts=0 reactions=0:5,15:1 mine=0,15");
        assert_eq!(counted(&Counts::default()), "comments=0 reposts=0 reactions=none mine=none");
    }

    #[test]
    fn pages_say_how_to_go_on() {
        let comment = Comment {
            id: PostId(9),
            author: UserId(3),
            at: Timestamp(1_370_050_955_000),
            answers: Some(PostId(8)),
            text: Bytes::from_static(b"so\nit is"),
            counts: Counts::default(),
            mentions: [UserId(5)].into_iter().collect(),
        };
        let (position, end) = (AT, PageEnd::More);
        let page = CommentsPage { position, total: 40, comments: vec![comment], end };
        let (order, cursor) = (CommentOrder::NewestFirst, None);
        let query = CommentsQuery { post: PostId(7), viewer: None, order, cursor, limit: 1 };
        let expected = "9  2013-06-01 01:42:35  user 3  answers 8  mentions 5  reactions=none mine=none  \
                        so\\nit is\n(1 entry of 40, more: COMMENTS 7 NEWEST 1 BEFORE 9) at 1:12\n";
        assert_eq!(comments(&query, &page), expected);
        let reactors_of = vec![Reactor { user: UserId(3), kind: 2, sequence: Sequence(8) }];
        let page = ReactorsPage { position, reactors: reactors_of, end };
        let (target, before) = (PostId(7), None);
        let query = ReactorsQuery { target, kind: Some(2), viewer: None, before, limit: 1 };
        let expected =
            "user 3  kind 2  since 8\n(1 entry, more: REACTORS 7 KIND 2 1 BEFORE 8) at 1:12\n";
        assert_eq!(reactors(&query, &page), expected);
    }
}
