//! Bytes that must not be seen: one door, no copies, wiped when dropped.

use core::fmt;

use zeroize::{DefaultIsZeroes, Zeroizing};

/// `N` secret bytes.
///
/// There is no `Clone`, no `PartialEq`, no `Serialize` and no `Display`; `Debug` shows nothing of the content and the
/// memory is wiped on drop. The only way to the bytes is [`Secret::expose_secret`]. What the compiler copied on the way,
/// when a value was moved, is out of reach: wiping narrows the time in which a secret lies in memory, and no more.
pub struct Secret<const N: usize>(Zeroizing<Bytes<N>>);

/// Bytes that `Zeroizing` wipes at one stroke, and not one by one as it does an array.
#[derive(Clone, Copy)]
pub(crate) struct Bytes<const N: usize>(pub(crate) [u8; N]);

impl<const N: usize> Default for Bytes<N> {
    fn default() -> Self {
        Self([0; N])
    }
}

impl<const N: usize> DefaultIsZeroes for Bytes<N> {}

impl<const N: usize> Secret<N> {
    /// Takes the bytes over.
    pub fn new(bytes: [u8; N]) -> Self {
        Self(Zeroizing::new(Bytes(bytes)))
    }

    /// The bytes themselves. Whoever calls this answers for where they go.
    pub fn expose_secret(&self) -> &[u8; N] {
        &self.0.0
    }
}

impl<const N: usize> fmt::Debug for Secret<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}
