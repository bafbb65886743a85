//! `store`: where the grants are.

use std::fmt;
use std::path::{Path, PathBuf};

use regrant_postgres::Options as PostgresOptions;

/// The store of grants, by address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreUrl {
    /// `memory:`, gone with the process, and seen by no other.
    Memory,
    /// `sqlite:PATH`
    Sqlite(PathBuf),
    /// `postgres://…`
    Postgres(PostgresUrl),
}

/// The address of a database server. It may hold a password, so it is not shown.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresUrl(String);

impl PostgresUrl {
    /// The whole address.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PostgresUrl(…)")
    }
}

/// An address of no store that this build has. The address itself is not told: it may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidStoreUrl {
    /// Not one of the forms.
    #[error("expected memory:, sqlite:PATH or postgres://…")]
    Malformed,
    /// A Postgres address that cannot be used.
    #[error("{0}")]
    Postgres(String),
}

impl StoreUrl {
    /// Reads an address. A relative path is relative to `base`.
    ///
    /// # Errors
    /// [`InvalidStoreUrl`] for anything that is not one of the three forms.
    pub fn parse(text: &str, base: &Path) -> Result<Self, InvalidStoreUrl> {
        if text.starts_with("postgres:") || text.starts_with("postgresql:") {
            PostgresOptions::new(text).map_err(|error| InvalidStoreUrl::Postgres(error.to_string()))?;
            return Ok(Self::Postgres(PostgresUrl(text.to_owned())));
        }
        match text.split_once(':') {
            Some(("memory", "")) => Ok(Self::Memory),
            Some(("sqlite", path)) if !path.is_empty() => Ok(Self::Sqlite(base.join(path))),
            _ => Err(InvalidStoreUrl::Malformed),
        }
    }
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("memory:"),
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(_) => f.write_str("postgres:"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relative_path_is_relative_to_the_base() {
        let base = Path::new("/etc/regrant");
        let sqlite = |path: &str| Ok(StoreUrl::Sqlite(path.into()));
        assert_eq!(StoreUrl::parse("sqlite:grants.db", base), sqlite("/etc/regrant/grants.db"));
        assert_eq!(StoreUrl::parse("sqlite:/var/grants.db", base), sqlite("/var/grants.db"));
        assert_eq!(StoreUrl::parse("memory:", base), Ok(StoreUrl::Memory));
    }

    #[test]
    fn other_addresses_are_refused_without_being_told() {
        for text in ["", "sqlite:", "memory", "memory:x", "grants.db", "mysql://root:pass@host"] {
            assert_eq!(StoreUrl::parse(text, Path::new("")), Err(InvalidStoreUrl::Malformed), "{text}");
        }
        let error = StoreUrl::parse("postgres://user:pass@host/db?sslmode=maybe", Path::new("")).unwrap_err();
        assert!(matches!(error, InvalidStoreUrl::Postgres(_)), "{error}");
        assert!(!error.to_string().contains("pass"));
        let url = StoreUrl::parse("postgres://user:pass@host/db", Path::new("")).unwrap();
        assert!(!format!("{url} {url:?}").contains("pass"));
    }
}
