//! Whose originals revised posts refer to: whoever does not see that one's posts is told nothing of a
//! quote.

use foldhash::HashMap;

use super::note::Note;
use crate::error::Result;
use crate::ids::{PostId, UserId};
use crate::shared::Shared;

/// The authors of the originals, by quote.
pub(crate) type Quotes = HashMap<PostId, UserId>;

/// The quotes among the posts that the notes say were revised. Those that are deleted by now are missing:
/// what they say is told to nobody.
pub(crate) fn quotes(shared: &Shared, notes: &[Note]) -> Result<Quotes> {
    let state = shared.state()?;
    if state.reposts.is_empty() {
        return Ok(Quotes::default());
    }
    let revised = notes.iter().filter_map(|note| match note {
        Note::Revise { post, .. } => Some(*post),
        _ => None,
    });
    let root_author = |post: PostId| {
        let root = state.reposts.find(post.into())?.root;
        Some((post, state.users.id(state.reposts.root(root)?.author)))
    };
    Ok(revised.filter_map(root_author).collect())
}
