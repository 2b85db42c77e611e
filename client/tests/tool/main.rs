//! The `fanfold` binary, run as people run it, against a fake server in this process.
//!
//! `fake.rs` is the server, `workbench.rs` runs the binary; the other files are tests by subject.

#[cfg(test)]
mod commands;
#[cfg(test)]
mod fake;
#[cfg(test)]
mod import;
#[cfg(test)]
mod workbench;
