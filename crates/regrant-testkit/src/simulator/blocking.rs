//! The shipped blocking driver under the simulator: each request has a thread, and waits there for its store.
//!
//! Only one thread runs at any time. The world hands an answer over and waits until the thread asks for something more
//! or is done, so a run is as repeatable as with futures.

use core::cell::RefCell;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};

use regrant::{Change, Client, ClientId, ClientStore, CommitOutcome, Engine, EngineError, Grant, GrantId, TokenStore};

use super::ask::{Answer, Ask, Failure, Verb};
use super::desk::{Answered, Desk, Operation, Port, StoreFailed};

/// What a thread says to the world.
enum Said {
    Asks(Box<Operation>),
    Answers(Answer),
}

/// The thread's side of the line to the world.
struct Line {
    says: Sender<Said>,
    hears: Receiver<Answered>,
}

thread_local! {
    static LINE: RefCell<Option<Line>> = const { RefCell::new(None) };
}

/// One request on its thread.
pub(super) struct OnThread {
    desk: Arc<Desk>,
    tells: Option<Sender<Answered>>,
    listens: Receiver<Said>,
    thread: Option<JoinHandle<()>>,
}

impl OnThread {
    /// Starts the request. It runs at once, up to its first question.
    pub(super) fn start(engine: Arc<Engine<Port, Port>>, desk: Arc<Desk>, ask: Ask) -> Self {
        let (tells, hears) = channel();
        let (says, listens) = channel();
        let thread = thread::spawn(move || {
            LINE.set(Some(Line { says: says.clone(), hears }));
            let answer = serve(&engine, &ask).unwrap_or_else(Answer::Failed);
            // Nobody listens any more where the node has crashed.
            let _ = says.send(Said::Answers(answer));
        });
        Self { desk, tells: Some(tells), listens, thread: Some(thread) }
    }
}

impl Future for OnThread {
    type Output = Answer;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Answer> {
        if let Some((tells, answered)) = self.tells.as_ref().zip(self.desk.take_answer()) {
            let _ = tells.send(answered);
        }
        match self.listens.recv() {
            Ok(Said::Asks(operation)) => {
                self.desk.ask_only(*operation);
                Poll::Pending
            }
            Ok(Said::Answers(answer)) => Poll::Ready(answer),
            Err(_) => Poll::Ready(Answer::Failed(Failure::Other)),
        }
    }
}

/// A node that crashes takes the thread with it: its store fails from now on, and it is waited for, so that nothing of
/// it is left while the world goes on.
impl Drop for OnThread {
    fn drop(&mut self) {
        self.tells = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(engine: &Engine<Port, Port>, ask: &Ask) -> Result<Answer, Failure> {
    match ask.verb {
        Verb::Refresh | Verb::ClientCredentials => engine.token(ask.token_request()).map(Answer::from),
        Verb::Revoke => engine.revoke(ask.revocation()).map(Answer::from),
        Verb::Introspect => engine.introspect(ask.introspection()).map(Answer::from),
        Verb::Resource => engine.resource(ask.resource()).map(Answer::from),
        Verb::Issue => engine.issue(ask.issue().ok_or(Failure::Other)?).map(Answer::from),
    }
    .map_err(|error: EngineError| Failure::from(&error))
}

/// Asks the world, and waits.
fn asked(operation: Operation) -> Answered {
    LINE.with_borrow(|line| {
        let line = line.as_ref()?;
        line.says.send(Said::Asks(Box::new(operation))).ok()?;
        line.hears.recv().ok()
    })
    .unwrap_or(Answered::Failed)
}

impl TokenStore for Port {
    type Error = StoreFailed;

    fn load(&self, id: &GrantId) -> Result<Option<Grant>, StoreFailed> {
        match asked(Operation::Load(*id)) {
            Answered::Loaded(found) => Ok(found),
            Answered::Committed(_) | Answered::Failed => Err(StoreFailed),
        }
    }

    fn commit(&self, change: Change) -> Result<CommitOutcome, StoreFailed> {
        match asked(Operation::Commit(change)) {
            Answered::Committed(outcome) => Ok(outcome),
            Answered::Loaded(_) | Answered::Failed => Err(StoreFailed),
        }
    }
}

impl ClientStore for Port {
    type Error = StoreFailed;

    fn client(&self, id: &ClientId) -> Result<Option<Arc<Client>>, StoreFailed> {
        Ok(self.0.look_up(id))
    }
}
