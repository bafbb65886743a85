//! The randomness of one exchange.

use core::fmt;

use rand_core::TryCryptoRng;
use thiserror::Error;
use zeroize::Zeroizing;

use super::RefreshToken;
use crate::secret::{Bytes, Secret};

/// Everything random that one request may need, drawn once: 96 bytes.
///
/// All attempts of one exchange share it. That is how an exchange whose commit had an unknown outcome recognises its
/// own write when it reads the record again.
pub struct Entropy {
    pub(crate) id: [u8; 16],
    pub(crate) lineage: Secret<{ RefreshToken::LINEAGE }>,
    /// A refresh secret, or the retry salt where the secret is derived.
    pub(crate) refresh: Secret<32>,
    pub(crate) access: Secret<32>,
}

impl Entropy {
    /// How many bytes are drawn.
    pub const LENGTH: usize = 96;

    /// Draws from a cryptographic source.
    ///
    /// # Errors
    /// The error of the source; nothing has been decided then.
    pub fn draw<R: TryCryptoRng + ?Sized>(source: &mut R) -> Result<Self, R::Error> {
        let mut bytes = Zeroizing::new(Bytes([0; Self::LENGTH]));
        source.try_fill_bytes(bytes.0.as_mut_slice())?;
        Ok(Self::from_bytes(&bytes.0))
    }

    /// Takes 96 bytes that must be unpredictable and must never be used twice.
    pub fn from_bytes(bytes: &[u8; Self::LENGTH]) -> Self {
        let (id, rest) = part(bytes);
        let (lineage, rest) = part(rest);
        let (refresh, rest) = part(rest);
        let (access, _) = part(rest);
        Self { id, lineage: Secret::new(lineage), refresh: Secret::new(refresh), access: Secret::new(access) }
    }
}

/// The next `N` bytes, and what follows them. The four parts are together as long as the whole, so there always are as many.
fn part<const N: usize>(bytes: &[u8]) -> ([u8; N], &[u8]) {
    bytes.split_first_chunk().map_or(([0; N], &[]), |(part, rest)| (*part, rest))
}

impl fmt::Debug for Entropy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entropy(…)")
    }
}

/// Where the engine's host draws randomness. Any `Fn() -> Result<Entropy, EntropyError>` is a source.
pub trait EntropySource: Send + Sync {
    /// Fresh entropy for one exchange.
    ///
    /// # Errors
    /// The source failed; the request ends as a fault of the server and nothing is written.
    fn draw(&self) -> Result<Entropy, EntropyError>;
}

impl<F: Fn() -> Result<Entropy, EntropyError> + Send + Sync> EntropySource for F {
    fn draw(&self) -> Result<Entropy, EntropyError> {
        self()
    }
}

/// The random source failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the random source failed")]
pub struct EntropyError;

/// The random source of the operating system.
#[cfg(feature = "getrandom")]
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

#[cfg(feature = "getrandom")]
impl EntropySource for SystemEntropy {
    fn draw(&self) -> Result<Entropy, EntropyError> {
        Entropy::draw(&mut getrandom::SysRng).map_err(|_| EntropyError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_four_parts_are_the_ninety_six_bytes_in_order() {
        let bytes = core::array::from_fn(|n| u8::try_from(n).unwrap());
        let entropy = Entropy::from_bytes(&bytes);
        assert_eq!(entropy.id, core::array::from_fn(|n| u8::try_from(n).unwrap()));
        assert_eq!((entropy.lineage.expose_secret()[0], entropy.refresh.expose_secret()[0]), (16, 32));
        let access = entropy.access.expose_secret();
        assert_eq!((access[0], access[31]), (64, 95));
    }

    #[cfg(feature = "getrandom")]
    #[test]
    fn the_system_source_does_not_repeat_itself() {
        let (one, two) = (SystemEntropy.draw().unwrap(), SystemEntropy.draw().unwrap());
        assert_ne!(one.access.expose_secret(), two.access.expose_secret());
    }
}
