//! What the server logs: decisions, faults, its own life. Never a token, never a secret.

use std::error::Error;
use std::{fmt, io};

use regrant::{ClientId, Decision, EngineError, Event, GrantId, Observer, Outcome};
use regrant_postgres::ListenerEvent;
use regrant_sqlite::Error as SqliteError;
use tracing::{debug, error, info, warn};
use tracing_subscriber::EnvFilter;

use crate::fault::chain;
use crate::store::StoreError;

/// Starts logging to standard error, as `RUST_LOG` says, `info` if it says nothing.
pub fn start() {
    let filter = EnvFilter::builder().with_default_directive(tracing::Level::INFO.into()).from_env_lossy();
    // A second start, in tests, changes nothing.
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).with_ansi(false).try_init();
}

/// Logs a fault of the store. Its texts hold neither a token nor a secret.
///
/// Of a refusal because too many wait, the server tells how many there were: a line for each would make more wait.
pub fn store_fault(error: &(dyn Error + 'static)) {
    if is_overload(error) {
        debug!("{}", chain("the store refused", error));
    } else {
        error!("{}", chain("the store failed", error));
    }
}

fn is_overload(error: &(dyn Error + 'static)) -> bool {
    matches!(error.downcast_ref(), Some(SqliteError::Overloaded))
        || error.downcast_ref().is_some_and(StoreError::is_overload)
}

/// Logs whether the news of other nodes is heard. Its texts are those of the store.
pub fn listener(event: &ListenerEvent) {
    match event {
        ListenerEvent::Connected => info!("news of other nodes is heard"),
        ListenerEvent::Disconnected(error) => {
            warn!("{}", chain("news of other nodes is missed, nothing is cached", error));
        }
        ListenerEvent::Unreadable => warn!("news of a kind that this release does not know: the caches are emptied"),
        _ => {}
    }
}

/// Logs that this node hears no news of other nodes, and what it does instead.
pub fn no_news() {
    info!("no news of other nodes is heard: clients are read for each request, and nothing is cached");
}

/// The observer of a server: it logs. Nothing it is told holds a token or a secret, so there is nothing to leave out.
#[derive(Debug, Clone, Copy)]
pub struct Journal;

impl Observer for Journal {
    fn observe(&self, told: &Decision) {
        decision(told);
    }

    fn fault(&self, error: &EngineError) {
        let Decision { request, client_id, grant_id, attempts, .. } = &error.decision;
        let (client, grant) = (name(client_id.as_ref()), Named(*grant_id));
        error!(?request, client, %grant, attempts, "{}", chain("fault", error));
    }
}

fn decision(decision: &Decision) {
    let (request, outcome, attempts) = (decision.request, decision.outcome, decision.attempts);
    let (client, grant) = (name(decision.client_id.as_ref()), Named(decision.grant_id));
    match (decision.event(), outcome) {
        (Some(Event::Replay), _) => {
            warn!(?request, client, %grant, attempts, "replay: a spent refresh token came again");
        }
        (Some(Event::AuthenticationRefused), _) => {
            warn!(?request, ?outcome, client, "client authentication refused");
        }
        (Some(Event::Retry), _) => info!(?request, client, %grant, attempts, "retry: the answer was given again"),
        (Some(Event::Revocation), _) => info!(?request, ?outcome, client, %grant, attempts, "revoked"),
        (None, Outcome::Refused(reason)) => info!(?request, ?reason, client, %grant, attempts, "refused"),
        (None, _) => debug!(?request, ?outcome, client, %grant, attempts, "decided"),
    }
}

fn name(client: Option<&ClientId>) -> &str {
    client.map_or("-", ClientId::as_str)
}

/// A grant by its name, written only where the line is logged.
struct Named(Option<GrantId>);

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(id) => id.fmt(f),
            None => f.write_str("-"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_under_load_is_told_from_a_fault() {
        assert!(is_overload(&SqliteError::Overloaded) && is_overload(&StoreError::from(SqliteError::Overloaded)));
        assert!(!is_overload(&SqliteError::Busy) && !is_overload(&StoreError::from(SqliteError::Full)));
    }
}
