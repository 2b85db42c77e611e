//! `USER` and `RELATION`: one line about one user, or about two. `ONLINE`: one line a followee who is
//! there, and one that counts.
//!
//! A user nobody has written about reads as empty, so there is always an answer.

use fanfold_engine::{Online, Relation, UserCard, UserId};

use super::answer::line;
use crate::text::{count, time};

pub(super) fn card(card: &UserCard) -> String {
    let UserCard { position, user, posts, followers, followees, newest_post, .. } = card;
    let (active_at, private) = (card.active_at, if card.is_private { " (private)" } else { "" });
    let suspended = if card.suspended { ", suspended" } else { "" };
    let newest = newest_post.map_or_else(|| "none".to_owned(), |post| post.to_string());
    let active = active_at.map_or_else(|| "unknown".to_owned(), time);
    format!(
        "user {user}{private}: posts {posts}, followers {followers}, followees {followees}, newest \
         post {newest}, last active {active}{suspended} at {position}\n"
    )
}

pub(super) fn relation(a: UserId, b: UserId, relation: &Relation) -> String {
    let word = |holds: bool| if holds { "yes" } else { "no" };
    let follows = word(relation.follows);
    let followed_by = word(relation.followed_by);
    let muted = word(relation.muted);
    let apart = word(relation.apart);
    let blocked = word(relation.blocked);
    let blocked_by = word(relation.blocked_by);
    let asks = |asks: bool, words: &'static str| if asks { words } else { "" };
    let requested = asks(relation.requested, ", asks to follow");
    let requested_by = asks(relation.requested_by, ", is asked to be followed");
    format!(
        "user {a} to user {b}: follows {follows}, followed by {followed_by}, muted {muted}, \
         in an exclusive group {apart}, blocked {blocked}, blocked by \
         {blocked_by}{requested}{requested_by} at {}\n",
        relation.position
    )
}

pub(super) fn online(user: UserId, online: &Online) -> String {
    let mut out = String::new();
    for followee in &online.followees {
        line(&mut out, format_args!("user {followee}"));
    }
    let followees = count(online.followees.len(), "followee", "followees");
    let followers = usize::try_from(online.followers).unwrap_or(usize::MAX);
    let followers = count(followers, "follower", "followers");
    let own = if online.user { "online" } else { "offline" };
    let counts = format!("({followees} and {followers} online, user {user} {own}, end)");
    line(&mut out, format_args!("{counts} at {}", online.position));
    out
}
