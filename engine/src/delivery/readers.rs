//! Who has to get an author's post: the active among the followers.
//!
//! The two sets are intersected from the smaller side: an author with a hundred million followers, of
//! whom some thousands are active, is answered by looking at the active. Followers may be in files;
//! nobody holds the state while these are looked at. Who does not see the author is sorted out here; whoever ends their edge
//! later is severed from the job (see [`flights`](super::flights)).

use std::cell::Cell;

use crate::error::Result;
use crate::ids::Sequence;
use crate::shared::Shared;
use crate::views::graph::{EDGE_WIDTH, Edges};
use crate::views::hidden::Hidden;
use crate::views::part::{Excerpt, Near};
use crate::views::state::State;
use crate::views::users::Ordinal;
use crate::views::walk::Up;

/// Edges or readers that are looked at under one hold of the state.
const LOOK: usize = 1_024;

/// Looking up whether a reader follows an author costs as much as passing over so many followers.
const LOOKUP_COST: usize = 16;

/// From so many followers on, the readers among them are found before the author posts: a search would keep
/// the post, and those of others, waiting. The worlds of tests are small.
pub(crate) const HUGE: u32 = if cfg!(test) { 2_000 } else { 1_000_000 };

/// Whoever stands as if active within so long is of that class; whoever does not is of the last one. Online
/// is active within a minute.
const CLASS_MILLIS: [u64; CLASSES - 1] = [60_000, 60 * 60_000, 24 * 60 * 60_000];
const CLASSES: usize = 4;

/// How far a walk along followers came.
enum Step {
    /// On to the edges above.
    On(Sequence),
    End,
    /// What comes next is in files: walk these without the state.
    Files(Box<Excerpt<EDGE_WIDTH>>),
}

/// The active followers from whom the author is not hidden, ranked. `None` if the engine is stopping.
pub(crate) fn readers(
    shared: &Shared,
    author: Ordinal,
    is_stopping: &dyn Fn() -> bool,
) -> Result<Option<Vec<u32>>> {
    let found = match remembered(shared, author)? {
        Some(found) => found,
        None => search(shared, author, is_stopping)?,
    };
    if is_stopping() {
        return Ok(None);
    }
    rank(shared, author, found).map(Some)
}

/// The readers by the author's list, if there is one. It is rid of those who have no inbox any more once these
/// are many.
fn remembered(shared: &Shared, author: Ordinal) -> Result<Option<Vec<u32>>> {
    let listed = shared.state()?.delivery.audiences().list(author);
    let Some(listed) = listed else { return Ok(None) };
    let (mut found, mut gone) = (Vec::with_capacity(listed.len()), Vec::new());
    for group in listed.chunks(LOOK) {
        let state = shared.state()?;
        for reader in group {
            if is_reader(&state, *reader, author) {
                found.push(*reader);
            } else {
                gone.push(*reader);
            }
        }
    }
    if listed.len() / 4 < gone.len() {
        for group in gone.chunks(LOOK) {
            let state = shared.state()?;
            // Under the lock: whoever gets an inbox now joins after this.
            let mut audiences = state.delivery.audiences();
            let is_gone = |reader: &&u32| !state.delivery.inboxes.is_live(Ordinal(**reader));
            group.iter().filter(is_gone).for_each(|gone| audiences.leave(author, Ordinal(*gone)));
        }
    }
    Ok(Some(found))
}

/// The readers, ascending. A big author gets a list of them: to find these takes milliseconds.
fn search(shared: &Shared, author: Ordinal, is_stopping: &dyn Fn() -> bool) -> Result<Vec<u32>> {
    let (followers, live) = {
        let state = shared.state()?;
        let followers = state.graph.followers.count(author) as usize;
        if state.delivery.options.big_author.min(HUGE) as usize <= followers {
            state.delivery.audiences().begin(author);
        }
        (followers, state.delivery.inboxes.count())
    };
    let mut found = if followers <= live.saturating_mul(LOOKUP_COST) {
        walk_followers(shared, author, is_stopping)?
    } else {
        ask_the_active(shared, author, is_stopping)?
    };
    found.sort_unstable();
    found.dedup();
    if !is_stopping() {
        shared.state()?.delivery.audiences().finish(author, &found);
    }
    Ok(found)
}

/// Finds the readers of somebody who is wanted; false if there is nobody.
pub(crate) fn look_ahead(shared: &Shared, is_stopping: &dyn Fn() -> bool) -> Result<bool> {
    let Some(author) = shared.state()?.delivery.audiences().next_wanted() else { return Ok(false) };
    search(shared, author, is_stopping)?;
    Ok(true)
}

fn walk_followers(
    shared: &Shared,
    author: Ordinal,
    is_stopping: &dyn Fn() -> bool,
) -> Result<Vec<u32>> {
    let (mut found, mut above) = (Vec::new(), Sequence(0));
    while !is_stopping() {
        let step = {
            let state = shared.state()?;
            walk_hot(&state, author, above, &mut found)?
        };
        match step {
            Step::On(next) => above = next,
            Step::End => break,
            Step::Files(excerpt) => {
                let mut sealed = Vec::new();
                let mut walk = Up::new(excerpt.part(), above);
                while let Some((edge, reader)) = walk.next()? {
                    sealed.push(reader);
                    above = edge;
                }
                // All files below the floor are done.
                above = above.max(Sequence(excerpt.floor.0.saturating_sub(1)));
                let state = shared.state()?;
                found
                    .extend(sealed.into_iter().filter(|reader| is_reader(&state, *reader, author)));
            }
        }
    }
    Ok(found)
}

/// A piece of the walk, within memory.
fn walk_hot(state: &State, author: Ordinal, above: Sequence, found: &mut Vec<u32>) -> Result<Step> {
    let followers: &Edges = &state.graph.followers;
    let part = followers.part(author);
    if !part.files.is_empty() && above.next() < part.floor {
        let excerpt = followers.excerpt(author, Near::Above(above), 0);
        return Ok(Step::Files(Box::new(excerpt)));
    }
    let start = part.hot.count_below(above.next());
    let end = part.hot.len().min(start + LOOK);
    for index in start..end {
        let (_, reader) = part.hot.entry(index);
        if is_reader(state, reader, author) {
            found.push(reader);
        }
    }
    let last = end.checked_sub(1).filter(|_| start < end);
    Ok(last.map_or(Step::End, |last| Step::On(part.hot.sequence(last))))
}

fn is_reader(state: &State, reader: u32, author: Ordinal) -> bool {
    let reader = Ordinal(reader);
    state.delivery.inboxes.is_live(reader) && !Hidden::of(state).contains(reader, author)
}

/// Looks at the active, and whether they follow the author.
fn ask_the_active(
    shared: &Shared,
    author: Ordinal,
    is_stopping: &dyn Fn() -> bool,
) -> Result<Vec<u32>> {
    let active = shared.state()?.delivery.inboxes.users();
    let (mut found, mut in_files) = (Vec::new(), Vec::new());
    for group in active.chunks(LOOK / LOOKUP_COST) {
        if is_stopping() {
            break;
        }
        let state = shared.state()?;
        for reader in group.iter().copied() {
            let missed = Cell::new(false);
            let following = &state.graph.following;
            let part = following.part(Ordinal(reader)).resident(&missed);
            if part.find_payload(author.0)?.is_some() {
                found.push(reader);
            } else if missed.get() {
                let rest =
                    following.excerpt(Ordinal(reader), Near::Above(Sequence(u64::MAX - 1)), 0);
                in_files.push((reader, rest));
            }
        }
    }
    for (reader, following) in in_files {
        if following.part().find_payload(author.0)?.is_some() {
            found.push(reader);
        }
    }
    let state = shared.state()?;
    found.retain(|reader| is_reader(&state, *reader, author));
    Ok(found)
}

/// The readers in the order in which they get the author's posts: by classes of how they stand, within a
/// class as they come. No sort: there may be millions.
pub(crate) fn rank(shared: &Shared, author: Ordinal, readers: Vec<u32>) -> Result<Vec<u32>> {
    let now = shared.options.clock.now();
    let mut classes: [Vec<u32>; CLASSES] = Default::default();
    for group in readers.chunks(LOOK) {
        let state = shared.state()?;
        let delivery = &state.delivery;
        for reader in group {
            let standing = delivery.standing(&state.activity, Ordinal(*reader), author);
            let class =
                CLASS_MILLIS.iter().position(|span| now.0 <= standing.saturating_add(*span));
            let class = classes.get_mut(class.unwrap_or(CLASS_MILLIS.len()));
            class.into_iter().for_each(|class| class.push(*reader));
        }
    }
    Ok(classes.concat())
}
