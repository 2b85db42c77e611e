//! `fanfold import`: follows and posts from files, pipelined, resumable, exact.
//!
//! ```text
//! file -> lines.rs -> graph_line.rs / post_line.rs     on a thread of its own (feeder.rs)
//!      -> pump.rs: one write after the other into the client, answers collected behind it
//!      -> journal.rs: counts, rejects, ids; progress_file.rs remembers all that twice a second
//! ```
//!
//! Invariants:
//! * lines are settled (imported or refused) in file order, so one count says how far it is;
//! * the key of a line is made of the import's random id, the file and the line number, so what was
//!   in flight at an interruption is recognised by the server and happens once;
//! * the progress file is written before the first write goes out, and describes exactly the
//!   prefix that the rejects and ids files hold.

mod digest;
mod feeder;
mod graph_line;
mod input_id;
mod journal;
mod left;
mod lines;
mod links;
mod meter;
mod post_line;
mod progress_file;
mod pump;
mod reason;
mod run;
mod start;
mod summary;

pub(crate) use run::run;
