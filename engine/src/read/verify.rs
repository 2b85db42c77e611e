//! Whether a home is what it must be: the answer of the read path beside a naive merge.
//!
//! Both are taken from the state at one position. The naive side collects all entries, sorts them and
//! takes the first: it shares no code with the read path but the access to single entries.

use std::collections::BTreeSet;

use crate::delivery::home::Steps;
use crate::error::Result;
use crate::ids::{Position, PostId, Sequence, UserId};
use crate::query::{Span, TimelineQuery};
use crate::read::followees::{Followees, InFiles};
use crate::read::judge::is_left_out;
use crate::read::pulled::excerpts;
use crate::read::select::{Known, Look, look};
use crate::shared::Shared;
use crate::views::graph::EDGE_WIDTH;
use crate::views::outbox::{Excerpts, Outbox};
use crate::views::part::Part;
use crate::views::state::State;
use crate::views::users::Ordinal;

/// Entries that are compared.
const ENTRIES: usize = 1_000;

/// What a comparison found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Both sides are as of here.
    pub position: Position,
    /// How many entries were compared, the newest ones.
    pub entries: usize,
    /// The newest post on which the two differ, and whether the read path shows it.
    pub mismatch: Option<(PostId, bool)>,
}

/// The two sides at one position, as far as files are not needed.
struct Sides {
    look: Look,
    authors: Vec<Ordinal>,
    excerpts: Excerpts,
    position: Position,
}

/// Compares the newest entries of the user's home.
pub(crate) fn verify(shared: &Shared, user: UserId) -> Result<Verified> {
    let query = TimelineQuery { user, viewer: None, span: Span::Newest, limit: ENTRIES };
    let (mut followees, mut is_below_inbox) = (None, false);
    loop {
        let is_stubborn = false;
        let known = Known { followees: followees.as_ref(), is_below_inbox, is_stubborn };
        let Sides { look, authors, excerpts, position } = both(shared, &query, known)?;
        let entries = match look {
            Look::Followees(in_files) => {
                followees = Some(in_files.read()?);
                continue;
            }
            // Nothing is judged here: what is hidden is in both.
            Look::Ties(_) | Look::Paused => continue,
            Look::Done(selection) => selection.entries,
            Look::Posts(rest) => rest.entries(&query)?,
            Look::Pulled(beside) => match beside.finish(&query, &mut Steps::default())? {
                Some((_, entries, _)) => entries,
                None => {
                    is_below_inbox = true;
                    continue;
                }
            },
        };
        let naive = naive(&excerpts, &authors)?;
        return Ok(compared(position, &entries, &naive));
    }
}

fn both(shared: &Shared, query: &TimelineQuery, known: Known<'_>) -> Result<Sides> {
    let state = shared.state()?;
    let followees = known.followees.filter(|known| known.are_of_user(&state, query.user));
    let known = Known { followees, ..known };
    let look = match followees_in_files(&state, query.user) {
        // The read path may know the page without them; the naive side does not.
        Some(in_files) if followees.is_none() => in_files,
        _ => {
            let now = shared.options.clock.now();
            look(&state, shared.log.segments(), (query, now), known, &mut Steps::default())?
        }
    };
    let authors = authors(&state, query.user, followees)?;
    let excerpts = excerpts(&state, &authors, query);
    Ok(Sides { look, authors, excerpts, position: state.position })
}

/// Whose posts the home has. `known` are the followees, if they are in files.
fn authors(state: &State, user: UserId, known: Option<&Followees>) -> Result<Vec<Ordinal>> {
    let Some(user) = state.find(user) else { return Ok(Vec::new()) };
    let following = state.graph.following.part(user);
    let mut authors = BTreeSet::new();
    match known {
        Some(known) => authors.extend(known.authors().map(|author| author.0)),
        None => authors.extend(following.hot.payloads()),
    }
    // Mutes are wholly in memory.
    let mutes: Part<'_, EDGE_WIDTH> = state.graph.mutes.lists.part(user);
    mutes.hot.payloads().for_each(|muted| {
        authors.remove(&muted);
    });
    authors.retain(|author| !is_left_out(state, user, Ordinal(*author)));
    for group in state.groups.of(user).iter().filter(|group| group.exclusive) {
        for member in group.members.payloads() {
            authors.remove(&member);
        }
    }
    Ok(authors.into_iter().map(Ordinal).collect())
}

fn followees_in_files(state: &State, user: UserId) -> Option<Look> {
    let edges = &state.graph.following;
    let user = state.find(user).filter(|user| !edges.part(*user).files.is_empty())?;
    Some(Look::Followees(InFiles::of(edges, user)))
}

fn naive(excerpts: &Excerpts, authors: &[Ordinal]) -> Result<Vec<Sequence>> {
    let mut all = BTreeSet::new();
    for author in authors {
        collect(&excerpts.part(*author), &mut all)?;
    }
    Ok(all.into_iter().rev().take(ENTRIES + 1).collect())
}

/// All entries that hold.
fn collect<const WIDTH: usize>(part: &Part<'_, WIDTH>, all: &mut BTreeSet<Sequence>) -> Result<()> {
    all.extend((0..part.hot.len()).map(|index| part.hot.sequence(index)));
    for file in 0..part.files.len() {
        let Some(run) = part.run(file)? else { continue };
        let entries = (0..run.len()).map(|index| run.entry(index).0);
        let is_buried = |entry: &Sequence| part.graves.iter().any(|grave| grave.entry == *entry);
        all.extend(entries.filter(|entry| *entry < part.floor && !is_buried(entry)));
    }
    Ok(())
}

fn compared(position: Position, entries: &[Sequence], naive: &[Sequence]) -> Verified {
    let (shown, expected) = (entries.iter().copied(), naive.iter().copied());
    let (shown, expected): (BTreeSet<_>, BTreeSet<_>) = (shown.collect(), expected.collect());
    let differing = shown.symmetric_difference(&expected).max();
    let in_order = entries.is_sorted_by(|newer, older| older < newer);
    let unordered = || if in_order { None } else { entries.first() };
    let mismatch = differing.or_else(unordered);
    let mismatch = mismatch.map(|post| (PostId::from(*post), shown.contains(post)));
    Verified { position, entries: naive.len().min(ENTRIES), mismatch }
}
