//! `changes`: the log of the database, change by change, for those who build something from it.
//!
//! In JSON one object a change, and behind each part one with the position: `from` of it is what `--from`
//! takes to go on. What comes twice, after an interruption, has the same `sequence`.

use fanfold_client::{
    Audience, BroadcastChange, Change, Changed, Changes, ChangesQuery, EdgeChange, Epoch,
    GroupChange, ModerationChange, Position, ResponseChange, Sequence, Timestamp, UserId,
};
use futures_util::StreamExt;
use serde_json::{Map, Value, json};

use crate::arguments::{After, ChangesArguments};
use crate::broadcasts;
use crate::console::{Console, note};
use crate::exit::Failure;
use crate::moderation;
use crate::present::hex;
use crate::reposts;
use crate::safe::safe;
use crate::session::Session;
use crate::time;

/// Changes of one part at most.
const PART_MAX: u64 = 4_096;

/// Prints what there is, or what comes too.
pub(crate) async fn run(
    session: &mut Session,
    console: &mut Console,
    arguments: ChangesArguments,
) -> Result<(), Failure> {
    if session.viewer().is_some() {
        let message = "changes are those of everybody: they have no --viewer";
        return Err(Failure::Mistake(message.to_owned()));
    }
    let client = session.client().await?;
    let mut left = arguments.limit.unwrap_or(u64::MAX);
    let mut query = ChangesQuery::all();
    query.after = arguments.from.and_then(|from| before(from, client.server().epoch));
    query.content = !arguments.no_text;
    query.limit = if left <= PART_MAX { u32::try_from(left).unwrap_or(0) } else { 0 };
    let mut parts = client.stream_changes(query);
    if arguments.follow {
        parts = parts.follow();
    }
    let mut next = None;
    while let Some(part) = parts.next().await {
        let part = cut(part?, left);
        left -= part.changes.len() as u64;
        print(session.json(), console, &part)?;
        console.flush()?;
        next = Some(part.next);
        if left == 0 {
            break;
        }
    }
    if let Some(next) = next.filter(|_| !session.json()) {
        note(&format!("go on with --from {}", from_of(next)));
    }
    Ok(())
}

/// The first `most` changes of a part.
fn cut(mut part: Changes, most: u64) -> Changes {
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    if most < part.changes.len() {
        part.changes.truncate(most);
        if let Some(last) = part.changes.last() {
            part.next.sequence = last.sequence;
        }
    }
    part
}

/// The position before the first change that is wanted; none for the very first. A bare number is of
/// the epoch that the server is in.
fn before(from: After, epoch: Epoch) -> Option<Position> {
    let sequence = Sequence(from.sequence.checked_sub(1).filter(|before| *before != 0)?);
    Some(Position { epoch: from.epoch.map_or(epoch, Epoch), sequence })
}

/// What `--from` takes to go on.
fn from_of(next: Position) -> String {
    format!("{}:{}", next.epoch, next.sequence.0 + 1)
}

fn print(is_json: bool, console: &mut Console, part: &Changes) -> Result<(), Failure> {
    for change in &part.changes {
        match is_json {
            true => console.json(&change_json(part.next.epoch, change))?,
            false => console.line(&change_text(change))?,
        }
    }
    if is_json {
        let Position { epoch, sequence } = part.next;
        let (epoch, sequence, oldest) = (epoch.0, sequence.0, part.oldest.sequence.0);
        let from = from_of(part.next);
        console.json(&json!({
            "change": "position", "epoch": epoch, "sequence": sequence, "from": from,
            "oldest": oldest,
        }))?;
    }
    Ok(())
}

fn change_json(epoch: Epoch, change: &Change) -> Value {
    let mut object = Map::new();
    object.insert("change".to_owned(), name(&change.what).into());
    object.insert("epoch".to_owned(), epoch.0.into());
    object.insert("sequence".to_owned(), change.sequence.0.into());
    object.insert("time".to_owned(), change.time.0.into());
    let mut put = |key: &str, value: Value| {
        object.insert(key.to_owned(), value);
    };
    let user = if is_post(&change.what) { "author" } else { "user" };
    put(user, change.user.0.into());
    put_what(&change.what, &mut put);
    Value::Object(object)
}

fn put_what(what: &Changed, put: &mut impl FnMut(&str, Value)) {
    match what {
        Changed::Published { kind, created_at, content, mentions, audience } => {
            put_kind((*kind, *created_at), put);
            put_said(content.as_ref(), put);
            put_people((mentions, audience), put);
        }
        Changed::Reposted { kind, created_at, repost, is_quote, content, mentions, audience } => {
            put_kind((*kind, *created_at), put);
            put("repost", reposts::link_json(repost));
            put("quote", (*is_quote).into());
            put_said(content.as_ref(), put);
            put_people((mentions, audience), put);
        }
        Changed::Unreposted { root, repost } => {
            put("root", root.0.into());
            put("post", repost.0.into());
        }
        Changed::Deleted(post)
        | Changed::Moderated(ModerationChange::Hide(post) | ModerationChange::Unhide(post)) => {
            put("post", post.0.into());
        }
        Changed::NoticesRead(up_to) => put("up_to", up_to.0.into()),
        Changed::Befriended { other, forth, back } => {
            put("other", other.0.into());
            put("forth", (*forth).into());
            put("back", (*back).into());
        }
        Changed::Private(on) => put("on", (*on).into()),
        Changed::Revised { post, revision, content } => {
            put("post", post.0.into());
            put("revision", (*revision).into());
            put_said(content.as_ref(), put);
        }
        Changed::Marked { group, device, post } => {
            let feed = group.as_ref().map_or("home", |(_, name)| name);
            put("feed", feed.into());
            if let Some((group, _)) = group {
                put("group", group.0.into());
            }
            put("device", (*device).into());
            put("post", post.0.into());
        }
        Changed::Edge(_, other) => put("other", other.0.into()),
        Changed::Group { kind, group, name, exclusive } => {
            put("group", group.0.into());
            put("name", name.as_str().into());
            put("exclusive", (*exclusive).into());
            if let GroupChange::Add(author) | GroupChange::Remove(author) = kind {
                put("author", author.0.into());
            }
        }
        Changed::Response { kind, post, target } => {
            put("post", post.0.into());
            put("target", target.0.into());
            put_response(kind, put);
        }
        Changed::Broadcast { kind, broadcast, post_kind, content } => {
            put("broadcast", broadcast.0.into());
            if let BroadcastChange::Schedule(at) | BroadcastChange::Reschedule(at) = kind {
                put("start", at.0.into());
            }
            if content.is_some() {
                put("kind", (*post_kind).into());
            }
            put_said(content.as_ref(), put);
        }
        _ => {}
    }
}

fn put_response(kind: &ResponseChange, put: &mut impl FnMut(&str, Value)) {
    match kind {
        ResponseChange::React(kind) | ResponseChange::Unreact(kind) => {
            put("kind", (*kind).into());
        }
        ResponseChange::Comment(text, mentions) => {
            text.iter().for_each(|text| put("text", text.as_str().into()));
            put_mentions(mentions, put);
        }
        _ => {}
    }
}

/// The kind of a post, and its time to show if one was given.
fn put_kind((kind, created_at): (u16, Option<Timestamp>), put: &mut impl FnMut(&str, Value)) {
    put("kind", kind.into());
    created_at.into_iter().for_each(|at| put("at", at.0.into()));
}

fn put_mentions(users: &[UserId], put: &mut impl FnMut(&str, Value)) {
    if !users.is_empty() {
        put("mentions", users.iter().map(|user| Value::from(user.0)).collect());
    }
}

/// Whom a post mentions and who sees it; nothing of everybody.
fn put_people((mentions, audience): (&[UserId], &Audience), put: &mut impl FnMut(&str, Value)) {
    put_mentions(mentions, put);
    if *audience != Audience::Everybody {
        put("audience", audience.word().into());
    }
    if let Audience::Group { name, .. } = audience {
        put("group", name.as_str().into());
    }
}

fn put_said(content: Option<&(String, Vec<u8>)>, put: &mut impl FnMut(&str, Value)) {
    if let Some((text, meta)) = content {
        put("text", text.as_str().into());
        put("meta", hex(meta).into());
    }
}

fn is_post(what: &Changed) -> bool {
    matches!(
        what,
        Changed::Published { .. }
            | Changed::Reposted { .. }
            | Changed::Erased
            | Changed::Deleted(_)
            | Changed::Revised { .. }
    )
}

/// `#17  2013-06-01 00:49  @14  publish  text`
fn change_text(change: &Change) -> String {
    let rest = match &change.what {
        Changed::Published { content: Some((text, _)), .. } => safe(text).replace('\n', "\n    "),
        Changed::Reposted { repost, content, .. } => {
            let text = content.as_ref().map_or("", |(text, _)| text.as_str());
            let text = safe(text).replace('\n', "\n    ");
            format!("#{}  {text}", repost.parent).trim_end().to_owned()
        }
        Changed::Unreposted { repost, .. } => format!("#{repost}"),
        Changed::Deleted(post)
        | Changed::Moderated(ModerationChange::Hide(post) | ModerationChange::Unhide(post)) => {
            format!("#{post}")
        }
        Changed::NoticesRead(up_to) => format!("up to #{up_to}"),
        Changed::Befriended { other, forth, back } => {
            let ways = match (forth, back) {
                (true, true) => "each follows the other",
                (true, false) => "follows",
                _ => "is followed",
            };
            format!("@{other}  {ways}")
        }
        Changed::Private(on) => (if *on { "on" } else { "off" }).to_owned(),
        Changed::Revised { post, revision, content } => {
            let text = content.as_ref().map_or("", |(text, _)| text);
            format!("#{post} revision {revision}  {}", safe(text).replace('\n', "\n    "))
        }
        Changed::Marked { group, device, post } => {
            let feed = group.as_ref().map_or("home", |(_, name)| name);
            format!("#{post} device {device}  {}", safe(feed))
        }
        Changed::Edge(_, other) => format!("@{other}"),
        Changed::Broadcast { broadcast, content, .. } => {
            broadcasts::change_text(*broadcast, content.as_ref())
        }
        Changed::Group { kind, group, name, exclusive } => {
            let member = match kind {
                GroupChange::Add(author) | GroupChange::Remove(author) => format!("  @{author}"),
                _ => String::new(),
            };
            let exclusive = if *exclusive { ", exclusive" } else { "" };
            format!("#{group} {}{exclusive}{member}", safe(name))
        }
        Changed::Response { kind, target, .. } => match kind {
            ResponseChange::React(kind) | ResponseChange::Unreact(kind) => {
                format!("#{target}  kind {kind}")
            }
            ResponseChange::Comment(Some(text), _) => {
                format!("#{target}  {}", safe(text).replace('\n', "\n    "))
            }
            _ => format!("#{target}"),
        },
        _ => String::new(),
    };
    let (sequence, at, user) = (change.sequence, time::minute(change.time), change.user);
    format!("#{sequence}  {at}  @{user}  {}  {rest}", name(&change.what)).trim_end().to_owned()
}

fn name(what: &Changed) -> &'static str {
    match what {
        Changed::Published { .. } => "publish",
        Changed::Reposted { .. } => "repost",
        Changed::Unreposted { .. } => "unrepost",
        Changed::Erased => "erased",
        Changed::Deleted(_) => "delete",
        Changed::Revised { .. } => "revise",
        Changed::Marked { .. } => "mark",
        Changed::Moderated(change) => moderation::name(*change),
        Changed::Edge(kind, _) => match kind {
            EdgeChange::Follow => "follow",
            EdgeChange::Unfollow => "unfollow",
            EdgeChange::Mute => "mute",
            EdgeChange::Unmute => "unmute",
            EdgeChange::Block => "block",
            EdgeChange::Unblock => "unblock",
            EdgeChange::Request => "request",
            EdgeChange::Withdraw => "withdraw",
            EdgeChange::Deny => "deny",
            _ => "edge",
        },
        Changed::Broadcast { kind, .. } => match kind {
            BroadcastChange::Schedule(_) => "broadcast_schedule",
            BroadcastChange::Reschedule(_) => "broadcast_reschedule",
            BroadcastChange::Start => "broadcast_start",
            BroadcastChange::End => "broadcast_end",
            BroadcastChange::Cancel => "broadcast_cancel",
            _ => "broadcast",
        },
        Changed::Group { kind, .. } => match kind {
            GroupChange::Create => "group_create",
            GroupChange::Delete => "group_delete",
            GroupChange::Add(_) => "group_add",
            GroupChange::Remove(_) => "group_remove",
            _ => "group",
        },
        Changed::Response { kind, .. } => match kind {
            ResponseChange::React(_) => "react",
            ResponseChange::Unreact(_) => "unreact",
            ResponseChange::Comment(..) => "comment",
            ResponseChange::Delete => "comment_delete",
            _ => "response",
        },
        Changed::NoticesRead(_) => "notices_read",
        Changed::Forgotten { is_done: false } => "forget",
        Changed::Forgotten { is_done: true } => "forgotten",
        Changed::Befriended { .. } => "befriend",
        Changed::Private(_) => "private",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(sequence: u64, what: Changed) -> Change {
        let (sequence, user) = (Sequence(sequence), UserId(14));
        Change { sequence, time: Timestamp(1_370_047_740_000), user, what }
    }

    #[test]
    fn a_change_is_a_line_or_an_object() {
        let content = Some(("a\nb".to_owned(), vec![1]));
        let post = change(
            17,
            Changed::Published {
                kind: 3,
                created_at: None,
                content,
                mentions: Vec::new(),
                audience: Audience::Everybody,
            },
        );
        assert_eq!(change_text(&post), "#17  2013-06-01 00:49  @14  publish  a\n    b");
        let json = change_json(Epoch(1), &post).to_string();
        let object: Value = serde_json::from_str(&json).unwrap();
        let author = object.get("author").and_then(Value::as_u64);
        assert_eq!((author, object.get("meta")), (Some(14), Some(&json!("01"))));
        let edge = change(18, Changed::Edge(EdgeChange::Follow, UserId(9)));
        assert_eq!(change_text(&edge), "#18  2013-06-01 00:49  @14  follow  @9");
        let kind = GroupChange::Add(UserId(9));
        let (group, name) = (Sequence(5), "shop".to_owned());
        let group = change(19, Changed::Group { kind, group, name, exclusive: true });
        assert_eq!(
            change_text(&group),
            "#19  2013-06-01 00:49  @14  group_add  #5 shop, exclusive  @9"
        );
    }

    #[test]
    fn a_repost_says_whether_it_is_a_quote_without_its_text() {
        let repost =
            fanfold_client::Repost { parent: 7.into(), root: 5.into(), root_author: UserId(9) };
        for is_quote in [false, true] {
            let what = Changed::Reposted {
                kind: 0,
                created_at: None,
                repost,
                is_quote,
                content: None,
                mentions: Vec::new(),
                audience: Audience::Everybody,
            };
            let json = change_json(Epoch(1), &change(17, what));
            assert_eq!(json.get("quote"), Some(&json!(is_quote)), "{json}");
        }
    }

    #[test]
    fn from_names_the_first_change_that_is_wanted() {
        let from = |sequence| before(After { epoch: None, sequence }, Epoch(2));
        assert_eq!((from(0), from(1)), (None, None));
        let position = Position { epoch: Epoch(2), sequence: Sequence(4) };
        assert_eq!(from(5), Some(position));
        assert_eq!(from_of(position), "2:5");
    }

    #[test]
    fn a_limit_cuts_a_part_and_its_position() {
        let at = |sequence| Position { epoch: Epoch(1), sequence: Sequence(sequence) };
        let changes = vec![change(3, Changed::Erased), change(5, Changed::Erased)];
        let part = Changes { position: at(9), next: at(9), oldest: at(0), changes };
        assert_eq!(cut(part.clone(), 9).next, at(9));
        let first = cut(part, 1);
        assert_eq!((first.changes.len(), first.next), (1, at(3)));
    }
}
