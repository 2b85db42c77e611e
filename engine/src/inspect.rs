//! Any file of ours as text: for people at night, and for tests that dump the real bytes.

use std::fmt::Write;
use std::path::Path;

use bytes::Bytes;

use crate::command::NewPost;
use crate::error::{Error, ErrorKind, Result};
use crate::ids::{Sequence, UserId};
use crate::inspect_hints::{inspect_inboxes, inspect_ranks};
use crate::inspect_view::inspect_view;
use crate::log::befriend_effect::{BefriendEffect, Half, Said};
use crate::log::broadcast_effect::{BroadcastAct, BroadcastEffect};
use crate::log::forget_effect::ForgetEffect;
use crate::log::group_effect::{GroupAct, GroupEffect};
use crate::log::header::{Footer, SegmentHeader};
use crate::log::mark_effect::{MarkEffect, MarkedFeed};
use crate::log::moderation_effect::{ModerationAct, ModerationEffect};
use crate::log::notices_effect::NoticesReadEffect;
use crate::log::packed::segment::PackedSegment;
use crate::log::plain::PlainSegment;
use crate::log::record::{Began, Bygone, Effect, Record};
use crate::log::request_effect::{RequestAct, RequestEffect};
use crate::log::response_effect::{ResponseAct, ResponseEffect};
use crate::log::revise_effect::{Emptied, ReviseEffect};
use crate::log::scan::{GroupScan, ScannedGroup, Stop};
use crate::repost::Repost;
use crate::storage::disk::DiskStorage;
use crate::storage::manifest::Manifest;
use crate::storage::{Storage, names};

/// Writes `file` as text to `out`. What is sound is printed first; damage is the error, with file
/// and offset. May be used on a directory in use: the active segment then ends where it ends.
pub fn inspect(file: impl AsRef<Path>, out: &mut dyn Write) -> Result<()> {
    let path = file.as_ref();
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let storage = DiskStorage::open_existing(directory)?;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    inspect_file(&storage, &name.unwrap_or_default(), out)
}

/// [`inspect`] on any storage.
pub fn inspect_file(storage: &dyn Storage, name: &str, out: &mut dyn Write) -> Result<()> {
    if name == names::MANIFEST {
        return inspect_manifest(storage, out);
    }
    if name == names::LOCK {
        return inspect_lock(storage, out);
    }
    if names::is_temporary(name) {
        return line(
            out,
            format_args!("{name}: zeroed or half-written ahead of use; means nothing"),
        );
    }
    let view = name.strip_suffix(names::DAMAGED_SUFFIX).unwrap_or(name);
    let is_view = names::parse_view(view).is_some();
    let is_hint = name == names::RANKS || name == names::INBOXES;
    if !is_view && !is_hint && names::parse_segment(name).is_none() {
        let what = format!(
            "{name} is not a file of ours; inspect MANIFEST, log-*.seg, *.view, RANKS or INBOXES"
        );
        return Err(Error::new(ErrorKind::Invalid, what));
    }
    let failed = |error| Error::io(format!("read {name}"), error);
    let stored = storage.open(name).map_err(failed)?;
    let len = usize::try_from(stored.size().map_err(failed)?).unwrap_or(usize::MAX);
    let bytes = Bytes::from(stored.read_at(0, len).map_err(failed)?);
    match name {
        names::RANKS => inspect_ranks(&bytes, out),
        names::INBOXES => inspect_inboxes(&bytes, out),
        _ if is_view => inspect_view(name, bytes, out),
        _ => inspect_segment(name, &bytes, out),
    }
}

fn inspect_lock(storage: &dyn Storage, out: &mut dyn Write) -> Result<()> {
    let holder = storage.map(names::LOCK).map_err(|error| Error::io("read LOCK", error))?;
    let holder = String::from_utf8_lossy(&holder).trim().to_owned();
    line(out, format_args!("lock, last taken by process {holder}"))
}

fn inspect_manifest(storage: &dyn Storage, out: &mut dyn Write) -> Result<()> {
    let missing = || Error::new(ErrorKind::NotFound, "there is no MANIFEST");
    let manifest = Manifest::load(storage)?.ok_or_else(missing)?;
    let clean = manifest.clean.map_or_else(|| "no".to_owned(), |last| format!("yes, at {last}"));
    line(out, format_args!("manifest"))?;
    line(out, format_args!("  database {}", manifest.database))?;
    line(out, format_args!("  epoch {}", manifest.epoch))?;
    line(out, format_args!("  closed cleanly: {clean}"))?;
    line(out, format_args!("  new records from {}", manifest.floor))?;
    line(out, format_args!("  newest log segment begins at {}", manifest.newest_segment))?;
    line(out, format_args!("  views cover up to {}", manifest.covered))?;
    line(out, format_args!("  deleted texts are erased up to {}", manifest.erased))?;
    line(out, format_args!("  replaced texts are erased up to {}", manifest.revised))?;
    for view in &manifest.views {
        let (name, len) = (view.name(), view.len);
        line(out, format_args!("  {name}: {} to {}, {len} bytes", view.first, view.last))?;
    }
    Ok(())
}

fn inspect_segment(name: &str, bytes: &Bytes, out: &mut dyn Write) -> Result<()> {
    let header = SegmentHeader::load(name, bytes)?;
    line(out, format_args!("segment {name}"))?;
    line(out, format_args!("  database {}", header.database))?;
    line(out, format_args!("  epoch {}, written with {:?}", header.epoch, header.written_with))?;
    line(out, format_args!("  first {}, previous {}", header.first, header.previous))?;
    line(out, format_args!("  base time {}", header.context.base_time))?;
    if header.is_packed {
        return inspect_packed(PackedSegment::open(name.to_owned(), bytes.clone())?, out);
    }
    let footer = Footer::load(bytes, header.context.salt);
    let data_end = footer.map_or(bytes.len(), |footer| footer.data_end as usize);
    let data = bytes.slice(..data_end.min(bytes.len()));
    let stop = inspect_groups(&data, &header, out)?;
    match (stop, footer) {
        (Err((offset, fault)), footer) => {
            if let Some(footer) = footer {
                inspect_behind(name, bytes, (offset, footer), out)?;
            }
            return Err(Error::corrupt(name, offset, fault));
        }
        (Ok(last), Some(footer)) => {
            line(out, format_args!("sealed: {} records, last {last}", footer.count))?;
            line(out, format_args!("  data ends at {}", footer.data_end))?;
        }
        (Ok(last), None) => line(out, format_args!("not sealed: last {last}"))?,
    }
    Ok(())
}

fn inspect_packed(segment: PackedSegment, out: &mut dyn Write) -> Result<()> {
    let footer = segment.footer;
    let term = if footer.is_cold { "the long term" } else { "retention" };
    line(out, format_args!("packed for {term}: {} records", footer.count))?;
    line(out, format_args!("  stands for everything up to {}", segment.header.last))?;
    line(out, format_args!("  {} bytes unpacked", footer.raw_bytes))?;
    for block in segment.blocks() {
        let block = block?;
        line(out, format_args!("block of {} records", block.records().len()))?;
        for (sequence, record) in block.records() {
            let key = record.key.map_or_else(String::new, |key| format!(" key={key:?}"));
            line(out, format_args!("  #{sequence} {}{key}", describe(record)))?;
        }
    }
    segment.verify()
}

/// The records behind damage at an offset, found through the offset table.
fn inspect_behind(
    name: &str,
    bytes: &Bytes,
    (damage, footer): (u64, Footer),
    out: &mut dyn Write,
) -> Result<()> {
    line(out, format_args!("damage at {damage}; what the offset table still finds behind it:"))?;
    let Ok(segment) = PlainSegment::open(name.to_owned(), bytes.clone()) else {
        return line(out, format_args!("  the offset table is damaged too"));
    };
    for (index, offset) in segment.offsets().enumerate() {
        let sequence = Sequence(footer.first.0 + index as u64);
        let Some(located) = segment.locate(sequence) else { continue };
        let text = match located.record() {
            _ if u64::from(offset) < damage => continue,
            Ok(record) => describe(&record),
            Err(error) => error.to_string(),
        };
        line(out, format_args!("  {offset} #{sequence} {text}"))?;
    }
    Ok(())
}

type GroupsEnd = std::result::Result<Sequence, (u64, String)>;

fn inspect_groups(data: &Bytes, header: &SegmentHeader, out: &mut dyn Write) -> Result<GroupsEnd> {
    let mut scan = GroupScan::new(data, header.first, header.context);
    loop {
        match scan.next_group() {
            Ok(group) => inspect_group(&group, out)?,
            Err(Stop::End | Stop::Zeros) => {
                return Ok(Ok(Sequence(scan.next_sequence().0 - 1)));
            }
            Err(Stop::Bad(fault)) => {
                return Ok(Err((fault.place(scan.offset()), fault.to_string())));
            }
        }
    }
}

fn inspect_group(group: &ScannedGroup, out: &mut dyn Write) -> Result<()> {
    let header = &group.header;
    line(
        out,
        format_args!(
            "group at {}: {} records from {}, durable up to {}, time {}",
            group.offset, header.count, header.first, header.synced_up_to, header.time
        ),
    )?;
    for (offset, sequence, record) in &group.records {
        let key = record.key.map_or_else(String::new, |key| format!(" key={key:?}"));
        line(out, format_args!("  {offset} #{sequence} {}{key}", describe(record)))?;
    }
    Ok(())
}

/// A post, or a repost.
fn described_post(post: &NewPost) -> String {
    let text = String::from_utf8_lossy(&post.text);
    let created = post.created_at.map_or_else(String::new, |at| format!(" at={at}"));
    let (what, of) = post.repost.map_or(("publish", String::new()), |link| {
        let Repost { parent, root, root_author, root_at, .. } = link;
        let of = format!(" parent={parent} root={root} of={root_author} then={root_at}");
        ("repost", of)
    });
    let circle = post.audience.circle();
    let audience =
        if circle.is_everybody() { String::new() } else { format!(" audience={circle}") };
    format!(
        "{what} author={} kind={}{created}{of} meta={}{}{audience} text={text:?}",
        post.author,
        post.kind,
        post.meta.len(),
        listed("mentions", post.mentions.iter())
    )
}

fn describe(record: &Record) -> String {
    match &record.effect {
        Effect::Retired(retired) => {
            let other = retired.other.map_or_else(String::new, |other| format!(" and {other}"));
            let what = match (retired.is_post, retired.comment_of) {
                (true, _) => "post of".to_owned(),
                (false, Some(post)) => format!("comment on {post} of"),
                (false, None) => "record of".to_owned(),
            };
            let noticed = listed("noticed", retired.noticed.iter().copied());
            let ends = match retired.broadcast {
                Some(Bygone::Began) => ", began a broadcast".to_owned(),
                Some(Bygone::Ends(ended)) => {
                    format!(", ends broadcast {} since {}", ended.broadcast, ended.began)
                }
                None => String::new(),
            };
            format!("retired: {what} user {}{other}{noticed}{ends}", retired.subject)
        }
        Effect::Publish(post) => described_post(post),
        Effect::Delete { post, author, commented, revised, hidden } => {
            let ends = ended_with_post([*commented, *revised, *hidden]);
            format!("delete post={post} author={author}{ends}")
        }
        Effect::Moderation(moderation) => describe_moderation(moderation),
        Effect::Revise(revise) => describe_revise(revise),
        Effect::Emptied(Emptied { author, kind, .. }) => {
            format!("publish author={author} kind={kind}, revised: its text is erased")
        }
        Effect::Follow { user, author, weight } => {
            let weight = weight.map_or_else(String::new, |weight| format!(" weight={weight}"));
            format!("follow user={user} author={author}{weight}")
        }
        Effect::Weigh { user, author, weight } => {
            format!("weigh user={user} author={author} weight={weight}")
        }
        Effect::Unfollow { user, author, began } => {
            format!("unfollow user={user} author={author}{}", ended("began", *began))
        }
        Effect::Unrepost { user, post, root, began, .. } => {
            format!("unrepost user={user} post={post} root={root}{}", ended("began", *began))
        }
        Effect::Mute { user, author } => format!("mute user={user} author={author}"),
        Effect::Unmute { user, author, began } => {
            format!("unmute user={user} author={author}{}", ended("began", *began))
        }
        Effect::Befriend(befriend) => describe_befriend(befriend),
        Effect::Private { user, is_on: true, .. } => format!("private user={user} on"),
        Effect::Private { user, began, .. } => {
            format!("private user={user} off{}", ended("began", *began))
        }
        Effect::Request(request) => describe_request(request),
        Effect::Block { user, other, forth, back, requests: [asked, was_asked] } => {
            let (forth, back) = (ended("forth", *forth), ended("back", *back));
            let (asked, was_asked) = (ended("asked", *asked), ended("was_asked", *was_asked));
            format!("block user={user} other={other}{forth}{asked}{back}{was_asked}")
        }
        Effect::Group(group) => describe_group(group),
        Effect::Response(response) => describe_response(response),
        Effect::NoticesRead(NoticesReadEffect { user, up_to, .. }) => {
            format!("notices read user={user} up_to={up_to}")
        }
        Effect::Mark(mark) => describe_mark(mark),
        Effect::Broadcast(broadcast) => describe_broadcast(broadcast),
        Effect::Forget(ForgetEffect { user, began }) => {
            format!("forget user={user}{}", ended("began", *began))
        }
        Effect::Unblock { user, other, began } => {
            format!("unblock user={user} other={other}{}", ended("began", *began))
        }
    }
}

fn describe_moderation(ModerationEffect { user, act }: &ModerationEffect) -> String {
    match act {
        ModerationAct::Suspend => format!("suspend user={user}"),
        ModerationAct::Unsuspend { began } => {
            format!("unsuspend user={user}{}", ended("began", *began))
        }
        ModerationAct::Hide { post } => format!("hide post={post} author={user}"),
        ModerationAct::Unhide { post, began } => {
            format!("unhide post={post} author={user}{}", ended("began", *began))
        }
    }
}

fn describe_befriend(befriend: &BefriendEffect) -> String {
    let BefriendEffect { user, other, said, forth, back } = befriend;
    let way = |noun: &str, half: &Half| {
        let new = if half.is_new { format!(" {noun}=new") } else { String::new() };
        new + &ended(&format!("{noun}_request"), half.request)
    };
    let what = match said {
        Said::Befriend => "befriend".to_owned(),
        Said::Approve => "approve".to_owned(),
        Said::Follow(None) => "follow".to_owned(),
        Said::Follow(Some(weight)) => format!("follow weight={weight}"),
    };
    format!("{what} user={user} other={other}{}{}", way("forth", forth), way("back", back))
}

fn describe_request(RequestEffect { user, other, act }: &RequestEffect) -> String {
    match act {
        RequestAct::Ask { .. } => format!("request user={user} author={other}"),
        RequestAct::Withdraw { began } => {
            format!("withdraw user={user} author={other}{}", ended("began", *began))
        }
        RequestAct::Deny { began } => {
            format!("deny user={user} follower={other}{}", ended("began", *began))
        }
    }
}

fn describe_group(GroupEffect { user, name, exclusive, act }: &GroupEffect) -> String {
    let kind = if *exclusive { " exclusive" } else { "" };
    let what = match act {
        GroupAct::Create => format!("create user={user}"),
        GroupAct::Delete { group } => format!("delete user={user} group={group}"),
        GroupAct::Add { group, author } => format!("add user={user} group={group} author={author}"),
        GroupAct::Remove { group, author, began } => {
            format!("remove user={user} group={group} author={author}{}", ended("began", *began))
        }
    };
    format!("group {what}{kind} name={name:?}")
}

fn describe_response(response: &ResponseEffect) -> String {
    let ResponseEffect { user, post, owner, target, author, act } = response;
    let of = match post == target {
        true => format!("post={post} owner={owner}"),
        false => format!("post={post} owner={owner} target={target} author={author}"),
    };
    match act {
        ResponseAct::React { kind } => format!("react user={user} kind={kind} {of}"),
        ResponseAct::Unreact { kind, began } => {
            format!("unreact user={user} kind={kind} {of}{}", ended("began", *began))
        }
        ResponseAct::Comment { text, mentions } => {
            let mentions = listed("mentions", mentions.iter());
            let text = String::from_utf8_lossy(text);
            format!("comment user={user} {of}{mentions} text={text:?}")
        }
        ResponseAct::Delete => format!("delete comment user={user} {of}"),
    }
}

/// Some users; nothing if there are none.
fn listed(noun: &str, users: impl Iterator<Item = UserId>) -> String {
    let users: Vec<String> = users.map(|user| user.to_string()).collect();
    if users.is_empty() { String::new() } else { format!(" {noun}={}", users.join(",")) }
}

fn describe_revise(revise: &ReviseEffect) -> String {
    let ReviseEffect { post, author, revision, before, text, meta, mentions, .. } = revise;
    let (text, meta) = (String::from_utf8_lossy(text), meta.len());
    let mentions = listed("mentions", mentions.iter());
    format!(
        "revise post={post} author={author} revision={revision} before={before} meta={meta}{mentions} \
         text={text:?}"
    )
}

fn describe_mark(MarkEffect { user, feed, device, post }: &MarkEffect) -> String {
    let feed = match feed {
        MarkedFeed::Home => "home".to_owned(),
        MarkedFeed::Group(group, name) => format!("group={group} name={name:?}"),
    };
    format!("mark user={user} device={device} post={post} {feed}")
}

fn describe_broadcast(effect: &BroadcastEffect) -> String {
    let BroadcastEffect { content, act, emptied } = effect;
    let what = match act {
        BroadcastAct::Schedule { at } => format!("schedule at={at}"),
        BroadcastAct::Reschedule { broadcast, at, .. } => format!("reschedule {broadcast} at={at}"),
        BroadcastAct::Start { broadcast: None, .. } => "start".to_owned(),
        BroadcastAct::Start { broadcast: Some(broadcast), .. } => format!("start {broadcast}"),
        BroadcastAct::End { broadcast, started, .. } => {
            format!("end {broadcast} started={started}")
        }
        BroadcastAct::Cancel { broadcast, .. } => format!("cancel {broadcast}"),
    };
    let since = ended("began", act.began());
    if effect.broadcast().is_some() && effect.replay().is_none() {
        return format!("broadcast {what} author={}{since}", content.author);
    }
    let (text, meta) = (String::from_utf8_lossy(&content.text), content.meta.len());
    let (author, kind) = (content.author, content.kind);
    if emptied.is_some() {
        return format!(
            "broadcast {what} author={author}{since} kind={kind}, revised: its text is erased"
        );
    }
    format!("broadcast {what} author={author}{since} kind={kind} meta={meta} text={text:?}")
}

/// Since when an edge stood that ends; nothing if there was none.
/// Since when there were comments on it, its newest revision, and since when it was hidden.
fn ended_with_post([commented, revised, hidden]: [Began; 3]) -> String {
    ended("commented", commented) + &ended("revised", revised) + &ended("hidden", hidden)
}

fn ended(noun: &str, began: Began) -> String {
    began.map_or_else(String::new, |began| format!(" {noun}={began}"))
}

pub(crate) fn line(out: &mut dyn Write, text: std::fmt::Arguments<'_>) -> Result<()> {
    writeln!(out, "{text}")
        .map_err(|error| Error::new(ErrorKind::Internal, "cannot write text").because(error))
}
