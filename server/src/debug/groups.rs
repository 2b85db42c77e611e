//! `GROUP`: a user's groups, one line each; and who is in one, one line a member, newest first.

use fanfold_engine::{EdgePage, GroupCard, GroupList, MembersQuery, PageEnd, UserId};

use super::answer::line;
use crate::text::{count, escape};

pub(super) fn list(user: UserId, list: &GroupList) -> String {
    let mut out = String::new();
    for GroupCard { id, name, exclusive, members } in &list.groups {
        let members = usize::try_from(*members).unwrap_or(usize::MAX);
        let members = count(members, "member", "members");
        let kind = if *exclusive { ", exclusive" } else { "" };
        let name = escape(name.as_str().as_bytes());
        line(&mut out, format_args!("group {id}  {name}  {members}{kind}"));
    }
    let groups = count(list.groups.len(), "group", "groups");
    line(&mut out, format_args!("({groups} of user {user}, end) at {}", list.position));
    out
}

pub(super) fn members(query: &MembersQuery, page: &EdgePage) -> String {
    let mut out = String::new();
    for edge in &page.edges {
        line(&mut out, format_args!("user {}  since {}", edge.user, edge.sequence));
    }
    let entries = count(page.edges.len(), "entry", "entries");
    let more = match page.edges.last().filter(|_| page.end != PageEnd::End) {
        None => "end".to_owned(),
        Some(last) => {
            let (user, name, limit) = (query.page.user, &query.name, query.page.limit);
            let name = escape(name.as_str().as_bytes());
            format!("more: GROUP LIST {user} {name} {limit} BEFORE {}", last.sequence)
        }
    };
    line(&mut out, format_args!("({entries}, {more}) at {}", page.position));
    out
}

#[cfg(test)]
mod tests {
    use fanfold_engine::{Edge, EdgeQuery, GroupId, GroupName, Position, Sequence};

    use super::*;

    const AT: Position = Position { epoch: 1, sequence: Sequence(12) };

    #[test]
    fn groups_stand_one_on_a_line() {
        let group = |id, name, exclusive, members| GroupCard {
            id: GroupId(id),
            name: GroupName::new(name),
            exclusive,
            members,
        };
        let groups = vec![group(3, "friends", false, 1), group(9, "a\u{202e}b", true, 2)];
        let expected = "group 3  friends  1 member\n\
                        group 9  a\\u{202e}b  2 members, exclusive\n\
                        (2 groups of user 7, end) at 1:12\n";
        assert_eq!(list(UserId(7), &GroupList { position: AT, groups }), expected);
    }

    #[test]
    fn a_page_of_members_says_how_to_go_on() {
        let page = EdgeQuery { user: UserId(7), viewer: None, before: None, limit: 1 };
        let query = MembersQuery { name: GroupName::new("friends"), page };
        let edges = vec![Edge { user: UserId(3), sequence: Sequence(8) }];
        let found = EdgePage { position: AT, edges, end: PageEnd::More };
        let expected =
            "user 3  since 8\n(1 entry, more: GROUP LIST 7 friends 1 BEFORE 8) at 1:12\n";
        assert_eq!(members(&query, &found), expected);
    }
}
