//! How a successor is derived from the token that was presented, so that a retry finds it again (N-119).
//!
//! ```text
//! secret = HMAC-SHA-256(key: retry salt ‖ pepper, message: label ‖ grant id ‖ presented secret [‖ scope])
//! ```
//!
//! The labels have one length and differ, so neither is a prefix of the other; every other part but the last has a
//! fixed length, so no two different inputs are one message. The salt is fresh at each rotation and lies in the record;
//! the pepper lies outside the store; the presented secret lies nowhere but with the client.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::{AccessToken, RefreshToken};
use crate::scope::Scope;
use crate::secret::{Bytes, Secret};

const REFRESH_LABEL: &[u8; 24] = b"regrant/1/retry/refresh\0";
const ACCESS_LABEL: &[u8; 24] = b"regrant/1/retry/access\0\0";

/// The derivation from one presented refresh token under one salt and one pepper.
pub(crate) struct Derivation<'a> {
    keyed: Hmac<Sha256>,
    presented: &'a RefreshToken,
}

impl<'a> Derivation<'a> {
    pub(crate) fn new(salt: &[u8; 32], pepper: &[u8], presented: &'a RefreshToken) -> Self {
        Self { keyed: Hmac::new((&*key_block(salt, pepper)).into()), presented }
    }

    /// The successor of the presented token.
    pub(crate) fn refresh_token(&self) -> RefreshToken {
        self.presented.successor(self.secret(REFRESH_LABEL, b""))
    }

    /// The access token of one scope that goes with the successor.
    pub(crate) fn access_token(&self, scope: &Scope) -> AccessToken {
        AccessToken::new(self.presented.grant_id(), self.secret(ACCESS_LABEL, scope.as_str().as_bytes()))
    }

    fn secret(&self, label: &[u8; 24], scope: &[u8]) -> Secret<32> {
        let (id, presented) = (self.presented.grant_id(), self.presented.secret());
        // Laid out whole, so that the hasher takes it at once.
        let mut message = Zeroizing::new(Bytes([0; 72]));
        let (to_label, rest) = message.0.split_at_mut(24);
        let (to_id, to_presented) = rest.split_at_mut(16);
        to_label.copy_from_slice(label);
        to_id.copy_from_slice(id.as_bytes());
        to_presented.copy_from_slice(presented.expose_secret());
        // Not chained: each link would move the whole state.
        let mut mac = self.keyed.clone();
        mac.update(message.0.as_slice());
        mac.update(scope);
        Secret::new(mac.finalize().into_bytes().into())
    }
}

/// `salt ‖ pepper` as the key block of HMAC-SHA-256: as it is where it fills the block exactly, its digest where it is
/// longer (RFC 2104 §2). It is never shorter, since a pepper has 32 bytes or more.
fn key_block(salt: &[u8; 32], pepper: &[u8]) -> Zeroizing<[u8; 64]> {
    let mut block = Zeroizing::new([0; 64]);
    let (start, rest) = block.split_at_mut(32);
    if let Ok(pepper) = <&[u8; 32]>::try_from(pepper) {
        start.copy_from_slice(salt);
        rest.copy_from_slice(pepper);
    } else {
        let digest = Sha256::new().chain_update(salt).chain_update(pepper).finalize();
        start.copy_from_slice(Zeroizing::new(<[u8; 32]>::from(digest)).as_slice());
    }
    block
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::GrantId;

    fn presented() -> RefreshToken {
        RefreshToken::new(GrantId::from_bytes([1; 16]), [2; 16], [3; 32])
    }

    fn derived(pepper: &[u8]) -> (alloc::string::String, alloc::string::String) {
        let presented = presented();
        let derivation = Derivation::new(&[4; 32], pepper, &presented);
        let access = derivation.access_token(&Scope::parse("read write").unwrap());
        let written = access.expose(crate::token::TokenEncoding::Hex);
        (hex::encode(derivation.refresh_token().secret().expose_secret()), written.chars().skip(32).collect())
    }

    /// Computed with another implementation of HMAC-SHA-256 (Python's `hmac`).
    #[test]
    fn known_answers() {
        let (refresh, access) = derived(&[5; 32]);
        assert_eq!(refresh, "2ceb2bc795be81a3bba0b29bdcbde8ebf9f9d41391066fa879a04b1e8a14703c");
        assert_eq!(access, "eba0c7460c6801bbb620e103460399cf7b44cc266876042477a7fbec306487b9");
        let (refresh, access) = derived(&[5; 48]);
        assert_eq!(refresh, "e519cbb9d338487877c4ed00a521e7f3c5957dfd89226e5bc123f12fe47be1d2");
        assert_eq!(access, "1441987c9893a9ab27153ea81f56c9535389db15615db59488d2e21843d4790a");
    }

    #[test]
    fn every_input_changes_the_result() {
        let token = presented();
        let other = RefreshToken::new(GrantId::from_bytes([9; 16]), [2; 16], [3; 32]);
        let secret = |salt, pepper: &[u8], token: &RefreshToken| {
            *Derivation::new(&[salt; 32], pepper, token).refresh_token().secret().expose_secret()
        };
        let base = secret(4, &[5; 32], &token);
        assert_ne!(base, secret(6, &[5; 32], &token));
        assert_ne!(base, secret(4, &[6; 32], &token));
        assert_ne!(base, secret(4, &[5; 32], &other));
    }
}
