//! What the server logs: decisions, faults, its own life. Never a token, never a secret.

use std::error::Error;
use std::io;

use regrant::{Decision, Event, Outcome};
use tracing::{debug, error, info, warn};
use tracing_subscriber::EnvFilter;

use crate::fault::chain;

/// Starts logging to standard error, as `RUST_LOG` says, `info` if it says nothing.
pub fn start() {
    let filter = EnvFilter::builder().with_default_directive(tracing::Level::INFO.into()).from_env_lossy();
    // A second start, in tests, changes nothing.
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).with_ansi(false).try_init();
}

/// Logs a fault of the store. Its texts hold neither a token nor a secret.
pub fn store_fault(error: &(dyn Error + 'static)) {
    error!("{}", chain("the store failed", error));
}

/// Logs one decision. Its type holds no token and no secret, so there is nothing here to leave out.
pub fn decision(decision: &Decision) {
    let (request, outcome, attempts) = (decision.request, decision.outcome, decision.attempts);
    let client = decision.client_id.as_ref().map_or("-", |id| id.as_str());
    let grant = decision.grant_id.map_or_else(|| "-".to_owned(), |id| id.to_string());
    match (decision.event(), outcome) {
        (Some(Event::Replay), _) => {
            warn!(?request, client, grant, attempts, "replay: a spent refresh token came again");
        }
        (Some(Event::AuthenticationRefused), _) => {
            warn!(?request, ?outcome, client, "client authentication refused");
        }
        (Some(Event::Retry), _) => info!(?request, client, grant, attempts, "retry: the answer was given again"),
        (Some(Event::Revocation), _) => info!(?request, ?outcome, client, grant, attempts, "revoked"),
        (None, Outcome::Fault) => warn!(?request, client, grant, attempts, "fault: the request was not decided"),
        (None, Outcome::Refused(reason)) => info!(?request, ?reason, client, grant, attempts, "refused"),
        (None, _) => debug!(?request, ?outcome, client, grant, attempts, "decided"),
    }
}
