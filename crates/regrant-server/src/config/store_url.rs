//! `store`: where the grants are.

use std::fmt;
use std::path::{Path, PathBuf};

/// The store of grants, by address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreUrl {
    /// `memory:`, gone with the process, and seen by no other.
    Memory,
    /// `sqlite:PATH`
    Sqlite(PathBuf),
}

/// An address of no store that this build has. The address itself is not told: it may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidStoreUrl {
    /// Not one of the forms.
    #[error("expected memory: or sqlite:PATH")]
    Malformed,
    /// A Postgres address.
    #[error("this build has no support for postgres, expected memory: or sqlite:PATH")]
    NoPostgres,
}

impl StoreUrl {
    /// Reads an address. A relative path is relative to `base`.
    ///
    /// # Errors
    /// [`InvalidStoreUrl`] for anything that is not one of the two forms.
    pub fn parse(text: &str, base: &Path) -> Result<Self, InvalidStoreUrl> {
        if text.starts_with("postgres:") || text.starts_with("postgresql:") {
            return Err(InvalidStoreUrl::NoPostgres);
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
        let error = StoreUrl::parse("postgres://user:pass@host/db", Path::new("")).unwrap_err();
        assert_eq!(error, InvalidStoreUrl::NoPostgres);
        assert!(!error.to_string().contains("pass"));
    }
}
