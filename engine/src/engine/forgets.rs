//! What the engine answers about users who are being forgotten.

use super::Engine;
use crate::error::{Error, ErrorKind, Result};
use crate::forget::sweeper::sweep;
use crate::forgotten::{BeingForgotten, ForgottenList};
use crate::ids::UserId;

impl Engine {
    /// Everybody who is being forgotten, with how much of them is gone already. Who is not in it has nothing
    /// left. Looks at no file. [`Denied`](ErrorKind::Denied) to anybody but the trusted application.
    pub fn forgotten(&self, viewer: Option<UserId>) -> Result<ForgottenList> {
        if let Some(viewer) = viewer {
            let what = format!("user {viewer} cannot see who is being forgotten");
            return Err(Error::new(ErrorKind::Denied, what));
        }
        let shared = &self.0.shared;
        let state = shared.state()?;
        let users = state.forgotten.under_way().into_iter().map(|(user, since)| {
            let user = state.users.id(user);
            BeingForgotten { user, since, removed: shared.forgetting.removed(user) }
        });
        Ok(ForgottenList { position: state.position, users: users.collect() })
    }

    /// Waits until nothing is left of anybody who is being forgotten. Answers how many things were removed
    /// meanwhile.
    pub fn finish_forgetting(&self) -> Result<u64> {
        sweep(&self.0.shared, u64::MAX)
    }

    /// Removes so many things of users who are being forgotten, and no more.
    #[cfg(any(test, feature = "testing"))]
    pub fn forget_some(&self, most: u64) -> Result<u64> {
        sweep(&self.0.shared, most)
    }
}
