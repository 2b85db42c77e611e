//! Whom a record concerns: each of them gets one notice of it.
//!
//! * A post or a comment: everybody it mentions.
//! * A repost: also the author of what was reposted, and of the first post of the chain.
//! * A comment: also the author of the post, and of the comment that it answers.
//! * A reaction: the author of the post or the comment.
//! * A follow: the followed. Of two that begin in one record, each of the two.
//! * A request to follow: who is asked.
//!
//! Never who did it, and nobody twice. That depends on the record alone, so that every fold of the log gives
//! the same notices, a rebuild of what retention left too: what is left of a record says whom it concerned.

use super::record::Effect;
use super::request_effect::RequestAct;
use super::response_effect::{ResponseAct, ResponseEffect};
use crate::ids::UserId;
use crate::mentions::Mentions;
use crate::repost::Repost;

/// Hands out whom the record concerns. Of what concerns nobody it costs a comparison.
pub(crate) fn each_concerned(effect: &Effect, mut each: impl FnMut(UserId)) {
    match effect {
        Effect::Publish(post) => each_of_post(&post.mentions, post.author, post.repost, each),
        Effect::Emptied(post) => each_of_post(&post.mentions, post.author, post.repost, each),
        Effect::Follow { user, author, .. } if user != author => each(*author),
        Effect::Befriend(befriend) => befriend.begun().for_each(|(_, author)| each(author)),
        Effect::Request(request) if matches!(request.act, RequestAct::Ask { .. }) => {
            each(request.other);
        }
        Effect::Response(response) => each_of_response(response, each),
        Effect::Retired(retired) => retired.noticed.iter().copied().for_each(each),
        _ => {}
    }
}

/// Whom a post mentions, and whom it reposts, but for its author. What a revised text says later mentions
/// nobody anew.
fn each_of_post(
    mentions: &Mentions,
    author: UserId,
    repost: Option<Repost>,
    mut each: impl FnMut(UserId),
) {
    mentions.iter().filter(|user| *user != author).for_each(&mut each);
    let Some(Repost { parent_author, root_author, .. }) = repost else { return };
    let is_told = |other: UserId| other == author || mentions.iter().any(|user| user == other);
    if !is_told(root_author) {
        each(root_author);
    }
    if parent_author != root_author && !is_told(parent_author) {
        each(parent_author);
    }
}

fn each_of_response(response: &ResponseEffect, mut each: impl FnMut(UserId)) {
    let ResponseEffect { user, owner, author, act, .. } = response;
    match act {
        ResponseAct::React { .. } if author != user => each(*author),
        ResponseAct::Comment { mentions, .. } => {
            mentions.iter().filter(|mentioned| mentioned != user).for_each(&mut each);
            let is_told = |other: &UserId| other == user || mentions.iter().any(|it| it == *other);
            if !is_told(owner) {
                each(*owner);
            }
            if author != owner && !is_told(author) {
                each(*author);
            }
        }
        _ => {}
    }
}

/// The same, as a list.
pub(crate) fn concerned(effect: &Effect) -> Vec<UserId> {
    let mut users = Vec::new();
    each_concerned(effect, |user| users.push(user));
    users
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audience::Circle;
    use crate::command::NewPost;
    use crate::ids::{PostId, Timestamp};

    fn comment(user: u64, owner: u64, author: u64, mentions: &[u64]) -> Vec<u64> {
        let (post, target) = (PostId(7), PostId(if owner == author { 7 } else { 8 }));
        let mentions = mentions.iter().copied().map(UserId).collect();
        let act = ResponseAct::Comment { text: "x".into(), mentions };
        let (user, owner, author) = (UserId(user), UserId(owner), UserId(author));
        let effect = ResponseEffect { user, post, owner, target, author, act };
        ids(&Effect::Response(effect))
    }

    fn ids(effect: &Effect) -> Vec<u64> {
        concerned(effect).into_iter().map(|user| user.0).collect()
    }

    #[test]
    fn nobody_is_told_twice_nor_of_what_they_did_themselves() {
        assert_eq!(comment(1, 2, 3, &[]), [2, 3]);
        assert_eq!(comment(1, 2, 2, &[]), [2]);
        assert_eq!(comment(1, 1, 3, &[3, 1, 9]), [3, 9]);
        assert_eq!(comment(1, 2, 3, &[9, 2]), [9, 2, 3]);
        assert_eq!(comment(3, 2, 3, &[]), [2]);
        let mentions = [UserId(5), UserId(4)].into_iter().collect();
        let post = NewPost { author: UserId(5), mentions, ..NewPost::default() };
        assert_eq!(ids(&Effect::Publish(post)), [4]);
        let repost = |parent, root, mentions: &[u64]| {
            let link = Repost {
                parent: PostId(8),
                parent_author: UserId(parent),
                root: PostId(7),
                root_author: UserId(root),
                root_at: Timestamp(0),
                root_circle: Circle::EVERYBODY,
            };
            let mentions = mentions.iter().copied().map(UserId).collect();
            let post = NewPost { author: UserId(1), mentions, ..NewPost::default() };
            ids(&Effect::Publish(NewPost { repost: Some(link), ..post }))
        };
        assert_eq!(repost(2, 3, &[]), [3, 2]);
        assert_eq!(repost(3, 3, &[]), [3]);
        assert_eq!(repost(2, 3, &[9, 3]), [9, 3, 2]);
        assert!(repost(1, 1, &[1]).is_empty());
        let follow = |user, author| Effect::Follow { user, author, weight: None };
        assert_eq!(ids(&follow(UserId(1), UserId(2))), [2]);
        assert!(ids(&follow(UserId(2), UserId(2))).is_empty());
    }
}
