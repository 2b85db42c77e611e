//! What the oracle says of pages of edges.

use std::collections::BTreeMap;

use super::Model;
use crate::ids::UserId;
use crate::query::{EdgeQuery, PageEnd};

impl Model {
    /// A page of (user, sequence) whom the user follows.
    #[must_use]
    pub fn following_page(&self, query: &EdgeQuery) -> (Vec<(u64, u64)>, PageEnd) {
        self.edge_page(query, &self.follows, |(from, to)| (*from == query.user.0).then_some(*to))
    }

    /// A page of (user, sequence) who follow the user.
    #[must_use]
    pub fn followers_page(&self, query: &EdgeQuery) -> (Vec<(u64, u64)>, PageEnd) {
        self.edge_page(query, &self.follows, |(from, to)| (*to == query.user.0).then_some(*from))
    }

    pub(super) fn edge_page(
        &self,
        query: &EdgeQuery,
        edges: &BTreeMap<(u64, u64), u64>,
        other: impl Fn(&(u64, u64)) -> Option<u64>,
    ) -> (Vec<(u64, u64)>, PageEnd) {
        let below = query.before.map_or(u64::MAX, |before| before.0);
        let mut found: Vec<_> = edges
            .iter()
            .filter_map(|(pair, sequence)| Some((other(pair)?, *sequence)))
            .filter(|(user, sequence)| {
                *sequence < below
                    && self.may_see(query.viewer, UserId(*user))
                    && self.may_see(query.viewer, query.user)
            })
            .collect();
        found.sort_by_key(|(_, sequence)| std::cmp::Reverse(*sequence));
        let end = if query.limit < found.len() { PageEnd::More } else { PageEnd::End };
        found.truncate(query.limit);
        (found, end)
    }
}
