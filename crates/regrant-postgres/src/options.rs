//! How a database is used.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::address::Address;
use crate::confirmation::Confirmation;
use crate::error::Error;

/// How much longer the store waits for an answer than the server works on it.
const GRACE: Duration = Duration::from_secs(1);

/// Which database, and how it is used.
#[derive(Clone)]
#[non_exhaustive]
pub struct Options {
    pub(crate) address: Address,
    pub(crate) listener: Option<Address>,
    /// Shared by all connections.
    pub(crate) confirmation: Arc<Confirmation>,
    /// How many connections serve loads and commits; at least 1. One more serves management. Default: 4.
    pub connections: usize,
    /// The most loads, and the most commits, that go into one statement; 1 has each go by itself, which suits an engine
    /// that splits the table over machines. A call never waits for others to come: what waits when a connection is free
    /// goes together. Default: 128.
    pub batch: usize,
    /// How many calls may wait before the next one fails with [`Error::Overloaded`]. Default: 1024.
    pub queue: usize,
    /// For how long a call waits for its turn before it fails with [`Error::Overloaded`]. Default: 1 second.
    pub patience: Duration,
    /// After how long the server gives a statement up; an eighth of it may go by waiting for a row that somebody has locked.
    /// The store itself waits one second longer, and then the connection is dropped and the outcome is
    /// [`Error::NoAnswer`]. The engine tries a commit three times, so keep it shorter than a sixth of the retry window of
    /// the clients where their answer matters. Default: 2 seconds.
    pub statement_timeout: Duration,
    /// For how long one attempt to connect may take, to each of the hosts. Default: 2 seconds.
    pub connect_timeout: Duration,
    /// Behind a pooler that hands out another server connection for each transaction, `PgBouncer` in transaction mode for
    /// instance: statements have no names and no setting is sent at the start, so set `statement_timeout` for the role.
    /// The listener needs a way around it: [`Options::with_listener`]. Without one nobody listens, and no node may keep what
    /// it has read. Default: no.
    pub pooler: bool,
    /// Tells other nodes of what was revoked and which client changed, by `NOTIFY`. Turn it off for an engine that has no
    /// `NOTIFY`; then no node may keep what it has read. Default: yes.
    pub notify: bool,
    /// Brings the database to the newest schema when it is opened, where the role may. Default: yes.
    pub migrate: bool,
}

impl Options {
    /// The database at an address, `postgres://user:password@host:port,host:port/database?sslmode=…`.
    ///
    /// Beside what libpq and `tokio-postgres` know, an address may have `sslrootcert=PATH`, a PEM file of the authorities
    /// that the server's certificate may come from (else those of Mozilla), and `sslmode=verify-full`. Over TLS a
    /// certificate and its name are always verified. Without an `sslmode`, a host that is neither a socket nor loopback
    /// is only spoken to over TLS. Of several hosts the first that can write is taken.
    ///
    /// # Errors
    /// [`Error::Address`] and [`Error::Certificates`].
    pub fn new(url: &str) -> Result<Self, Error> {
        Ok(Self {
            address: Address::parse(url)?,
            listener: None,
            confirmation: Arc::default(),
            connections: 4,
            batch: 128,
            queue: 1024,
            patience: Duration::from_secs(1),
            statement_timeout: Duration::from_secs(2),
            connect_timeout: Duration::from_secs(2),
            pooler: false,
            notify: true,
            migrate: true,
        })
    }

    /// Where notifications are heard, if [`Options::new`] leads to a pooler: `LISTEN` needs a session of its own.
    ///
    /// # Errors
    /// As [`Options::new`].
    pub fn with_listener(self, url: &str) -> Result<Self, Error> {
        Ok(Self { listener: Some(Address::parse(url)?), ..self })
    }

    /// How long the store waits for an answer.
    pub(crate) const fn limit(&self) -> Duration {
        self.statement_timeout.saturating_add(GRACE)
    }

    /// How long a statement may wait for what somebody has locked.
    pub(crate) fn lock_timeout(&self) -> Duration {
        (self.statement_timeout / 8).max(Duration::from_millis(1))
    }

    /// How long ago a statement began at least whose commit counts as held by the server. The commits of a node that works wait
    /// for the standby as well, for a moment; and what had no answer may have begun late in its pass, so this is how long
    /// the question for it is put off. Twice as long as others wait for a lock is more than the one and little for the other.
    pub(crate) fn age_of_held(&self) -> Duration {
        self.lock_timeout().saturating_mul(2)
    }

    /// The address to listen at. A session behind a pooler would say that it listens, and hear nothing.
    pub(crate) fn listening(&self) -> Option<&Address> {
        self.listener.as_ref().or_else(|| (!self.pooler).then_some(&self.address)).filter(|_| self.notify)
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("connections", &self.connections)
            .field("batch", &self.batch)
            .field("queue", &self.queue)
            .field("patience", &self.patience)
            .field("statement_timeout", &self.statement_timeout)
            .field("connect_timeout", &self.connect_timeout)
            .field("pooler", &self.pooler)
            .field("notify", &self.notify)
            .field("migrate", &self.migrate)
            .finish_non_exhaustive()
    }
}
