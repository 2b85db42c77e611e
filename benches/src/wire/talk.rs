//! One connection's side of a conversation: what to say, and which answers have come. No socket.

use std::fmt::Debug;
use std::net::{SocketAddr, TcpStream};

use bytes::BytesMut;
use fanfold_engine::testing::seed::Random;

use crate::exit::{Explain, Outcome};

/// What came of some bytes.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    /// The numbers of the questions that are answered now, as [`Talk::ask`] gave them.
    pub(crate) answered: Vec<u32>,
    /// How many of them with an error.
    pub(crate) refused: u64,
    /// What has to be said before the others can be answered.
    pub(crate) say: BytesMut,
}

/// A conversation.
pub(crate) trait Talk: Send {
    /// Puts the next questions behind `out`, as many as `numbers`; a number comes back when its question is
    /// answered, and is not used again before.
    fn ask(&mut self, numbers: std::ops::Range<u32>, out: &mut BytesMut) -> Outcome<()>;

    /// Takes bytes, however they are cut.
    fn hear(&mut self, bytes: &[u8], heard: &mut Heard) -> Outcome<()>;
}

/// How to talk to a server about one thing.
pub(crate) trait Dialect: Debug + Send + Sync {
    /// Says what a connection has to say first, and waits for the answer.
    fn begin(&self, stream: &mut TcpStream) -> Outcome<()>;

    /// The conversation of one connection. With `ahead` the same numbers, `1..=ahead`, are asked for again and
    /// again, so that the questions can be encoded ahead.
    fn talk(&self, random: Random, ahead: Option<u32>) -> Outcome<Box<dyn Talk>>;
}

/// A connection that is ready for questions.
pub(crate) fn connect(address: SocketAddr, dialect: &dyn Dialect) -> Outcome<TcpStream> {
    let mut stream = plain(address)?;
    dialect.begin(&mut stream)?;
    Ok(stream)
}

/// A connection on which nothing was said.
pub(crate) fn plain(address: SocketAddr) -> Outcome<TcpStream> {
    let connect = || format!("cannot connect to {address}");
    let stream = TcpStream::connect(address).explain(connect)?;
    stream.set_nodelay(true).explain(connect)?;
    Ok(stream)
}
