//! Many threads present one refresh token at the same moment.
//!
//! With a retry window, one of them rotates and all of them get the same answer; with none, one of them gets an answer
//! and the others are refused. Never are there two successors. RFC 9700 §4.14.2, N-119.

use std::collections::BTreeSet;
use std::pin::pin;
use std::sync::{Arc, Barrier, Mutex, PoisonError, RwLock};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use regrant::{
    AsyncEngine, AsyncTokenStore, Client, ClientId, Credentials, Engine, EngineError, GrantType, GrantTypes, Host,
    IssueRequest, Pepper, Policy, Reply, Rules, Scope, StaticClients, SystemEntropy, Timestamp, TokenEncoding,
    TokenReply, TokenRequest, TokenStore,
};
use thiserror::Error;

/// How many threads race.
pub const THREADS: usize = 64;

const CLIENT: &str = "racer";

/// What must not happen in a race.
#[derive(Debug, Error)]
pub enum Foul {
    /// The race could not be set up.
    #[error("the race cannot start: {0}")]
    Setup(String),
    /// A request ended as a fault of the server.
    #[error("round {round}: a request failed: {error}")]
    Failed {
        /// The round, from 0.
        round: usize,
        /// The fault.
        error: String,
    },
    /// Another number of successes than the rule asks for.
    #[error("round {round}: {found} successes where {expected} were due")]
    Successes {
        /// The round, from 0.
        round: usize,
        /// How many there were.
        found: usize,
        /// How many there should have been.
        expected: usize,
    },
    /// Two successes that differ.
    #[error("round {round}: two answers differ")]
    Fork {
        /// The round, from 0.
        round: usize,
    },
}

/// What one racer got: the answer without its `expires_in`, nothing for a refusal, or a fault.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Answered { access_token: String, refresh_token: String, scope: String },
    Refused,
    Failed(String),
}

/// Races over a blocking store, which should be shared by reference or in an [`Arc`].
///
/// # Errors
/// The first [`Foul`].
pub fn blocking<S: TokenStore + Sync>(store: S, retry_window: Duration, rounds: usize) -> Result<(), Foul> {
    let engine = Engine::new(store, clients(retry_window)?, rules()?, host());
    let issue = || Ok(answered(engine.issue(order()?)));
    let present = |token: &str| answered(engine.token(request(token)));
    run(issue, present, !retry_window.is_zero(), rounds)
}

/// Races over an awaited store: each thread waits for its own future.
///
/// # Errors
/// The first [`Foul`].
pub fn awaited<S: AsyncTokenStore>(store: S, retry_window: Duration, rounds: usize) -> Result<(), Foul> {
    let engine = AsyncEngine::new(store, clients(retry_window)?, rules()?, host());
    let issue = || Ok(answered(block_on(engine.issue(order()?))));
    let present = |token: &str| answered(block_on(engine.token(request(token))));
    run(issue, present, !retry_window.is_zero(), rounds)
}

/// Waits for a future on this thread, without a runtime.
pub fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

/// The rounds. With a retry window each round goes on with the successor of the one before, which proves that it lives;
/// without, the losers have ended the grant, so each round begins with a grant of its own.
fn run(
    issue: impl Fn() -> Result<Outcome, Foul>,
    present: impl Fn(&str) -> Outcome + Sync,
    retried: bool,
    rounds: usize,
) -> Result<(), Foul> {
    let (start, finish) = (Barrier::new(THREADS + 1), Barrier::new(THREADS + 1));
    let token = RwLock::new(Some(String::new()));
    let outcomes = Mutex::new(Vec::new());
    let racer = || {
        loop {
            start.wait();
            let Some(token) = token.read().unwrap_or_else(PoisonError::into_inner).clone() else {
                return;
            };
            let outcome = present(&token);
            outcomes.lock().unwrap_or_else(PoisonError::into_inner).push(outcome);
            finish.wait();
        }
    };
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(racer);
        }
        let put = |next| *token.write().unwrap_or_else(PoisonError::into_inner) = next;
        let mut next = refresh_token(issue());
        for round in 0..rounds {
            let Ok(presented) = &next else { break };
            put(Some(presented.clone()));
            start.wait();
            finish.wait();
            let round_outcomes = std::mem::take(&mut *outcomes.lock().unwrap_or_else(PoisonError::into_inner));
            let successor = judge(round, &round_outcomes, retried);
            next = if retried { successor } else { successor.and_then(|_| refresh_token(issue())) };
        }
        put(None);
        start.wait();
        next.map(drop)
    })
}

/// Checks one round; the answer is the successor.
fn judge(round: usize, outcomes: &[Outcome], retried: bool) -> Result<String, Foul> {
    if let Some(Outcome::Failed(error)) = outcomes.iter().find(|outcome| matches!(outcome, Outcome::Failed(_))) {
        return Err(Foul::Failed { round, error: error.clone() });
    }
    let answers: Vec<&Outcome> = outcomes.iter().filter(|outcome| **outcome != Outcome::Refused).collect();
    let expected = if retried { THREADS } else { 1 };
    if answers.len() != expected {
        return Err(Foul::Successes { round, found: answers.len(), expected });
    }
    let different: BTreeSet<&Outcome> = answers.into_iter().collect();
    match (different.len(), different.first()) {
        (1, Some(Outcome::Answered { refresh_token, .. })) => Ok(refresh_token.clone()),
        _ => Err(Foul::Fork { round }),
    }
}

fn refresh_token(issued: Result<Outcome, Foul>) -> Result<String, Foul> {
    match issued? {
        Outcome::Answered { refresh_token, .. } => Ok(refresh_token),
        Outcome::Refused => Err(Foul::Setup("no grant was issued".into())),
        Outcome::Failed(error) => Err(Foul::Setup(error)),
    }
}

fn answered(result: Result<Reply<TokenReply>, EngineError>) -> Outcome {
    match result {
        Ok(reply) => outcome_of(reply),
        Err(error) => Outcome::Failed(error.to_string()),
    }
}

fn outcome_of(reply: Reply<TokenReply>) -> Outcome {
    let Some(reply) = reply.success() else {
        return Outcome::Refused;
    };
    let scope = reply.scope().to_string();
    let TokenReply { access_token, refresh_token, .. } = reply;
    let encoding = TokenEncoding::Base64Url;
    let refresh_token = refresh_token.map(|token| token.expose(encoding).to_string()).unwrap_or_default();
    Outcome::Answered { access_token: access_token.expose(encoding).to_string(), refresh_token, scope }
}

fn order() -> Result<IssueRequest, Foul> {
    let client_id = ClientId::parse(CLIENT).map_err(|error| Foul::Setup(error.to_string()))?;
    Ok(IssueRequest::new(client_id, Scope::empty()))
}

fn request(token: &str) -> TokenRequest<'_> {
    let credentials = Credentials { client_id: Some(CLIENT), ..Credentials::default() };
    TokenRequest { credentials, grant_type: Some("refresh_token"), refresh_token: Some(token), scope: None }
}

fn clients(retry_window: Duration) -> Result<StaticClients, Foul> {
    let mut policy = Policy::default();
    policy.retry_window = retry_window;
    let mut client = Client::public(order()?.client_id);
    client.grants = GrantTypes::NONE.with(GrantType::RefreshToken);
    let client = client.with_policy(policy).map_err(|error| Foul::Setup(error.to_string()))?;
    StaticClients::new([client]).map_err(|error| Foul::Setup(error.to_string()))
}

fn rules() -> Result<Rules, Foul> {
    let pepper = Pepper::new(vec![0x5a; Pepper::MIN_LENGTH]).map_err(|error| Foul::Setup(error.to_string()))?;
    Ok(Rules::new(pepper))
}

/// Time stands still, so that no window closes however slow the machine is.
fn host() -> Host {
    Host::new(|| Timestamp::from_unix_seconds(1_800_000_000), SystemEntropy)
}
