//! The parts of a token.

use alloc::string::String;
use core::fmt;

use thiserror::Error;
use zeroize::Zeroizing;

use super::TokenEncoding;
use crate::digest::{Digest, Material};
use crate::record::GrantId;
use crate::secret::{Bytes, Secret};

/// A refresh token: grant id, lineage and secret, 64 bytes.
///
/// The lineage is the same in every refresh token of one grant. It proves that the presenter once held a genuine one,
/// so that a replay of the very first token is recognised without any list of old tokens.
pub struct RefreshToken {
    grant: GrantId,
    lineage: Secret<{ RefreshToken::LINEAGE }>,
    secret: Secret<32>,
}

impl RefreshToken {
    /// The length of a lineage in bytes.
    pub const LINEAGE: usize = 16;
    const LENGTH: usize = GrantId::LENGTH + Self::LINEAGE + 32;

    pub(crate) fn new(grant: GrantId, lineage: [u8; Self::LINEAGE], secret: [u8; 32]) -> Self {
        Self { grant, lineage: Secret::new(lineage), secret: Secret::new(secret) }
    }

    /// The same grant and lineage with another secret.
    pub(crate) fn successor(&self, secret: Secret<32>) -> Self {
        Self { grant: self.grant, lineage: Secret::new(*self.lineage.expose_secret()), secret }
    }

    /// The same token once more, for an answer that gives it back.
    pub(crate) fn copy(&self) -> Self {
        self.successor(Secret::new(*self.secret.expose_secret()))
    }

    /// The grant this token speaks of.
    pub const fn grant_id(&self) -> GrantId {
        self.grant
    }

    pub(crate) fn secret(&self) -> &Secret<32> {
        &self.secret
    }

    pub(crate) fn lineage_digest(&self) -> Digest {
        Digest::of(Material::Lineage, self.grant, self.lineage.expose_secret())
    }

    pub(crate) fn secret_digest(&self) -> Digest {
        Digest::of(Material::Refresh, self.grant, self.secret.expose_secret())
    }

    /// Appends the written token to `out`.
    pub fn expose_into(&self, encoding: TokenEncoding, out: &mut String) {
        let parts: [&[u8]; 3] = [self.grant.as_bytes(), self.lineage.expose_secret(), self.secret.expose_secret()];
        encoding.append(joined::<{ Self::LENGTH }>(parts).0.as_slice(), out);
    }

    /// The written token.
    pub fn expose(&self, encoding: TokenEncoding) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(2 * Self::LENGTH));
        self.expose_into(encoding, &mut text);
        text
    }
}

/// An access token: grant id and secret, 48 bytes.
pub struct AccessToken {
    grant: GrantId,
    secret: Secret<32>,
}

impl AccessToken {
    const LENGTH: usize = GrantId::LENGTH + 32;

    pub(crate) fn new(grant: GrantId, secret: Secret<32>) -> Self {
        Self { grant, secret }
    }

    /// The grant this token speaks of.
    pub const fn grant_id(&self) -> GrantId {
        self.grant
    }

    pub(crate) fn digest(&self) -> Digest {
        Digest::of(Material::Access, self.grant, self.secret.expose_secret())
    }

    /// Appends the written token to `out`.
    pub fn expose_into(&self, encoding: TokenEncoding, out: &mut String) {
        let parts: [&[u8]; 2] = [self.grant.as_bytes(), self.secret.expose_secret()];
        encoding.append(joined::<{ Self::LENGTH }>(parts).0.as_slice(), out);
    }

    /// The written token.
    pub fn expose(&self, encoding: TokenEncoding) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(2 * Self::LENGTH));
        self.expose_into(encoding, &mut text);
        text
    }
}

/// A token that somebody presented, told apart by its length.
#[derive(Debug)]
pub enum PresentedToken {
    /// A refresh token.
    Refresh(RefreshToken),
    /// An access token.
    Access(AccessToken),
}

impl PresentedToken {
    /// Reads a token in either encoding.
    ///
    /// # Errors
    /// [`MalformedToken`] for another length, another alphabet, or a form that is not canonical. Such a text can
    /// never have been issued (N-013).
    pub fn parse(text: &str) -> Result<Self, MalformedToken> {
        let token = match text.len() {
            86 => read_refresh(TokenEncoding::Base64Url, text).map(Self::Refresh),
            128 => read_refresh(TokenEncoding::Hex, text).map(Self::Refresh),
            64 => read_access(TokenEncoding::Base64Url, text).map(Self::Access),
            96 => read_access(TokenEncoding::Hex, text).map(Self::Access),
            _ => None,
        };
        token.ok_or(MalformedToken)
    }

    /// The grant this token speaks of.
    pub const fn grant_id(&self) -> GrantId {
        match self {
            Self::Refresh(token) => token.grant_id(),
            Self::Access(token) => token.grant_id(),
        }
    }
}

/// The parts one after the other. Together they are as long as the whole.
fn joined<const N: usize>(parts: impl IntoIterator<Item: AsRef<[u8]>>) -> Zeroizing<Bytes<N>> {
    let mut whole = Zeroizing::new(Bytes([0; N]));
    let mut rest = whole.0.as_mut_slice();
    for part in parts {
        let part = part.as_ref();
        let Some((to, left)) = rest.split_at_mut_checked(part.len()) else { break };
        to.copy_from_slice(part);
        rest = left;
    }
    whole
}

fn read_refresh(encoding: TokenEncoding, text: &str) -> Option<RefreshToken> {
    let bytes = encoding.read::<{ RefreshToken::LENGTH }>(text)?;
    let (id, rest) = bytes.0.split_first_chunk::<{ GrantId::LENGTH }>()?;
    let (lineage, secret) = rest.split_first_chunk::<{ RefreshToken::LINEAGE }>()?;
    Some(RefreshToken::new(GrantId::from_bytes(*id), *lineage, *secret.first_chunk()?))
}

fn read_access(encoding: TokenEncoding, text: &str) -> Option<AccessToken> {
    let bytes = encoding.read::<{ AccessToken::LENGTH }>(text)?;
    let (id, secret) = bytes.0.split_first_chunk::<{ GrantId::LENGTH }>()?;
    Some(AccessToken::new(GrantId::from_bytes(*id), Secret::new(*secret.first_chunk()?)))
}

/// A text that is no token of this engine: wrong length, wrong alphabet, or not in canonical form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the text is not a token in canonical form")]
pub struct MalformedToken;

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RefreshToken({}, …)", self.grant)
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AccessToken({}, …)", self.grant)
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use proptest::prelude::*;

    use super::*;

    // N-055: the sizes that the documentation states.
    const ENCODINGS: [(TokenEncoding, usize, usize); 2] =
        [(TokenEncoding::Base64Url, 86, 64), (TokenEncoding::Hex, 128, 96)];

    proptest! {
        #[test]
        fn what_is_written_is_read_back(id: [u8; 16], lineage: [u8; 16], secret: [u8; 32]) {
            let id = GrantId::from_bytes(id);
            for (encoding, refresh_length, access_length) in ENCODINGS {
                let written = RefreshToken::new(id, lineage, secret).expose(encoding);
                prop_assert_eq!(written.len(), refresh_length);
                let Ok(PresentedToken::Refresh(read)) = PresentedToken::parse(&written) else { panic!("a refresh token") };
                prop_assert_eq!(read.grant_id(), id);
                prop_assert_eq!(read.lineage.expose_secret(), &lineage);
                prop_assert_eq!(read.secret.expose_secret(), &secret);

                let written = AccessToken::new(id, Secret::new(secret)).expose(encoding);
                prop_assert_eq!(written.len(), access_length);
                let Ok(PresentedToken::Access(read)) = PresentedToken::parse(&written) else { panic!("an access token") };
                prop_assert_eq!(read.secret.expose_secret(), &secret);
            }
        }

        #[test]
        fn every_text_that_is_read_is_canonical(text in "[A-Za-z0-9_-]{64}|[A-Za-z0-9_-]{86}|[0-9a-fA-F]{96}|[0-9a-fA-F]{128}|.{0,140}") {
            let encodings = [TokenEncoding::Base64Url, TokenEncoding::Hex];
            match PresentedToken::parse(&text) {
                Ok(PresentedToken::Refresh(token)) => prop_assert!(encodings.iter().any(|e| *token.expose(*e) == text)),
                Ok(PresentedToken::Access(token)) => prop_assert!(encodings.iter().any(|e| *token.expose(*e) == text)),
                Err(MalformedToken) => {}
            }
        }
    }

    #[test]
    fn spare_bits_and_upper_case_are_refused() {
        let token = RefreshToken::new(GrantId::from_bytes([0; 16]), [0; 16], [0xab; 32]);
        let text = token.expose(TokenEncoding::Base64Url);
        let spare = text.chars().take(85).chain(['x']).collect::<String>();
        assert_eq!(PresentedToken::parse(&spare).unwrap_err(), MalformedToken);
        let upper = token.expose(TokenEncoding::Hex).to_uppercase();
        assert_eq!(PresentedToken::parse(&upper).unwrap_err(), MalformedToken);
    }

    #[test]
    fn nothing_secret_is_formatted() {
        let token = RefreshToken::new(GrantId::from_bytes([1; 16]), [0xc3; 16], [0xd4; 32]);
        let shown = format!("{token:?} {:?}", AccessToken::new(token.grant_id(), Secret::new([0xd4; 32])));
        assert!(!shown.contains("c3c3") && !shown.contains("d4d4") && !shown.contains("1NTU"), "{shown}");
    }
}
