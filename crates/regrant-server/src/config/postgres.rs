//! `[postgres]`: how a database server is used.

use std::fmt;

use regrant_postgres::{Error, Options};
use serde::Deserialize;

use super::PostgresUrl;

/// The keys of `[postgres]`. What is absent is as [`Options`] has it.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostgresKeys {
    connections: Option<u16>,
    batch: Option<u16>,
    queue: Option<u16>,
    #[serde(default)]
    pooler: bool,
    listener: Option<String>,
    notify: Option<bool>,
    migrate: Option<bool>,
}

impl PostgresKeys {
    /// Whether news of other nodes comes in; else why not, and what would bring it.
    pub(super) fn hears_news(&self) -> Result<(), &'static str> {
        match self {
            Self { notify: Some(false), .. } => {
                Err("no node tells another what it revokes, expected [postgres] notify = true")
            }
            Self { pooler: true, listener: None, .. } => {
                Err("nothing is heard through a pooler, expected [postgres] listener = a way around it, postgres://…")
            }
            _ => Ok(()),
        }
    }

    /// The options of a store at an address.
    ///
    /// # Errors
    /// One of the addresses cannot be used.
    pub fn options(&self, url: &PostgresUrl) -> Result<Options, Error> {
        let mut options = Options::new(url.expose())?;
        if let Some(listener) = &self.listener {
            options = options.with_listener(listener)?;
        }
        set(&mut options.connections, self.connections.map(usize::from));
        set(&mut options.batch, self.batch.map(usize::from));
        set(&mut options.queue, self.queue.map(usize::from));
        set(&mut options.notify, self.notify);
        set(&mut options.migrate, self.migrate);
        options.pooler = self.pooler;
        Ok(options)
    }
}

/// The address of the listener may hold a password.
impl fmt::Debug for PostgresKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresKeys").field("pooler", &self.pooler).finish_non_exhaustive()
    }
}

fn set<T>(field: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *field = value;
    }
}
