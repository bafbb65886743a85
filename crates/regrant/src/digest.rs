//! The only form in which a credential is at rest: a SHA-256 digest, compared in constant time (N-094).

use core::fmt;

use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroizing;

use crate::record::GrantId;
use crate::secret::Bytes;

/// What a digest was taken of. One byte in front of the input keeps the kinds apart.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Material {
    /// The lineage that all refresh tokens of one grant share.
    Lineage,
    /// The secret part of a refresh token.
    Refresh,
    /// The secret part of an access token.
    Access,
}

impl Material {
    const fn prefix(self) -> u8 {
        match self {
            Self::Lineage => 1,
            Self::Refresh => 2,
            Self::Access => 3,
        }
    }
}

/// A SHA-256 digest: 32 bytes. Equality takes the same time whatever differs.
#[derive(Clone, Copy)]
pub struct Digest([u8; Digest::LENGTH]);

impl Digest {
    /// The length of a digest in bytes.
    pub const LENGTH: usize = 32;

    /// A digest read back from storage.
    pub const fn from_bytes(bytes: [u8; Self::LENGTH]) -> Self {
        Self(bytes)
    }

    /// The bytes of the digest. A digest is no credential: nothing can be redeemed with it.
    pub const fn as_bytes(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }

    /// The plain SHA-256 of `bytes`: the form of client secrets at rest.
    pub fn sha256(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The digest of one part of a token, bound to its kind and its grant: `SHA-256(kind ‖ grant id ‖ part)`. With 32
    /// bytes or fewer in `part` this is a single block of SHA-256.
    ///
    /// The input is laid out whole before it is hashed: the hasher then takes it at once, and keeps no part of it waiting.
    #[inline]
    pub(crate) fn of<const N: usize>(material: Material, grant: GrantId, part: &[u8; N]) -> Self {
        const HEAD: usize = 1 + GrantId::LENGTH;
        const { assert!(N <= Self::LENGTH, "no part of a token is longer than a secret") };
        let mut input = Zeroizing::new(Bytes([0; HEAD + Self::LENGTH]));
        let (head, rest) = input.0.split_at_mut(HEAD);
        if let Some((kind, id)) = head.split_first_mut() {
            *kind = material.prefix();
            id.copy_from_slice(grant.as_bytes());
        }
        rest.iter_mut().zip(part).for_each(|(to, from)| *to = *from);
        let (input, _) = input.0.split_at(HEAD + N);
        Self::sha256(input)
    }

    /// The digest as four machine words. Their differences are gathered without a branch, and looked at once.
    fn words(&self) -> [u64; 4] {
        let (chunks, _) = self.0.as_chunks::<8>();
        let mut words = [0; 4];
        for (word, chunk) in words.iter_mut().zip(chunks) {
            *word = u64::from_ne_bytes(*chunk);
        }
        words
    }
}

impl ConstantTimeEq for Digest {
    fn ct_eq(&self, other: &Self) -> Choice {
        let pairs = self.words().into_iter().zip(other.words());
        pairs.fold(0, |difference, (a, b)| difference | (a ^ b)).ct_eq(&0)
    }
}

impl PartialEq for Digest {
    fn eq(&self, other: &Self) -> bool {
        self.ct_eq(other).into()
    }
}

impl Eq for Digest {}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest(")?;
        self.0.iter().take(4).try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str("…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_bound_to_its_kind_and_its_grant() {
        let (one, two) = (GrantId::from_bytes([1; 16]), GrantId::from_bytes([2; 16]));
        let digest = Digest::of(Material::Refresh, one, &[7; 32]);
        assert_eq!(digest, Digest::of(Material::Refresh, one, &[7; 32]));
        assert_ne!(digest, Digest::of(Material::Access, one, &[7; 32]));
        assert_ne!(digest, Digest::of(Material::Refresh, two, &[7; 32]));
    }

    #[test]
    fn every_single_bit_counts_in_a_comparison() {
        let digest = Digest::from_bytes([0; 32]);
        for bit in 0..256 {
            let mut bytes = [0; 32];
            bytes[bit / 8] |= 1 << (bit % 8);
            assert_ne!(digest, Digest::from_bytes(bytes), "bit {bit}");
        }
    }

    /// Differences that are gathered by exclusive or would cancel each other.
    #[test]
    fn the_same_difference_in_two_places_is_still_one() {
        for other in 1..4 {
            let mut bytes = [0; 32];
            (bytes[0], bytes[8 * other]) = (1, 1);
            assert_ne!(Digest::from_bytes([0; 32]), Digest::from_bytes(bytes), "word {other}");
        }
    }
}
