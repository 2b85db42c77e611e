//! The server, tested through its real doors: sockets, signals, exit codes.
//!
//! Most parts start a server in this process (`support/running.rs`); those that need a process of
//! their own start the real binary (`support/daemon.rs`).

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test and its helpers fail by panicking"
)]

mod advice;
mod backups;
mod changes;
mod cli;
mod document;
mod manners;
mod overload;
mod ports;
mod scripts;
mod shutdown;
mod support;
mod watches;
