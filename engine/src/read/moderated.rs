//! What moderators keep from others: pages for the trusted application. Wholly in memory.

use crate::error::{Error, ErrorKind, Result};
use crate::ids::{PostId, Sequence, UserId};
use crate::moderation::{Moderated, ModeratedOf, ModeratedPage, ModeratedQuery, PostModeration};
use crate::query::PageEnd;
use crate::read::feed::check_limit;
use crate::read::visibility::Viewer;
use crate::shared::Shared;
use crate::views::moderation::ModeratedRow;

/// A page of what is moderated.
pub(crate) fn moderated(shared: &Shared, query: &ModeratedQuery) -> Result<ModeratedPage> {
    check_limit(query.limit)?;
    if let Some(viewer) = query.viewer {
        let what = format!("user {viewer} cannot see what is moderated");
        return Err(Error::new(ErrorKind::Denied, what));
    }
    let state = shared.state()?;
    let (position, moderated) = (state.position, Vec::new());
    let mut page = ModeratedPage { position, moderated, end: PageEnd::End };
    let is_wanted = |row: &&ModeratedRow| match query.of {
        ModeratedOf::All => true,
        ModeratedOf::Users => row.post.is_none(),
        ModeratedOf::Posts => row.post.is_some(),
    };
    let below = query.before.unwrap_or(Sequence(u64::MAX));
    // Of who is being forgotten nothing is listed, nor what quotes them: a read of it says that it is not there.
    let viewer = Viewer::new(&state, None);
    let is_shown = |row: &&ModeratedRow| {
        !state.forgotten.hides(row.owner) && !row.post.is_some_and(|post| viewer.misses_chain(post))
    };
    for row in state.moderation.rows_below(below).filter(is_wanted).filter(is_shown) {
        if page.moderated.len() == query.limit {
            page.end = PageEnd::More;
            break;
        }
        let user = state.users.id(row.owner);
        page.moderated.push(Moderated { user, post: row.post, since: row.at });
    }
    Ok(page)
}

/// How a post of the author is moderated.
pub(crate) fn of_post(shared: &Shared, post: PostId, author: UserId) -> Result<PostModeration> {
    let state = shared.state()?;
    let moderation = &state.moderation;
    let author = state.users.find(author);
    Ok(PostModeration {
        hidden: moderation.hidden(post).is_some(),
        suspended: author.is_some_and(|author| moderation.suspended_since(author).is_some()),
    })
}
