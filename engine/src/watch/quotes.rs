//! What new reposts and revised quotes refer to: whoever does not see that, or its author's posts, is told
//! nothing of them.

use foldhash::HashMap;

use super::note::Note;
use crate::error::Result;
use crate::ids::{PostId, Sequence, UserId};
use crate::shared::Shared;

/// The originals and their authors, by repost.
pub(crate) type Quotes = HashMap<PostId, (PostId, UserId)>;

/// The reposts among the posts that the notes, which begin behind `after`, say are new or were revised. Those
/// that are deleted by now are missing: what they say is told to nobody.
pub(crate) fn quotes(shared: &Shared, after: Sequence, notes: &[Note]) -> Result<Quotes> {
    let state = shared.state()?;
    if state.reposts.is_empty() {
        return Ok(Quotes::default());
    }
    let numbered = (after.0 + 1..).map(PostId).zip(notes);
    let told = numbered.filter_map(|(at, note)| match note {
        Note::Revise { post, .. } => Some(*post),
        Note::Repost { .. } => Some(at),
        _ => None,
    });
    let original = |post: PostId| {
        let root = state.reposts.find(post.into())?.root;
        Some((post, (root, state.users.id(state.reposts.root(root)?.author))))
    };
    Ok(told.filter_map(original).collect())
}
