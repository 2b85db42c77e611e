//! `page` is a run of posts, newest first, and the word why it ends where it ends. It is also
//! written here, post by post, straight into a connection's buffer.
//!
//! | field | bytes |
//! |---|---|
//! | position | epoch varint, sequence varint |
//! | end | u8: 0 more, 1 end, 2 bytes |
//! | counted | u8: 1 if counts follow |
//! | count | u16 |
//! | each | a post, ids strictly falling |
//! | each | counts, if counted |

use bytes::{BufMut, BytesMut};

use crate::error::{DecodeError, EncodeError, Problem};
use crate::kind::ReplyKind;
use crate::order::{Direction, Run};
use crate::reply::counts::{Counts, check_as_many};
use crate::reply::post::POST_BYTES_MIN;
use crate::reply::{Position, Post, PostRef};
use crate::wire::Cursor;
use crate::writer::FrameWriter;

/// Why a page ends where it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageEnd {
    /// It is full and more exists beyond it.
    More,
    /// Nothing is left beyond it.
    End,
    /// It reached its byte budget; more exists beyond it.
    Bytes,
}

/// A page of posts, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The position of the answer.
    pub position: Position,
    /// Why it ends.
    pub end: PageEnd,
    /// The posts, ids strictly falling.
    pub posts: Vec<Post>,
    /// What each post was responded with, if that was asked for.
    pub counts: Option<Vec<Counts>>,
}

impl PageEnd {
    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        Ok(match cursor.take_tag("end", 2)? {
            0 => Self::More,
            1 => Self::End,
            _ => Self::Bytes,
        })
    }

    pub(crate) const fn byte(self) -> u8 {
        match self {
            Self::More => 0,
            Self::End => 1,
            Self::Bytes => 2,
        }
    }
}

impl Page {
    pub(crate) fn load(cursor: &mut Cursor) -> Result<Self, DecodeError> {
        let position = Position::load(cursor)?;
        let end = PageEnd::load(cursor)?;
        let is_counted = cursor.take_bool("counted")?;
        let posts = load_posts(cursor, Direction::Falling)?;
        let mut counts = None;
        if is_counted {
            let each = posts.iter().map(|_| Counts::load(cursor));
            counts = Some(each.collect::<Result<_, _>>()?);
        }
        Ok(Self { position, end, posts, counts })
    }

    /// Fills the frame with the page.
    pub(crate) fn write(&self, request_id: u32, frame: FrameWriter<'_>) -> Result<(), EncodeError> {
        let mut writer = PageWriter::over(request_id, self.position, frame);
        for post in &self.posts {
            writer.push(post.borrow())?;
        }
        match &self.counts {
            None => writer.finish(self.end),
            Some(counts) => {
                check_as_many(counts.len(), self.posts.len())?;
                writer.finish_counted(self.end, counts.iter().copied())
            }
        }
    }
}

/// A count and that many posts.
pub(crate) fn load_posts(
    cursor: &mut Cursor,
    direction: Direction,
) -> Result<Vec<Post>, DecodeError> {
    let count = cursor.take_count("count", POST_BYTES_MIN)?;
    let mut ids = Run::new(direction);
    let mut posts = Vec::with_capacity(count);
    for _ in 0..count {
        posts.push(Post::load(cursor, &mut ids)?);
    }
    Ok(posts)
}

/// Writes a page post by post into a connection's buffer, without a [`Page`] in between.
///
/// A writer that is dropped before [`finish`](Self::finish) leaves the buffer as it found it.
#[derive(Debug)]
pub struct PageWriter<'a> {
    frame: FrameWriter<'a>,
    request_id: u32,
    end_at: usize,
    count: u16,
    ids: Run,
}

impl<'a> PageWriter<'a> {
    /// Begins a page in answer to `request_id`, as of `position`, at the end of `out`.
    #[must_use]
    pub fn start(request_id: u32, position: Position, out: &'a mut BytesMut) -> Self {
        Self::over(request_id, position, FrameWriter::start(out))
    }

    fn over(request_id: u32, position: Position, mut frame: FrameWriter<'a>) -> Self {
        position.encode(frame.out());
        let end_at = frame.body_bytes();
        // The end, whether it is counted and the count are known last: see finish.
        frame.out().put_bytes(0, 4);
        Self { frame, request_id, end_at, count: 0, ids: Run::new(Direction::Falling) }
    }

    /// Adds a post. Its id must be below that of the post before.
    ///
    /// # Errors
    /// Ids out of order, a text above its limit, or a body that would exceed
    /// [`BODY_BYTES_MAX`](crate::limits::BODY_BYTES_MAX): the page is then as if the post had not
    /// been pushed, and can still be finished.
    pub fn push(&mut self, post: PostRef<'_>) -> Result<(), EncodeError> {
        let (bytes, before) = (self.frame.body_bytes(), self.ids);
        let pushed = self.try_push(&post);
        if pushed.is_err() {
            self.frame.cut(bytes);
            self.ids = before;
        }
        pushed
    }

    fn try_push(&mut self, post: &PostRef<'_>) -> Result<(), EncodeError> {
        let count = self.count.checked_add(1).ok_or_else(too_many)?;
        post.encode(self.frame.out(), &mut self.ids)?;
        self.frame.check()?;
        self.count = count;
        Ok(())
    }

    /// How many posts it holds so far.
    #[must_use]
    pub const fn count(&self) -> u16 {
        self.count
    }

    /// How many bytes its body has so far.
    #[must_use]
    pub fn body_bytes(&self) -> usize {
        self.frame.body_bytes()
    }

    /// Fills in the end, the count and the header.
    ///
    /// # Errors
    /// None today: every push was checked.
    pub fn finish(self, end: PageEnd) -> Result<(), EncodeError> {
        self.close(end, 0)
    }

    /// The same, with what each post was responded with: as many counts as there are posts.
    ///
    /// # Errors
    /// A body that would exceed [`BODY_BYTES_MAX`](crate::limits::BODY_BYTES_MAX).
    pub fn finish_counted(
        mut self,
        end: PageEnd,
        counts: impl Iterator<Item = Counts>,
    ) -> Result<(), EncodeError> {
        counts.for_each(|counts| counts.encode(self.frame.out()));
        self.frame.check()?;
        self.close(end, 1)
    }

    fn close(mut self, end: PageEnd, counted: u8) -> Result<(), EncodeError> {
        let [low, high] = self.count.to_le_bytes();
        self.frame.patch(self.end_at, &[end.byte(), counted, low, high]);
        self.frame.finish(ReplyKind::Page.byte(), 0, self.request_id)
    }
}

#[cold]
fn too_many() -> EncodeError {
    let limit = u64::from(u16::MAX);
    EncodeError::new("count", Problem::TooLarge { value: limit + 1, limit })
}
