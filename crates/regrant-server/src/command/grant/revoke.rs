//! `regrant grant revoke`: ends grants from the host's side.

use regrant::{Change, CommitOutcome, EndReason, GrantId, TokenStore as _, end_all};
use serde_json::json;

use crate::cli::{RevokeArgs, RevokeTarget};
use crate::config::{Config, Overrides};
use crate::fault::Fault;
use crate::store::{self, Shared, StoreError};
use crate::{clock, output};

/// Prints `{"revoked":n}`: how many grants were alive and are not any more.
pub(in crate::command) fn run(arguments: &RevokeArgs) -> Result<(), Fault> {
    let RevokeTarget { id, client, subject } = &arguments.target;
    let one = id.as_deref().map(super::grant_id).transpose()?;
    let many = super::filter(client.as_deref(), subject.as_deref())?;
    let config = Config::load(&arguments.config.config, &Overrides::default())?;
    let grants = Shared::open(&config)?;
    let revoked = match one {
        Some(id) => end_one(&config, &grants, id)?,
        None => end_all(&grants, &many, clock::now(), EndReason::EndedByHost)
            .map_err(|error| store::fault(&config, &error))?,
    };
    output::json(&json!({ "revoked": revoked }))
}

/// Ends one grant at whatever revision it is. Exit code 1 where there is none of that id.
fn end_one(config: &Config, grants: &Shared, id: GrantId) -> Result<usize, Fault> {
    // A refresh that comes in between is a conflict: the grant is looked at again for as long as it is there.
    loop {
        if let Some(revoked) = try_end(config, grants, id)? {
            return Ok(revoked);
        }
    }
}

/// `None` where another write came first.
fn try_end(config: &Config, grants: &Shared, id: GrantId) -> Result<Option<usize>, Fault> {
    let fault = |error: StoreError| store::fault(config, &error);
    // An end needs no record that can be read: what is corrupt is ended like any other, and counts as alive before.
    let was_ended = match grants.load(&id) {
        Ok(found) => found.ok_or_else(|| Fault::running("there is no grant of that id"))?.is_ended(),
        Err(error) if error.is_corrupt() => false,
        Err(error) => return Err(fault(error)),
    };
    let end = Change::End { id, at: clock::now(), reason: EndReason::EndedByHost };
    match grants.commit(end).map_err(fault)? {
        CommitOutcome::Committed => Ok(Some(usize::from(!was_ended))),
        CommitOutcome::Conflict => Ok(None),
    }
}
