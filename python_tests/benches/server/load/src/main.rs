//! Sends requests over connections that are kept open, each the next when the last was answered, and tells how many
//! were answered a second and how long that took.
//!
//! `load PLAN ADDRESS CONNECTIONS WARM_UP SECONDS`. PLAN is a file of JSON: `headers`, the `status` that every answer
//! must have, and `requests` with `method`, `path` and perhaps a `body`. One thread does it all, so that there is
//! processor time left for what is measured.

mod plan;
mod results;

use std::error::Error;
use std::rc::Rc;
use std::time::{Duration, Instant};

use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::LocalSet;

use crate::plan::Plan;
use crate::results::Results;

type Failure = Box<dyn Error>;

/// What is measured: answers that come between these two.
#[derive(Clone, Copy)]
struct Window {
    begin: Instant,
    end: Instant,
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [plan, address, connections, warm_up, seconds] = arguments.as_slice() else {
        return Err("usage: load PLAN ADDRESS CONNECTIONS WARM_UP SECONDS".into());
    };
    let plan = Rc::new(Plan::read(plan, address)?);
    let (warm_up, seconds) =
        (Duration::try_from_secs_f64(warm_up.parse()?)?, Duration::try_from_secs_f64(seconds.parse()?)?);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let latencies = LocalSet::new().block_on(&runtime, all(plan, address, connections.parse()?, warm_up, seconds))?;
    println!("{}", serde_json::to_string(&Results::new(latencies, seconds))?);
    Ok(())
}

/// Answers the latencies of all connections.
async fn all(
    plan: Rc<Plan>,
    address: &str,
    connections: usize,
    warm_up: Duration,
    seconds: Duration,
) -> Result<Vec<Duration>, Failure> {
    let mut senders = Vec::with_capacity(connections);
    for _ in 0..connections {
        senders.push(connect(address).await?);
    }
    let begin = Instant::now() + warm_up;
    let window = Window { begin, end: begin + seconds };
    let mut running = Vec::with_capacity(connections);
    for (number, sender) in senders.into_iter().enumerate() {
        // Each begins elsewhere in the plan.
        let first = number * plan.len() / connections;
        running.push(tokio::task::spawn_local(one(Rc::clone(&plan), sender, first, window)));
    }
    let mut latencies = Vec::new();
    for connection in running {
        latencies.extend(connection.await??);
    }
    Ok(latencies)
}

async fn connect(address: &str) -> Result<SendRequest<Full<Bytes>>, Failure> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    drop(tokio::task::spawn_local(connection));
    Ok(sender)
}

async fn one(
    plan: Rc<Plan>,
    mut sender: SendRequest<Full<Bytes>>,
    first: usize,
    window: Window,
) -> Result<Vec<Duration>, Failure> {
    let mut latencies = Vec::new();
    for request in plan.from(first) {
        let sent = Instant::now();
        let answer = sender.send_request(request?).await?;
        let status = answer.status();
        let body = answer.into_body().collect().await?;
        let answered = Instant::now();
        if !plan.expects(status) {
            let said = String::from_utf8_lossy(&body.to_bytes()).into_owned();
            return Err(format!("a request was answered with {status}: {said}").into());
        }
        if answered >= window.end {
            break;
        }
        if answered >= window.begin {
            latencies.push(answered - sent);
        }
        sender.ready().await?;
    }
    Ok(latencies)
}
