//! What the record of a repost says beside what that of every post says.
//!
//! ```text
//! link | parent varint | parent - root varint | root author varint | root's time to show varint |
//!      | root's audience varint | parent author varint, unless the parent is the root |
//! ```
//!
//! The root's audience is 0 for everybody, else as in a post's tag, without a group's name. It never
//! changes, so whoever judges a repost needs no look at the root, which may be gone.

use super::bytes::{Cursor, put_varint};
use crate::audience::Circle;
use crate::ids::{PostId, Timestamp, UserId};
use crate::repost::Repost;

/// Appends a link.
pub(super) fn put(link: &Repost, out: &mut Vec<u8>) {
    put_varint(out, link.parent.0);
    put_varint(out, link.parent.0.saturating_sub(link.root.0));
    put_varint(out, link.root_author.0);
    put_varint(out, link.root_at.0);
    put_varint(out, link.root_circle.code());
    if link.parent != link.root {
        put_varint(out, link.parent_author.0);
    }
}

/// Reads a link; `None` if it makes no sense.
pub(super) fn load(rest: &mut Cursor<'_>) -> Option<Repost> {
    let parent = PostId(rest.varint()?);
    let root = PostId(parent.0.checked_sub(rest.varint()?)?);
    let (root_author, root_at) = (UserId(rest.varint()?), Timestamp(rest.varint()?));
    let root_circle = Circle::of_code(rest.varint()?);
    let parent_author = if parent == root { root_author } else { UserId(rest.varint()?) };
    let link = Repost { parent, parent_author, root, root_author, root_at, root_circle };
    (root != PostId(0)).then_some(link)
}
