//! `regrant grant …`: what an operator does with grants.

pub mod issue;
pub(super) mod list;
pub(super) mod revoke;
pub(super) mod show;
mod view;

use regrant::{ClientId, GrantFilter, GrantId, Subject};

use crate::fault::Fault;

fn client_id(text: &str) -> Result<ClientId, Fault> {
    ClientId::parse(text).map_err(|error| Fault::usage(format_args!("--client: {error}")))
}

fn subject(text: &str) -> Result<Subject, Fault> {
    Subject::parse(text).map_err(|error| Fault::usage(format_args!("--subject: {error}")))
}

fn grant_id(text: &str) -> Result<GrantId, Fault> {
    GrantId::parse(text).map_err(Fault::usage)
}

/// What a store can look for by itself: a client, else a subject, else everything.
fn filter(client: Option<&str>, of_subject: Option<&str>) -> Result<GrantFilter, Fault> {
    match (client, of_subject) {
        (Some(id), _) => client_id(id).map(GrantFilter::Client),
        (None, Some(text)) => subject(text).map(GrantFilter::Subject),
        (None, None) => Ok(GrantFilter::All),
    }
}
