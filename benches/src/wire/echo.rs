//! A bare tokio echo: the limit of what any server on this machine could answer.
//!
//! It answers each 24 bytes with as many bytes as a page of the daemon has, and does nothing else;
//! it runs as a process of its own, with as many threads as the daemon.

use std::net::SocketAddr;
use std::ops::Range;

use bytes::{Bytes, BytesMut};
use clap::Args;
use fanfold_engine::testing::seed::Random;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::talk::{Dialect, Heard, Talk};
use crate::console::say;
use crate::exit::{Explain, Outcome};

/// Bytes of a request.
const ECHO_REQUEST_BYTES: usize = 24;

/// Requests answered with one write at most.
const TOGETHER_MAX: usize = 64;

/// The arguments of `echo`.
#[derive(Args, Clone, Debug)]
pub(crate) struct EchoArgs {
    /// Where to listen
    #[arg(long)]
    listen: SocketAddr,
    /// How many bytes answer a request
    #[arg(long)]
    reply_bytes: usize,
}

/// Serves until it is killed.
pub(crate) fn echo(args: &EchoArgs) -> Outcome<()> {
    let runtime = tokio::runtime::Runtime::new().explain(|| "no runtime".to_owned())?;
    runtime.block_on(serve(args))
}

async fn serve(args: &EchoArgs) -> Outcome<()> {
    let listen = || format!("cannot listen on {}", args.listen);
    let listener = TcpListener::bind(args.listen).await.explain(listen)?;
    say(format!("ready listen={}", listener.local_addr().explain(listen)?));
    let replies = Bytes::from(vec![7; args.reply_bytes * TOGETHER_MAX]);
    loop {
        let (stream, _) = listener.accept().await.explain(listen)?;
        tokio::spawn(answer(stream, replies.clone(), args.reply_bytes));
    }
}

async fn answer(mut stream: TcpStream, replies: Bytes, reply_bytes: usize) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    // With what is left over of the request before, never more than TOGETHER_MAX requests.
    let mut buffer = vec![0; ECHO_REQUEST_BYTES * (TOGETHER_MAX - 1) + 1];
    let mut unanswered = 0;
    loop {
        let bytes = stream.read(&mut buffer).await?;
        if bytes == 0 {
            return Ok(());
        }
        unanswered += bytes;
        let bytes = unanswered / ECHO_REQUEST_BYTES * reply_bytes;
        unanswered %= ECHO_REQUEST_BYTES;
        stream.write_all(replies.get(..bytes).unwrap_or_default()).await?;
    }
}

/// What is said to it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Echo {
    pub(crate) reply_bytes: usize,
}

impl Dialect for Echo {
    fn begin(&self, _: &mut std::net::TcpStream) -> Outcome<()> {
        Ok(())
    }

    fn talk(&self, _: Random, _: Option<u32>) -> Outcome<Box<dyn Talk>> {
        Ok(Box::new(Echoing { reply_bytes: self.reply_bytes, came: 0, number: 0 }))
    }
}

/// One connection to it.
struct Echoing {
    reply_bytes: usize,
    /// Bytes of the reply that is coming.
    came: usize,
    /// The last one that came.
    number: u32,
}

impl Talk for Echoing {
    fn ask(&mut self, numbers: Range<u32>, out: &mut BytesMut) -> Outcome<()> {
        numbers.for_each(|_| out.extend_from_slice(&[7; ECHO_REQUEST_BYTES]));
        Ok(())
    }

    fn hear(&mut self, bytes: &[u8], heard: &mut Heard) -> Outcome<()> {
        self.came += bytes.len();
        while self.reply_bytes <= self.came {
            self.came -= self.reply_bytes;
            self.number = self.number.wrapping_add(1);
            heard.answered.push(self.number);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_replies_are_counted() {
        let mut talk = Echo { reply_bytes: 7 }.talk(Random::new(1), None).unwrap();
        let mut counts = Vec::new();
        for bytes in [8, 5, 22] {
            let mut heard = Heard::default();
            talk.hear(&vec![0; bytes], &mut heard).unwrap();
            counts.push(heard.answered.len());
        }
        assert_eq!(counts, [1, 0, 4]);
    }
}
