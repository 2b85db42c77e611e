//! Notices put together by what they are about: pure.

use foldhash::{HashMap, HashSet};

use crate::ids::{PostId, Sequence, UserId};
use crate::limits::NOTICE_ACTORS_MAX;
use crate::log::record::Effect;
use crate::log::response_effect::{ResponseAct, ResponseEffect};
use crate::mentions::Mentions;
use crate::notice::{NoticeGroup, NoticeKind};
use crate::repost::Repost;

/// What notices of one group have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct About {
    pub(crate) kind: NoticeKind,
    pub(crate) post: Option<PostId>,
    pub(crate) comment: Option<PostId>,
}

/// One notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Notice {
    /// Where it stands among the user's notices.
    pub(crate) place: Sequence,
    pub(crate) actor: UserId,
    pub(crate) about: About,
}

/// What a record tells the user whom it concerns; `None` if only the place is left of it.
pub(crate) fn about(effect: &Effect, at: Sequence, user: UserId) -> Option<About> {
    let (kind, post, comment) = match effect {
        Effect::Publish(post) => return Some(about_post((&post.mentions, post.repost), at, user)),
        Effect::Emptied(post) => return Some(about_post((&post.mentions, post.repost), at, user)),
        Effect::Follow { .. } | Effect::Befriend(_) => (NoticeKind::Follow, None, None),
        Effect::Request(_) => (NoticeKind::Request, None, None),
        Effect::Response(response) => return about_response(response, user),
        _ => return None,
    };
    Some(About { kind, post, comment })
}

fn about_post(
    (mentions, repost): (&Mentions, Option<Repost>),
    at: Sequence,
    user: UserId,
) -> About {
    let link = repost.filter(|_| mentions.iter().all(|mentioned| mentioned != user));
    let (kind, post) = match link {
        Some(link) if link.root_author == user => (NoticeKind::Repost, link.root),
        Some(link) => (NoticeKind::Repost, link.parent),
        None => (NoticeKind::Mention, at.into()),
    };
    About { kind, post: Some(post), comment: None }
}

fn about_response(response: &ResponseEffect, user: UserId) -> Option<About> {
    let ResponseEffect { post, owner, target, act, .. } = response;
    let its_target = (target != post).then_some(*target);
    let (kind, comment) = match act {
        ResponseAct::React { .. } => (NoticeKind::Reaction, its_target),
        ResponseAct::Comment { mentions, .. } if mentions.iter().any(|it| it == user) => {
            (NoticeKind::Mention, None)
        }
        ResponseAct::Comment { .. } if *owner == user => (NoticeKind::Comment, None),
        ResponseAct::Comment { .. } => (NoticeKind::Comment, its_target),
        ResponseAct::Unreact { .. } | ResponseAct::Delete => return None,
    };
    Some(About { kind, post: Some(*post), comment })
}

/// All groups, newest first. `notices` come newest first.
pub(crate) fn grouped(notices: &[Notice], read_up_to: Sequence) -> Vec<NoticeGroup> {
    let mut groups: Vec<NoticeGroup> = Vec::new();
    let mut known: HashMap<About, usize> = HashMap::default();
    let mut counted: HashSet<(usize, UserId)> = HashSet::default();
    for Notice { place, actor, about } in notices.iter().copied() {
        let index = *known.entry(about).or_insert_with(|| {
            groups.push(begun(about, place, read_up_to));
            groups.len() - 1
        });
        if let Some(group) = groups.get_mut(index)
            && counted.insert((index, actor))
        {
            group.count += 1;
            if group.actors.len() < NOTICE_ACTORS_MAX {
                group.actors.push(actor);
            }
        }
    }
    groups
}

fn begun(about: About, newest: Sequence, read_up_to: Sequence) -> NoticeGroup {
    let About { kind, post, comment } = about;
    let is_unread = read_up_to < newest;
    NoticeGroup { kind, post, comment, actors: Vec::new(), count: 0, newest, is_unread }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_names_three_and_counts_each_actor_once() {
        let about =
            |post| About { kind: NoticeKind::Reaction, post: Some(PostId(post)), comment: None };
        let notices: Vec<Notice> =
            [(20, 5, 1), (19, 4, 2), (18, 5, 1), (17, 6, 1), (16, 7, 1), (15, 8, 1)]
                .into_iter()
                .map(|(place, actor, post)| Notice {
                    place: Sequence(place),
                    actor: UserId(actor),
                    about: about(post),
                })
                .collect();
        let groups = grouped(&notices, Sequence(19));
        let told: Vec<_> = groups.iter().map(|g| (g.newest.0, g.count, g.is_unread)).collect();
        assert_eq!(told, [(20, 4, true), (19, 1, false)]);
        assert_eq!(groups[0].actors, [UserId(5), UserId(6), UserId(7)]);
    }
}
