//! Why a check of the simulator did not pass.

use std::fmt::Debug;

use crate::error::Error;

/// See the module.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The engine answered, and wrongly.
    Differs(String),
    /// The engine did not answer. Whether that is right, the caller knows.
    Refused(Error),
}

/// The outcome of a check.
pub(super) type Checked<T = ()> = Result<T, Trouble>;

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

/// Says `what` differs unless `holds`.
pub(super) fn ensure(holds: bool, what: impl FnOnce() -> String) -> Checked {
    if holds { Ok(()) } else { Err(Trouble::Differs(what())) }
}

/// Says how `found` differs from `expected`, if it does.
pub(super) fn same<T: PartialEq + Debug>(
    found: &T,
    expected: &T,
    what: impl FnOnce() -> String,
) -> Checked {
    ensure(found == expected, || format!("{}: {found:?}, expected {expected:?}", what()))
}
