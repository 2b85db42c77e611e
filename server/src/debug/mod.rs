//! The debug port: text, one command a line, for people with telnet or nc and for scripts.
//!
//! ```text
//! bytes -> line.rs -> command.rs -> answer.rs -> one file per noun: timelines, edges, groups, responses, notices, users,
//!          a line     a Command     engine call  delivery, writes, info, clients, help
//! ```
//!
//! Only `connection.rs` owns a socket. Lines and commands are pure. Everything a user wrote comes
//! out escaped, so an answer has the lines it says it has.
//!
//! Invariants:
//! * Every command line gets at least one line of answer; an error is one line `ERR code message`.
//! * A list ends with a line in parentheses that says whether there is more, and how to get it.
//! * A line that looks like HTTP closes the connection, so that no web page can make a browser on
//!   this machine speak to the database.

mod answer;
mod audiences;
mod broadcasts;
mod changes;
mod clients;
mod collapse;
mod command;
mod connection;
mod delivery;
mod edges;
mod forgets;
mod groups;
mod help;
mod info;
mod line;
mod marks;
mod moderation;
mod notices;
mod reposts;
mod respond;
mod responses;
mod timelines;
mod users;
mod writes;

pub(crate) use connection::{refuse, serve};
