//! `[[client]]`: what a client of the file is.

use std::fmt::Display;
use std::ops::Range;

use regrant::{
    Client, ClientId, ClientSecretDigest, GrantType, GrantTypes, IntrospectionRight, Policy, Scope, SecretMethods,
};
use toml::Spanned;

use super::file::{ClientKeys, Introspect, Method};
use super::problem::{Problem, Source};
use super::secret::read_secrets;

/// Reads one client under the policy of all.
pub(super) fn read_client(source: &Source<'_>, entry: &Spanned<ClientKeys>, base: Policy) -> Result<Client, Problem> {
    let keys = entry.get_ref();
    let place = |span: &Range<usize>, what: &dyn Display| {
        source.at(span, format_args!("client {:?}: {what}", keys.id.get_ref()))
    };
    let id = ClientId::parse(keys.id.get_ref()).map_err(|error| source.at(&keys.id.span(), error))?;
    let client = identity(source, entry, &id)?;
    let policy_span = keys.policy.as_ref().map_or(entry.span(), Spanned::span);
    let policy = keys.policy.as_ref().map_or(base, |own| own.get_ref().over(base));
    let mut client = client.with_policy(policy).map_err(|error| place(&policy_span, &error))?;
    if let Some(names) = &keys.grants {
        let grants: Option<GrantTypes> = names.get_ref().iter().map(|name| GrantType::parse(name)).collect();
        let expected = "grants: expected refresh_token and client_credentials, or one of them";
        client.grants = grants.ok_or_else(|| place(&names.span(), &expected))?;
    }
    if let Some(text) = &keys.scope {
        let scope = Scope::parse(text.get_ref());
        client.scope = scope.map_err(|error| place(&text.span(), &format_args!("scope: {error}")))?;
    }
    if let Some(epoch) = &keys.grant_epoch {
        let expected = "grant_epoch: expected a whole number from 0 up";
        client.grant_epoch = u64::try_from(*epoch.get_ref()).map_err(|_| place(&epoch.span(), &expected))?;
    }
    client.introspection = keys.introspect.map_or(IntrospectionRight::Own, Introspect::meaning);
    client.enabled = keys.enabled.unwrap_or(true);
    Ok(client)
}

/// A client with its way to authenticate and nothing else.
fn identity(source: &Source<'_>, entry: &Spanned<ClientKeys>, id: &ClientId) -> Result<Client, Problem> {
    let keys = entry.get_ref();
    let secrets = keys.secrets.as_ref().map(|value| (value.span(), read_secrets(value.get_ref())));
    let (secrets_span, secrets) = match secrets {
        Some((span, read)) => {
            let refused = |what| source.at(&span, format_args!("client {:?}: {what}", id.as_str()));
            (span.clone(), read.map_err(refused)?)
        }
        None => (entry.span(), Vec::new()),
    };
    let method_span = keys.authentication.as_ref().map_or(entry.span(), Spanned::span);
    let methods = keys.authentication.as_ref().map(|methods| methods.get_ref().as_slice());
    authenticated_by(id.clone(), methods, secrets).map_err(|(blame, what)| {
        let span = if blame == Blame::Secrets { secrets_span } else { method_span };
        source.at(&span, format_args!("client {:?}: {what}", id.as_str()))
    })
}

/// Which key a client is refused for.
#[derive(Debug, PartialEq, Eq)]
enum Blame {
    Secrets,
    Method,
}

fn authenticated_by(
    id: ClientId,
    methods: Option<&[Method]>,
    secrets: Vec<ClientSecretDigest>,
) -> Result<Client, (Blame, String)> {
    let both = [Method::ClientSecretBasic, Method::ClientSecretPost];
    let methods = match methods {
        Some([]) | None if secrets.is_empty() => {
            let what = "authentication: missing, expected [\"none\"] for a client without secrets";
            return Err((Blame::Method, what.to_owned()));
        }
        Some([]) => return Err((Blame::Method, "authentication: expected one method or more".to_owned())),
        None => &both,
        Some(methods) => methods,
    };
    // N-056: a client that may leave the proof out has none.
    if methods.contains(&Method::None) && methods.len() > 1 {
        return Err((Blame::Method, "authentication: none is never combined with another method".to_owned()));
    }
    if methods.contains(&Method::None) {
        // N-043
        let what = "secrets: a client with the method none is public and has no secret";
        return if secrets.is_empty() { Ok(Client::public(id)) } else { Err((Blame::Secrets, what.to_owned())) };
    }
    let methods = SecretMethods {
        basic: methods.contains(&Method::ClientSecretBasic),
        post: methods.contains(&Method::ClientSecretPost),
    };
    Client::confidential(id, methods, secrets).map_err(|error| (Blame::Secrets, format!("secrets: {error}")))
}

impl Introspect {
    const fn meaning(self) -> IntrospectionRight {
        match self {
            Self::Own => IntrospectionRight::Own,
            Self::Any => IntrospectionRight::Any,
            Self::None => IntrospectionRight::None,
        }
    }
}
