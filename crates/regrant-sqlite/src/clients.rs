//! The clients of the file.

use std::sync::Arc;
use std::time::Duration;

use regrant::{
    AsyncClientStore, Client, ClientAuthentication, ClientId, ClientRecord, ClientSecretDigest, ClientStore,
    GrantLifetime, OnReplay, Policy, PolicyOverrides, PreviousAccessToken, Rotation, SecretMethods, Timestamp,
    UnrotatableSecret, encode_secrets,
};
use rusqlite::{Connection, OptionalExtension as _, params};

use crate::SqliteStore;
use crate::client_row::{columns, grant_words, read, secret_bytes};
use crate::error::Error;
use crate::grant_row::signed;
use crate::grants::bounded;

const CLIENT: &str = concat!("SELECT ", columns!(), " FROM clients WHERE id = ?1");
const LIST: &str = concat!("SELECT ", columns!(), " FROM clients WHERE id > ?1 ORDER BY id LIMIT ?2");
const INSERT: &str = concat!(
    "INSERT INTO clients (",
    columns!(),
    ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17) ON CONFLICT (id) DO NOTHING"
);

/// The clients of an [`SqliteStore`], under the host's default policy.
///
/// What is changed here holds from the next request on, in every process that uses the file.
#[derive(Clone, Debug)]
pub struct SqliteClients {
    store: SqliteStore,
    defaults: Policy,
}

impl SqliteClients {
    pub(crate) const fn new(store: SqliteStore, defaults: Policy) -> Self {
        Self { store, defaults }
    }

    /// Registers a client.
    ///
    /// # Errors
    /// [`Error::ClientExists`]; [`Error::Policy`] if its policy cannot be used; the store failed.
    pub fn add(&self, record: &ClientRecord) -> Result<(), Error> {
        usable(record.clone(), &self.defaults)?;
        let inserted = record.clone();
        let added = self.store.writer().write(move |connection| insert(connection, &inserted))?;
        if added { Ok(()) } else { Err(Error::ClientExists(record.client.id().clone())) }
    }

    /// Up to `limit` clients with identifiers above `after`, in ascending order of their identifiers' bytes.
    ///
    /// # Errors
    /// The store failed, or a row is corrupt.
    pub fn list(&self, after: Option<&ClientId>, limit: usize) -> Result<Vec<ClientRecord>, Error> {
        let after = after.map_or("", |id| id.as_str());
        self.store.file().read_many(|connection| {
            let mut statement = connection.prepare_cached(LIST)?;
            let mut rows = statement.query(params![after, bounded(limit)])?;
            let mut page = Vec::new();
            while let Some(row) = rows.next()? {
                page.push(read(row)?);
            }
            Ok(page)
        })
    }

    /// Switches a client on or off; answers whether there is one.
    ///
    /// # Errors
    /// The store failed.
    pub fn set_enabled(&self, id: &ClientId, enabled: bool) -> Result<bool, Error> {
        const SQL: &str = "UPDATE clients SET enabled = ?2 WHERE id = ?1";
        let id = id.clone();
        self.store
            .writer()
            .write(move |connection| Ok(connection.prepare_cached(SQL)?.execute(params![id.as_str(), enabled])? == 1))
    }

    /// Adds a secret and gives the others an end: they are refused from `until` on, or from an earlier end that they
    /// have already. Those that have ended by `now` are forgotten. Answers whether there is such a client.
    ///
    /// # Errors
    /// [`Error::PublicClient`]; [`Error::TooManySecrets`] where [`Client::MAX_SECRETS`] are still accepted; the store
    /// failed.
    pub fn rotate_secret(
        &self,
        id: &ClientId,
        fresh: ClientSecretDigest,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, Error> {
        let id = id.clone();
        self.store.writer().write(move |connection| {
            let Some(record) = find(connection, &id)? else {
                return Ok(false);
            };
            let rotated = record.client.rotated_secrets(fresh, now, until);
            let secrets = encode_secrets(&rotated.map_err(|problem| unrotatable(&id, problem))?);
            let mut statement = connection.prepare_cached("UPDATE clients SET secrets = ?2 WHERE id = ?1")?;
            statement.execute(params![id.as_str(), secrets])?;
            Ok(true)
        })
    }

    /// Ends every grant that the client has so far, at once; answers the new epoch, or `None` without such a client.
    ///
    /// # Errors
    /// The store failed.
    pub fn raise_epoch(&self, id: &ClientId) -> Result<Option<u64>, Error> {
        const SQL: &str = "UPDATE clients SET grant_epoch = grant_epoch + 1 WHERE id = ?1 RETURNING grant_epoch";
        let id = id.clone();
        self.store.writer().write(move |connection| {
            let mut statement = connection.prepare_cached(SQL)?;
            let epoch: Option<i64> = statement.query_row([id.as_str()], |row| row.get(0)).optional()?;
            Ok(epoch.map(i64::unsigned_abs))
        })
    }

    /// Deletes a client; answers whether there was one. Its grants stay, and are inactive without it; they are purged
    /// in their time.
    ///
    /// A client that is registered again under that identifier must have a larger epoch, or those grants are alive
    /// again: [`SqliteClients::set_enabled`] is what is usually meant.
    ///
    /// # Errors
    /// The store failed.
    pub fn delete(&self, id: &ClientId) -> Result<bool, Error> {
        let id = id.clone();
        self.store.writer().write(move |connection| {
            Ok(connection.prepare_cached("DELETE FROM clients WHERE id = ?1")?.execute([id.as_str()])? == 1)
        })
    }
}

impl ClientStore for SqliteClients {
    type Error = Error;

    fn client(&self, id: &ClientId) -> Result<Option<Arc<Client>>, Error> {
        let found = self.store.file().read(|connection| find(connection, id))?;
        under(found, &self.defaults)
    }
}

impl AsyncClientStore for SqliteClients {
    type Error = Error;

    async fn client(&self, id: &ClientId) -> Result<Option<Arc<Client>>, Error> {
        let id = id.clone();
        let found = self.store.reads().run(move |file| file.read(|connection| find(connection, &id))).await?;
        under(found, &self.defaults)
    }
}

fn under(found: Option<ClientRecord>, defaults: &Policy) -> Result<Option<Arc<Client>>, Error> {
    Ok(found.map(|record| usable(record, defaults)).transpose()?.map(Arc::new))
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

fn find(connection: &Connection, id: &ClientId) -> Result<Option<ClientRecord>, Error> {
    let mut statement = connection.prepare_cached(CLIENT)?;
    let mut rows = statement.query([id.as_str()])?;
    rows.next()?.map(read).transpose()
}

fn insert(connection: &Connection, record: &ClientRecord) -> Result<bool, Error> {
    let ClientRecord { client, overrides } = record;
    let methods = match client.authentication() {
        ClientAuthentication::None => SecretMethods { basic: false, post: false },
        ClientAuthentication::Secret { methods, .. } => *methods,
    };
    let PolicyOverrides { access_token_lifetime, refresh_idle_lifetime, grant_lifetime, .. } = overrides;
    let grant_lifetime = grant_lifetime.map(|lifetime| match lifetime {
        GrantLifetime::Never => Ok(0),
        GrantLifetime::After(span) => millis(span, "grant_lifetime"),
    });
    let span = |span: Option<Duration>, column| span.map(|span| millis(span, column)).transpose();
    let inserted = connection.prepare_cached(INSERT)?.execute(params![
        client.id().as_str(),
        methods.basic,
        methods.post,
        secret_bytes(client.authentication()),
        grant_words(client.grants),
        client.scope.as_str(),
        client.introspection.as_str(),
        client.enabled,
        signed(client.grant_epoch, "grant_epoch")?,
        span(*access_token_lifetime, "access_token_lifetime")?,
        span(*refresh_idle_lifetime, "refresh_idle_lifetime")?,
        grant_lifetime.transpose()?,
        overrides.rotation.map(Rotation::as_str),
        span(overrides.retry_window, "retry_window")?,
        overrides.on_replay.map(OnReplay::as_str),
        overrides.previous_access_token.map(PreviousAccessToken::as_str),
        overrides.max_access_tokens,
    ])?;
    Ok(inserted == 1)
}

fn millis(span: Duration, column: &'static str) -> Result<i64, Error> {
    i64::try_from(span.as_millis()).map_err(|_| Error::OutOfRange { column })
}
