//! A row of `clients` and the registration it holds.

use std::time::Duration;

use regrant::{
    Client, ClientAuthentication, ClientId, ClientRecord, ClientSecretDigest, GrantLifetime, GrantType, GrantTypes,
    IntrospectionRight, OnReplay, PolicyOverrides, PreviousAccessToken, Rotation, Scope, SecretMethods, decode_secrets,
    encode_secrets,
};
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use crate::cell::{Cells, Column};
use crate::error::{Error, RecordName};
use crate::session::Sql;

/// The columns, in the order in which [`read`] expects them.
macro_rules! columns {
    () => {
        "id, basic, post, secrets, grants, scope, introspection, enabled, grant_epoch, access_token_lifetime, \
         refresh_idle_lifetime, grant_lifetime, rotation, retry_window, on_replay, previous_access_token, \
         max_access_tokens"
    };
}
pub(crate) use columns;

/// Looks one client up.
pub(crate) const CLIENT: Sql =
    Sql { text: concat!("SELECT ", columns!(), " FROM regrant.clients WHERE id = $1"), types: &[Type::TEXT] };

/// Looks many up.
pub(crate) const CLIENTS: Sql = Sql {
    text: concat!("SELECT ", columns!(), " FROM regrant.clients WHERE id = ANY ($1)"),
    types: &[Type::TEXT_ARRAY],
};

const ID: Column = Column(0, "id");
const BASIC: Column = Column(1, "basic");
const POST: Column = Column(2, "post");
const SECRETS: Column = Column(3, "secrets");
const GRANTS: Column = Column(4, "grants");
const SCOPE: Column = Column(5, "scope");
const INTROSPECTION: Column = Column(6, "introspection");
const ENABLED: Column = Column(7, "enabled");
const GRANT_EPOCH: Column = Column(8, "grant_epoch");
const ACCESS_TOKEN_LIFETIME: Column = Column(9, "access_token_lifetime");
const REFRESH_IDLE_LIFETIME: Column = Column(10, "refresh_idle_lifetime");
const GRANT_LIFETIME: Column = Column(11, "grant_lifetime");
const ROTATION: Column = Column(12, "rotation");
const RETRY_WINDOW: Column = Column(13, "retry_window");
const ON_REPLAY: Column = Column(14, "on_replay");
const PREVIOUS_ACCESS_TOKEN: Column = Column(15, "previous_access_token");
const MAX_ACCESS_TOKENS: Column = Column(16, "max_access_tokens");

/// The record of a row.
///
/// # Errors
/// [`Error::CorruptRecord`] for everything that this store does not write.
pub(crate) fn read(row: &Row) -> Result<ClientRecord, Error> {
    let cells = Cells::new(row, "clients");
    let id = ClientId::parse(cells.present(ID, cells.text(ID)?)?)
        .map_err(|problem| cells.corrupt(ID, problem.to_string()))?;
    let cells = cells.named(RecordName::Client(id.clone()));
    let methods = SecretMethods { basic: flag(&cells, BASIC)?, post: flag(&cells, POST)? };
    let secrets = secrets(&cells)?;
    let mut client = match (methods.basic || methods.post, secrets.is_empty()) {
        (false, true) => Client::public(id),
        (false, false) => return Err(cells.corrupt(SECRETS, "secrets of a public client")),
        (true, _) => {
            Client::confidential(id, methods, secrets).map_err(|problem| cells.corrupt(SECRETS, problem.to_string()))?
        }
    };
    client.grants = grants(&cells)?;
    let scope = cells.present(SCOPE, cells.text(SCOPE)?)?;
    client.scope = Scope::parse(scope).map_err(|problem| cells.corrupt(SCOPE, problem.to_string()))?;
    client.introspection = required(&cells, INTROSPECTION, IntrospectionRight::parse)?;
    client.enabled = flag(&cells, ENABLED)?;
    client.grant_epoch = cells.present(GRANT_EPOCH, cells.number(GRANT_EPOCH)?)?;
    Ok(ClientRecord { client, overrides: overrides(&cells)? })
}

fn flag(cells: &Cells<'_>, column: Column) -> Result<bool, Error> {
    let flag = cells.value(column)?;
    cells.present(column, flag)
}

fn overrides(cells: &Cells<'_>) -> Result<PolicyOverrides, Error> {
    let span = |column| Ok::<_, Error>(cells.number(column)?.map(Duration::from_millis));
    let grant_lifetime = cells.number(GRANT_LIFETIME)?.map(|millis| match millis {
        0 => GrantLifetime::Never,
        millis => GrantLifetime::After(Duration::from_millis(millis)),
    });
    let max_access_tokens = cells.number(MAX_ACCESS_TOKENS)?.map(u16::try_from).transpose();
    Ok(PolicyOverrides {
        access_token_lifetime: span(ACCESS_TOKEN_LIFETIME)?,
        refresh_idle_lifetime: span(REFRESH_IDLE_LIFETIME)?,
        grant_lifetime,
        rotation: word(cells, ROTATION, Rotation::parse)?,
        retry_window: span(RETRY_WINDOW)?,
        on_replay: word(cells, ON_REPLAY, OnReplay::parse)?,
        previous_access_token: word(cells, PREVIOUS_ACCESS_TOKEN, PreviousAccessToken::parse)?,
        max_access_tokens: max_access_tokens
            .map_err(|problem| cells.corrupt(MAX_ACCESS_TOKENS, problem.to_string()))?,
    })
}

/// One of the words of a column, or null.
fn word<T>(cells: &Cells<'_>, column: Column, parse: fn(&str) -> Option<T>) -> Result<Option<T>, Error> {
    let parsed = cells.text(column)?.map(|text| parse(text).ok_or_else(|| cells.corrupt(column, "an unknown word")));
    parsed.transpose()
}

fn required<T>(cells: &Cells<'_>, column: Column, parse: fn(&str) -> Option<T>) -> Result<T, Error> {
    let found = word(cells, column, parse)?;
    cells.present(column, found)
}

fn grants(cells: &Cells<'_>) -> Result<GrantTypes, Error> {
    let words = cells.present(GRANTS, cells.text(GRANTS)?)?;
    let parse = |word| GrantType::parse(word).ok_or_else(|| cells.corrupt(GRANTS, "an unknown grant type"));
    words.split_terminator(' ').map(parse).collect()
}

pub(crate) fn grant_words(grants: GrantTypes) -> String {
    grants.iter().map(GrantType::as_str).collect::<Vec<_>>().join(" ")
}

fn secrets(cells: &Cells<'_>) -> Result<Vec<ClientSecretDigest>, Error> {
    let bytes = cells.present(SECRETS, cells.blob(SECRETS)?)?;
    decode_secrets(bytes).ok_or_else(|| cells.corrupt(SECRETS, "not the stored form of secrets"))
}

/// The stored form of a client's secrets.
pub(crate) fn secret_bytes(authentication: &ClientAuthentication) -> Vec<u8> {
    match authentication {
        ClientAuthentication::None => Vec::new(),
        ClientAuthentication::Secret { secrets, .. } => encode_secrets(secrets),
    }
}
