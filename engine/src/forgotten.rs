//! Who is being forgotten, as the engine tells it.

use crate::ids::{Position, Sequence, UserId};

/// Everybody who is being forgotten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForgottenList {
    /// As of here.
    pub position: Position,
    /// The longest first.
    pub users: Vec<BeingForgotten>,
}

/// Somebody of whom something may be left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BeingForgotten {
    /// Who.
    pub user: UserId,
    /// The record that it began with.
    pub since: Sequence,
    /// How many posts, edges, reactions, comments and so on were removed so far; counted anew after a restart.
    pub removed: u64,
}
