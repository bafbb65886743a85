//! `regrant grant issue`: starts a grant for a user that somebody else authenticated.

use regrant::{Attributes, Engine, Host, IssueRequest, Reason, Reply, Rules, Scope, TokenEncoding, TokenReply};
use serde::Serialize;

use crate::cli::IssueArgs;
use crate::config::{Config, Overrides};
use crate::entropy::ThreadEntropy;
use crate::fault::Fault;
use crate::store::{Clients, Shared};
use crate::{clock, output, pepper};

/// The tokens of a new grant: the one moment at which they can be seen.
#[derive(Serialize)]
pub struct Issued {
    /// The id of the grant, 32 hex digits.
    pub grant_id: String,
    /// The access token, in base64url; every mount reads it.
    pub access_token: String,
    /// `Bearer`
    pub token_type: &'static str,
    /// Seconds.
    pub expires_in: u64,
    /// Absent where the client lacks the refresh grant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// The scope; it may be empty.
    pub scope: String,
}

impl std::fmt::Debug for Issued {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Issued").field("grant_id", &self.grant_id).finish_non_exhaustive()
    }
}

/// Prints one line of JSON.
pub(in crate::command) fn run(arguments: &IssueArgs) -> Result<(), Fault> {
    let request = request(arguments)?;
    let config = Config::load(&arguments.config.config, &Overrides::default())?;
    output::json(&issue(config, request)?)
}

/// Starts a grant in the store of a configuration.
///
/// # Errors
/// A memory store, an unknown or disabled client, a scope beyond the client's: usage. A store that fails: running.
pub fn issue(config: Config, request: IssueRequest) -> Result<Issued, Fault> {
    let grants = Shared::open(&config)?;
    let rules = Rules::new(pepper::load(&config, grants.is_empty())?);
    let clients = Clients::over(config.clients, grants.clients(config.policy));
    let engine = Engine::new(grants, clients, rules, Host::new(clock::now, ThreadEntropy));
    match engine.issue(request) {
        Ok(Reply::Success(reply)) => Ok(Issued::from(&reply)),
        Ok(Reply::Refused(refusal)) => Err(Fault::usage(explain(refusal.reason))),
        Err(error) => Err(Fault::caused("no grant was issued", &error)),
    }
}

fn request(arguments: &IssueArgs) -> Result<IssueRequest, Fault> {
    let scope = Scope::parse(&arguments.scope).map_err(|error| Fault::usage(format_args!("--scope: {error}")))?;
    let mut attributes = Attributes::new();
    for (key, value) in &arguments.attributes {
        attributes.insert(key, value).map_err(|error| Fault::usage(format_args!("--attribute: {error}")))?;
    }
    let subject = arguments.subject.as_deref().map(super::subject).transpose()?;
    Ok(IssueRequest { subject, attributes, ..IssueRequest::new(super::client_id(&arguments.client)?, scope) })
}

/// An operator may know what a client must not.
fn explain(reason: Reason) -> String {
    match reason {
        Reason::UnknownClient => "--client: there is no client of that id".to_owned(),
        Reason::ClientDisabled => "--client: the client is disabled".to_owned(),
        Reason::ScopeNotGranted => "--scope: goes beyond the scope of the client".to_owned(),
        other => format!("the grant is refused: {}", other.description()),
    }
}

impl From<&TokenReply> for Issued {
    fn from(reply: &TokenReply) -> Self {
        let encoding = TokenEncoding::Base64Url;
        Self {
            grant_id: reply.access_token.grant_id().to_hex(),
            access_token: reply.access_token.expose(encoding).to_string(),
            token_type: "Bearer",
            expires_in: reply.expires_in,
            refresh_token: reply.refresh_token.as_ref().map(|token| token.expose(encoding).to_string()),
            scope: reply.scope().as_str().to_owned(),
        }
    }
}
