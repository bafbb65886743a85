//! Client secrets, presented and at rest. RFC 6749 §2.3.1.

use alloc::string::String;
use core::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand_core::TryCryptoRng;
use zeroize::Zeroizing;

use crate::digest::Digest;
use crate::time::Timestamp;

/// A generated client secret: 256 random bits as 43 characters of base64url.
///
/// It has no `%`, `+`, `:` and no character outside ASCII, so that clients which form-encode Basic credentials and
/// clients which do not send the same bytes. It is shown once, to whoever registers the client.
pub struct ClientSecret(Zeroizing<String>);

impl ClientSecret {
    /// Draws a fresh secret.
    ///
    /// # Errors
    /// The error of the random source.
    pub fn generate<R: TryCryptoRng + ?Sized>(source: &mut R) -> Result<Self, R::Error> {
        let mut bytes = Zeroizing::new([0; 32]);
        source.try_fill_bytes(bytes.as_mut_slice())?;
        Ok(Self(Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes.as_slice()))))
    }

    /// The text of the secret.
    pub fn expose_secret(&self) -> &str {
        &self.0
    }

    /// What the server keeps of it.
    pub fn digest(&self) -> ClientSecretDigest {
        ClientSecretDigest::of(&self.0)
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientSecret(…)")
    }
}

/// A client secret at rest: the SHA-256 digest of its UTF-8 text, and until when it is accepted.
///
/// A fast digest is right for generated secrets of 128 bits and more, and wrong for passwords that a person chose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientSecretDigest {
    /// The digest.
    pub digest: Digest,
    /// From this instant on the secret is refused; `None` for one without an end.
    pub expires_at: Option<Timestamp>,
}

impl ClientSecretDigest {
    /// The digest of a secret's text, without an expiry.
    pub fn of(secret: &str) -> Self {
        Self { digest: Digest::sha256(secret.as_bytes()), expires_at: None }
    }

    /// The same secret, refused from `expires_at` on.
    #[must_use]
    pub const fn expiring_at(self, expires_at: Timestamp) -> Self {
        Self { expires_at: Some(expires_at), ..self }
    }

    /// Whether this is the digest of the empty text.
    pub(super) fn is_of_nothing(&self) -> bool {
        self.digest == Digest::sha256(b"")
    }

    /// Whether the secret is still accepted at `now`.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }
}
