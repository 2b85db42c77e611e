//! What the oracle says of collapsed pages.

use super::Model;
use crate::collapse::Collapse;
use crate::ids::PostId;
use crate::query::{CountedQuery, GroupQuery, PageEnd, Span, TimelineQuery};

/// A collapsed page: (post, who else brought it, newest first) each, and why it ends.
pub type ModelCollapsed = (Vec<(u64, Vec<u64>)>, PageEnd);

impl Model {
    /// A collapsed page; `None` if there is no such group. `shown` is the time to show of a post.
    #[must_use]
    pub fn collapsed_page(
        &self,
        of: &CountedQuery,
        collapse: &Collapse,
        shown: impl Fn(u64) -> u64,
    ) -> Option<ModelCollapsed> {
        let top = collapse.top.map_or(self.last, |top| top.0.min(self.last));
        let feed = self.whole_feed(of)?.into_iter().filter(|post| *post <= top);
        let feed: Vec<(u64, u64, u64)> =
            feed.map(|post| (post, self.root_of(post).unwrap_or(post), shown(post))).collect();
        let span = page_of(of).span;
        let in_span = |post: u64| match span {
            Span::Newest => true,
            Span::Before(cursor) => post < cursor.0,
            Span::After(cursor) => cursor.0 < post,
        };
        let near =
            |one: u64, other: u64| u128::from(one.abs_diff(other)) <= collapse.horizon.as_millis();
        let is_dropped = |&(post, root, time): &(u64, u64, u64)| {
            let of_root = feed.iter().filter(|(_, other, _)| *other == root);
            of_root.into_iter().any(|(newer, _, at)| post < *newer && near(time, *at))
        };
        let kept = feed.iter().filter(|entry| in_span(entry.0) && !is_dropped(entry));
        let mut kept: Vec<_> = kept.copied().collect();
        let is_up = matches!(span, Span::After(_));
        if is_up {
            kept.reverse();
        }
        let ids: Vec<u64> = kept.iter().map(|(post, ..)| *post).collect();
        let (taken, end) = self.cut(&ids, page_of(of).limit);
        kept.truncate(taken);
        if is_up {
            kept.reverse();
        }
        let others = |(post, root, time): (u64, u64, u64)| {
            let own = self.author_of(post);
            let (mut others, mut last) = (Vec::new(), time);
            for (older, _, at) in feed.iter().filter(|(id, of, _)| *of == root && *id < post) {
                if !near(last, *at) {
                    break;
                }
                last = *at;
                let author = self.author_of(*older);
                if author != own && !others.contains(&author) {
                    others.push(author);
                }
            }
            (post, others)
        };
        Some((kept.into_iter().map(others).collect(), end))
    }

    fn author_of(&self, post: u64) -> u64 {
        self.posts.get(&post).map_or(0, |post| post.author.0)
    }

    /// All ids of a feed, newest first, read page by page.
    fn whole_feed(&self, of: &CountedQuery) -> Option<Vec<u64>> {
        let (mut all, mut span) = (Vec::new(), Span::Newest);
        loop {
            let page = TimelineQuery { span, limit: usize::MAX, ..*page_of(of) };
            let (ids, end) = match of {
                CountedQuery::Home(_) => self.home(&page),
                CountedQuery::Outbox(_) => self.outbox(&page),
                CountedQuery::Group(group) => {
                    self.group(&GroupQuery { name: group.name.clone(), page })?
                }
            };
            span = ids.last().map_or(span, |last| Span::Before(PostId(*last)));
            all.extend(ids);
            if end == PageEnd::End {
                return Some(all);
            }
        }
    }
}

fn page_of(of: &CountedQuery) -> &TimelineQuery {
    match of {
        CountedQuery::Home(page) | CountedQuery::Outbox(page) => page,
        CountedQuery::Group(group) => &group.page,
    }
}
