//! The HTTP port: health, readiness and metrics for machines, an index for whoever looks.
//!
//! ```text
//! hyper -> pages.rs: path -> answer -> metrics.rs: counters as OpenMetrics text
//! ```
//!
//! Read-only by construction: nothing here can change the database or the daemon. Every connection
//! ends: request heads have a deadline, connections a lifetime and a cap.

mod metrics;
mod pages;

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::clients::Ticket;
use crate::connection::hang_up;
use crate::limits::{HTTP_CONNECTIONS_MAX, HTTP_HEAD_DEADLINE, HTTP_LIFETIME};
use crate::service::Service;

/// What a request head and its headers may take, in bytes.
const HEAD_BYTES_MAX: usize = 16 << 10;

/// Serves one connection until it ends.
pub(crate) async fn serve(socket: TcpStream, service: Arc<Service>, client: Ticket) {
    let id = client.id;
    let answer = |request: Request<Incoming>| {
        client.count_request();
        let response = pages::answer(&service, request.method(), request.uri().path());
        std::future::ready(Ok::<_, Infallible>(response))
    };
    let mut connection = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            // `printf 'GET ...' | nc` ends its side before it has its answer.
            .half_close(true)
            .header_read_timeout(HTTP_HEAD_DEADLINE)
            .max_buf_size(HEAD_BYTES_MAX)
            .serve_connection(TokioIo::new(socket), service_fn(answer))
    );
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = client.stopped() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
        () = tokio::time::sleep(HTTP_LIFETIME) => Ok(()),
    };
    if let Err(error) = ended {
        tracing::debug!(client = id, %error, "http connection lost");
    }
}

/// Tells a peer that there is no place for it.
pub(crate) async fn refuse(mut socket: TcpStream) {
    let body = format!("{HTTP_CONNECTIONS_MAX} HTTP connections are open; try again later\n");
    let head = "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\nRetry-After: 1\r\n";
    let answer = format!("{head}Connection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let _peer_may_be_gone = socket.write_all(answer.as_bytes()).await;
    hang_up(&mut socket).await;
}

/// What goes out.
type Page = Response<Full<Bytes>>;
