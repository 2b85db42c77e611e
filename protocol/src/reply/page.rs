//! `page` is a run of posts, newest first, and the word why it ends where it ends. It is also
//! written here, post by post, straight into a connection's buffer.
//!
//! | field | bytes |
//! |---|---|
//! | position | epoch varint, sequence varint |
//! | end | u8: 0 more, 1 end, 2 bytes |
//! | rest | u8: 1 counts follow, 2 groups follow, 4 for whom the posts stand |
//! | count | u16 |
//! | each | a post, ids strictly falling |
//! | each | counts, if counted |
//! | original count | u16; 0 unless originals were asked for |
//! | each original | see `original` |
//! | each original | counts, if counted |
//! | groups | see `came_by`, if grouped |
//! | collapsed | see `collapsed`, if collapsed |

use bytes::{BufMut, BytesMut};

use crate::error::{DecodeError, EncodeError, Problem};
use crate::kind::ReplyKind;
use crate::order::{Direction, Run};
use crate::reply::came_by::CameBy;
use crate::reply::collapsed::Collapsed;
use crate::reply::counts::{Counts, check_as_many};
use crate::reply::original::ORIGINAL_BYTES_MIN;
use crate::reply::post::POST_BYTES_MIN;
use crate::reply::{Original, Position, Post, PostRef};
use crate::wire::{Cursor, put_count};
use crate::writer::FrameWriter;

/// Flag of a page: counts follow.
const COUNTED: u8 = 1;

/// Flag of a page: by which groups the posts came follows.
const GROUPED: u8 = 2;

/// Flag of a page: for whom its posts stand follows.
const COLLAPSED: u8 = 4;

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
    /// What the reposts refer to, each once, if that was asked for.
    pub originals: Vec<Original>,
    /// What each original was responded with, if counts were asked for.
    pub original_counts: Vec<Counts>,
    /// By which of the reader's groups each post came, if that was asked for.
    pub came_by: Option<CameBy>,
    /// For whom each post stands, if the page is collapsed.
    pub collapsed: Option<Collapsed>,
}

/// What follows the posts of a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PageRest<'a> {
    /// What each post was responded with, if that was asked for.
    pub counts: Option<&'a [Counts]>,
    /// What the reposts refer to.
    pub originals: &'a [Original],
    /// What each original was responded with, if posts are counted.
    pub original_counts: &'a [Counts],
    /// By which of the reader's groups each post came, if that was asked for.
    pub came_by: Option<&'a CameBy>,
    /// For whom each post stands, if the page is collapsed.
    pub collapsed: Option<&'a Collapsed>,
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
        let rest = cursor.take_flags("rest", COUNTED | GROUPED | COLLAPSED)?;
        let is_counted = rest & COUNTED != 0;
        let posts = load_posts(cursor, Direction::Falling)?;
        let mut counts = None;
        if is_counted {
            let each = posts.iter().map(|_| Counts::load(cursor));
            counts = Some(each.collect::<Result<_, _>>()?);
        }
        let count = cursor.take_count("original_count", ORIGINAL_BYTES_MIN)?;
        let originals =
            (0..count).map(|_| Original::load(cursor)).collect::<Result<Vec<_>, _>>()?;
        let mut original_counts = Vec::new();
        if is_counted {
            let each = originals.iter().map(|_| Counts::load(cursor));
            original_counts = each.collect::<Result<_, _>>()?;
        }
        let is_grouped = rest & GROUPED != 0;
        let came_by = is_grouped.then(|| CameBy::load(cursor, posts.len())).transpose()?;
        let is_collapsed = rest & COLLAPSED != 0;
        let collapsed = is_collapsed.then(|| Collapsed::load(cursor, posts.len())).transpose()?;
        Ok(Self { position, end, posts, counts, originals, original_counts, came_by, collapsed })
    }

    /// Fills the frame with the page.
    pub(crate) fn write(&self, request_id: u32, frame: FrameWriter<'_>) -> Result<(), EncodeError> {
        let mut writer = PageWriter::over(request_id, self.position, frame);
        for post in &self.posts {
            writer.push(post.borrow())?;
        }
        let Self { originals, original_counts, .. } = self;
        let (came_by, collapsed) = (self.came_by.as_ref(), self.collapsed.as_ref());
        let counts = self.counts.as_deref();
        let rest = PageRest { counts, originals, original_counts, came_by, collapsed };
        writer.finish_with(self.end, rest)
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

/// Bytes behind the posts of a page without counts and originals.
const ORIGINAL_COUNT_BYTES: usize = 2;

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
        // The end, what follows the posts and their count are known last: see finish.
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
        self.frame.check_with(ORIGINAL_COUNT_BYTES)?;
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
        self.finish_with(end, PageRest::default())
    }

    /// The same, with what follows the posts.
    ///
    /// # Errors
    /// Not as many counts, places of groups, or others who brought a post, as there are posts or originals, a text of an original above its limit, or a body
    /// that would exceed [`BODY_BYTES_MAX`](crate::limits::BODY_BYTES_MAX).
    pub fn finish_with(mut self, end: PageEnd, rest: PageRest<'_>) -> Result<(), EncodeError> {
        let PageRest { counts, originals, original_counts, came_by, collapsed } = rest;
        let each = counts.unwrap_or_default();
        if counts.is_some() {
            check_as_many(each.len(), usize::from(self.count))?;
        }
        let of_originals = if counts.is_some() { originals.len() } else { 0 };
        check_as_many(original_counts.len(), of_originals)?;
        each.iter().for_each(|counts| counts.encode(self.frame.out()));
        put_count(self.frame.out(), "original_count", originals.len())?;
        originals.iter().try_for_each(|original| original.encode(self.frame.out()))?;
        original_counts.iter().for_each(|counts| counts.encode(self.frame.out()));
        let posts = usize::from(self.count);
        came_by.map_or(Ok(()), |came_by| came_by.encode(posts, self.frame.out()))?;
        collapsed.map_or(Ok(()), |collapsed| collapsed.encode(posts, self.frame.out()))?;
        self.frame.check()?;
        let flag = |is_there, flag| if is_there { flag } else { 0 };
        let (counts, groups) = (flag(counts.is_some(), COUNTED), flag(came_by.is_some(), GROUPED));
        self.close(end, counts | groups | flag(collapsed.is_some(), COLLAPSED))
    }

    fn close(mut self, end: PageEnd, rest: u8) -> Result<(), EncodeError> {
        let [low, high] = self.count.to_le_bytes();
        self.frame.patch(self.end_at, &[end.byte(), rest, low, high]);
        self.frame.finish(ReplyKind::Page.byte(), 0, self.request_id)
    }
}

#[cold]
fn too_many() -> EncodeError {
    let limit = u64::from(u16::MAX);
    EncodeError::new("count", Problem::TooLarge { value: limit + 1, limit })
}
