//! Moderation on its way in and out: a part of `translate.rs` and `reply.rs`, with the same rule: by hand, and no
//! decision.

use fanfold_engine as engine;
use fanfold_engine::{
    Action, Engine, Error, ModeratedOf, ModeratedQuery, PostId, Sequence, UserId,
};
use fanfold_protocol as wire;
use fanfold_protocol::{
    Moderated, ModeratedPage, ModerationChange, OnePost, PostModeration, Reply, What,
};

use crate::reply::{end, position};
use crate::translate::{limit, viewer};

/// A write about a user.
pub(crate) fn on_user(
    suspension: wire::Suspension,
    action: impl FnOnce(UserId) -> Action,
) -> (Action, wire::WriteOptions) {
    (action(UserId(suspension.user)), suspension.options)
}

/// A write about a post.
pub(crate) fn on_post(
    hiding: wire::Hiding,
    action: impl FnOnce(PostId) -> Action,
) -> (Action, wire::WriteOptions) {
    (action(PostId(hiding.post)), hiding.options)
}

pub(crate) fn query(of: &wire::ModeratedOf) -> ModeratedQuery {
    ModeratedQuery {
        of: match of.what {
            wire::ModeratedWhat::All => ModeratedOf::All,
            wire::ModeratedWhat::Users => ModeratedOf::Users,
            wire::ModeratedWhat::Posts => ModeratedOf::Posts,
        },
        viewer: viewer(of.options),
        before: of.before.map(Sequence),
        limit: limit(of.limit),
    }
}

pub(crate) fn page(page: engine::ModeratedPage) -> Reply {
    let item = |item: &engine::Moderated| Moderated {
        since: item.since.0,
        user: item.user.0,
        post: item.post.map(|post| post.0),
    };
    Reply::Moderated(ModeratedPage {
        position: position(page.position),
        end: end(page.end),
        moderated: page.moderated.iter().map(item).collect(),
    })
}

/// The reply with how its post is moderated: for the trusted application alone.
pub(crate) fn told(
    engine: &Engine,
    viewer: Option<UserId>,
    reply: Result<Reply, Error>,
) -> Result<Reply, Error> {
    match reply? {
        Reply::Post(one) if viewer.is_none() => {
            let (post, author) = (PostId(one.post.id), UserId(one.post.author));
            let found = engine.post_moderation(post, author)?;
            let moderation = PostModeration { hidden: found.hidden, suspended: found.suspended };
            Ok(Reply::Post(OnePost { moderation, ..one }))
        }
        other => Ok(other),
    }
}

/// None for what this protocol has no word for.
pub(crate) fn change(kind: engine::ModerationChange, post: Option<PostId>) -> Option<What> {
    let kind = match kind {
        engine::ModerationChange::Suspend => ModerationChange::Suspend,
        engine::ModerationChange::Unsuspend => ModerationChange::Unsuspend,
        engine::ModerationChange::Hide => ModerationChange::Hide,
        engine::ModerationChange::Unhide => ModerationChange::Unhide,
        _ => return None,
    };
    Some(What::Moderated { kind, post: post.unwrap_or_default().0 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::translate::command;
    use fanfold_protocol::Request;

    #[test]
    fn users_and_posts_are_kept_apart() {
        let options = wire::WriteOptions::default();
        let (user, post) =
            (wire::Suspension { options, user: 7 }, wire::Hiding { options, post: 9 });
        let expected = [
            (Request::Suspend(user), Action::Suspend { user: UserId(7) }),
            (Request::Unsuspend(user), Action::Unsuspend { user: UserId(7) }),
            (Request::Hide(post), Action::Hide { post: PostId(9) }),
            (Request::Unhide(post), Action::Unhide { post: PostId(9) }),
        ];
        for (request, action) in expected {
            assert_eq!(command(request), Some(engine::Command::new(action)));
        }
        let options = wire::ReadOptions { viewer: Some(3), ..wire::ReadOptions::default() };
        let what = wire::ModeratedWhat::Posts;
        let asked = wire::ModeratedOf { options, what, before: Some(12), limit: 5 };
        let (viewer, before) = (Some(UserId(3)), Some(Sequence(12)));
        let expected = ModeratedQuery { of: ModeratedOf::Posts, viewer, before, limit: 5 };
        assert_eq!(query(&asked), expected);
    }
}
