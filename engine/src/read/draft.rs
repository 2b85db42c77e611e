//! A page of which the ids are known; the content is still to be fetched, and cuts it.

use crate::error::Result;
use crate::ids::{Sequence, UserId};
use crate::limits::PAGE_BYTES_MAX;
use crate::query::{Page, PageEnd, PageRef, Post, PostRef, Span, TimelineQuery};
use crate::read::content::{Content, Found, Reach, lost};
use crate::read::parents::conceal;
use crate::read::selection::Selection;
use crate::shared::{Shared, Tally};

/// See the module.
#[derive(Debug)]
pub(crate) struct Draft<'a> {
    shared: &'a Shared,
    /// Nearest to the cursor first, so that a further cut leaves no gap next to it.
    selection: Selection,
    /// Where content may come from.
    reach: Reach,
    end: PageEnd,
    is_up: bool,
    /// Who reads it; absent: the trusted application.
    reader: Option<UserId>,
    /// Some of it was revised: that stands in records of another shape.
    has_revised: bool,
}

impl<'a> Draft<'a> {
    pub(crate) fn new(
        shared: &'a Shared,
        mut selection: Selection,
        (query, reader): (&TimelineQuery, Option<UserId>),
        reach: Reach,
    ) -> Self {
        let is_up = matches!(query.span, Span::After(_));
        let has_revised = !selection.places.is_empty();
        if has_revised {
            selection.entries = std::mem::take(&mut selection.places);
        }
        let entries = &mut selection.entries;
        let end = if query.limit < entries.len() { PageEnd::More } else { PageEnd::End };
        if is_up {
            entries.reverse();
        }
        entries.truncate(query.limit);
        Self { shared, selection, reach, end, is_up, reader, has_revised }
    }

    /// The page, owned. `None` if some of it is out of reach.
    pub(crate) fn page(&self) -> Result<Option<Page>> {
        let Selection { position, entries, segments, .. } = &self.selection;
        let content = Content::new(self.shared, segments);
        let Some(found) = content.find(entries, self.reach) else { return Ok(None) };
        let append = |(sequence, found): (&Sequence, _), posts: &mut _| {
            let is_there = content.append(*sequence, found, posts)?;
            is_there.then_some(()).ok_or_else(|| lost(*sequence))
        };
        let size = |post: &Post| post.borrow().bytes_len();
        let (mut posts, end) = self.fill(entries.iter().zip(found), append, size)?;
        let links = posts.iter_mut().filter_map(|post| post.repost.as_mut());
        if !conceal(self.shared, self.reader, links, self.reach)? {
            return Ok(None);
        }
        Ok(Some(Page { position: *position, posts, end }))
    }

    /// Has `look` see the page, borrowed. `None` if some of it is out of reach.
    pub(crate) fn see<R>(&self, look: impl FnOnce(PageRef<'_>) -> R) -> Result<Option<R>> {
        let Selection { position, entries, segments, .. } = &self.selection;
        let content = Content::new(self.shared, segments);
        let Some(found) = content.find(entries, self.reach) else { return Ok(None) };
        if self.has_revised || found.iter().any(|found| matches!(found, Found::InFiles)) {
            // What comes from files is nobody's to borrow from but the page's.
            return Ok(self.page()?.map(|page| see(&page, look)));
        }
        let append = |(sequence, found): (&Sequence, _), posts: &mut Vec<_>| {
            posts.push(content.borrow(*sequence, found)?);
            Ok(())
        };
        let size = |post: &PostRef<'_>| post.bytes_len();
        let (mut posts, end) = self.fill(entries.iter().zip(&found), append, size)?;
        let links = posts.iter_mut().filter_map(|post| post.repost.as_mut());
        if !conceal(self.shared, self.reader, links, self.reach)? {
            return Ok(None);
        }
        Ok(Some(look(PageRef { position: *position, posts: &posts, end })))
    }

    /// Appends posts until they have as many bytes as a page may; newest first.
    #[inline]
    fn fill<F, T>(
        &self,
        found: impl ExactSizeIterator<Item = F>,
        append: impl Fn(F, &mut Vec<T>) -> Result<()>,
        size: impl Fn(&T) -> usize,
    ) -> Result<(Vec<T>, PageEnd)> {
        let (count, mut bytes, mut end) = (found.len(), 0, self.end);
        let mut taken = Vec::with_capacity(count);
        for found in found {
            append(found, &mut taken)?;
            bytes += taken.last().map_or(0, &size);
            // A page that is full when its bytes are is full: it has what was asked for.
            if PAGE_BYTES_MAX <= bytes && taken.len() < count {
                end = PageEnd::Bytes;
                break;
            }
        }
        if self.is_up {
            taken.reverse();
        }
        Tally::count(&self.shared.tally.pages, 1);
        Tally::count(&self.shared.tally.posts_read, taken.len() as u64);
        Ok((taken, end))
    }
}

fn see<R>(page: &Page, look: impl FnOnce(PageRef<'_>) -> R) -> R {
    let posts: Vec<_> = page.posts.iter().map(Post::borrow).collect();
    look(PageRef { position: page.position, posts: &posts, end: page.end })
}
