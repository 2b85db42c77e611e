//! The functions that a busy daemon spends its time in, each by itself: for criterion, which measures time,
//! and for `instructions`, which counts what valgrind sees.
//!
//! A case is made once and then run again and again; what it is given is the same each time.

mod count;
mod engine;
mod protocol;

pub(crate) use count::{HotArgs, InstructionsArgs, instructions, repeat};

/// A case.
#[derive(Clone, Copy, Debug)]
pub struct Hot {
    /// What it does, in words.
    pub name: &'static str,
    /// Prepares it; each call of what comes back is one operation.
    pub prepare: fn() -> Box<dyn FnMut()>,
}

/// All cases.
#[must_use]
pub fn hot() -> Vec<Hot> {
    protocol::CASES.into_iter().chain(engine::CASES).collect()
}
