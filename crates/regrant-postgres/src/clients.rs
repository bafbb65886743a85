//! The clients of the database.

use std::sync::Arc;
use std::time::Duration;

use regrant::{
    AsyncClientStore, Client, ClientAuthentication, ClientId, ClientRecord, ClientSecretDigest, GrantLifetime,
    OnReplay, Policy, PolicyOverrides, PreviousAccessToken, Rotation, SecretMethods, Timestamp, UnrotatableSecret,
    encode_secrets,
};
use tokio_postgres::Row;

use crate::client_cache::{Cached, ClientCache};
use crate::client_row::{grant_words, read, secret_bytes};
use crate::client_statements::{DELETE, ENABLE, INSERT, LIST, RAISE_EPOCH, ROTATE};
use crate::error::Error;
use crate::grant_row::signed;
use crate::grants::bounded;
use crate::job::{Job, Lookup};
use crate::session::{Announced, Parameter, Session, Sql};
use crate::store::PostgresStore;

/// The clients of a [`PostgresStore`], under the host's default policy.
///
/// What is changed here holds from the next request on, in every process that reads the table, and within a second in one
/// that keeps clients in a cache.
#[derive(Clone, Debug)]
pub struct PostgresClients {
    store: PostgresStore,
    defaults: Policy,
    cache: ClientCache,
}

/// A parameter that a task may take along.
type Owned = Box<dyn tokio_postgres::types::ToSql + Send + Sync>;

impl PostgresClients {
    pub(crate) fn new(store: PostgresStore, defaults: Policy) -> Self {
        Self { store, defaults, cache: ClientCache::default() }
    }

    /// What keeps the clients that were read. A listener that brings it the news turns it on.
    pub const fn cache(&self) -> &ClientCache {
        &self.cache
    }

    /// Registers a client.
    ///
    /// # Errors
    /// [`Error::ClientExists`]; [`Error::Policy`] if its policy cannot be used; the store failed.
    pub async fn add(&self, record: &ClientRecord) -> Result<(), Error> {
        usable(record.clone(), &self.defaults)?;
        let id = record.client.id();
        let added = self.change(id, &INSERT, parameters(record)?).await?;
        if added.is_empty() { Err(Error::ClientExists(id.clone())) } else { Ok(()) }
    }

    /// Up to `limit` clients with identifiers above `after`, in ascending order of their identifiers' bytes.
    ///
    /// # Errors
    /// The store failed, or a row is corrupt.
    pub async fn list(&self, after: Option<&ClientId>, limit: usize) -> Result<Vec<ClientRecord>, Error> {
        let after = after.map_or_else(String::new, |id| id.as_str().to_owned());
        let rows = self.rows(&LIST, vec![Box::new(after), Box::new(bounded(limit))]).await?;
        rows.iter().map(read).collect()
    }

    /// Switches a client on or off; answers whether there is one.
    ///
    /// # Errors
    /// The store failed.
    pub async fn set_enabled(&self, id: &ClientId, enabled: bool) -> Result<bool, Error> {
        Ok(!self.change(id, &ENABLE, vec![name(id), Box::new(enabled)]).await?.is_empty())
    }

    /// Adds a secret and gives the others an end: they are refused from `until` on, or from an earlier end that they
    /// have already. Those that have ended by `now` are forgotten. Answers whether there is such a client.
    ///
    /// # Errors
    /// [`Error::PublicClient`]; [`Error::TooManySecrets`] where [`Client::MAX_SECRETS`] are still accepted; the store
    /// failed.
    pub async fn rotate_secret(
        &self,
        id: &ClientId,
        fresh: ClientSecretDigest,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, Error> {
        loop {
            let Some(record) = self.record(id).await? else {
                return Ok(false);
            };
            let rotated = record.client.rotated_secrets(fresh, now, until);
            let rotated = rotated.map_err(|problem| unrotatable(id, problem))?;
            let known = secret_bytes(record.client.authentication());
            let parameters: Vec<Owned> = vec![name(id), Box::new(encode_secrets(&rotated)), Box::new(known)];
            // Guarded by the secrets that were read: a rotation by another node is never lost.
            if !self.change(id, &ROTATE, parameters).await?.is_empty() {
                return Ok(true);
            }
        }
    }

    /// Ends every grant that the client has so far, at once; answers the new epoch, or `None` without such a client.
    ///
    /// # Errors
    /// The store failed.
    pub async fn raise_epoch(&self, id: &ClientId) -> Result<Option<u64>, Error> {
        let rows = self.change(id, &RAISE_EPOCH, vec![name(id)]).await?;
        let epoch = rows.first().map(|row| row.try_get::<_, i64>(0)).transpose();
        Ok(epoch.map_err(|error| Error::of_statement(&error))?.map(i64::unsigned_abs))
    }

    /// Deletes a client; answers whether there was one. Its grants stay, and are inactive without it; they are purged
    /// in their time.
    ///
    /// A client that is registered again under that identifier must have a larger epoch, or those grants are alive
    /// again: [`PostgresClients::set_enabled`] is what is usually meant.
    ///
    /// # Errors
    /// The store failed.
    pub async fn delete(&self, id: &ClientId) -> Result<bool, Error> {
        Ok(!self.change(id, &DELETE, vec![name(id)]).await?.is_empty())
    }

    /// The client as it is in the table now.
    async fn record(&self, id: &ClientId) -> Result<Option<ClientRecord>, Error> {
        self.store.requests().ask(|reply| Job::Lookup(Lookup { id: id.clone(), reply })).await
    }

    /// Writes, and tells every node in the same transaction. This one needs no telling.
    async fn change(&self, id: &ClientId, sql: &'static Announced, parameters: Vec<Owned>) -> Result<Vec<Row>, Error> {
        let sql = sql.pick(self.store.options().notify);
        let rows = self.store.aside().write(move |session| Box::pin(rows_of(session, sql, parameters))).await;
        self.cache.forget(id);
        rows
    }

    async fn rows(&self, sql: &'static Sql, parameters: Vec<Owned>) -> Result<Vec<Row>, Error> {
        self.store.aside().read(move |session| Box::pin(rows_of(session, sql, parameters))).await
    }
}

async fn rows_of(session: &Session, sql: &'static Sql, parameters: Vec<Owned>) -> Result<Vec<Row>, Error> {
    let parameters: Vec<Parameter<'_>> = parameters.iter().map(|value| &**value as Parameter<'_>).collect();
    session.run(sql, &parameters).await.map_err(|error| Error::of_statement(&error))
}

impl AsyncClientStore for PostgresClients {
    type Error = Error;

    async fn client(&self, id: &ClientId) -> Result<Option<Arc<Client>>, Error> {
        let ticket = match self.cache.find(id) {
            Cached::Here(client) => return Ok(Some(client)),
            Cached::Absent(ticket) => ticket,
        };
        let Some(record) = self.record(id).await? else {
            return Ok(None);
        };
        let client = Arc::new(usable(record, &self.defaults)?);
        self.cache.keep(ticket, &client);
        Ok(Some(client))
    }
}

/// The client under its policy.
fn usable(record: ClientRecord, defaults: &Policy) -> Result<Client, Error> {
    let client_id = record.client.id().clone();
    record.under(defaults).map_err(|problem| Error::Policy { client_id, problem })
}

fn unrotatable(id: &ClientId, problem: UnrotatableSecret) -> Error {
    match problem {
        UnrotatableSecret::PublicClient => Error::PublicClient(id.clone()),
        UnrotatableSecret::TooMany => Error::TooManySecrets(id.clone()),
    }
}

fn name(id: &ClientId) -> Owned {
    Box::new(id.as_str().to_owned())
}

/// The parameters of [`INSERT`], in the order of the columns.
fn parameters(record: &ClientRecord) -> Result<Vec<Owned>, Error> {
    let ClientRecord { client, overrides } = record;
    let methods = match client.authentication() {
        ClientAuthentication::None => SecretMethods { basic: false, post: false },
        ClientAuthentication::Secret { methods, .. } => *methods,
    };
    let mut parameters: Vec<Owned> = vec![
        name(client.id()),
        Box::new(methods.basic),
        Box::new(methods.post),
        Box::new(secret_bytes(client.authentication())),
        Box::new(grant_words(client.grants)),
        Box::new(client.scope.as_str().to_owned()),
        Box::new(client.introspection.as_str()),
        Box::new(client.enabled),
        Box::new(signed(client.grant_epoch, "grant_epoch")?),
    ];
    parameters.extend(of_policy(overrides)?);
    Ok(parameters)
}

fn of_policy(overrides: &PolicyOverrides) -> Result<[Owned; 8], Error> {
    let grant_lifetime = overrides.grant_lifetime.map(|lifetime| match lifetime {
        GrantLifetime::Never => Ok(0),
        GrantLifetime::After(span) => millis(span, "grant_lifetime"),
    });
    let span = |span: Option<Duration>, column| span.map(|span| millis(span, column)).transpose();
    Ok([
        Box::new(span(overrides.access_token_lifetime, "access_token_lifetime")?),
        Box::new(span(overrides.refresh_idle_lifetime, "refresh_idle_lifetime")?),
        Box::new(grant_lifetime.transpose()?),
        Box::new(overrides.rotation.map(Rotation::as_str)),
        Box::new(span(overrides.retry_window, "retry_window")?),
        Box::new(overrides.on_replay.map(OnReplay::as_str)),
        Box::new(overrides.previous_access_token.map(PreviousAccessToken::as_str)),
        Box::new(overrides.max_access_tokens.map(i64::from)),
    ])
}

fn millis(span: Duration, column: &'static str) -> Result<i64, Error> {
    i64::try_from(span.as_millis()).map_err(|_| Error::OutOfRange { column })
}
