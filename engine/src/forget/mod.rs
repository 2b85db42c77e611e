//! Forgetting users: one record hides a user at once; this removes what there is of them.
//!
//! In reading order:
//! * [`removal`]: what a record of the log calls for, if it is about somebody who is being forgotten (pure).
//! * [`sweeper`]: the thread that reads the log, has things removed and says when nothing is left.
//! * [`progress`]: how far it is, and how it is woken.
//!
//! Everything that there is of a user began with a record that names them, and the log keeps each of
//! these for as long as what it began. So one walk along the log finds everything, whatever the views are made of;
//! several users share it. What is found is removed by ordinary records through the committer's queue, a bounded
//! number at a time. Nothing about the user can begin meanwhile, for the committer refuses it. A crash anywhere
//! leaves fewer things to be found by the next walk.

pub(crate) mod progress;
pub(crate) mod removal;
pub(crate) mod sweeper;
