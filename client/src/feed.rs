//! A stream over the pages of a timeline.
//!
//! It goes away from the cursor until the end: downwards, or upwards from an `after`. The cursor is
//! compared by order, so nothing is repeated and nothing is skipped that stays in the feed
//! meanwhile. Collapsed pages all have the top of the first. The next page is asked for when it is polled for, not ahead.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;

use crate::answer::{Page, PageEnd};
use crate::client::Client;
use crate::error::Result;
use crate::group::Group;
use crate::query::{Span, TimelineQuery};

/// Which timeline is paged.
#[derive(Clone, Debug)]
enum Timeline {
    Home,
    Outbox,
    Group(Group),
}

/// A page on its way.
type Fetch = Pin<Box<dyn Future<Output = Result<Page>> + Send>>;

/// The pages of a timeline, each newest first. Ends after the last page or after an error.
///
/// With [`Span::After`] the pages go upwards: each holds the posts next above the one before.
pub struct PageStream {
    client: Client,
    timeline: Timeline,
    query: TimelineQuery,
    fetch: Option<Fetch>,
    ended: bool,
}

impl Client {
    /// All pages of a home feed from the query's cursor on.
    #[must_use]
    pub fn stream_home(&self, query: TimelineQuery) -> PageStream {
        PageStream::new(self.clone(), Timeline::Home, query)
    }

    /// All pages of a user's own posts from the query's cursor on.
    #[must_use]
    pub fn stream_outbox(&self, query: TimelineQuery) -> PageStream {
        PageStream::new(self.clone(), Timeline::Outbox, query)
    }
}

impl PageStream {
    pub(crate) fn of_group(group: Group, query: TimelineQuery) -> Self {
        Self::new(group.client().clone(), Timeline::Group(group), query)
    }

    fn new(client: Client, timeline: Timeline, query: TimelineQuery) -> Self {
        Self { client, timeline, query, fetch: None, ended: false }
    }

    fn fetch(&self) -> Fetch {
        let (client, timeline, query) = (self.client.clone(), self.timeline.clone(), self.query);
        Box::pin(async move {
            match timeline {
                Timeline::Home => client.home(query).await,
                Timeline::Outbox => client.outbox(query).await,
                Timeline::Group(group) => group.feed(query).await,
            }
        })
    }

    /// Decides from a page how to go on.
    fn advance(&mut self, result: &Result<Page>) {
        let Ok(page) = result else {
            self.ended = true;
            return;
        };
        let span = match self.query.span {
            Span::Newest | Span::Before(_) => page.posts.last().map(|last| Span::Before(last.id)),
            Span::After(_) => page.posts.first().map(|first| Span::After(first.id)),
        };
        match (page.end, span) {
            (PageEnd::More | PageEnd::Bytes, Some(span)) => self.query.span = span,
            _ => self.ended = true,
        }
        if let (Some(collapse), Some(collapsed)) = (&mut self.query.collapse, &page.collapsed) {
            collapse.top = Some(collapsed.top);
        }
    }
}

impl Stream for PageStream {
    type Item = Result<Page>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.ended {
            return Poll::Ready(None);
        }
        let mut fetch = self.fetch.take().unwrap_or_else(|| self.fetch());
        let Poll::Ready(result) = fetch.as_mut().poll(context) else {
            self.fetch = Some(fetch);
            return Poll::Pending;
        };
        self.advance(&result);
        Poll::Ready(Some(result))
    }
}

impl fmt::Debug for PageStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PageStream")
            .field("timeline", &self.timeline)
            .field("query", &self.query)
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}
