//! What has to be removed because a record named somebody who is being forgotten.

use crate::ids::{BroadcastId, GroupId, Sequence, UserId};
use crate::log::befriend_effect::BefriendEffect;
use crate::log::broadcast_effect::{BroadcastAct, BroadcastEffect};
use crate::log::group_effect::{GroupAct, GroupEffect};
use crate::log::moderation_effect::{ModerationAct, ModerationEffect};
use crate::log::record::Effect;
use crate::log::request_effect::{RequestAct, RequestEffect};
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
    Effect(Box<Effect>),
    /// It is taken off the board; one that is live ends, and its replay goes.
    Broadcast(BroadcastId),
}

/// What the record at `at` calls for. It may be gone already: that is decided later.
pub(crate) fn removal(
    at: Sequence,
    effect: &Effect,
    is_forgotten: impl Fn(UserId) -> bool,
) -> Vec<Removal> {
    let subject = effect.subject();
    let other = effect.other().filter(|other| is_forgotten(*other));
    let Some(user) = is_forgotten(subject).then_some(subject).or(other) else { return Vec::new() };
    let whats = match effect {
        Effect::Befriend(befriend) => unfollows(befriend),
        _ if user == subject => own(at, user, effect).into_iter().collect(),
        _ => pointing_at(user, effect).map(|end| What::Effect(Box::new(end))).into_iter().collect(),
    };
    whats.into_iter().map(|what| Removal { user, what }).collect()
}

/// The ends of what began in one record, in either direction.
fn unfollows(befriend: &BefriendEffect) -> Vec<What> {
    let end =
        |(user, author)| What::Effect(Box::new(Effect::Unfollow { user, author, began: None }));
    befriend.begun().map(end).collect()
}

/// What the user did.
fn own(at: Sequence, user: UserId, effect: &Effect) -> Option<What> {
    if effect.post_author().is_some() && !matches!(effect, Effect::Retired(_)) {
        let (post, author) = (at.into(), user);
        let delete = Effect::Delete { post, author, commented: None, revised: None, hidden: None };
        return Some(What::Effect(Box::new(delete)));
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
    Some(What::Effect(Box::new(effect)))
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
        Effect::Private { user, is_on: true, .. } => Effect::Private { user, is_on: false, began },
        // Who asks takes it back as one ends a follow.
        Effect::Request(RequestEffect { user, other: author, act: RequestAct::Ask { .. } }) => {
            Effect::Unfollow { user, author, began }
        }
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
    use crate::log::befriend_effect::{Half, Said};

    const GONE: UserId = UserId(7);
    const ANN: UserId = UserId(1);
    const AT: Sequence = Sequence(90);

    fn found(effect: &Effect) -> Option<String> {
        let found = all_found(effect);
        assert!(found.len() <= 1, "{found:?}");
        found.into_iter().next()
    }

    fn all_found(effect: &Effect) -> Vec<String> {
        let text = |found: Removal| {
            assert_eq!(found.user, GONE);
            match found.what {
                What::Effect(effect) => format!("{effect:?}"),
                What::Broadcast(id) => format!("broadcast {id}"),
            }
        };
        removal(AT, effect, |user| user == GONE).into_iter().map(text).collect()
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
    fn both_follows_of_one_record_go_and_requests_and_privacy() {
        let end = |user, author| format!("{:?}", Effect::Unfollow { user, author, began: None });
        let half = |is_new| Half { is_new, request: None };
        for (user, other) in [(GONE, ANN), (ANN, GONE)] {
            let tie = |forth, back| {
                let (forth, back) = (half(forth), half(back));
                let tied = BefriendEffect::new(user, other, Said::Befriend);
                Effect::Befriend(BefriendEffect { forth, back, ..tied })
            };
            assert_eq!(all_found(&tie(true, true)), [end(user, other), end(other, user)]);
            assert_eq!(all_found(&tie(false, true)), [end(other, user)]);
            let request = |act| Effect::Request(RequestEffect { user, other, act });
            let asked = found(&request(RequestAct::Ask { weight: None }));
            assert_eq!(asked, Some(end(user, other)));
            assert_eq!(found(&request(RequestAct::Deny { began: Some(AT) })), None);
        }
        let private = |user, is_on| Effect::Private { user, is_on, began: None };
        assert_eq!(found(&private(GONE, true)), Some(format!("{:?}", private(GONE, false))));
        assert_eq!(found(&private(GONE, false)), None);
        assert_eq!(found(&private(ANN, true)), None);
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
