//! How answers look: for people as text, for machines as JSON objects.
//!
//! Text of users is made safe for a terminal: control characters are shown as escapes, so that a
//! post cannot move the cursor or change the title of somebody's window.

use fanfold_client::{
    Audience, BroughtBy, Counts, Edge, Explained, Online, Original, Post, PostId, Relation, Status,
    StatusValue, UserCard, UserId, Why, Written,
};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::reposts;
use crate::responses;
use crate::safe::safe;
use crate::time;

/// A post as `export` and `--json` print it. `id`, `author`, `at` and `text` are always there.
#[derive(Serialize)]
pub(crate) struct PostJson<'a> {
    id: u64,
    author: u64,
    at: u64,
    text: &'a str,
    #[serde(skip_serializing_if = "is_zero")]
    kind: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    committed_at: Option<u64>,
    /// In hexadecimal.
    #[serde(skip_serializing_if = "String::is_empty")]
    meta: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    mentions: Vec<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    repost: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    edited_at: Option<u64>,
    /// Moderators have hidden it.
    #[serde(skip_serializing_if = "is_false")]
    hidden: bool,
    /// Its author is suspended.
    #[serde(skip_serializing_if = "is_false")]
    suspended: bool,
    /// Absent of a post for everybody.
    #[serde(skip_serializing_if = "Option::is_none")]
    audience: Option<&'static str>,
    /// The name of the group that it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<&'a str>,
}

/// As below.
fn is_false(fact: &bool) -> bool {
    !*fact
}

/// By reference, because serde asks for one.
fn is_zero(kind: &u16) -> bool {
    *kind == 0
}

pub(crate) fn post_json(post: &Post) -> PostJson<'_> {
    PostJson {
        id: post.id.0,
        author: post.author.0,
        at: post.at.0,
        text: &post.text,
        kind: post.kind,
        committed_at: (post.committed_at != post.at).then_some(post.committed_at.0),
        meta: hex(&post.meta),
        repost: post.repost.as_ref().map(reposts::link_json),
        mentions: post.mentions.iter().map(|user| user.0).collect(),
        revision: post.edited_at.map(|_| post.revision),
        edited_at: post.edited_at.map(|at| at.0),
        hidden: post.hidden,
        suspended: post.suspended,
        audience: (post.audience != Audience::Everybody).then(|| post.audience.word()),
        group: match &post.audience {
            Audience::Group { name, .. } => Some(name),
            _ => None,
        },
    }
}

/// A post with `counts`, if there are any.
#[derive(Serialize)]
pub(crate) struct CountedJson<'a> {
    #[serde(flatten)]
    post: PostJson<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    counts: Option<Value>,
}

pub(crate) fn counted_json<'a>(post: &'a Post, counts: Option<&Counts>) -> CountedJson<'a> {
    CountedJson { post: post_json(post), counts: counts.map(responses::counts_json) }
}

/// A post with `counts` and `original`, if there are any.
#[derive(Serialize)]
pub(crate) struct OriginalJson<'a> {
    #[serde(flatten)]
    post: CountedJson<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    original: Option<Value>,
}

pub(crate) fn original_json<'a>(
    post: &'a Post,
    counts: Option<&Counts>,
    original: Option<(&Original, Option<&Counts>)>,
) -> OriginalJson<'a> {
    let original = original.map(|(original, counts)| match original {
        Original::Post(post) => json!(counted_json(post, counts)),
        Original::Deleted { id, author } => {
            json!({"id": id.0, "author": author.0, "deleted": true})
        }
    });
    OriginalJson { post: counted_json(post, counts), original }
}

/// What an entry of a page comes with.
#[derive(Clone, Copy, Default)]
pub(crate) struct Beside<'a> {
    pub(crate) counts: Option<&'a Counts>,
    /// What the post refers to, and what that was responded with.
    pub(crate) original: Option<(&'a Original, Option<&'a Counts>)>,
    pub(crate) groups: Option<&'a [String]>,
    /// The top of a collapsed page, and who else brought the post.
    pub(crate) brought_by: Option<(PostId, &'a BroughtBy)>,
}

/// An entry of a page: a post with all that was asked for.
#[derive(Serialize)]
pub(crate) struct EntryJson<'a> {
    #[serde(flatten)]
    post: OriginalJson<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    groups: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    brought_by: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top: Option<u64>,
}

pub(crate) fn entry_json<'a>(post: &'a Post, beside: Beside<'a>) -> EntryJson<'a> {
    let Beside { counts, original, groups, brought_by } = beside;
    let brought = |BroughtBy { users, count }: &BroughtBy| {
        let users: Vec<u64> = users.iter().map(|user| user.0).collect();
        json!({"users": users, "count": count})
    };
    EntryJson {
        post: original_json(post, counts, original),
        groups,
        brought_by: brought_by.map(|(_, found)| brought(found)),
        top: brought_by.map(|(top, _)| top.0),
    }
}

/// As a post; who else brought it and the reader's groups that have its author on lines of their own.
pub(crate) fn entry_text(post: &Post, beside: Beside<'_>) -> String {
    let Beside { counts, original, groups, brought_by } = beside;
    let groups = groups.filter(|groups| !groups.is_empty());
    let groups = groups.map(|groups| format!("\n    in {}", safe(&groups.join(", "))));
    let brought = brought_by.map(|(_, found)| brought_by_text(found)).unwrap_or_default();
    original_text(post, counts, original) + &brought + &groups.unwrap_or_default()
}

/// `also brought by @5, @9, @7 and 3 more`, indented; nothing if nobody did.
fn brought_by_text(found: &BroughtBy) -> String {
    if found.users.is_empty() {
        return String::new();
    }
    let users: Vec<String> = found.users.iter().map(|user| format!("@{user}")).collect();
    let more = match found.count.saturating_sub(users.len() as u64) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("\n    also brought by {}{more}", users.join(", "))
}

/// As a post, and what it refers to below it.
pub(crate) fn original_text(
    post: &Post,
    counts: Option<&Counts>,
    original: Option<(&Original, Option<&Counts>)>,
) -> String {
    let original = original.map(|(original, counts)| match original {
        Original::Post(post) => format!("\n    | {}", counted_text(post, counts)),
        Original::Deleted { id, author } => format!("\n    | @{author}  #{id}  (deleted)"),
    });
    counted_text(post, counts) + &original.unwrap_or_default()
}

/// As a post, and the counts on a line of their own.
pub(crate) fn counted_text(post: &Post, counts: Option<&Counts>) -> String {
    let counts = counts.map(|counts| format!("\n    {}", responses::counts_text(counts)));
    post_text(post) + &counts.unwrap_or_default()
}

/// `2013-06-01 00:49  @14  #17  text`, further lines of the text indented.
pub(crate) fn post_text(post: &Post) -> String {
    let text = match post.text.is_empty() {
        true => "(no text)".to_owned(),
        false => safe(&post.text).replace('\n', "\n    "),
    };
    let link = post.repost.as_ref().map(reposts::link_text).unwrap_or_default();
    let audience = match &post.audience {
        Audience::Everybody => String::new(),
        other => format!("  for {}", safe(&other.to_string())),
    };
    let (at, author, id) = (time::minute(post.at), post.author, post.id);
    format!("{at}  @{author}  #{id}{link}{audience}  {text}")
}

/// `revision 2, edited at 2013-06-01 00:49`; nothing of a post that was never revised.
pub(crate) fn edit_text(post: &Post) -> Option<String> {
    let at = time::minute(post.edited_at?);
    Some(format!("revision {}, edited at {at}", post.revision))
}

#[derive(Serialize)]
pub(crate) struct WrittenJson {
    changed: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    requested: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    post: Option<u64>,
    epoch: u32,
    sequence: u64,
}

pub(crate) fn written_json(written: &Written) -> WrittenJson {
    WrittenJson {
        changed: written.changed,
        requested: written.requested,
        post: written.post.map(|post| post.0),
        epoch: written.position.epoch.0,
        sequence: written.position.sequence.0,
    }
}

pub(crate) fn written_text(written: &Written) -> String {
    match (written.post, written.changed) {
        (_, true) if written.requested => "asked to follow".to_owned(),
        (_, false) if written.requested => "nothing to change: asked already".to_owned(),
        (Some(post), true) => format!("published as post {post}"),
        (None, true) => "done".to_owned(),
        (_, false) => "nothing to change".to_owned(),
    }
}

#[derive(Serialize)]
pub(crate) struct EdgeJson {
    user: u64,
    sequence: u64,
}

pub(crate) fn edge_json(edge: &Edge) -> EdgeJson {
    EdgeJson { user: edge.user.0, sequence: edge.sequence.0 }
}

pub(crate) fn user_json(card: &UserCard) -> Value {
    json!({
        "user": card.user.0,
        "posts": card.posts,
        "followers": card.followers,
        "followees": card.followees,
        "newest_post": card.newest_post.map(|post| post.0),
        "active_at": card.active_at.map(|at| at.0),
        "suspended": card.suspended,
        "private": card.private,
        "epoch": card.position.epoch.0,
        "sequence": card.position.sequence.0,
    })
}

pub(crate) fn user_text(card: &UserCard) -> String {
    let mut text = format!(
        "user {}: {} posts, {} followers, follows {}",
        card.user, card.posts, card.followers, card.followees
    );
    if let Some(post) = card.newest_post {
        text.push_str(&format!(", newest post #{post}"));
    }
    if card.private {
        text.push_str(", private");
    }
    if let Some(at) = card.active_at {
        text.push_str(&format!(", active {}", time::minute(at)));
    }
    if card.suspended {
        text.push_str(", suspended");
    }
    text
}

pub(crate) fn relation_json(a: UserId, b: UserId, relation: &Relation) -> Value {
    json!({
        "a": a.0,
        "b": b.0,
        "follows": relation.follows,
        "followed_by": relation.followed_by,
        "muted": relation.muted,
        "blocked": relation.blocked,
        "blocked_by": relation.blocked_by,
        "apart": relation.apart,
        "requested": relation.requested,
        "requested_by": relation.requested_by,
        "epoch": relation.position.epoch.0,
        "sequence": relation.position.sequence.0,
    })
}

/// One line per relation that holds.
pub(crate) fn relation_text(a: UserId, b: UserId, relation: &Relation) -> Vec<String> {
    let facts = [
        (relation.follows, format!("{a} follows {b}")),
        (relation.followed_by, format!("{b} follows {a}")),
        (relation.muted, format!("{a} muted {b}")),
        (relation.blocked, format!("{a} blocked {b}")),
        (relation.blocked_by, format!("{b} blocked {a}")),
        (relation.apart, format!("{b} is in an exclusive group of {a}")),
        (relation.requested, format!("{a} asks to follow {b}")),
        (relation.requested_by, format!("{b} asks to follow {a}")),
    ];
    let lines: Vec<String> =
        facts.into_iter().filter_map(|(holds, fact)| holds.then_some(fact)).collect();
    match lines.is_empty() {
        true => vec![format!("nothing stands between {a} and {b}")],
        false => lines,
    }
}

pub(crate) fn online_json(user: UserId, online: &Online) -> Value {
    let followees: Vec<u64> = online.followees.iter().map(|followee| followee.0).collect();
    json!({
        "user": user.0,
        "online": online.online,
        "followers": online.followers,
        "followees": followees,
        "epoch": online.position.epoch.0,
        "sequence": online.position.sequence.0,
    })
}

pub(crate) fn online_text(user: UserId, online: &Online) -> String {
    let own = if online.online { "online" } else { "offline" };
    let followees: Vec<String> = online.followees.iter().map(ToString::to_string).collect();
    let followees = if followees.is_empty() { "nobody".to_owned() } else { followees.join(", ") };
    let followers = online.followers;
    format!("user {user}: {own}; online followers: {followers}; follows, online: {followees}")
}

pub(crate) fn explained_json(user: UserId, post: PostId, explained: &Explained) -> Value {
    json!({
        "user": user.0,
        "post": post.0,
        "present": explained.is_present(),
        "why": why_name(explained.why),
        "author": explained.author.map(|author| author.0),
        "since": explained.since.map(|since| since.0),
        "time": explained.time.map(|time| time.0),
        "by": explained.by.map(|by| by.0),
        "group": explained.group,
        "epoch": explained.position.epoch.0,
        "sequence": explained.position.sequence.0,
    })
}

pub(crate) fn explained_text(user: UserId, post: PostId, explained: &Explained) -> String {
    let there = if explained.is_present() { "is" } else { "is not" };
    let author = explained.author.map_or_else(String::new, |author| format!(" by {author}"));
    let since = explained.since.map_or_else(String::new, |since| {
        let time = explained.time.map_or_else(String::new, |at| format!(" ({})", time::minute(at)));
        format!(", since position {since}{time}")
    });
    let why = match (explained.why, explained.by) {
        (Why::Pushed, _) => "the author is followed; it is in the inbox".to_owned(),
        (Why::Pulled, _) => "the author is followed; it is read with the author's posts".to_owned(),
        (Why::InFlight, _) => "the author is followed; it is on its way to the inbox".to_owned(),
        (Why::NotFollowing, _) => format!("{user} does not follow the author"),
        (Why::Muted, _) => format!("{user} has muted the author"),
        (Why::Blocked, Some(by)) => format!("{by} has blocked the other"),
        (Why::Blocked, None) => "one has blocked the other".to_owned(),
        (Why::Deleted, _) => "it was deleted".to_owned(),
        (Why::NoSuchPost, _) => "there is no such post".to_owned(),
        (Why::Suspended, _) => "the author is suspended".to_owned(),
        (Why::Hidden, _) => "moderators have hidden it".to_owned(),
        (Why::Apart, _) => {
            let group = safe(explained.group.as_deref().unwrap_or_default());
            format!("the author is in the exclusive group {group} of {user}")
        }
        (Why::Audience, _) => format!("it, or what it reposts, is not for {user}"),
    };
    format!("post {post}{author} {there} in the home of {user}: {why}{since}")
}

fn why_name(why: Why) -> &'static str {
    match why {
        Why::Pushed => "pushed",
        Why::Pulled => "pulled",
        Why::InFlight => "in_flight",
        Why::NotFollowing => "not_following",
        Why::Muted => "muted",
        Why::Blocked => "blocked",
        Why::Deleted => "deleted",
        Why::NoSuchPost => "no_such_post",
        Why::Apart => "exclusive_group",
        Why::Suspended => "suspended",
        Why::Hidden => "hidden",
        Why::Audience => "audience",
    }
}

pub(crate) fn status_json(status: &Status) -> Value {
    let mut object = Map::new();
    object.insert("epoch".to_owned(), status.position.epoch.0.into());
    object.insert("sequence".to_owned(), status.position.sequence.0.into());
    for field in &status.fields {
        let value = match &field.value {
            StatusValue::Number(number) => Value::from(*number),
            StatusValue::Text(text) => Value::from(text.as_str()),
        };
        object.insert(field.name.clone(), value);
    }
    Value::Object(object)
}

/// The fields with their values aligned.
pub(crate) fn status_text(status: &Status) -> Vec<String> {
    let width = status.fields.iter().map(|field| field.name.len()).max().unwrap_or_default();
    let width = width.max("sequence".len());
    let line = |name: &str, value: &str| format!("{name:width$}  {value}");
    let mut lines = vec![
        line("epoch", &status.position.epoch.to_string()),
        line("sequence", &status.position.sequence.to_string()),
    ];
    for field in &status.fields {
        lines.push(match &field.value {
            StatusValue::Number(number) => line(&safe(&field.name), &number.to_string()),
            StatusValue::Text(text) => line(&safe(&field.name), &safe(text)),
        });
    }
    lines
}

/// A number with commas between its thousands.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index != 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use fanfold_client::{Epoch, Position, PostId, Sequence, StatusField, Timestamp};

    fn post(text: &str) -> Post {
        Post {
            id: PostId(17),
            author: UserId(14),
            at: Timestamp(1_370_047_740_000),
            committed_at: Timestamp(1_370_047_740_000),
            kind: 0,
            text: text.to_owned(),
            meta: Vec::new(),
            repost: None,
            mentions: Vec::new(),
            revision: 0,
            edited_at: None,
            hidden: false,
            suspended: false,
            audience: Audience::Everybody,
        }
    }

    fn position() -> Position {
        Position { epoch: Epoch(1), sequence: Sequence(17) }
    }

    #[test]
    fn a_post_reads_as_a_line_and_stays_inside_it() {
        assert_eq!(post_text(&post("hello")), "2013-06-01 00:49  @14  #17  hello");
        assert_eq!(post_text(&post("a\nb")), "2013-06-01 00:49  @14  #17  a\n    b");
        assert_eq!(post_text(&post("")), "2013-06-01 00:49  @14  #17  (no text)");
        assert!(post_text(&post("\u{1b}]0;title\u{7}")).ends_with("\\u{1b}]0;title\\u{7}"));
        for mark in ['\u{2028}', '\u{202e}', '\u{2066}', '\u{200f}', '\u{61c}', '\t', '\u{85}'] {
            let shown = post_text(&post(&format!("a{mark}b")));
            assert!(shown.ends_with(&format!("a{}b", mark.escape_unicode())), "{shown}");
        }
    }

    #[test]
    fn an_entry_says_who_else_brought_it() {
        let users = [5, 9, 7].map(UserId).to_vec();
        let found = BroughtBy { users, count: 300 };
        let brought_by = Some((PostId(20), &found));
        let text = entry_text(&post("hello"), Beside { brought_by, ..Beside::default() });
        assert!(text.ends_with("hello\n    also brought by @5, @9, @7 and 297 more"), "{text}");
        let (few, nobody) = (BroughtBy { count: 3, ..found.clone() }, BroughtBy::default());
        assert!(brought_by_text(&few).ends_with("@5, @9, @7"));
        assert_eq!(brought_by_text(&nobody), "");
        let entry = post("hello");
        let json = entry_json(&entry, Beside { brought_by, ..Beside::default() });
        let json = serde_json::to_string(&json).unwrap();
        let end = r#""brought_by":{"count":300,"users":[5,9,7]},"top":20}"#;
        assert!(json.ends_with(end), "{json}");
        let plain = serde_json::to_string(&entry_json(&entry, Beside::default())).unwrap();
        assert!(!plain.contains("brought_by") && !plain.contains("top"), "{plain}");
    }

    #[test]
    fn a_post_as_json_has_the_four_keys_and_the_rest_only_if_it_says_something() {
        let json = serde_json::to_string(&post_json(&post("a\"b"))).unwrap();
        assert_eq!(json, r#"{"id":17,"author":14,"at":1370047740000,"text":"a\"b"}"#);
        let full = Post { kind: 3, committed_at: Timestamp(5), meta: vec![0, 255], ..post("") };
        let json = serde_json::to_string(&post_json(&full)).unwrap();
        assert!(json.ends_with(r#""text":"","kind":3,"committed_at":5,"meta":"00ff"}"#), "{json}");
    }

    #[test]
    fn a_write_says_what_came_of_it() {
        let (changed, requested, post) = (true, false, Some(PostId(17)));
        let published = Written { position: position(), changed, requested, post };
        let json = serde_json::to_string(&written_json(&published)).unwrap();
        assert_eq!(json, r#"{"changed":true,"post":17,"epoch":1,"sequence":17}"#);
        assert_eq!(written_text(&published), "published as post 17");
        let repeated = Written { post: None, changed: false, ..published };
        let json = serde_json::to_string(&written_json(&repeated)).unwrap();
        assert_eq!(json, r#"{"changed":false,"epoch":1,"sequence":17}"#);
        assert_eq!(written_text(&repeated), "nothing to change");
        let asked = Written { requested: true, post: None, ..published };
        let json = serde_json::to_string(&written_json(&asked)).unwrap();
        assert_eq!(json, r#"{"changed":true,"requested":true,"epoch":1,"sequence":17}"#);
        assert_eq!(written_text(&asked), "asked to follow");
    }

    #[test]
    fn a_relation_says_what_holds() {
        let mut relation = Relation {
            position: position(),
            follows: false,
            followed_by: false,
            muted: false,
            blocked: false,
            blocked_by: false,
            apart: false,
            requested: false,
            requested_by: false,
        };
        let (a, b) = (UserId(1), UserId(2));
        assert_eq!(relation_text(a, b, &relation), ["nothing stands between 1 and 2"]);
        relation.followed_by = true;
        relation.muted = true;
        assert_eq!(relation_text(a, b, &relation), ["2 follows 1", "1 muted 2"]);
    }

    #[test]
    fn status_fields_are_aligned() {
        let field = StatusField { name: "log.segment_bytes".into(), value: StatusValue::Number(9) };
        let status = Status { position: position(), fields: vec![field] };
        let lines = status_text(&status);
        assert_eq!(
            lines,
            ["epoch              1", "sequence           17", "log.segment_bytes  9"]
        );
    }

    #[test]
    fn numbers_are_grouped_by_thousands() {
        let cases = [(0, "0"), (999, "999"), (1_000, "1,000"), (1_768_135, "1,768,135")];
        for (number, expected) in cases {
            assert_eq!(grouped(number), expected);
        }
    }
}
