//! Serving on sockets, until it is time to stop.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio_io_timeout::TimeoutStream;
use tower::ServiceExt as _;

use crate::{App, metrics_router, router};

/// How long others are waited for.
#[derive(Debug, Clone, Copy)]
struct Patience {
    /// The head of a request, and where a connection is kept, the next request.
    head: Duration,
    /// Somebody who takes too little of the answer for more of it to be sent.
    write: Duration,
    /// What still runs when it is time to stop.
    stop: Duration,
}

/// Proxies keep a connection for a minute, mostly. It is for them to close it: what they send into one that was just closed
/// here would be lost.
const PATIENCE: Patience =
    Patience { head: Duration::from_secs(75), write: Duration::from_secs(30), stop: Duration::from_secs(30) };

/// Connections that are open, at most; more wait until others end. Each may hold a body of 64 KiB, and a file of the system.
const CONNECTIONS: usize = 4096;

/// How long it is waited before trying again where the system gives no more connections.
const BREATH: Duration = Duration::from_millis(200);

/// Answers requests until `stop` is done. Then no connection is taken any more, what runs is finished, for at most 30
/// seconds, and the store is closed when all that was acknowledged is stored. `/metrics` answers until then.
///
/// # Errors
/// The store could not be closed.
pub async fn serve(
    app: Arc<App>,
    api: TcpListener,
    metrics: Option<TcpListener>,
    stop: impl Future<Output = ()> + Send,
) -> io::Result<()> {
    let store = app.store.clone();
    let mut beside = JoinSet::new();
    if let Some(listener) = metrics {
        beside.spawn(run(listener, metrics_router(Arc::clone(&app)), std::future::pending(), PATIENCE, CONNECTIONS));
    }
    run(api, router(app), stop, PATIENCE, CONNECTIONS).await;
    beside.shutdown().await;
    store.close().await.map_err(io::Error::other)
}

async fn run(
    listener: TcpListener,
    router: Router,
    stop: impl Future<Output = ()> + Send,
    patience: Patience,
    connections_at_once: usize,
) {
    let graceful = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(connections_at_once));
    let mut connections = JoinSet::new();
    let mut stop = pin!(stop);
    loop {
        tokio::select! {
            biased;
            () = &mut stop => break,
            (place, (stream, peer)) = accept_into(&places, &listener) => {
                let answered = answer(stream, peer, router.clone(), graceful.watcher(), patience);
                connections.spawn(async move {
                    answered.await;
                    drop(place);
                });
            }
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    if tokio::time::timeout(patience.stop, graceful.shutdown()).await.is_err() {
        tracing::warn!(connections = connections.len(), "connections were cut that did not end in time");
    }
    connections.shutdown().await;
}

/// The next connection, as soon as there is a place for it.
async fn accept_into(
    places: &Arc<Semaphore>,
    listener: &TcpListener,
) -> (Option<OwnedSemaphorePermit>, (TcpStream, SocketAddr)) {
    // It fails where the semaphore is closed, which nobody does.
    let place = Arc::clone(places).acquire_owned().await.ok();
    (place, accept(listener).await)
}

/// The next connection. Where there can be none, as when too many files are open, that passes.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) => tracing::warn!(%error, "a connection could not be taken"),
        }
        tokio::time::sleep(BREATH).await;
    }
}

async fn answer(stream: TcpStream, peer: SocketAddr, router: Router, watcher: Watcher, patience: Patience) {
    // Answers are written at once and whole; where this is not granted, they come a little later.
    let _ = stream.set_nodelay(true);
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(patience.write));
    let service = router.map_request(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        request.map(Body::new)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(patience.head)
        .serve_connection(TokioIo::new(Box::pin(stream)), TowerToHyperService::new(service));
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(%error, "a connection ended early");
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used, reason = "tests")]

    use std::time::Instant;

    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::sync::oneshot;

    use super::*;

    const SHORT: Duration = Duration::from_secs(1);
    const LONG: Duration = Duration::from_secs(20);
    const PLACES: usize = 3;

    const PATIENT: Patience = Patience { head: LONG, write: LONG, stop: LONG };

    /// A server that answers `/` at once, `/slow` after a time, `/large` with more than a socket holds, and is told to stop.
    async fn start(patience: Patience) -> (SocketAddr, oneshot::Sender<()>, tokio::task::JoinHandle<()>) {
        let slow = async || {
            tokio::time::sleep(SHORT * 2).await;
            "done"
        };
        let router = Router::new().route("/", get(async || "done")).route("/slow", get(slow));
        let router = router.route("/large", get(async || "x".repeat(64 << 20)));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (stop, stopped) = oneshot::channel();
        let stopped = async { stopped.await.expect("is told") };
        (address, stop, tokio::spawn(run(listener, router, stopped, patience, PLACES)))
    }

    async fn send(address: SocketAddr, text: &str) -> TcpStream {
        let mut stream = TcpStream::connect(address).await.expect("connects");
        stream.write_all(text.as_bytes()).await.expect("is sent");
        stream
    }

    /// What comes until the server closes the connection.
    async fn rest(mut stream: TcpStream) -> String {
        let mut text = Vec::new();
        let end = tokio::time::timeout(LONG / 2, stream.read_to_end(&mut text)).await;
        end.expect("is closed").expect("is read");
        String::from_utf8(text).expect("is text")
    }

    #[tokio::test]
    async fn a_head_that_does_not_end_is_cut_off() {
        let (address, _stop, _) = start(Patience { head: SHORT, ..PATIENT }).await;
        let begun = Instant::now();
        let slow_loris = send(address, "GET / HTTP/1.1\r\nHost: x\r\nX-A: ").await;
        let silent = send(address, "").await;
        let idle = send(address, "GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
        rest(slow_loris).await;
        rest(silent).await;
        assert!(rest(idle).await.ends_with("done"));
        assert!(begun.elapsed() >= SHORT);
        assert!(begun.elapsed() < LONG / 4, "{:?}", begun.elapsed());
    }

    #[tokio::test]
    async fn who_does_not_read_the_answer_is_cut_off() {
        let (address, _stop, _) = start(Patience { write: SHORT, ..PATIENT }).await;
        let mut idle = Vec::new();
        for _ in 0..PLACES {
            idle.push(send(address, "GET /large HTTP/1.1\r\nHost: x\r\n\r\n").await);
        }
        let next = send(address, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
        assert!(rest(next).await.ends_with("done"), "their places are free again");
    }

    #[tokio::test]
    async fn who_reads_slowly_gets_all_of_the_answer() {
        let (address, _stop, _) = start(Patience { write: SHORT, ..PATIENT }).await;
        let mut slow = send(address, "GET /large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
        let mut part = vec![0; 16 << 20];
        for _ in 0..3 {
            slow.read_exact(&mut part).await.expect("is sent");
            tokio::time::sleep(SHORT / 2).await;
        }
        assert!(rest(slow).await.ends_with("xxx"));
    }

    #[tokio::test]
    async fn more_connections_than_there_are_places_wait() {
        let (address, _stop, _) = start(PATIENT).await;
        let mut open = Vec::new();
        for _ in 0..PLACES {
            open.push(send(address, "").await);
        }
        let mut waiting = send(address, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
        let mut first = [0];
        let answered = tokio::time::timeout(SHORT, waiting.read_exact(&mut first)).await;
        assert!(answered.is_err(), "there is no place for it");
        drop(open.pop());
        assert!(rest(waiting).await.ends_with("done"));
    }

    #[tokio::test]
    async fn what_runs_is_finished_and_nothing_new_is_taken() {
        let (address, stop, running) = start(PATIENT).await;
        let idle = send(address, "GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
        let request = send(address, "GET /slow HTTP/1.1\r\nHost: x\r\n\r\n").await;
        tokio::time::sleep(SHORT).await;
        stop.send(()).expect("listens");
        tokio::time::sleep(SHORT / 3).await;
        assert!(TcpStream::connect(address).await.is_err());
        assert!(rest(idle).await.ends_with("done"));
        let answer = rest(request).await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("done"), "{answer}");
        running.await.expect("ends");
    }

    #[tokio::test]
    async fn a_slow_client_does_not_hold_it_up() {
        let (address, stop, running) = start(Patience { stop: SHORT, ..PATIENT }).await;
        let slow = send(address, "POST / HTTP/1.1\r\nHost: x\r\nContent-Le").await;
        tokio::time::sleep(SHORT / 3).await;
        let begun = Instant::now();
        stop.send(()).expect("listens");
        running.await.expect("ends");
        assert!(begun.elapsed() >= SHORT);
        assert!(begun.elapsed() < LONG / 4, "{:?}", begun.elapsed());
        drop(slow);
    }
}
