//! Collapsed pages, inward and outward: by hand, and no decision. A part of `translate.rs` and of
//! `reply.rs`.

use std::time::Duration;

use fanfold_engine as engine;
use fanfold_engine::{HORIZON_DEFAULT, PostId};
use fanfold_protocol as wire;

/// How a page is to be collapsed.
pub(crate) fn collapse(asked: wire::Collapse) -> engine::Collapse {
    let horizon = match asked.horizon_ms {
        0 => HORIZON_DEFAULT,
        ms => Duration::from_millis(ms),
    };
    engine::Collapse { horizon, top: asked.top.map(PostId) }
}

/// For whom the posts of a page stand.
pub(crate) fn collapsed(found: &engine::Collapsed) -> wire::Collapsed {
    let brought_by = |found: &engine::BroughtBy| wire::BroughtBy {
        others: u64::from(found.count),
        users: found.users.iter().map(|user| user.0).collect(),
    };
    let brought_by = found.brought_by.iter().map(brought_by).collect();
    wire::Collapsed { top: found.top.0, brought_by }
}

#[cfg(test)]
mod tests {
    use fanfold_engine::UserId;

    use super::*;

    #[test]
    fn no_horizon_is_the_default() {
        let asked = wire::Collapse { horizon_ms: 0, top: Some(9) };
        let expected = engine::Collapse { top: Some(PostId(9)), ..engine::Collapse::default() };
        assert_eq!(collapse(asked), expected);
        let day = collapse(wire::Collapse { horizon_ms: 86_400_000, top: None });
        assert_eq!((day.horizon, day.top), (Duration::from_secs(86_400), None));
    }

    #[test]
    fn whoever_brought_a_post_is_named_and_counted() {
        let users = vec![UserId(5), UserId(9)];
        let brought_by = vec![engine::BroughtBy { users, count: 2 }, engine::BroughtBy::default()];
        let found = collapsed(&engine::Collapsed { top: PostId(12), brought_by });
        let first = wire::BroughtBy { others: 2, users: vec![5, 9] };
        let brought_by = vec![first, wire::BroughtBy::default()];
        assert_eq!(found, wire::Collapsed { top: 12, brought_by });
    }
}
