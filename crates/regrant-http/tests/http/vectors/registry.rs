//! A setup of the vectors in the terms of the engine and the service. What they refuse, the host refuses.

use std::fmt::Display;
use std::time::Duration;

use regrant::{
    Client, ClientId, ClientSecretDigest, Digest, GrantType, GrantTypes, IntrospectionRight, OnReplay, Policy,
    PreviousAccessToken, Rotation, Scope, SecretMethods, StaticClients, Timestamp,
};
use regrant_http::{Dialect, EndpointPath, Issuer, Limits, Mount, PartnerId, Partners, Realm, Service};
use regrant_testkit::client::{Client as ClientSetup, Secret};
use regrant_testkit::policy::{Policy as PolicySetup, Span};
use regrant_testkit::{Setup, Trouble};

/// Why a setup is refused.
fn refused(cause: impl Display) -> Trouble {
    Trouble::Refused(cause.to_string())
}

/// One of the words that a key may have.
fn word<T: Copy>(words: &[(&str, T)], text: &str) -> Result<T, Trouble> {
    let found = words.iter().find(|(word, _)| *word == text);
    found.map(|(_, meaning)| *meaning).ok_or_else(|| refused(format!("unknown word {text}")))
}

pub(super) fn clients(setup: &Setup) -> Result<StaticClients, Trouble> {
    let clients: Result<Vec<_>, _> = setup.clients.iter().map(|client| read_client(setup, client)).collect();
    StaticClients::new(clients?).map_err(refused)
}

fn read_client(setup: &Setup, client: &ClientSetup) -> Result<Client, Trouble> {
    let id = ClientId::parse(&client.id).map_err(refused)?;
    let names = |name: &str| client.authentication.iter().any(|own| own == name);
    if !client.authentication.iter().all(|own| ["none", "client_secret_basic", "client_secret_post"].contains(&&**own))
    {
        return Err(refused("unknown authentication"));
    }
    let known = if names("none") {
        if client.authentication.len() > 1 || !client.secrets.is_empty() {
            return Err(refused("none stands alone"));
        }
        Client::public(id)
    } else {
        let methods = SecretMethods { basic: names("client_secret_basic"), post: names("client_secret_post") };
        let secrets: Result<Vec<_>, _> = client.secrets.iter().map(read_secret).collect();
        Client::confidential(id, methods, secrets?).map_err(refused)?
    };
    let mut known = known.with_policy(read_policy(&setup.policy_of(&client.id))?).map_err(refused)?;
    known.scope = Scope::parse(&client.scope).map_err(refused)?;
    known.enabled = client.enabled;
    known.grant_epoch = client.grant_epoch;
    let rights =
        [("own", IntrospectionRight::Own), ("any", IntrospectionRight::Any), ("none", IntrospectionRight::None)];
    known.introspection = word(&rights, &client.introspect)?;
    known.grants = read_grants(&client.grants)?;
    Ok(known)
}

fn read_grants(names: &[String]) -> Result<GrantTypes, Trouble> {
    names.iter().try_fold(GrantTypes::NONE, |grants, name| {
        Ok(grants.with(GrantType::parse(name).ok_or_else(|| refused("unknown grant type"))?))
    })
}

fn read_secret(secret: &Secret) -> Result<ClientSecretDigest, Trouble> {
    let digest = match secret {
        Secret::Text(plain) | Secret::Plain { plain, .. } => {
            if plain.contains(char::is_control) {
                return Err(refused("a secret has no control character"));
            }
            ClientSecretDigest::of(plain)
        }
        Secret::Digest { sha256, .. } => {
            let octets: Option<[u8; 32]> = hex::decode(sha256).ok().and_then(|octets| octets.try_into().ok());
            let digest = Digest::from_bytes(octets.ok_or_else(|| refused("no digest"))?);
            ClientSecretDigest { digest, expires_at: None }
        }
    };
    Ok(match secret.expires_at_seconds() {
        Some(end) => digest.expiring_at(Timestamp::from_unix_seconds(end)),
        None => digest,
    })
}

fn read_span(span: Option<&Span>, slot: &mut Duration) -> Result<(), Trouble> {
    if let Some(span) = span {
        *slot = Duration::from_secs(span.as_seconds().ok_or_else(|| refused(format!("no span: {}", span.as_str())))?);
    }
    Ok(())
}

fn read_policy(setup: &PolicySetup) -> Result<Policy, Trouble> {
    let mut policy = Policy::default();
    read_span(setup.access_token_lifetime.as_ref(), &mut policy.access_token_lifetime)?;
    read_span(setup.refresh_idle_lifetime.as_ref(), &mut policy.refresh_idle_lifetime)?;
    read_span(setup.retry_window.as_ref(), &mut policy.retry_window)?;
    match &setup.grant_lifetime {
        Some(span) if span.as_str() == "never" => policy.grant_lifetime = None,
        span => {
            let mut life = policy.grant_lifetime.unwrap_or_default();
            read_span(span.as_ref(), &mut life)?;
            policy.grant_lifetime = Some(life);
        }
    }
    if let Some(text) = &setup.rotation {
        policy.rotation = word(&[("always", Rotation::Always), ("never", Rotation::Never)], text)?;
    }
    if let Some(text) = &setup.on_replay {
        policy.on_replay = word(&[("revoke", OnReplay::Revoke), ("reject", OnReplay::Reject)], text)?;
    }
    if let Some(text) = &setup.previous_access_token {
        let words = [("keep", PreviousAccessToken::Keep), ("revoke", PreviousAccessToken::Revoke)];
        policy.previous_access_token = word(&words, text)?;
    }
    if let Some(number) = setup.max_access_tokens {
        policy.max_access_tokens = number.try_into().map_err(refused)?;
    }
    Ok(policy)
}

pub(super) fn service(setup: &Setup) -> Result<Service, Trouble> {
    let path = |text| EndpointPath::parse(text).unwrap();
    let issuer = Some(Issuer::parse(&setup.issuer).map_err(refused)?);
    let mounts = vec![
        Mount {
            revoke: Some(path("/revoke")),
            introspect: Some(path("/introspect")),
            resource: Some(path("/resource")),
            ..Mount::new(Dialect::Rfc6749 { issuer }, path("/token"))
        },
        Mount::new(Dialect::Payu, path("/oauth/token")),
        Mount::new(Dialect::PartnerJson(read_partners(setup)?), path("/v1/auth/token")),
        Mount { revoke: Some(path("/wso2/revoke")), ..Mount::new(Dialect::Wso2, path("/wso2/token")) },
    ];
    let limits = Limits {
        body_bytes: setup.body_bytes.try_into().map_err(refused)?,
        parameters: setup.parameters.try_into().map_err(refused)?,
    };
    Service::new(Realm::parse("vectors").unwrap(), limits, mounts).map_err(refused)
}

fn read_partners(setup: &Setup) -> Result<Partners, Trouble> {
    let mut partners = Partners::new();
    for (number, id) in &setup.partners {
        if setup.client(id).is_some_and(|client| client.authentication != ["none"]) {
            return Err(refused("a partner is a public client"));
        }
        partners.insert(PartnerId::new(*number), ClientId::parse(id).map_err(refused)?);
    }
    Ok(partners)
}
