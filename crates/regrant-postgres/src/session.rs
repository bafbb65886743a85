//! One connection: prepared statements, and who reads what the server says by itself.

use std::collections::HashMap;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::AbortHandle;
use tokio_postgres::error::Severity;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{AsyncMessage, Client, Error as PgError, Row, Statement};

use crate::address::Address;
use crate::confirmation::Confirmation;
use crate::dial::{Wire, dial};
use crate::error::{Error, needs_another_session};
use crate::options::Options;

/// A parameter of a statement.
pub(crate) type Parameter<'a> = &'a (dyn ToSql + Sync);

/// A statement, and the types of its parameters.
#[derive(Debug)]
pub(crate) struct Sql {
    pub(crate) text: &'static str,
    pub(crate) types: &'static [Type],
}

/// A change, and the same change with the news of it in its transaction.
#[derive(Debug)]
pub(crate) struct Announced {
    pub(crate) quiet: Sql,
    pub(crate) aloud: Sql,
}

impl Announced {
    /// The one or the other.
    pub(crate) const fn pick(&self, aloud: bool) -> &Sql {
        if aloud { &self.aloud } else { &self.quiet }
    }
}

const HELD: Sql = Sql {
    text: "SELECT FROM pg_stat_activity WHERE usename = session_user AND wait_event = 'SyncRep' \
           AND query_start < clock_timestamp() - $1 * interval '1 ms' LIMIT 1",
    types: &[Type::INT8],
};

/// An open connection. It is closed when it is dropped.
#[derive(Debug)]
pub(crate) struct Session {
    client: Client,
    /// `None` where a pooler stands between: statements have no names there.
    prepared: Option<Mutex<HashMap<&'static str, Statement>>>,
    warnings: Arc<AtomicU64>,
    /// Set by an error after which this is not the connection to go on with.
    condemned: AtomicBool,
    driver: AbortHandle,
}

impl Session {
    /// Connects to the first host that can write.
    ///
    /// # Errors
    /// [`Error::Unreachable`].
    pub(crate) async fn open(options: &Options) -> Result<Self, Error> {
        Self::open_at(&options.address, options).await
    }

    async fn open_at(address: &Address, options: &Options) -> Result<Self, Error> {
        let settings = settings(options);
        let settings = (!options.pooler).then_some(&*settings);
        let (client, connection) = dial(address, options.connect_timeout, settings).await?;
        let warnings = Arc::new(AtomicU64::new(0));
        let driver = drive(connection, Arc::clone(&warnings), Arc::clone(&options.confirmation));
        let driver = tokio::spawn(driver).abort_handle();
        let prepared = (!options.pooler).then(Mutex::default);
        Ok(Self { client, prepared, warnings, condemned: AtomicBool::new(false), driver })
    }

    /// Whether the next statement may go here.
    pub(crate) fn is_usable(&self) -> bool {
        !self.condemned.load(Ordering::Acquire) && !self.client.is_closed()
    }

    /// How many warnings the server has given so far.
    pub(crate) fn warnings(&self) -> u64 {
        self.warnings.load(Ordering::Acquire)
    }

    /// Waits until the standby has everything that the server has: a commit of its own, which follows all others in the log.
    ///
    /// # Errors
    /// [`Error::NotReplicated`] where this wait was cancelled, too; the connection was lost.
    pub(crate) async fn confirm(&self) -> Result<(), Error> {
        let warned = self.warnings();
        match self.client.batch_execute("SELECT pg_logical_emit_message(true, 'regrant', '')").await {
            Err(error) => Err(Error::of_statement(&error)),
            Ok(()) if self.warnings() == warned => Ok(()),
            Ok(()) => Err(Error::NotReplicated),
        }
    }

    /// Whether the server holds commits of this role that wait for the standby and are of this age: those of any node, also of
    /// connections that were given up. It only reads, so it waits for no standby itself.
    ///
    /// # Errors
    /// The server does not know the question; the connection was lost.
    pub(crate) async fn holds_commits(&self, age: Duration) -> Result<bool, Error> {
        let millis = i64::try_from(age.as_millis()).unwrap_or(i64::MAX);
        let held = self.run(&HELD, &[&millis]).await;
        held.map(|rows| !rows.is_empty()).map_err(|error| Error::of_statement(&error))
    }

    /// From now on this is not the connection to go on with.
    pub(crate) fn condemn(&self) {
        self.condemned.store(true, Ordering::Release);
    }

    /// Closes the socket at once, without a word to a server that may not read any more.
    pub(crate) fn cut(&self) {
        self.condemn();
        self.driver.abort();
    }

    /// The driver's own handle, for statements that are not prepared.
    pub(crate) const fn client(&self) -> &Client {
        &self.client
    }

    /// Runs a statement to its end: what it did is committed, or an error.
    ///
    /// # Errors
    /// The server refused it, or the connection was lost.
    pub(crate) async fn run(&self, sql: &Sql, parameters: &[Parameter<'_>]) -> Result<Vec<Row>, PgError> {
        let rows = self.rows(sql, parameters).await;
        if rows.as_ref().is_err_and(needs_another_session) {
            self.condemn();
        }
        rows
    }

    async fn rows(&self, sql: &Sql, parameters: &[Parameter<'_>]) -> Result<Vec<Row>, PgError> {
        let Some(prepared) = &self.prepared else {
            let typed: Vec<_> = parameters.iter().copied().zip(sql.types.iter().cloned()).collect();
            return self.client.query_typed(sql.text, &typed).await;
        };
        let statement = self.prepared(sql, prepared).await?;
        self.client.query(&statement, parameters).await
    }

    /// The statement under its name; prepared at its first use.
    async fn prepared(&self, sql: &Sql, known: &Mutex<HashMap<&'static str, Statement>>) -> Result<Statement, PgError> {
        let find = || known.lock().unwrap_or_else(PoisonError::into_inner).get(sql.text).cloned();
        if let Some(statement) = find() {
            return Ok(statement);
        }
        let fresh = self.client.prepare_typed(sql.text, sql.types).await?;
        known.lock().unwrap_or_else(PoisonError::into_inner).insert(sql.text, fresh.clone());
        Ok(fresh)
    }
}

/// What the server is told at the start.
///
/// A node that dies without a word in the middle of a commit has the row locked until the server learns of it: by
/// keepalives, within ten seconds instead of the hours that systems take by default. Whoever waits for the row gives up
/// long before their statement is given up, so that what shares the statement can go on without them.
fn settings(options: &Options) -> String {
    let statement = options.statement_timeout.as_millis();
    let lock = options.lock_timeout().as_millis();
    format!(
        "-c statement_timeout={statement} -c lock_timeout={lock} -c tcp_keepalives_idle=5 -c tcp_keepalives_interval=1 \
         -c tcp_keepalives_count=5"
    )
}

/// Reads the connection until it ends. A warning is counted before the statement that it belongs to is answered.
async fn drive(connection: Wire, warnings: Arc<AtomicU64>, confirmation: Arc<Confirmation>) {
    let mut connection = pin!(connection);
    while let Some(Ok(message)) = poll_fn(|cx| connection.poll_message(cx)).await {
        if let AsyncMessage::Notice(notice) = message
            && notice.parsed_severity() == Some(Severity::Warning)
            && casts_doubt(notice.routine())
        {
            confirmation.warn();
            warnings.fetch_add(1, Ordering::Release);
        }
    }
}

/// Whether a warning, by the function of the server that gave it, may mean that a commit is not where it should be. The queue of
/// notifications warns as well, with the commit and its `SQLSTATE`, when it is half full; any other warning of any engine may.
fn casts_doubt(routine: Option<&str>) -> bool {
    routine != Some("asyncQueueFillWarning")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_warning_casts_doubt_but_that_of_a_queue_that_fills() {
        assert!(!casts_doubt(Some("asyncQueueFillWarning")));
        for routine in [Some("SyncRepWaitForLSN"), Some("another_engine"), None] {
            assert!(casts_doubt(routine), "{routine:?}");
        }
    }
}
