//! `NOTICES`: one line a group, newest first, and a last line that says how many are unread and how to go on.

use fanfold_engine::{NoticeGroup, NoticeKind, NoticesPage, NoticesQuery, PageEnd, Sequence};

use super::answer::line;
use super::command::{Words, Wrong};
use crate::text::count;

impl Words<'_> {
    /// `user [limit] [BEFORE sequence]`
    pub(super) fn notices(&mut self) -> Result<NoticesQuery, Wrong> {
        let user = self.user("user")?;
        let limit = self.limit()?;
        let before = if self.is_next("before") { Some(self.number("sequence")?) } else { None };
        Ok(NoticesQuery { user, viewer: None, before: before.map(Sequence), limit })
    }
}

pub(super) fn page(query: &NoticesQuery, page: &NoticesPage) -> String {
    let mut out = String::new();
    for group in &page.groups {
        line(&mut out, format_args!("{}", summary(group)));
    }
    let groups = count(page.groups.len(), "group", "groups");
    let more = match page.groups.last().filter(|_| page.end != PageEnd::End) {
        None => "end".to_owned(),
        Some(last) => {
            format!("more: NOTICES {} {} BEFORE {}", query.user, query.limit, last.newest)
        }
    };
    let (unread, up_to) = (page.unread, page.read_up_to);
    let read = format!("{unread} unread, read up to {up_to}");
    line(&mut out, format_args!("({groups}, {read}, {more}) at {}", page.position));
    out
}

/// `7  comment on 5 (comment 6)  users 3,4 of 2  unread`
fn summary(group: &NoticeGroup) -> String {
    let kind = match group.kind {
        NoticeKind::Mention => "mention",
        NoticeKind::Comment => "comment",
        NoticeKind::Reaction => "reaction",
        NoticeKind::Follow => "follow",
        NoticeKind::Repost => "repost",
        NoticeKind::Request => "request",
        _ => "other",
    };
    let post = group.post.map_or_else(String::new, |post| format!(" post {post}"));
    let comment = group.comment.map_or_else(String::new, |id| format!(" comment {id}"));
    let actors: Vec<String> = group.actors.iter().map(ToString::to_string).collect();
    let (newest, actors, count) = (group.newest, actors.join(","), group.count);
    let unread = if group.is_unread { "  unread" } else { "" };
    format!("{newest}  {kind}{post}{comment}  users {actors} of {count}{unread}")
}

#[cfg(test)]
mod tests {
    use fanfold_engine::{Position, PostId, UserId};

    use super::*;

    #[test]
    fn a_page_says_what_is_unread_and_how_to_go_on() {
        let group = NoticeGroup {
            kind: NoticeKind::Reaction,
            post: Some(PostId(5)),
            comment: Some(PostId(6)),
            actors: vec![UserId(3), UserId(4)],
            count: 2,
            newest: Sequence(9),
            is_unread: true,
        };
        let position = Position { epoch: 1, sequence: Sequence(12) };
        let (end, read_up_to) = (PageEnd::More, Sequence(8));
        let found = NoticesPage { position, groups: vec![group], unread: 3, read_up_to, end };
        let query = NoticesQuery { user: UserId(7), viewer: None, before: None, limit: 1 };
        let expected = "9  reaction post 5 comment 6  users 3,4 of 2  unread\n\
                        (1 group, 3 unread, read up to 8, more: NOTICES 7 1 BEFORE 9) at 1:12\n";
        assert_eq!(page(&query, &found), expected);
    }
}
