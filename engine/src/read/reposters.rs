//! Who reposted a post, newest first. Wholly in memory, but for the post itself.

use crate::error::{Error, ErrorKind, Result};
use crate::ids::{PostId, Sequence};
use crate::query::PageEnd;
use crate::read::content::{Content, Reach};
use crate::read::feed::check_limit;
use crate::read::judge::Judge;
use crate::read::reactors::nobody;
use crate::read::sight;
use crate::read::targets::{self, Target};
use crate::read::ties::{Ties, settled};
use crate::read::visibility::Viewer;
use crate::repost::{Reposter, RepostersPage, RepostersQuery};
use crate::shared::Shared;
use crate::views::reposts::Root;
use crate::views::state::State;
use crate::views::users::Ordinal;

/// A page of who reposted. Within memory: `None` if that is not enough.
pub(crate) fn reposters(
    shared: &Shared,
    query: &RepostersQuery,
    reach: Reach,
) -> Result<Option<RepostersPage>> {
    check_limit(query.limit)?;
    let segments = shared.log.segments();
    let post = Content::new(shared, &segments).post(query.post.into(), reach)?;
    let Some(post) = post else { return Ok(None) };
    let absent = || Error::new(ErrorKind::NotFound, format!("there is no post {}", query.post));
    let post = post.ok_or_else(absent)?;
    let itself = Target::post(post.id, post.author);
    let root = post.repost.map_or(itself, |link| Target::post(link.root, link.root_author));
    let mut stood = false;
    loop {
        let looked = settled(shared, reach, |state, ties| {
            if !sight::sees(Judge::for_viewer((state, ties), query.viewer), &itself) {
                return Err(absent());
            }
            let standing = [targets::standing(state, &root)?, targets::standing(state, &itself)?];
            // A post that stood stands until it is deleted, of which memory knows.
            let stands = stood && still_stands(state, &root) && still_stands(state, &itself);
            Ok((standing, stands, page((state, ties), root.id, query)?))
        })?;
        let Some((standing, stands, found)) = looked else { return Ok(None) };
        let is_in_files = standing.iter().any(targets::Standing::is_in_files);
        if is_in_files && !stands && reach == Reach::Memory {
            return Ok(None);
        }
        if !stands && !standing.iter().try_fold(true, |all, s| Ok(all && s.resolve()?))? {
            return Err(absent());
        }
        if stands || !is_in_files {
            return Ok(Some(found));
        }
        stood = true;
    }
}

/// Whether a post that stood a moment ago still does; looks at no file.
fn still_stands(state: &State, target: &Target) -> bool {
    let Some(author) = state.find(target.author) else { return false };
    let post = Sequence::from(target.id);
    state.outboxes.posts.part(author).still_stands(post) && !state.reposts.is_orphan(post)
}

fn page(
    (state, ties): (&State, &Ties<'_>),
    root: PostId,
    query: &RepostersQuery,
) -> Result<RepostersPage> {
    let (position, reposters) = (state.position, Vec::new());
    let total = u64::from(state.reposts.count(root));
    let mut page = RepostersPage { position, root, total, reposters, end: PageEnd::End };
    if let Some(found) = state.reposts.root(root) {
        fill((state, ties), found, query, &mut page)?;
    }
    Ok(page)
}

fn fill(
    (state, ties): (&State, &Ties<'_>),
    root: &Root,
    query: &RepostersQuery,
    page: &mut RepostersPage,
) -> Result<()> {
    let viewer = Viewer::new(state, query.viewer);
    let judge = Judge::for_viewer((state, ties), query.viewer);
    let below = root.reposts.count_below(query.below());
    for (at, author) in (0..below).rev().map(|index| root.reposts.entry(index)) {
        let author = Ordinal(author);
        let is_missed = viewer.is_hidden(author) || viewer.misses(at.into());
        if is_missed || !judge.is_meant(at, Some(author)) {
            continue;
        }
        if page.reposters.len() == query.limit {
            page.end = PageEnd::More;
            break;
        }
        let user = state.users.find_id(author).ok_or_else(|| nobody(author, at))?;
        let is_quote = state.reposts.find(at).is_some_and(|slot| !slot.is_bare);
        page.reposters.push(Reposter { user, repost: at.into(), is_quote });
    }
    Ok(())
}
