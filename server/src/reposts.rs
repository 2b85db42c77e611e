//! Reposts on their way in and out: a part of `translate.rs` and `reply.rs`, with the same rule: by hand,
//! and no decision.

use fanfold_engine as engine;
use fanfold_engine::{Action, NewPost, PostId, Timestamp, UserId};
use fanfold_protocol as wire;
use fanfold_protocol::{Original, Reply, Repost, Reposter, ReposterPage};

use crate::audiences;
use crate::notices;
use crate::reply::{end, position, post};

pub(crate) fn repost(repost: wire::NewRepost) -> (Action, wire::WriteOptions) {
    let post = NewPost {
        author: UserId(repost.user),
        kind: repost.kind,
        created_at: repost.created_at.map(Timestamp),
        text: repost.text,
        meta: repost.meta,
        repost: None,
        mentions: notices::mentions(repost.mentions),
        audience: audiences::said(&repost.audience),
    };
    (Action::Repost { post, parent: PostId(repost.parent) }, repost.options)
}

/// What a post refers to.
pub(crate) fn link(link: engine::Repost) -> Repost {
    let engine::Repost { parent, root, root_author, .. } = link;
    Repost { parent: parent.0, root: root.0, root_author: root_author.0 }
}

pub(crate) fn reposters(page: engine::RepostersPage) -> Reply {
    let reposter = |reposter: &engine::Reposter| Reposter {
        user: reposter.user.0,
        repost: reposter.repost.0,
        quote: reposter.is_quote,
    };
    Reply::Reposters(ReposterPage {
        position: position(page.position),
        end: end(page.end),
        root: page.root.0,
        total: page.total,
        reposters: page.reposters.iter().map(reposter).collect(),
    })
}

/// What reposts refer to.
pub(crate) fn original(original: engine::Original) -> Original {
    match original {
        engine::Original::Post(found) => Original::Post(post(found)),
        engine::Original::Deleted { id, author } => {
            Original::Deleted { id: id.0, author: author.0 }
        }
    }
}
