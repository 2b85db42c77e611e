//! `notices`: what concerns a user. `read-notices` is a write like others: see `dispatch.rs`.

use clap::Args;
use fanfold_client::{
    NoticeGroup, NoticeKind, NoticePage, NoticesQuery, PageEnd, Sequence, UserId,
};
use serde_json::{Value, json};

use crate::arguments::page_limit;
use crate::console::Console;
use crate::exit::Failure;
use crate::session::Session;

/// The arguments of `notices`.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct NoticesArguments {
    /// Whose notices
    #[arg(allow_negative_numbers = true)]
    pub(crate) user: UserId,
    /// Groups a page [default: 20, at most 200]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = page_limit)]
    pub(crate) limit: Option<u32>,
    /// Only groups whose newest notice is before this sequence
    #[arg(long, value_name = "SEQUENCE", allow_negative_numbers = true)]
    pub(crate) before: Option<Sequence>,
    /// Only how many are unread
    #[arg(long, conflicts_with_all = ["limit", "before", "all"])]
    pub(crate) count: bool,
    /// All pages, to the end
    #[arg(long)]
    pub(crate) all: bool,
}

/// The arguments of `read-notices`.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct ReadNoticesArguments {
    /// Who has read them
    #[arg(allow_negative_numbers = true)]
    pub(crate) user: UserId,
    /// Up to this sequence [default: their newest notice]
    #[arg(long, value_name = "SEQUENCE", allow_negative_numbers = true)]
    pub(crate) up_to: Option<Sequence>,
}

/// Prints a page of notices, or all pages, or how many are unread.
pub(crate) async fn run(
    session: &mut Session,
    console: &mut Console,
    arguments: NoticesArguments,
) -> Result<(), Failure> {
    let client = session.client().await?;
    let mut query = NoticesQuery {
        user: arguments.user,
        before: arguments.before,
        limit: arguments.limit.unwrap_or_default(),
        only_count: arguments.count,
        viewer: session.viewer(),
    };
    loop {
        let page = client.notices(query).await?;
        if arguments.count {
            return match session.json() {
                true => console.json(&count_json(&page)),
                false => console.line(&format!("{} unread", page.unread)),
            };
        }
        for group in &page.groups {
            match session.json() {
                true => console.json(&group_json(&page, group))?,
                false => console.line(&group_text(&page, group))?,
            }
        }
        let last = page.groups.last().filter(|_| page.end != PageEnd::End);
        let Some(last) = last else { return Ok(()) };
        if !arguments.all {
            if !session.json() {
                let unread = page.unread;
                console.line(&format!("more: --before {} ({unread} unread)", last.newest))?;
            }
            return Ok(());
        }
        query.before = Some(last.newest);
    }
}

fn count_json(page: &NoticePage) -> Value {
    json!({"unread": page.unread, "read_up_to": page.read_up_to.0})
}

fn group_json(page: &NoticePage, group: &NoticeGroup) -> Value {
    let actors: Vec<u64> = group.actors.iter().map(|actor| actor.0).collect();
    let mut object = json!({
        "kind": word(group.kind), "actors": actors, "count": group.count,
        "newest": group.newest.0, "unread": page.is_unread(group),
    });
    if let Some(object) = object.as_object_mut() {
        let ids = [("post", group.post), ("comment", group.comment)];
        for (name, id) in ids.into_iter().filter_map(|(name, id)| Some((name, id?))) {
            object.insert(name.to_owned(), id.0.into());
        }
    }
    object
}

/// `* #17  @14, @15 and 3 others reacted to your comment #16 on #12`; the star says that it is unread.
fn group_text(page: &NoticePage, group: &NoticeGroup) -> String {
    let names: Vec<String> = group.actors.iter().map(|actor| format!("@{actor}")).collect();
    let others = group.count.saturating_sub(names.len() as u64);
    let others = match others {
        0 => String::new(),
        1 => " and 1 other".to_owned(),
        others => format!(" and {others} others"),
    };
    let star = if page.is_unread(group) { "*" } else { " " };
    let (newest, names, about) = (group.newest, names.join(", "), about(group));
    format!("{star} #{newest}  {names}{others} {about}")
}

fn about(group: &NoticeGroup) -> String {
    let post = group.post.map_or_else(String::new, |post| format!("#{post}"));
    match (group.kind, group.comment) {
        (NoticeKind::Mention, _) => format!("mentioned you in {post}"),
        (NoticeKind::Comment, None) => format!("commented on your post {post}"),
        (NoticeKind::Comment, Some(comment)) => {
            format!("answered your comment #{comment} on {post}")
        }
        (NoticeKind::Reaction, None) => format!("reacted to your post {post}"),
        (NoticeKind::Reaction, Some(comment)) => {
            format!("reacted to your comment #{comment} on {post}")
        }
        (NoticeKind::Follow, _) => "followed you".to_owned(),
        (NoticeKind::Request, _) => "asked to follow you".to_owned(),
        (NoticeKind::Repost, _) => format!("reposted your post {post}"),
        _ => format!("did something about {post}"),
    }
}

fn word(kind: NoticeKind) -> &'static str {
    match kind {
        NoticeKind::Mention => "mention",
        NoticeKind::Comment => "comment",
        NoticeKind::Reaction => "reaction",
        NoticeKind::Follow => "follow",
        NoticeKind::Repost => "repost",
        NoticeKind::Request => "request",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fanfold_client::{Position, PostId};

    #[test]
    fn a_group_is_a_line_or_an_object() {
        let group = NoticeGroup {
            kind: NoticeKind::Reaction,
            post: Some(PostId(12)),
            comment: Some(PostId(16)),
            actors: vec![UserId(14), UserId(15)],
            count: 5,
            newest: Sequence(17),
        };
        let page = NoticePage {
            position: Position::default(),
            end: PageEnd::End,
            unread: 1,
            read_up_to: Sequence(16),
            groups: vec![group.clone()],
        };
        let text = "* #17  @14, @15 and 3 others reacted to your comment #16 on #12";
        assert_eq!(group_text(&page, &group), text);
        let expected = json!({
            "kind": "reaction", "post": 12, "comment": 16, "actors": [14, 15], "count": 5,
            "newest": 17, "unread": true,
        });
        assert_eq!(group_json(&page, &group), expected);
        assert_eq!(count_json(&page), json!({"unread": 1, "read_up_to": 16}));
        let follow =
            NoticeGroup { kind: NoticeKind::Follow, post: None, comment: None, count: 2, ..group };
        let read = NoticePage { read_up_to: Sequence(17), ..page };
        assert_eq!(group_text(&read, &follow), "  #17  @14, @15 followed you");
    }
}
