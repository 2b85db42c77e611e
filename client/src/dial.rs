//! Makes a connection: resolve, connect, say hello, read the welcome. One attempt, one timeout.
//!
//! No retries: pausing and trying again belongs to `connection.rs`. Until the welcome has come, no
//! frame above the size of a hello is accepted.

use bytes::{Bytes, BytesMut};
use fanfold_protocol::limits::BODY_BYTES_MAX;
use fanfold_protocol::{
    FEATURES, Frame, FrameCodec, FrameError, Hello, Reply, Request, VERSION_MAX, VERSION_MIN,
    Welcome, encode_request,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_util::codec::Decoder;

use crate::error::{Error, ErrorKind, Result};
use crate::options::ConnectOptions;
use crate::url::Target;

/// The request id of the hello.
const HELLO_ID: u32 = 1;

/// A connection on which both sides have said hello.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) stream: TcpStream,
    pub(crate) codec: FrameCodec,
    pub(crate) inbox: BytesMut,
    pub(crate) welcome: Welcome,
}

/// Connects to `target` within the connect timeout.
pub(crate) async fn dial(target: &Target, options: &ConnectOptions) -> Result<Link> {
    let limit = options.connect_timeout;
    tokio::time::timeout(limit, connect(target, options)).await.unwrap_or_else(|_| {
        let message = format!("{target} did not answer within {} ms", limit.as_millis());
        Err(Error::new(ErrorKind::TimedOut, message))
    })
}

async fn connect(target: &Target, options: &ConnectOptions) -> Result<Link> {
    let mut stream = TcpStream::connect((target.host(), target.port())).await.map_err(|error| {
        let message = format!("cannot connect to {target}: {error}; is fanfoldd running there?");
        Error::new(ErrorKind::Disconnected, message).because(error)
    })?;
    let lost = |error| lost(target, error);
    stream.set_nodelay(true).map_err(lost)?;
    stream.write_all(&hello(target, options)?).await.map_err(lost)?;
    let mut codec = FrameCodec::before_hello();
    let mut inbox = BytesMut::new();
    let frame = read_frame(&mut stream, &mut codec, &mut inbox)
        .await
        .map_err(|error| hello_failed(target, error))?;
    let welcome = welcome(target, &frame)?;
    codec.set_max_body_bytes(BODY_BYTES_MAX);
    Ok(Link { stream, codec, inbox, welcome })
}

fn hello(target: &Target, options: &ConnectOptions) -> Result<BytesMut> {
    let hello = Hello {
        min_version: VERSION_MIN,
        max_version: VERSION_MAX,
        features: FEATURES,
        epoch: None,
        name: Bytes::from(options.name.clone()),
        token: Bytes::from(target.token().unwrap_or_default().to_owned()),
    };
    let mut out = BytesMut::new();
    encode_request(HELLO_ID, 0, &Request::Hello(hello), &mut out)
        .map_err(|error| Error::new(ErrorKind::Invalid, error.to_string()).because(error))?;
    Ok(out)
}

async fn read_frame(
    stream: &mut TcpStream,
    codec: &mut FrameCodec,
    inbox: &mut BytesMut,
) -> std::result::Result<Frame, FrameError> {
    loop {
        if let Some(frame) = codec.decode(inbox)? {
            return Ok(frame);
        }
        if stream.read_buf(inbox).await? == 0 {
            return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into());
        }
    }
}

fn welcome(target: &Target, frame: &Frame) -> Result<Welcome> {
    match Reply::load(frame) {
        Ok(Reply::Welcome(welcome)) if frame.request_id == HELLO_ID => Ok(welcome),
        Ok(Reply::Error(error)) => Err(Error::from_reply(&error)),
        Ok(other) => Err(Error::protocol(format!(
            "{target} answered the hello with a {}, not with a welcome",
            other.kind()
        ))),
        Err(error) => {
            let message = format!("{target} answered the hello with something broken: {error}");
            Err(Error::protocol(message).because(error))
        }
    }
}

fn hello_failed(target: &Target, error: FrameError) -> Error {
    match error {
        FrameError::Io(error) => lost(target, error),
        other => {
            let message = format!(
                "{target} does not speak the Fanfold protocol: {other}; is it another port?"
            );
            Error::protocol(message).because(other)
        }
    }
}

fn lost(target: &Target, error: std::io::Error) -> Error {
    let message = format!("the connection to {target} broke during the hello: {error}");
    Error::new(ErrorKind::Disconnected, message).because(error)
}
