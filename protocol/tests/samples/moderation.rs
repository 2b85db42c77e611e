//! Replies about what moderators did, and about users who are forgotten.

use bytes::Bytes;
use fanfold_protocol::{
    BeingForgotten, Change, Changed, Explained, ForgottenList, Moderated, ModeratedPage,
    ModerationChange, OnePost, PageEnd, PostModeration, Reply, UserCard, What, Why,
};

use super::replies::{POSITION, post};

/// Replies about users who are forgotten.
pub(crate) fn forgets() -> Vec<(&'static str, Reply)> {
    let position = POSITION;
    let users = vec![
        BeingForgotten { since: 300, user: 9, removed: 1_000_000 },
        BeingForgotten { since: 69_000, user: u64::MAX, removed: 0 },
    ];
    let none = ForgottenList { position, users: Vec::new() };
    let change = |(sequence, is_done)| Change {
        sequence,
        time: 1_700_000_000_000,
        user: 7,
        what: What::Forgotten { is_done },
    };
    let changes = (70_000..).zip([false, true]).map(change).collect();
    let changed = Changed { position, next: 70_001, oldest: 300, changes };
    vec![
        ("forgotten_reply", Reply::Forgotten(ForgottenList { position, users })),
        ("forgotten_none", Reply::Forgotten(none)),
        ("changed_forgotten", Reply::Changed(changed)),
    ]
}

/// Replies about moderation.
pub(crate) fn moderation() -> Vec<(&'static str, Reply)> {
    let position = POSITION;
    let card = UserCard {
        position,
        user: 9,
        posts: 0,
        followers: 7,
        followees: 300,
        newest_post: None,
        active_at: None,
        suspended: true,
        private: false,
    };
    let moderation = PostModeration { hidden: true, suspended: true };
    let hidden = OnePost { position, post: post(300, "look"), counts: None, moderation };
    let moderated = vec![
        Moderated { since: 70_000, user: 9, post: None },
        Moderated { since: 69_000, user: u64::MAX, post: Some(300) },
    ];
    let some = ModeratedPage { position, end: PageEnd::More, moderated };
    let none = ModeratedPage { position, end: PageEnd::End, moderated: Vec::new() };
    let change = |(sequence, (kind, post))| Change {
        sequence,
        time: 1_700_000_000_000,
        user: 7,
        what: What::Moderated { kind, post },
    };
    let [suspend, unsuspend, hide, unhide] = ModerationChange::ALL;
    let what = [(suspend, 0), (unsuspend, 0), (hide, 300), (unhide, 69_000)];
    let changes = (70_000..).zip(what).map(change).collect();
    let changed = Changed { position, next: 70_003, oldest: 300, changes };
    let why = |why| Explained {
        position,
        why,
        author: Some(9),
        since: Some(70_000),
        time: Some(1_700_000_000_000),
        by: None,
        group: Bytes::new(),
    };
    vec![
        ("user_suspended", Reply::User(card)),
        ("post_reply_moderated", Reply::Post(hidden)),
        ("moderated_reply", Reply::Moderated(some)),
        ("moderated_none", Reply::Moderated(none)),
        ("changed_moderated", Reply::Changed(changed)),
        ("explained_suspended", Reply::Explained(why(Why::Suspended))),
        ("explained_hidden", Reply::Explained(why(Why::Hidden))),
    ]
}
