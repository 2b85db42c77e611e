//! `edges` is a page of the users at the other end of one user's edges, newest edge first.
//!
//! | field | bytes |
//! |---|---|
//! | position | epoch varint, sequence varint |
//! | end | u8: 0 more, 1 end, 2 bytes |
//! | count | u16 |
//! | each: user | varint |
//! | each: sequence | varint; after the first the distance from the edge before, strictly falling |

use bytes::{BufMut, BytesMut};

use crate::error::{DecodeError, EncodeError};
use crate::order::{Direction, Run};
use crate::reply::{PageEnd, Position};
use crate::wire::{Cursor, put_count, put_varint};

/// The fewest bytes of an edge: two fields of one byte.
const EDGE_BYTES_MIN: usize = 2;

/// A user at the other end of an edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Who.
    pub user: u64,
    /// When in the log the edge began; the cursor of the next page.
    pub sequence: u64,
}

/// A page of edges, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EdgePage {
    /// The position of the answer.
    pub position: Position,
    /// Why it ends.
    pub end: PageEnd,
    /// The edges, sequences strictly falling.
    pub edges: Vec<Edge>,
}

impl EdgePage {
    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        let position = Position::load(cursor)?;
        let end = PageEnd::load(cursor)?;
        let count = cursor.take_count("count", EDGE_BYTES_MIN)?;
        let mut sequences = Run::new(Direction::Falling);
        let mut edges = Vec::with_capacity(count);
        for _ in 0..count {
            let user = cursor.take_varint("user")?;
            edges.push(Edge { user, sequence: sequences.take(cursor, "sequence")? });
        }
        Ok(Self { position, end, edges })
    }

    pub(crate) fn encode(&self, out: &mut BytesMut) -> Result<(), EncodeError> {
        self.position.encode(out);
        out.put_u8(self.end.byte());
        put_count(out, "count", self.edges.len())?;
        let mut sequences = Run::new(Direction::Falling);
        for edge in &self.edges {
            put_varint(out, edge.user);
            put_varint(out, sequences.put("sequence", edge.sequence)?);
        }
        Ok(())
    }
}
