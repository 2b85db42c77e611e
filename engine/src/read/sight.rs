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
            let judge = Judge::for_viewer((state, &self.ties), self.viewer);
            let is_seen = sees(judge, &self.target);
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

/// Whether the viewer, whose judge it is, sees the post that the target is or is about, where it is read alone,
/// and who wrote the target. It means nothing unless the ties are complete.
pub(crate) fn sees(judge: Judge<'_>, target: &Target) -> bool {
    let is_author_shown = || judge.shown(target.author).is_some();
    let owner = judge.shown(target.owner);
    let owner = owner.filter(|_| target.author == target.owner || is_author_shown());
    owner.is_some_and(|owner| judge.sees(target.post.into(), Some(owner)))
}

/// Whether memory says whether that post of the author's is for the user.
pub(crate) fn is_known(shared: &Shared, user: UserId, post: (PostId, UserId)) -> Result<bool> {
    Ok(judged(shared, user, post, Reach::Memory)?.is_some())
}

/// Whether that post of the author's, and what it reposts, are for the user, and no block parts them from whose that
/// is; may wait for a disk.
pub(crate) fn admits(shared: &Shared, user: UserId, post: (PostId, UserId)) -> Result<bool> {
    Ok(judged(shared, user, post, Reach::Files)?.unwrap_or(false))
}

/// Whether the viewer sees that post of the author's where it is read alone; `None` if memory does not say,
/// and has to.
pub(crate) fn shows(
    shared: &Shared,
    viewer: Option<UserId>,
    (post, author): (PostId, UserId),
    reach: Reach,
) -> Result<Option<bool>> {
    settled(shared, reach, |state, ties| {
        let judge = Judge::for_viewer((state, ties), viewer);
        let sees = |author| state.is_all_seen() || judge.sees(post.into(), Some(author));
        Ok(state.find(author).is_some_and(sees))
    })
}

fn judged(
    shared: &Shared,
    user: UserId,
    (post, author): (PostId, UserId),
    reach: Reach,
) -> Result<Option<bool>> {
    if shared.state()?.is_all_seen() {
        return Ok(Some(true));
    }
    settled(shared, reach, |state, ties| {
        let judge = Judge::for_viewer((state, ties), Some(user));
        // Of somebody nobody has written about there is no post: whoever asks finds that out.
        let author = state.users.find(author);
        let post = post.into();
        Ok(author.is_none_or(|author| judge.admits(post, author) && !judge.parts(post)))
    })
}
