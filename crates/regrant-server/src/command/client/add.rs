//! `regrant client add`

use regrant::{Client, ClientRecord, GrantType, GrantTypes, IntrospectionRight, Scope, SecretMethods};
use serde_json::json;

use super::Table;
use crate::cli::{ClientAddArgs, IntrospectName, MethodName};
use crate::command::secret;
use crate::config::PolicyKeys;
use crate::fault::Fault;
use crate::output;

/// Prints `{"client_id":…,"client_secret":…}`, without the secret for a public client.
pub(in crate::command) fn run(arguments: &ClientAddArgs) -> Result<(), Fault> {
    let policy = PolicyKeys::from_pairs(&arguments.policy);
    let overrides = policy.map_err(|error| Fault::usage(format_args!("--policy: {error}")))?.overrides();
    let table = Table::open(&arguments.client)?;
    let fresh = if arguments.public { None } else { Some(secret::fresh()?) };
    let mut client = match &fresh {
        None => Client::public(table.id.clone()),
        Some(secret) => {
            Client::confidential(table.id.clone(), methods(&arguments.authentication), vec![secret.digest()])
                .map_err(Fault::usage)?
        }
    };
    client.grants = grants(&arguments.grants)?;
    client.scope = Scope::parse(&arguments.scope).map_err(|error| Fault::usage(format_args!("--scope: {error}")))?;
    client.introspection = right(arguments.introspect);
    table.clients.add(&ClientRecord { client, overrides }).map_err(|error| {
        if error.is_of_policy() { Fault::usage(format_args!("--policy: {error}")) } else { table.fault(&error) }
    })?;
    output::json(&match &fresh {
        None => json!({ "client_id": table.id }),
        Some(secret) => json!({ "client_id": table.id, "client_secret": secret.expose_secret() }),
    })
}

fn methods(named: &[MethodName]) -> SecretMethods {
    if named.is_empty() {
        return SecretMethods::ALL;
    }
    SecretMethods {
        basic: named.contains(&MethodName::ClientSecretBasic),
        post: named.contains(&MethodName::ClientSecretPost),
    }
}

fn grants(named: &[String]) -> Result<GrantTypes, Fault> {
    let grants: Option<GrantTypes> = named.iter().map(|name| GrantType::parse(name)).collect();
    grants.ok_or_else(|| Fault::usage("--grant: expected refresh_token or client_credentials"))
}

const fn right(named: IntrospectName) -> IntrospectionRight {
    match named {
        IntrospectName::Own => IntrospectionRight::Own,
        IntrospectName::Any => IntrospectionRight::Any,
        IntrospectName::None => IntrospectionRight::None,
    }
}
