//! A bare tokio echo: the limit of what any server on this machine could answer.
//!
//! It answers each 24 bytes with as many bytes as a page of the daemon has, and does nothing else;
//! it runs as a process of its own, with as many threads as the daemon.

use std::net::SocketAddr;

use bytes::Bytes;
use clap::Args;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::wire::ECHO_REQUEST_BYTES;
use crate::console::say;
use crate::exit::{Explain, Outcome};

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
