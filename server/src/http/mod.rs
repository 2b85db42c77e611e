//! The HTTP port: health, readiness and metrics for machines, long-polls for browsers, an index for
//! whoever looks.
//!
//! ```text
//! hyper -> pages.rs: path -> answer -> metrics.rs: counters as OpenMetrics text
//!       -> homes.rs: a long-poll, held; an example that uses it
//! ```
//!
//! Read-only by construction: nothing here can change the database or the daemon. Every connection
//! ends: request heads have a deadline, held requests a longest time, connections a lifetime and a cap.

mod homes;
mod metrics;
mod pages;

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::HOST;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::clients::Ticket;
use crate::connection::hang_up;
use crate::limits::{HTTP_HEAD_DEADLINE, HTTP_LIFETIME};
use crate::service::Service;

/// What a request head and its headers may take, in bytes.
const HEAD_BYTES_MAX: usize = 16 << 10;

/// Serves one connection until it ends.
pub(crate) async fn serve(socket: TcpStream, service: Arc<Service>, client: Ticket) {
    let id = client.id;
    // Ends what is held, so that stopping waits for nobody's patience.
    let ending = CancellationToken::new();
    let answer = |request: Request<Incoming>| {
        client.count_request();
        let (service, ending) = (Arc::clone(&service), ending.clone());
        async move { Ok::<_, Infallible>(route(&service, &request, &ending).await) }
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
            ending.cancel();
            connection.as_mut().graceful_shutdown();
            connection.await
        }
        () = tokio::time::sleep(HTTP_LIFETIME) => {
            ending.cancel();
            connection.as_mut().graceful_shutdown();
            timeout(HTTP_HEAD_DEADLINE, connection).await.unwrap_or(Ok(()))
        }
    };
    if let Err(error) = ended {
        tracing::debug!(client = id, %error, "http connection lost");
    }
}

async fn route(service: &Service, request: &Request<Incoming>, ending: &CancellationToken) -> Page {
    let (method, uri) = (request.method(), request.uri());
    match homes::asked(uri.path(), uri.query()) {
        Some(_) if !homes::is_for_us(request.headers().get(HOST)) => homes::refused(),
        Some(asked) if pages::is_read(method) => {
            homes::answer(service, asked, ending.cancelled()).await
        }
        Some(_) => pages::not_allowed(method),
        None => pages::answer(service, method, uri.path()),
    }
}

/// Tells a peer that there is no place for it.
pub(crate) async fn refuse(mut socket: TcpStream, max: usize) {
    let body = format!("{max} HTTP connections are open; try again later\n");
    let head = "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\nRetry-After: 1\r\n";
    let answer = format!("{head}Connection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let _peer_may_be_gone = socket.write_all(answer.as_bytes()).await;
    hang_up(&mut socket).await;
}

/// What goes out.
type Page = Response<Full<Bytes>>;
