//! The secret that the host keeps outside the store.

use alloc::vec::Vec;
use core::fmt;

use thiserror::Error;
use zeroize::Zeroizing;

/// 32 or more random bytes that the host keeps outside the store, mixed into the retry derivation.
///
/// With the store and an old refresh token alone, nobody can compute the successor: the pepper is missing. To change
/// it, start with the new one and hand the old one in by [`Pepper::with_previous`]; after one retry window the old one
/// can go.
pub struct Pepper {
    current: Zeroizing<Vec<u8>>,
    previous: Option<Zeroizing<Vec<u8>>>,
}

impl Pepper {
    /// The fewest bytes of a pepper.
    pub const MIN_LENGTH: usize = 32;

    /// Takes the bytes of a pepper.
    ///
    /// # Errors
    /// [`WeakPepper`] for fewer than 32 bytes.
    pub fn new(bytes: Vec<u8>) -> Result<Self, WeakPepper> {
        Ok(Self { current: strong(bytes)?, previous: None })
    }

    /// Accepts the retries of rotations that were made under an earlier pepper as well.
    ///
    /// # Errors
    /// [`WeakPepper`] for fewer than 32 bytes.
    pub fn with_previous(self, bytes: Vec<u8>) -> Result<Self, WeakPepper> {
        Ok(Self { previous: Some(strong(bytes)?), ..self })
    }

    /// The pepper for new rotations.
    pub(crate) fn current(&self) -> &[u8] {
        &self.current
    }

    /// The current pepper, then the previous one.
    pub(crate) fn accepted(&self) -> impl Iterator<Item = &[u8]> {
        core::iter::once(self.current.as_slice()).chain(self.previous.as_ref().map(|bytes| bytes.as_slice()))
    }
}

fn strong(bytes: Vec<u8>) -> Result<Zeroizing<Vec<u8>>, WeakPepper> {
    let bytes = Zeroizing::new(bytes);
    if bytes.len() < Pepper::MIN_LENGTH { Err(WeakPepper) } else { Ok(bytes) }
}

impl fmt::Debug for Pepper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pepper(…)")
    }
}

/// A pepper of fewer than 32 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a pepper has 32 or more random bytes")]
pub struct WeakPepper;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_pepper_is_refused() {
        assert_eq!(Pepper::new(alloc::vec![1; 31]).unwrap_err(), WeakPepper);
        let pepper = Pepper::new(alloc::vec![1; 32]).unwrap();
        assert_eq!(pepper.with_previous(alloc::vec![1; 31]).unwrap_err(), WeakPepper);
    }
}
