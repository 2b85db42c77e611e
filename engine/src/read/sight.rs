//! Whether a viewer may see what is responded to: what is hidden from them is not there.
//!
//! Pages of responses look at the state more than once. Each look asks again, and if that takes a list of
//! followees out of a file, the list is read before the next.

use crate::error::Result;
use crate::ids::{PostId, UserId};
use crate::read::content::Reach;
use crate::read::followees::InFiles;
use crate::read::judge::Judge;
use crate::read::targets::{Target, no_target};
use crate::read::ties::{Ties, settled};
use crate::read::visibility::Viewer;
use crate::shared::Shared;
use crate::views::state::State;

/// See the module.
#[derive(Debug)]
pub(crate) struct Sight<'a> {
    target: Target,
    viewer: Option<UserId>,
    ties: Ties<'a>,
    missing: Vec<InFiles>,
}

impl<'a> Sight<'a> {
    pub(crate) fn new(shared: &'a Shared, target: &Target, viewer: Option<UserId>) -> Self {
        Self { target: *target, viewer, ties: Ties::new(shared), missing: Vec::new() }
    }

    /// Reads what the look before lacked; false if that is not within memory, and must be.
    pub(crate) fn is_clear(&mut self, reach: Reach) -> Result<bool> {
        if self.missing.is_empty() {
            return Ok(true);
        }
        if reach == Reach::Memory {
            return Ok(false);
        }
        self.ties.read(std::mem::take(&mut self.missing))?;
        Ok(true)
    }

    /// Refuses who may not see the target, as if it were not there. False if that is not known yet: let
    /// the state go and look again.
    pub(crate) fn check(&mut self, state: &State) -> Result<bool> {
        loop {
            self.ties.begin();
            let is_seen = sees((state, &self.ties), &self.target, self.viewer);
            if self.ties.is_complete() {
                return if is_seen { Ok(true) } else { Err(no_target(self.target.id)) };
            }
            if !self.ties.is_stubborn() {
                self.missing = self.ties.missing(state);
                return Ok(false);
            }
            self.ties.read_now(state)?;
        }
    }
}

/// Whether the viewer sees whose the target is, and the post that it is or is about is for them. It means
/// nothing unless the ties are complete.
pub(crate) fn sees(
    (state, ties): (&State, &Ties<'_>),
    target: &Target,
    viewer: Option<UserId>,
) -> bool {
    let judge = Judge::for_viewer((state, ties), viewer);
    let viewer = Viewer::new(state, viewer);
    let hides = |user: UserId| state.find(user).is_none_or(|user| viewer.is_hidden(user));
    let is_kept = hides(target.author) || hides(target.owner) || viewer.misses_chain(target.post);
    !is_kept && judge.admits(target.post.into())
}

/// Whether memory says that.
pub(crate) fn is_known(shared: &Shared, user: UserId, post: PostId) -> Result<bool> {
    if shared.state()?.is_all_seen() {
        return Ok(true);
    }
    let known = settled(shared, Reach::Memory, |state, ties| {
        Ok(Judge::for_viewer((state, ties), Some(user)).admits(post.into()))
    })?;
    Ok(known.is_some())
}

/// Whether the post that a target is or is about is for the user; may wait for a disk.
pub(crate) fn admits(shared: &Shared, user: UserId, post: PostId) -> Result<bool> {
    if shared.state()?.is_all_seen() {
        return Ok(true);
    }
    let admits = settled(shared, Reach::Files, |state, ties| {
        Ok(Judge::for_viewer((state, ties), Some(user)).admits(post.into()))
    })?;
    Ok(admits.unwrap_or(false))
}
