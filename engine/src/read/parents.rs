//! Which parent a repost names to who reads it: the post that was reposted, if they see that post, else
//! the root, of which they know.
//!
//! Asked when the posts are at hand, because only their records name parents, and so as of then. A page
//! without a repost of a repost asks nothing.

use crate::error::Result;
use crate::ids::UserId;
use crate::read::content::Reach;
use crate::read::judge::Judge;
use crate::read::sight;
use crate::read::targets::Target;
use crate::read::ties::{Ties, settled};
use crate::repost::Repost;
use crate::shared::Shared;
use crate::views::state::State;

/// Has those links name their roots of which `reader` does not see the parents; the trusted application
/// sees all of them. False: memory does not say, and nothing was done.
pub(crate) fn conceal<'a>(
    shared: &Shared,
    reader: Option<UserId>,
    links: impl Iterator<Item = &'a mut Repost>,
    reach: Reach,
) -> Result<bool> {
    let links: Vec<&mut Repost> = links.filter(|link| link.parent != link.root).collect();
    if reader.is_none() || links.is_empty() {
        return Ok(true);
    }
    let seen = settled(shared, reach, |state, ties| {
        let sees = |link: &&mut Repost| sees((state, ties), reader, link);
        Ok(links.iter().map(sees).collect::<Vec<bool>>())
    })?;
    let Some(seen) = seen else { return Ok(false) };
    for (link, is_seen) in links.into_iter().zip(seen) {
        if !is_seen {
            *link = link.of_root();
        }
    }
    Ok(true)
}

/// Whether the parent, which is a repost itself, stands and is seen.
fn sees((state, ties): (&State, &Ties<'_>), reader: Option<UserId>, link: &Repost) -> bool {
    let judge = Judge::for_viewer((state, ties), reader);
    state.reposts.find(link.parent.into()).is_some()
        && sight::sees(judge, &Target::post(link.parent, link.parent_author))
}
