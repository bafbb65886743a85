//! The load: connections that are kept alive, each with a chain of refresh tokens that it follows.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use regrant_benches::wire::{BASIC, FORM, refresh_body, refresh_token_of};
use tokio::net::TcpStream;
use tokio::task::{JoinSet, LocalSet, yield_now};

use crate::Done;
use crate::server::{Server, cpu_of};

/// How a server is loaded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// How long before anything is counted.
    pub(crate) warm_up: Duration,
    /// How long it is counted.
    pub(crate) counted: Duration,
    /// Requests a second that fall due whatever the server does; `None` sends the next when the answer is there.
    pub(crate) rate: Option<f64>,
}

/// What became of it.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// Answers a second that were right.
    pub(crate) rate: f64,
    /// Seconds of the server's processors for each.
    pub(crate) cpu: f64,
    /// The share of one processor that the generator itself took.
    pub(crate) generator: f64,
    /// Answers that were not right: another status, no token, or the old one.
    pub(crate) errors: u64,
    /// Nanoseconds from when a request fell due until its answer was read and checked.
    pub(crate) latency: Histogram<u64>,
}

/// What one connection has seen.
struct Seen {
    latency: Histogram<u64>,
    errors: u64,
    token: String,
}

/// Loads a server, from this thread alone. The tokens of its chains are those of the last answers afterwards.
pub(crate) fn run(server: &mut Server, plan: Plan) -> Done<Outcome> {
    // The driver of sockets is looked at often: paced connections never let the runtime rest.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().event_interval(31).build()?;
    LocalSet::new().block_on(&runtime, load(server, plan))
}

async fn load(server: &mut Server, plan: Plan) -> Done<Outcome> {
    let connections = server.chains.len();
    let mut senders = Vec::new();
    for _ in 0..connections {
        senders.push(connect(server.port).await?);
    }
    let done = Rc::new(Cell::new(0_u64));
    let begun = Instant::now();
    let (from, until) = (begun + plan.warm_up, begun + plan.warm_up + plan.counted);
    let mut tasks = JoinSet::new();
    for (number, (sender, token)) in senders.into_iter().zip(server.chains.drain(..)).enumerate() {
        let pace = plan.rate.map(|rate| Pace::of(number, connections, rate, begun));
        let connection = Connection { sender, path: server.path.clone(), number, done: Rc::clone(&done) };
        tasks.spawn_local(async move { (number, connection.follow(token, pace, from, until).await) });
    }
    tokio::time::sleep_until(from.into()).await;
    let before = (server.cpu()?, cpu_of("self")?, done.get(), Instant::now());
    tokio::time::sleep_until(until.into()).await;
    let after = (server.cpu()?, cpu_of("self")?, done.get(), Instant::now());
    let mut seen = tasks.join_all().await;
    seen.sort_by_key(|(number, _)| *number);
    let seconds = after.3.duration_since(before.3).as_secs_f64();
    let answers = (after.2 - before.2) as f64;
    let mut outcome = Outcome {
        rate: answers / seconds,
        cpu: after.0.saturating_sub(before.0).as_secs_f64() / answers,
        generator: after.1.saturating_sub(before.1).as_secs_f64() / seconds,
        errors: 0,
        latency: histogram()?,
    };
    for (_, seen) in seen {
        let Seen { latency, errors, token } = seen?;
        outcome.latency.add(&latency)?;
        outcome.errors += errors;
        server.chains.push(token);
    }
    Ok(outcome)
}

/// From a tenth of a microsecond to a minute, with three digits.
fn histogram() -> Done<Histogram<u64>> {
    Ok(Histogram::new_with_bounds(100, 60_000_000_000, 3)?)
}

async fn connect(port: u16) -> Done<SendRequest<Full<Bytes>>> {
    let stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    tokio::task::spawn_local(connection);
    Ok(sender)
}

/// When the requests of one connection fall due: evenly, and between those of the others.
struct Pace {
    next: Instant,
    step: Duration,
}

impl Pace {
    fn of(number: usize, connections: usize, rate: f64, begun: Instant) -> Self {
        let one = Duration::from_secs_f64(1.0 / rate);
        Self { next: begun + one.mul_f64(number as f64), step: one.mul_f64(connections as f64) }
    }

    /// Waits for the next, and answers when it was due. The timer of the runtime has no more than milliseconds.
    async fn due(&mut self) -> Instant {
        while Instant::now() < self.next {
            yield_now().await;
        }
        let due = self.next;
        self.next += self.step;
        due
    }
}

struct Connection {
    sender: SendRequest<Full<Bytes>>,
    path: String,
    number: usize,
    done: Rc<Cell<u64>>,
}

impl Connection {
    /// Follows one chain until the time is over.
    async fn follow(mut self, mut token: String, mut pace: Option<Pace>, from: Instant, until: Instant) -> Done<Seen> {
        let (mut latency, mut errors) = (histogram()?, 0);
        loop {
            let due = match &mut pace {
                Some(pace) => pace.due().await,
                None => Instant::now(),
            };
            if due >= until {
                return Ok(Seen { latency, errors, token });
            }
            let next = self.refresh(&token).await?;
            match next {
                Some(next) => {
                    token = next;
                    self.done.set(self.done.get() + 1);
                }
                None => errors += 1,
            }
            if errors > 100 {
                return Err(format!("connection {}: more than a hundred wrong answers", self.number).into());
            }
            if due >= from {
                latency.saturating_record(u64::try_from(due.elapsed().as_nanos())?);
            }
        }
    }

    /// One refresh: the next token, or `None` where the answer was not right.
    async fn refresh(&mut self, token: &str) -> Done<Option<String>> {
        let request = Request::post(&self.path).header(HOST, "127.0.0.1").header(AUTHORIZATION, BASIC);
        let request = request.header(CONTENT_TYPE, FORM).body(Full::new(Bytes::from(refresh_body(token))))?;
        self.sender.ready().await?;
        let answer = self.sender.send_request(request).await?;
        let status = answer.status();
        let body = answer.into_body().collect().await?.to_bytes();
        let next = refresh_token_of(&body).filter(|next| *next != token || is_constant(next));
        Ok(next.filter(|_| status == StatusCode::OK).map(String::from))
    }
}

/// The bare handler gives everybody the same.
fn is_constant(token: &str) -> bool {
    token.bytes().all(|byte| byte == b'b')
}
