//! Results as rows: one JSON object a line, one line a run, appended to a file that `report` reads.
//!
//! A row stands for itself: what was measured, of which system, under which settings, on which
//! machine, and how much of that machine somebody else used meanwhile.

mod recorder;
mod row;

pub(crate) use recorder::{Case, Recorder, ResultArgs, number};
pub(crate) use row::{Row, read_rows};
