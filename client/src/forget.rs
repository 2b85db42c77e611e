//! Users who are forgotten.

use fanfold_protocol::{self as wire, Request};

use crate::answer::Written;
use crate::client::Client;
use crate::error::Result;
use crate::ids::{Position, Sequence, UserId};
use crate::query::read_options;
use crate::write::Write;

/// Somebody of whom something may be left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BeingForgotten {
    /// Who.
    pub user: UserId,
    /// When, in the log, it began.
    pub since: Sequence,
    /// How many things of theirs are gone already; counted anew after a restart of the server.
    pub removed: u64,
}

/// Everybody who is being forgotten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForgottenList {
    /// The point in history for which it holds.
    pub position: Position,
    /// The longest first.
    pub users: Vec<BeingForgotten>,
}

impl Write {
    /// Has a user forgotten: nothing of theirs shows from now on, and all of it goes. With an actor: `Denied`.
    #[must_use]
    pub fn forget(user: UserId) -> Self {
        let options = wire::WriteOptions::default();
        Self { request: Request::Forget(wire::Forget { options, user: user.0 }) }
    }

    /// Whether it has somebody forgotten.
    #[must_use]
    pub fn is_forget(&self) -> bool {
        matches!(self.request, Request::Forget(_))
    }
}

impl Client {
    /// Has a user forgotten: nothing of theirs shows to anybody from now on, and all of it goes; until
    /// [`forgotten`](Self::forgotten) does not list them any more, writes by and about them are refused. Then
    /// they are somebody new.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    pub async fn forget(&self, user: UserId) -> Result<Written> {
        self.write(Write::forget(user)).await
    }

    /// Everybody who is being forgotten.
    ///
    /// # Errors
    ///
    /// `Denied` to a viewer.
    pub async fn forgotten(&self, viewer: Option<UserId>) -> Result<ForgottenList> {
        let options = read_options(viewer);
        self.call(Request::Forgotten(wire::ForgottenOf { options })).await
    }
}
