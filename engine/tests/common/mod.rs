//! What several tests do: play a history against the oracle, and compare.

#![allow(dead_code, reason = "no test uses all of it")]

use fanfold_engine::testing::model::{Expected, Model};
use fanfold_engine::testing::workload::Workload;
use fanfold_engine::{Engine, Span, TimelineQuery, UserId};

/// Writes `commands` commands; what is accepted goes to the oracle too.
pub(crate) fn play(engine: &Engine, model: &mut Model, workload: &mut Workload, commands: u64) {
    for _ in 0..commands {
        workload.knows(model.some_broadcasts());
        let command = workload.command(model.last);
        let expected = model.expect(&command);
        let Ok(receipt) = engine.write(command.clone()) else { continue };
        receipt.post.into_iter().for_each(|id| workload.note(id));
        if expected == Expected::Changed {
            model.apply(&command, receipt.position.sequence.0);
        }
    }
}

/// The newest page of a user.
pub(crate) fn query(user: UserId) -> TimelineQuery {
    TimelineQuery { user, viewer: None, span: Span::Newest, limit: 200 }
}

/// Every home and outbox as the oracle has it; or the error of the first read that fails.
pub(crate) fn compare(
    engine: &Engine,
    model: &Model,
    users: &[UserId],
) -> fanfold_engine::Result<()> {
    for user in users {
        let query = query(*user);
        let ids = |page: fanfold_engine::Page| {
            (page.posts.iter().map(|post| post.id.0).collect::<Vec<_>>(), page.end)
        };
        assert_eq!(ids(engine.home(&query)?), model.home(&query), "home of {user}");
        assert_eq!(ids(engine.outbox(&query)?), model.outbox(&query), "outbox of {user}");
        let card = engine.user(*user, None)?;
        let counts = (card.posts, card.followers, card.followees);
        assert_eq!(counts, model.counts(*user, None), "counts of {user}");
    }
    Ok(())
}

/// The users that a workload of so many has.
pub(crate) fn users(count: u64) -> Vec<UserId> {
    (1..=count).map(|n| UserId(n.wrapping_mul(0x0001_0000_0001))).collect()
}
