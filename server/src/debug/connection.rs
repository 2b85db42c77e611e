//! One connection of the debug port: the only owner of its socket.
//!
//! Lines are answered one after the other, so the answers stand in the order of the questions; those
//! of lines that came together go out together. Complete lines before the end of the stream are
//! answered, so a pipe from `printf` works; a half line is named and not run.
//!
//! Invariant: memory is bounded by one line and the answers in `FLUSH_BYTES`, time by the idle and
//! the write timeout.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use fanfold_protocol::Code;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::answer::{Answer, answer, answer_wait, error, wrong};
use super::command::{Command, parse};
use super::line::Lines;
use crate::clients::Ticket;
use crate::connection::hang_up;
use crate::limits::{FLUSH_BYTES, LINE_BYTES_MAX};
use crate::service::Service;

const HALF_LINE: &str = "the last line has no end and was not run; end each with a newline";

/// Serves one connection until it ends.
pub(crate) async fn serve(socket: TcpStream, service: Arc<Service>, client: Ticket) {
    let lines = Lines::default();
    let mut connection = Connection { socket, service, client, lines, out: String::new() };
    match connection.run().await {
        Ok(()) => hang_up(&mut connection.socket).await,
        Err(error) => {
            tracing::debug!(client = connection.client.id, %error, "debug connection lost");
        }
    }
}

/// Tells a peer that there is no place for it.
pub(crate) async fn refuse(mut socket: TcpStream, max: usize) {
    let message = format!("{max} debug connections are open; the limit is --max-connections");
    let text = error(Code::TooManyConnections.name(), &message);
    let _peer_may_be_gone = socket.write_all(text.as_bytes()).await;
    hang_up(&mut socket).await;
}

struct Connection {
    socket: TcpStream,
    service: Arc<Service>,
    client: Ticket,
    lines: Lines,
    out: String,
}

/// What woke the connection.
enum Wake {
    Read(usize),
    Stop,
    Idle(Duration),
}

impl Connection {
    async fn run(&mut self) -> io::Result<()> {
        loop {
            if self.answer_lines().await? {
                return self.send().await;
            }
            self.send().await?;
            match self.read().await? {
                Wake::Read(0) => {
                    if self.lines.has_half() {
                        self.out.push_str(&error("half_line", HALF_LINE));
                    }
                    return self.send().await;
                }
                Wake::Read(_) => {}
                Wake::Stop => self.out.push_str(&error("closed", "the server is stopping")),
                Wake::Idle(waited) => {
                    let message = format!("no command within {} s", waited.as_secs());
                    self.out.push_str(&error(Code::TimedOut.name(), &message));
                }
            }
            if !self.out.is_empty() {
                return self.send().await;
            }
        }
    }

    /// Answers all complete lines; true if the connection ends with them.
    async fn answer_lines(&mut self) -> io::Result<bool> {
        loop {
            match self.lines.next() {
                Ok(None) => return Ok(false),
                Ok(Some(line)) => {
                    if self.answer_line(&line).await || self.client.is_stopping() {
                        return Ok(true);
                    }
                }
                Err(_) => {
                    let message = format!("a line has more than {LINE_BYTES_MAX} bytes");
                    self.out.push_str(&error(Code::Limit.name(), &message));
                    return Ok(true);
                }
            }
            if FLUSH_BYTES <= self.out.len() {
                self.send().await?;
            }
        }
    }

    /// Answers one line; true if it was the last.
    async fn answer_line(&mut self, line: &Bytes) -> bool {
        let Answer { text, is_last } = match parse(line) {
            Ok(None) => return false,
            Ok(Some(Command::Wait(query))) => {
                answer_wait(&self.service, query, self.client.stopped()).await
            }
            Ok(Some(command)) => answer(&self.service, command).await,
            Err(what) => wrong(&self.service, &what),
        };
        self.client.count_request();
        self.service.counters.debug_commands.fetch_add(1, Ordering::Relaxed);
        self.out.push_str(&text);
        is_last
    }

    async fn read(&mut self) -> io::Result<Wake> {
        let idle = self.service.config.timeouts.debug_idle;
        tokio::select! {
            biased;
            read = self.socket.read_buf(&mut self.lines.buffer) => read.map(Wake::Read),
            () = self.client.stopped() => Ok(Wake::Stop),
            () = tokio::time::sleep(idle) => Ok(Wake::Idle(idle)),
        }
    }

    async fn send(&mut self) -> io::Result<()> {
        if self.out.is_empty() {
            return Ok(());
        }
        let patience = self.service.config.timeouts.write_stall;
        let sent = timeout(patience, self.socket.write_all(self.out.as_bytes())).await;
        self.out.clear();
        sent.map_err(|_| io::Error::new(io::ErrorKind::TimedOut, "the peer takes no answers"))?
    }
}
