//! `marks` is how far each device of a user has seen a feed, `unread` how many of its entries nobody has.
//!
//! | field | bytes |
//! |---|---|
//! | marks | position, mark varint, count u16, each: device varint (a rising run), post varint |
//! | unread | position, mark varint, count varint, more u8, oldest option varint |

use bytes::BytesMut;

use crate::error::{DecodeError, EncodeError};
use crate::order::{Direction, Run};
use crate::reply::Position;
use crate::wire::{Cursor, put_bool, put_count, put_option, put_varint};

/// The fewest bytes of a mark: two fields of one byte.
const MARK_BYTES_MIN: usize = 2;

/// How far one device has seen a feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceMark {
    /// The device.
    pub device: u64,
    /// Up to where.
    pub post: u64,
}

/// How far a user has seen a feed, on each device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marks {
    /// The position of the answer.
    pub position: Position,
    /// The greatest of the devices; 0 if there is none.
    pub mark: u64,
    /// Devices strictly rising.
    pub devices: Vec<DeviceMark>,
}

/// How many entries of a feed are unread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unread {
    /// The position of the answer.
    pub position: Position,
    /// The mark of the feed; 0 if there is none.
    pub mark: u64,
    /// How many; the limit if there are more.
    pub count: u64,
    /// Whether there are more than the limit.
    pub more: bool,
    /// The oldest of them; absent if there are none, or more than the limit.
    pub oldest: Option<u64>,
}

impl Marks {
    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        let position = Position::load(cursor)?;
        let mark = cursor.take_varint("mark")?;
        let count = cursor.take_count("count", MARK_BYTES_MIN)?;
        let mut run = Run::new(Direction::Rising);
        let mut devices = Vec::with_capacity(count);
        for _ in 0..count {
            let device = run.take(cursor, "device")?;
            devices.push(DeviceMark { device, post: cursor.take_varint("post")? });
        }
        Ok(Self { position, mark, devices })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        self.position.encode(out);
        put_varint(out, self.mark);
        put_count(out, "count", self.devices.len())?;
        let mut run = Run::new(Direction::Rising);
        for mark in &self.devices {
            put_varint(out, run.put("device", mark.device)?);
            put_varint(out, mark.post);
        }
        Ok(())
    }
}

impl Unread {
    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        Ok(Self {
            position: Position::load(cursor)?,
            mark: cursor.take_varint("mark")?,
            count: cursor.take_varint("count")?,
            more: cursor.take_bool("more")?,
            oldest: cursor.take_option("oldest", Cursor::take_varint)?,
        })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) {
        self.position.encode(out);
        put_varint(out, self.mark);
        put_varint(out, self.count);
        put_bool(out, self.more);
        put_option(out, self.oldest, put_varint);
    }
}
