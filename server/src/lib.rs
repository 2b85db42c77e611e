//! The Fanfold daemon as a library, so that a test can start a server in its own process.
//!
//! ```text
//! args -> config -> server -> listener -> connection -> session      (binary port)
//!                                      -> debug/                      (text for people)
//!                                      -> http/                       (health and metrics)
//! ```
//!
//! Sockets on one side, the engine's calls on the other; requests are translated by hand in
//! `translate.rs`, answers in `reply.rs`. Not here: what a feed is (`fanfold-engine`) and how frames
//! look (`fanfold-protocol`).
//!
//! ```
//! use fanfold_server::{Config, Server};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let directory = tempfile::tempdir()?;
//! let server = Server::start(Config::local(directory.path().join("data"))).await?;
//! println!("binary protocol at {:?}", server.addresses().listen);
//! server.stop().await?;
//! # Ok(())
//! # }
//! ```

#![forbid(unsafe_code)]

pub mod args;
pub mod config;
pub mod console;
pub mod exit;
mod forgets;
pub mod limits;
pub mod logging;
mod marks;
mod moderation;
pub mod quickstart;
pub mod restore;
pub mod run;
pub mod tools;

mod alarm;
mod audiences;
mod backups;
mod broadcasts;
mod changes;
mod clients;
mod cold;
mod collapse;
mod connection;
mod counters;
mod debug;
mod faults;
mod http;
mod inbound;
mod info;
mod lane;
mod listener;
mod notices;
mod outbound;
mod reply;
mod reposts;
mod responses;
mod server;
mod service;
mod session;
mod suggest;
mod text;
mod translate;
mod wait;
mod watches;
mod writes;

pub use config::{Config, Door};
pub use exit::{Exit, Failure};
pub use limits::Timeouts;
pub use server::Server;
pub use service::Addresses;
