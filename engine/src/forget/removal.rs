//! What has to be removed because a record named somebody who is being forgotten.

use crate::ids::{BroadcastId, GroupId, Sequence, UserId};
use crate::log::broadcast_effect::{BroadcastAct, BroadcastEffect};
use crate::log::group_effect::{GroupAct, GroupEffect};
use crate::log::moderation_effect::{ModerationAct, ModerationEffect};
use crate::log::record::Effect;
use crate::log::response_effect::{ResponseAct, ResponseEffect};

/// Something to be removed.
#[derive(Clone, Debug)]
pub(crate) struct Removal {
    /// Who is being forgotten.
    pub(crate) user: UserId,
    pub(crate) what: What,
}

/// How.
#[derive(Clone, Debug)]
pub(crate) enum What {
    /// By a record that does this.
    Effect(Effect),
    /// It is taken off the board; one that is live ends, and its replay goes.
    Broadcast(BroadcastId),
}

/// What the record at `at` calls for. It may be gone already: that is decided later.
pub(crate) fn removal(
    at: Sequence,
    effect: &Effect,
    is_forgotten: impl Fn(UserId) -> bool,
) -> Option<Removal> {
    let subject = effect.subject();
    if is_forgotten(subject) {
        return own(at, subject, effect).map(|what| Removal { user: subject, what });
    }
    let other = effect.other().filter(|other| is_forgotten(*other))?;
    let what = What::Effect(pointing_at(other, effect)?);
    Some(Removal { user: other, what })
}

/// What the user did.
fn own(at: Sequence, user: UserId, effect: &Effect) -> Option<What> {
    if effect.post_author().is_some() && !matches!(effect, Effect::Retired(_)) {
        let (post, author) = (at.into(), user);
        return Some(What::Effect(Effect::Delete { post, author, commented: None, revised: None }));
    }
    let effect = match effect {
        Effect::Broadcast(broadcast) if broadcast.broadcast().is_none() => {
            return Some(What::Broadcast(at.into()));
        }
        Effect::Group(group) => {
            let act = match group.act {
                GroupAct::Create => GroupAct::Delete { group: GroupId(0) },
                // They go with their group.
                _ => return None,
            };
            Effect::Group(GroupEffect { act, ..group.clone() })
        }
        Effect::Response(response) => Effect::Response(undone(at, response)?),
        Effect::Moderation(it) if it.act == ModerationAct::Suspend => {
            let act = ModerationAct::Unsuspend { began: None };
            Effect::Moderation(ModerationEffect { act, ..*it })
        }
        edge => ended(edge)?,
    };
    Some(What::Effect(effect))
}

/// What somebody did to the user.
fn pointing_at(user: UserId, effect: &Effect) -> Option<Effect> {
    match effect {
        Effect::Group(group) => {
            let GroupAct::Add { author, .. } = group.act else { return None };
            let act = GroupAct::Remove { group: GroupId(0), author, began: None };
            (author == user).then(|| Effect::Group(GroupEffect { act, ..group.clone() }))
        }
        edge => ended(edge),
    }
}

/// The end of an edge that began.
fn ended(edge: &Effect) -> Option<Effect> {
    let began = None;
    Some(match *edge {
        Effect::Follow { user, author, .. } => Effect::Unfollow { user, author, began },
        Effect::Mute { user, author } => Effect::Unmute { user, author, began },
        Effect::Block { user, other, .. } => Effect::Unblock { user, other, began },
        _ => return None,
    })
}

/// The end of a reaction or a comment that began.
fn undone(at: Sequence, response: &ResponseEffect) -> Option<ResponseEffect> {
    let ResponseEffect { user, post, owner, target, author, ref act } = *response;
    Some(match act {
        ResponseAct::React { kind } => {
            let act = ResponseAct::Unreact { kind: *kind, began: None };
            ResponseEffect { user, post, owner, target, author, act }
        }
        ResponseAct::Comment { .. } => {
            let act = ResponseAct::Delete;
            ResponseEffect { user, post, owner, target: at.into(), author: user, act }
        }
        ResponseAct::Unreact { .. } | ResponseAct::Delete => return None,
    })
}

/// The end of a scheduled broadcast, or of one that is live.
pub(crate) fn broadcast_end(author: UserId, broadcast: BroadcastId, is_live: bool) -> Effect {
    let began = None;
    let act = match is_live {
        true => {
            let (started, said) = Default::default();
            BroadcastAct::End { broadcast, began, started, said }
        }
        false => BroadcastAct::Cancel { broadcast, began },
    };
    let content = crate::command::NewPost { author, ..Default::default() };
    Effect::Broadcast(BroadcastEffect::new(content, act))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::NewPost;
    use crate::ids::PostId;

    const GONE: UserId = UserId(7);
    const ANN: UserId = UserId(1);
    const AT: Sequence = Sequence(90);

    fn found(effect: &Effect) -> Option<String> {
        let found = removal(AT, effect, |user| user == GONE)?;
        assert_eq!(found.user, GONE);
        Some(match found.what {
            What::Effect(effect) => format!("{effect:?}"),
            What::Broadcast(id) => format!("broadcast {id}"),
        })
    }

    #[test]
    fn what_the_user_did_and_what_points_at_them_goes() {
        let follow = |user, author| Effect::Follow { user, author, weight: None };
        for (user, author) in [(GONE, ANN), (ANN, GONE), (GONE, GONE)] {
            let end = Effect::Unfollow { user, author, began: None };
            assert_eq!(found(&follow(user, author)), Some(format!("{end:?}")));
            assert_eq!(found(&end), None);
        }
        assert_eq!(found(&follow(ANN, UserId(2))), None);
        let post = Effect::Publish(NewPost { author: GONE, ..NewPost::default() });
        assert!(found(&post).is_some_and(|found| found.starts_with("Delete { post: PostId(90)")));
        let (post, target) = (PostId(5), PostId(6));
        let act = ResponseAct::Comment { text: "x".into(), mentions: Default::default() };
        let comment = |user, author, act: &ResponseAct| {
            let (owner, act) = (ANN, act.clone());
            Effect::Response(ResponseEffect { user, post, owner, target, author, act })
        };
        let gone = found(&comment(GONE, ANN, &act)).unwrap();
        assert!(gone.contains("target: PostId(90), author: UserId(7), act: Delete"), "{gone}");
        assert_eq!(found(&comment(ANN, GONE, &act)), None, "what others say goes with the post");
        let react = found(&comment(GONE, ANN, &ResponseAct::React { kind: 3 })).unwrap();
        assert!(react.contains("target: PostId(6)") && react.contains("Unreact { kind: 3"));
    }

    #[test]
    fn groups_go_whole_and_memberships_one_by_one() {
        let name = crate::group_name::GroupName::new("close");
        let group = |user, act| {
            Effect::Group(GroupEffect { user, name: name.clone(), exclusive: false, act })
        };
        let add = |author| GroupAct::Add { group: GroupId(3), author };
        assert!(found(&group(GONE, GroupAct::Create)).unwrap().contains("Delete"));
        assert_eq!(found(&group(GONE, add(ANN))), None);
        assert!(found(&group(ANN, add(GONE))).unwrap().contains("Remove"));
        assert_eq!(found(&group(ANN, add(UserId(3)))), None);
        let start = BroadcastAct::Start { broadcast: None, began: None };
        let content = NewPost { author: GONE, ..NewPost::default() };
        let start = Effect::Broadcast(BroadcastEffect::new(content, start));
        assert_eq!(found(&start).as_deref(), Some("broadcast 90"));
    }
}
