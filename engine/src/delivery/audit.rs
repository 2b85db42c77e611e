//! The auditor: compares the home of some reader with a naive merge, now and then. What it finds wrong
//! is a bug of ours; the reader's inbox goes, so that their next page is right again.

use std::sync::{Mutex, PoisonError};

use crate::error::Result;
use crate::random::random_u64;
use crate::read::verify::verify;
use crate::shared::Shared;
use crate::views::users::Ordinal;

/// What the auditor found since the engine was opened.
#[derive(Debug, Default)]
pub(crate) struct Audited(Mutex<Findings>);

/// See [`Audited`].
#[derive(Clone, Debug, Default)]
pub(crate) struct Findings {
    /// Homes that were compared.
    pub(crate) homes: u64,
    /// Of these, how many differed.
    pub(crate) mismatches: u64,
    /// The last one that did.
    pub(crate) last: Option<String>,
}

impl Audited {
    pub(crate) fn findings(&self) -> Findings {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, mismatch: Option<String>) {
        let mut findings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        findings.homes += 1;
        findings.mismatches += u64::from(mismatch.is_some());
        findings.last = mismatch.or_else(|| findings.last.take());
    }
}

/// Compares the home of one reader who has an inbox. What cannot be read is for others to find.
pub(crate) fn audit(shared: &Shared) {
    let _ = shared.noticing(audit_one(shared));
}

fn audit_one(shared: &Shared) -> Result<()> {
    let (reader, user) = {
        let state = shared.state()?;
        let readers = state.delivery.inboxes.users();
        let count = readers.len() as u64;
        let Some(chosen) = random_u64().checked_rem(count) else { return Ok(()) };
        let chosen = usize::try_from(chosen).unwrap_or(0);
        let Some(reader) = readers.get(chosen).copied().map(Ordinal) else { return Ok(()) };
        (reader, state.users.id(reader))
    };
    let verified = verify(shared, user)?;
    let mismatch = verified.mismatch.map(|(post, is_shown)| {
        let what = if is_shown { "is shown and should not be" } else { "is missing" };
        format!("home of user {user} at {}: post {post} {what}", verified.position)
    });
    if mismatch.is_some() {
        shared.state()?.delivery.inboxes.remove(reader);
    }
    shared.audited.note(mismatch);
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::command::Command;
    use crate::delivery::policy::{DeliveryOptions, Policy};
    use crate::delivery::upkeep::shrink;
    use crate::engine::Engine;
    use crate::ids::UserId;
    use crate::options::Options;
    use crate::query::{Span, TimelineQuery};
    use crate::testing::memory::MemoryStorage;

    const ANN: UserId = UserId(1);

    /// Ann follows user 100 and reads; so do users 2 to 40.
    fn engine() -> Engine {
        let delivery = DeliveryOptions { policy: Policy::Push, ..DeliveryOptions::default() };
        let options = Options { delivery, segment_bytes: 1 << 18, ..Options::default() };
        let engine = Engine::open_on(Arc::new(MemoryStorage::default()), options).unwrap();
        for reader in (1..=40).map(UserId) {
            engine.write(Command::follow(reader, UserId(100))).unwrap();
        }
        (0..5).for_each(|_| assert!(engine.write(Command::publish(UserId(100), "post")).is_ok()));
        (1..=40).for_each(|reader| assert_eq!(home(&engine, UserId(reader)), 5));
        assert!(engine.settle_delivery(std::time::Duration::from_secs(60)));
        engine
    }

    fn home(engine: &Engine, user: UserId) -> usize {
        let query = TimelineQuery { user, viewer: None, span: Span::Newest, limit: 20 };
        engine.home(&query).unwrap().posts.len()
    }

    #[test]
    fn an_inbox_that_is_wrong_is_found_and_dropped() {
        let engine = engine();
        let shared = engine.shared();
        (0..20).for_each(|_| audit(shared));
        let found = shared.audited.findings();
        assert_eq!((found.homes, found.mismatches), (20, 0));
        {
            let state = shared.state().unwrap();
            for user in 0..state.users.len() {
                let reader = Ordinal(u32::try_from(user).unwrap());
                if let Some(open) = state.delivery.inboxes.hold(reader).open() {
                    let newest = open.inbox.ids(open.slab)[4];
                    open.inbox.remove(open.slab, newest);
                }
            }
        }
        assert_eq!(home(&engine, ANN), 4, "that is what is wrong");
        audit(shared);
        let found = shared.audited.findings();
        assert_eq!(found.mismatches, 1);
        assert!(found.last.unwrap().contains("is missing"));
        (0..2_000).for_each(|_| audit(shared));
        assert_eq!(home(&engine, ANN), 5, "mended by then");
    }

    #[test]
    fn inboxes_beyond_the_budget_go() {
        let engine = engine();
        let shared = engine.shared();
        let size = || shared.state().unwrap().delivery.inboxes.size().1;
        let before = size();
        shrink(shared, before).unwrap();
        assert_eq!(engine.counters().unwrap().inboxes, 40, "within the budget");
        shrink(shared, before / 2).unwrap();
        let left = engine.counters().unwrap().inboxes;
        assert!(0 < left && left < 30, "{left}");
        shrink(shared, 0).unwrap();
        assert_eq!(engine.counters().unwrap().inboxes, 0);
        assert_eq!(home(&engine, ANN), 5);
    }
}
