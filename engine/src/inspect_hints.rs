//! `RANKS` and `INBOXES` as text: what deliveries go by, kept beside the log. Either may be missing or
//! damaged, and nothing is lost: the engine then passes over it.

use std::fmt::Write;

use crate::delivery::rank_file;
use crate::error::{Error, Result};
use crate::ids::DatabaseId;
use crate::inspect::line;
use crate::log::bytes::Fields;
use crate::log::layout::inboxes::{
    ACTIVE_FANS_AT, BIG_AUTHOR_AT, COUNT_AT, DATABASE_AT, EPOCH_AT, HEAD_BYTES, KIND_AT, LAST_AT,
    LISTS_AT, POLICY_AT,
};
use crate::log::layout::{FILE_KIND_INBOXES, MAGIC};
use crate::storage::names;

/// Weights of follows and tags of users, each of them.
pub(crate) fn inspect_ranks(bytes: &[u8], out: &mut dyn Write) -> Result<()> {
    let found = rank_file::Kept::decode_any(bytes);
    let (database, kept) = found.ok_or_else(|| damaged(names::RANKS))?;
    line(out, format_args!("weights of follows and tags of users"))?;
    line(out, format_args!("  database {database}"))?;
    line(out, format_args!("  as of {}", kept.position))?;
    line(out, format_args!("{} weights", kept.weights.len()))?;
    for (author, reader, weight) in &kept.weights {
        line(out, format_args!("  user {reader} follows {author}: {weight}"))?;
    }
    line(out, format_args!("{} users with tags", kept.tags.len()))?;
    for (user, tags) in &kept.tags {
        line(out, format_args!("  user {user}: {}", tags.join(", ")))?;
    }
    Ok(())
}

/// What the inboxes are of, and how many there are: in them users are numbers that the views give.
pub(crate) fn inspect_inboxes(bytes: &[u8], out: &mut dyn Write) -> Result<()> {
    let content = bytes.split_last_chunk::<4>().filter(|(content, crc)| {
        HEAD_BYTES <= content.len() && u32::from_le_bytes(**crc) == crc32fast::hash(content)
    });
    let head = content.map(|(content, _)| Fields(content));
    let fits = |head: &Fields<'_>| head.array(0) == MAGIC && head.u8(KIND_AT) == FILE_KIND_INBOXES;
    let head = head.filter(fits).ok_or_else(|| damaged(names::INBOXES))?;
    line(out, format_args!("inboxes of an orderly stop"))?;
    line(out, format_args!("  database {}", DatabaseId(head.array(DATABASE_AT))))?;
    line(out, format_args!("  as of {}:{}", head.u32(EPOCH_AT), head.u64(LAST_AT)))?;
    line(out, format_args!("  delivery policy {}", head.u8(POLICY_AT)))?;
    line(out, format_args!("  big from {} followers on", head.u32(BIG_AUTHOR_AT)))?;
    line(out, format_args!("  active fans at most {}", head.u64(ACTIVE_FANS_AT)))?;
    line(out, format_args!("{} inboxes", head.u32(COUNT_AT)))?;
    line(out, format_args!("{} lists of fans", head.u32(LISTS_AT)))
}

fn damaged(name: &str) -> Error {
    Error::corrupt(name, 0, "the file is damaged or of another version; the engine passes over it")
}
