//! `FOLLOWING`, `FOLLOWERS`, `MUTES`, `BLOCKS` and `REQUESTS`: one line a user, newest edge first.
//!
//! The sequence of an edge is the cursor of the next page.

use fanfold_engine::{EdgePage, EdgeQuery, PageEnd};

use super::answer::line;
use super::command::Edges;
use crate::text::count;

impl Edges {
    fn name(self) -> &'static str {
        match self {
            Self::Following => "FOLLOWING",
            Self::Followers => "FOLLOWERS",
            Self::Mutes => "MUTES",
            Self::Blocks => "BLOCKS",
            Self::Requests => "REQUESTS",
        }
    }
}

pub(super) fn page(which: Edges, query: &EdgeQuery, page: &EdgePage) -> String {
    let mut out = String::new();
    for edge in &page.edges {
        line(&mut out, format_args!("user {}  since {}", edge.user, edge.sequence));
    }
    let entries = count(page.edges.len(), "entry", "entries");
    let more = match page.edges.last().filter(|_| page.end != PageEnd::End) {
        None => "end".to_owned(),
        Some(last) => {
            let name = which.name();
            format!("more: {name} {} {} BEFORE {}", query.user, query.limit, last.sequence)
        }
    };
    line(&mut out, format_args!("({entries}, {more}) at {}", page.position));
    out
}

#[cfg(test)]
mod tests {
    use fanfold_engine::{Edge, Position, Sequence, UserId};

    use super::*;

    #[test]
    fn a_page_says_how_to_go_on() {
        let query = EdgeQuery { user: UserId(7), viewer: None, before: None, limit: 1 };
        let mut found = EdgePage {
            position: Position { epoch: 1, sequence: Sequence(12) },
            edges: vec![Edge { user: UserId(3), sequence: Sequence(8) }],
            end: PageEnd::More,
        };
        let expected = "user 3  since 8\n(1 entry, more: MUTES 7 1 BEFORE 8) at 1:12\n";
        assert_eq!(page(Edges::Mutes, &query, &found), expected);
        found.end = PageEnd::End;
        let expected = "user 3  since 8\n(1 entry, end) at 1:12\n";
        assert_eq!(page(Edges::Mutes, &query, &found), expected);
    }
}
