//! regrant and its Rust peers, each behind the same small face: refresh some grants, from octets to octets.
//!
//! All do the same work: the client is authenticated by Basic against a SHA-256 digest, the refresh token is rotated, the
//! answer is rendered as JSON with its headers. Each works over its own store in memory. Requests are made before the
//! clock runs, and answers are read after it.

pub mod oauth_as;
pub mod ours;
pub mod oxide;

use std::any::Any;
use std::error::Error;
use std::time::Duration;

/// The result of everything here.
pub type Done<T = ()> = Result<T, Box<dyn Error>>;

/// What was built: the lock file at that time.
const LOCKED: &str = include_str!("../Cargo.lock");

/// The version of a crate that these are built with.
pub fn version_of(name: &str) -> Option<&'static str> {
    let (_, after) = LOCKED.split_once(&format!("\nname = \"{name}\"\nversion = \""))?;
    after.split('"').next()
}

/// One implementation, with some grants.
pub trait Side {
    /// Refreshes these grants, each once, and answers how long it took.
    ///
    /// # Errors
    /// An answer that is no success.
    fn refresh(&mut self, grants: &[usize]) -> Done<Duration>;

    /// Lets two hours go by, and does what its documentation asks a host to do from time to time.
    ///
    /// # Errors
    /// The store failed.
    fn hours_later(&mut self) -> Done;

    /// Drops the store, but not the texts of the tokens that clients hold.
    fn forget(self) -> Box<dyn Any>;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Refreshes each grant twice, and checks that all tokens are others than before.
    fn rotates(mut side: impl Side) -> Done {
        side.refresh(&[0, 1, 2])?;
        side.hours_later()?;
        side.refresh(&[2, 1, 0])?;
        Ok(())
    }

    #[test]
    fn versions_are_those_of_the_lock_file() {
        assert!(["oxide-auth", "oauth-as"].iter().all(|peer| version_of(peer).is_some_and(|text| text.contains('.'))));
        assert_eq!(version_of("no-such-crate"), None);
    }

    #[test]
    fn every_side_refreshes_and_rotates() -> Done {
        rotates(ours::Regrant::with(3)?)?;
        rotates(oxide::Oxide::with(3)?)?;
        rotates(oauth_as::OauthAs::with(3)?)
    }
}
