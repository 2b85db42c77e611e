//! A view file as text: what it covers, and every run in it.

use std::fmt::Write;
use std::sync::Arc;

use bytes::Bytes;

use crate::error::Result;
use crate::inspect::line;
use crate::runs::audiences;
use crate::runs::broadcasts::BroadcastFile;
use crate::runs::family::Family;
use crate::runs::file::ViewFile;
use crate::runs::forgotten;
use crate::runs::groups::GroupFile;
use crate::runs::ids::IdFile;
use crate::runs::layout::{FAMILIES, family, view_kind};
use crate::runs::lists;
use crate::runs::marks;
use crate::runs::moderation;
use crate::runs::read_marks;
use crate::runs::reposts::RepostFile;
use crate::runs::revisions;
use crate::runs::run::Entry;
use crate::views::audiences::AudienceRow;
use crate::views::broadcasts::{PlaceRow, ReplayRow};
use crate::views::forgotten::{ForgottenRow, Oblivion};
use crate::views::groups::{GroupRow, MemberRow};
use crate::views::marks::{Mark, MarkRow};
use crate::views::moderation::ModeratedRow;
use crate::views::notices::{ReadMark, ReadMarkRow};
use crate::views::receipts::{self, Answered};
use crate::views::reposts::RepostRow;
use crate::views::responses::{COMMENTS, ListRow};
use crate::views::revisions::RevisedRow;
use crate::views::users::Ordinal;

/// Writes the view file `name` with this content.
pub(crate) fn inspect_view(name: &str, bytes: Bytes, out: &mut dyn Write) -> Result<()> {
    let file = Arc::new(ViewFile::load(name, bytes)?);
    let header = &file.header;
    line(out, format_args!("view file {name}: {}", view_name(header.view)))?;
    line(out, format_args!("  database {}", header.database))?;
    line(out, format_args!("  covers {} to {}", header.first, header.last))?;
    match header.view {
        view_kind::USERS => inspect_users(&file, out)?,
        view_kind::RECEIPTS => inspect_receipts(&file, out)?,
        view_kind::GROUPS => inspect_groups(&file, out)?,
        view_kind::RESPONSES => inspect_responses(&file, out)?,
        view_kind::REPOSTS => inspect_reposts(&file, out)?,
        view_kind::AUDIENCES => inspect_audiences(&file, out)?,
        view_kind::NOTICES => inspect_notices(&file, out)?,
        view_kind::MARKS => inspect_marks(&file, out)?,
        view_kind::REVISIONS => inspect_revisions(&file, out)?,
        view_kind::BROADCASTS => inspect_broadcasts(&file, out)?,
        view_kind::FORGOTTEN => inspect_forgotten(&file, out)?,
        view_kind::MODERATION => inspect_moderation(&file, out)?,
        _ => {
            for number in FAMILIES {
                inspect_family(&file, number, out)?;
            }
        }
    }
    file.verify_all()
}

fn inspect_users(file: &ViewFile, out: &mut dyn Write) -> Result<()> {
    // The ordinal of the first user stands in no file: it follows from the files before.
    let ids = IdFile::open(file, Ordinal(0))?;
    for (index, id) in ids.ids().enumerate() {
        line(out, format_args!("  +{index} user {id}"))?;
    }
    Ok(())
}

fn inspect_receipts(file: &ViewFile, out: &mut dyn Write) -> Result<()> {
    for receipt in receipts::read(file)? {
        let what = match receipt.answered {
            Answered::New => "publish",
            Answered::Requested => "request",
            Answered::Done => "other",
        };
        let (key, at, scope) = (receipt.key, receipt.sequence, receipt.scope.0);
        line(out, format_args!("  key {key:?} of ordinal {scope}: {what} at {at}"))?;
    }
    Ok(())
}

fn inspect_groups(file: &ViewFile, out: &mut dyn Write) -> Result<()> {
    let GroupFile { groups, members } = GroupFile::read(file, usize::MAX)?;
    for GroupRow { owner, id, name, exclusive } in &groups {
        let what = if *exclusive { "exclusive group" } else { "group" };
        line(out, format_args!("  {what} {id} of ordinal {}: {name:?}", owner.0))?;
    }
    for MemberRow { owner, group, author, at } in &members {
        let (owner, author) = (owner.0, author.0);
        line(out, format_args!("  {at}: ordinal {author} in group {group} of ordinal {owner}"))?;
    }
    Ok(())
}

fn inspect_reposts(file: &ViewFile, out: &mut dyn Write) -> Result<()> {
    let RepostFile { reposts, gone } = RepostFile::read(file, usize::MAX)?;
    for RepostRow { at, author, is_bare, root, root_author, .. } in &reposts {
        let what = if *is_bare { "repost" } else { "quote" };
        let (author, owner) = (author.0, root_author.0);
        line(out, format_args!("  {at}: {what} of {root} of ordinal {owner} by ordinal {author}"))?;
    }
    for (root, at) in &gone {
        line(out, format_args!("  {at}: root {root} deleted"))?;
    }
    Ok(())
}

fn inspect_audiences(file: &ViewFile, out: &mut dyn Write) -> Result<()> {
    for AudienceRow { at, author, circle } in audiences::read(file, usize::MAX)? {
        let author = author.0;
        line(out, format_args!("  {at}: post of ordinal {author} for {circle}"))?;
    }
    Ok(())
}

fn inspect_responses(file: &Arc<ViewFile>, out: &mut dyn Write) -> Result<()> {
    // The number of the first list stands in no file: it follows from the files before.
    for (index, row) in lists::read(file)?.iter().enumerate() {
        let ListRow { made, target, post, sort, is_dead } = *row;
        match (is_dead, sort) {
            (true, _) => line(out, format_args!("  +{index} dead list, made at {made}"))?,
            (false, COMMENTS) => {
                line(out, format_args!("  +{index} comments on {target}, made at {made}"))?;
            }
            (false, kind) => line(
                out,
                format_args!("  +{index} reactions {kind} to {target} of {post}, made at {made}"),
            )?,
        }
    }
    inspect_family(file, family::RESPONSES, out)
}

fn inspect_notices(file: &Arc<ViewFile>, out: &mut dyn Write) -> Result<()> {
    for ReadMarkRow { owner, mark: ReadMark { up_to, at } } in read_marks::read(file, usize::MAX)? {
        line(out, format_args!("  {at}: ordinal {} has read up to {up_to}", owner.0))?;
    }
    inspect_family(file, family::NOTICES, out)
}

fn inspect_marks(file: &ViewFile, out: &mut dyn Write) -> Result<()> {
    for MarkRow { owner, mark } in marks::read(file, usize::MAX)? {
        let Mark { feed, device, post, at } = mark;
        let owner = owner.0;
        line(out, format_args!("  {at}: ordinal {owner}, group {feed}, device {device}: {post}"))?;
    }
    Ok(())
}

fn inspect_revisions(file: &ViewFile, out: &mut dyn Write) -> Result<()> {
    for RevisedRow { owner, post, revised } in revisions::read(file, usize::MAX)? {
        let (owner, at, revision) = (owner.0, revised.at, revised.revision);
        line(out, format_args!("  {at}: post {post} of ordinal {owner}, revision {revision}"))?;
    }
    Ok(())
}

fn inspect_moderation(file: &ViewFile, out: &mut dyn Write) -> Result<()> {
    for ModeratedRow { owner, post, at } in moderation::read(file, usize::MAX)? {
        let owner = owner.0;
        match post {
            Some(post) => line(out, format_args!("  {at}: post {post} of ordinal {owner} hidden"))?,
            None => line(out, format_args!("  {at}: ordinal {owner} suspended"))?,
        }
    }
    Ok(())
}

fn inspect_broadcasts(file: &ViewFile, out: &mut dyn Write) -> Result<()> {
    let BroadcastFile { places, replays } = BroadcastFile::read(file, usize::MAX)?;
    for PlaceRow { owner, place } in &places {
        let what = if place.is_live() { "live since" } else { "scheduled for" };
        let (at, id, start) = (place.began, place.broadcast, place.start());
        line(out, format_args!("  {at}: broadcast {id} of ordinal {} {what} {start}", owner.0))?;
    }
    for ReplayRow { owner, replay } in &replays {
        let (post, id) = (replay.post, replay.broadcast);
        line(out, format_args!("  {post}: replay of broadcast {id} of ordinal {}", owner.0))?;
    }
    Ok(())
}

fn inspect_forgotten(file: &ViewFile, out: &mut dyn Write) -> Result<()> {
    for ForgottenRow { owner, oblivion } in forgotten::read(file, usize::MAX)? {
        let (owner, Oblivion { since, done }) = (owner.0, oblivion);
        match oblivion.is_under_way() {
            true => line(out, format_args!("  {since}: ordinal {owner} is being forgotten"))?,
            false => line(out, format_args!("  {since}: ordinal {owner}, forgotten at {done}"))?,
        }
    }
    Ok(())
}

fn inspect_family(file: &Arc<ViewFile>, number: u8, out: &mut dyn Write) -> Result<()> {
    let Some(runs) = Family::open(file, number)? else { return Ok(()) };
    let bits = runs.payload_bits();
    line(out, format_args!("family {}, payloads of {bits} bits", family_name(number)))?;
    for listed in runs.listed() {
        let text = |(at, payload): Entry| match bits {
            0 => at.to_string(),
            _ => format!("{at}:{payload}"),
        };
        let entries = runs.entries(&listed)?.map(|entry| entry.map(text));
        let entries: Vec<String> = entries.collect::<Result<_>>()?;
        line(out, format_args!("  ordinal {}: {}", listed.owner.0, entries.join(" ")))?;
    }
    Ok(())
}

fn view_name(view: u8) -> &'static str {
    match view {
        view_kind::USERS => "users",
        view_kind::OUTBOX => "outbox",
        view_kind::GRAPH => "graph",
        view_kind::RECEIPTS => "receipts",
        view_kind::GRAVES => "graves",
        view_kind::GROUPS => "groups",
        view_kind::RESPONSES => "responses",
        view_kind::REPOSTS => "reposts",
        view_kind::AUDIENCES => "audiences",
        view_kind::NOTICES => "notices",
        view_kind::MARKS => "marks",
        view_kind::REVISIONS => "revisions",
        view_kind::BROADCASTS => "broadcasts",
        view_kind::FORGOTTEN => "the forgotten",
        view_kind::MODERATION => "moderation",
        _ => "of a view this program does not know",
    }
}

fn family_name(number: u8) -> &'static str {
    match number {
        family::POSTS => "posts",
        family::FOLLOWING => "following",
        family::FOLLOWERS => "followers",
        family::MUTES => "mutes",
        family::BLOCKS => "blocks",
        family::GROUPS => "groups",
        family::RESPONSES => "responses",
        family::LISTS => "lists",
        family::REPOSTS => "reposts",
        family::AUDIENCES => "audiences",
        family::NOTICES => "notices",
        family::REVISIONS => "revisions",
        family::BOARDS => "boards",
        family::REPLAYS => "replays",
        family::MODERATED => "moderated",
        _ => "members",
    }
}
