//! A proxy on loopback that knows where one message of the protocol ends and the next begins, and breaks what it is
//! told to break, exactly there.

use std::io;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::{Either, select};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::timeout;

/// Which way a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    ToServer,
    ToStore,
}

pub(crate) const WAYS: [Way; 2] = [Way::ToServer, Way::ToStore];

/// What is done to a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Harm {
    /// Both sides are closed.
    Cut,
    /// This way is closed, and nothing more is read from it. The other way stays open.
    HalfClose,
    /// This way stands still, and nobody is told.
    Stall,
    /// Both sides are closed, and for the time being every further connection.
    Leave,
}

pub(crate) const HARMS: [Harm; 4] = [Harm::Cut, Harm::HalfClose, Harm::Stall, Harm::Leave];

/// What is to be done, and when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault {
    pub(crate) way: Way,
    /// How many messages pass that way before.
    pub(crate) after: usize,
    /// Whether the first half of the next one passes, too.
    pub(crate) half: bool,
    pub(crate) harm: Harm,
}

/// How many messages went each way since [`Proxy::arm`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Passed {
    pub(crate) to_server: usize,
    pub(crate) to_store: usize,
}

impl Passed {
    pub(crate) const fn that_way(&self, way: Way) -> usize {
        match way {
            Way::ToServer => self.to_server,
            Way::ToStore => self.to_store,
        }
    }
}

#[derive(Debug, Default)]
struct State {
    fault: Option<Fault>,
    fired: bool,
    away: bool,
    passed: Passed,
}

#[derive(Debug)]
struct Shared {
    upstream: u16,
    state: Mutex<State>,
    /// How many connections there are.
    open: watch::Sender<usize>,
    /// Rises when everything that stands still is to go on.
    release: watch::Sender<u64>,
    /// Rises when all connections are to be cut.
    cut: watch::Sender<u64>,
}

/// A proxy before one server.
#[derive(Debug)]
pub(crate) struct Proxy {
    port: u16,
    shared: Arc<Shared>,
    task: AbortHandle,
}

impl Proxy {
    pub(crate) async fn start(upstream: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Mutex::default();
        let (open, release, cut) = (watch::Sender::new(0), watch::Sender::new(0), watch::Sender::new(0));
        let shared = Arc::new(Shared { upstream, state, open, release, cut });
        let task = tokio::spawn(accept(listener, Arc::clone(&shared))).abort_handle();
        Self { port, shared, task }
    }

    /// The same address through the proxy.
    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    /// Counts messages from now on, and does what `fault` says.
    pub(crate) fn arm(&self, fault: Option<Fault>) {
        *self.shared.state.lock().unwrap() = State { fault, ..State::default() };
    }

    /// Whether the fault has been done.
    pub(crate) fn fired(&self) -> bool {
        self.shared.state.lock().unwrap().fired
    }

    pub(crate) fn passed(&self) -> Passed {
        self.shared.state.lock().unwrap().passed
    }

    /// From now on nothing is harmed, and new connections are served. What stands still goes on doing so.
    pub(crate) fn heal(&self) {
        *self.shared.state.lock().unwrap() = State::default();
    }

    /// Cuts all connections.
    pub(crate) fn cut(&self) {
        self.shared.cut.send_modify(|turn| *turn += 1);
    }

    /// Lets what stands still go on, late as it is.
    pub(crate) fn release(&self) {
        self.shared.release.send_modify(|turn| *turn += 1);
    }

    /// Waits until both sides of every connection are closed and the server has done all that it was sent.
    pub(crate) async fn drained(&self) {
        let mut open = self.shared.open.subscribe();
        timeout(Duration::from_secs(30), open.wait_for(|open| *open == 0)).await.unwrap().unwrap();
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
        self.cut();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        let (store, _) = listener.accept().await.unwrap();
        if shared.state.lock().unwrap().away {
            continue;
        }
        shared.open.send_modify(|open| *open += 1);
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            let mut cut = shared.cut.subscribe();
            // An error is a side that has gone, which is what this is about.
            let _ended = select(Box::pin(cut.changed()), Box::pin(carry(store, &shared))).await;
            shared.open.send_modify(|open| *open -= 1);
        });
    }
}

/// Carries one connection until it is cut, or both sides are closed.
async fn carry(store: TcpStream, shared: &Shared) -> io::Result<End> {
    let server = TcpStream::connect((Ipv4Addr::LOCALHOST, shared.upstream)).await?;
    for stream in [&store, &server] {
        stream.set_nodelay(true)?;
    }
    let ((from_store, to_store), (from_server, to_server)) = (store.into_split(), server.into_split());
    let there = pump(Pipe { way: Way::ToServer, from: from_store, to: to_server, first: true }, shared);
    let back = pump(Pipe { way: Way::ToStore, from: from_server, to: to_store, first: false }, shared);
    Ok(match select(Box::pin(there), Box::pin(back)).await {
        Either::Left((End::Closed, back)) => back.await,
        Either::Right((End::Closed, there)) => there.await,
        Either::Left((end, _)) | Either::Right((end, _)) => end,
    })
}

/// Why a way has ended.
enum End {
    Closed,
    Cut,
}

/// One way of one connection.
struct Pipe {
    way: Way,
    from: OwnedReadHalf,
    to: OwnedWriteHalf,
    /// Whether the message without a type is still to come.
    first: bool,
}

async fn pump(mut pipe: Pipe, shared: &Shared) -> End {
    while let Ok(message) = pipe.message().await {
        let mut release = shared.release.subscribe();
        let Some(fault) = shared.passes(pipe.way) else {
            pipe.pass(&message).await;
            continue;
        };
        let (passed, held) = message.split_at(if fault.half { message.len() / 2 } else { 0 });
        pipe.pass(passed).await;
        match fault.harm {
            Harm::Cut => return End::Cut,
            Harm::Leave => {
                shared.cut.send_modify(|turn| *turn += 1);
                return End::Cut;
            }
            Harm::HalfClose => break,
            Harm::Stall => {
                let _released = release.changed().await;
                pipe.pass(held).await;
            }
        }
    }
    let _gone = pipe.to.shutdown().await;
    End::Closed
}

impl Pipe {
    /// The next message: a type, except for the first one of a store, and a length that counts itself.
    async fn message(&mut self) -> io::Result<Vec<u8>> {
        let head = if std::mem::take(&mut self.first) { 4 } else { 5 };
        let mut message = vec![0; head];
        self.from.read_exact(&mut message).await?;
        let length = u32::from_be_bytes(message[head - 4..].try_into().unwrap());
        message.resize(head - 4 + usize::try_from(length).unwrap(), 0);
        self.from.read_exact(&mut message[head..]).await?;
        Ok(message)
    }

    /// Passes bytes on. A side that has gone away misses them, and the other one is read on.
    async fn pass(&mut self, bytes: &[u8]) {
        let _gone = self.to.write_all(bytes).await;
    }
}

impl Shared {
    /// Counts a message, and says what is to be done with it.
    fn passes(&self, way: Way) -> Option<Fault> {
        let mut state = self.state.lock().unwrap();
        let before = state.passed.that_way(way);
        match way {
            Way::ToServer => state.passed.to_server += 1,
            Way::ToStore => state.passed.to_store += 1,
        }
        let fault = state.fault.filter(|fault| !state.fired && fault.way == way && fault.after == before)?;
        state.fired = true;
        state.away = fault.harm == Harm::Leave;
        Some(fault)
    }
}
