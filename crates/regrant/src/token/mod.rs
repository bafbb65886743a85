//! Refresh and access tokens, how they are written, and how long they are (N-055).
//!
//! | kind | bytes | base64url, unpadded | lower-case hex |
//! |---|---|---|---|
//! | access token | grant id (16), secret (32) | 64 characters | 96 characters |
//! | refresh token | grant id (16), lineage (16), secret (32) | 86 characters | 128 characters |
//!
//! Kind and encoding are told by the length alone. Each secret part is 256 random or derived bits (N-096, N-138). The
//! access token carries no lineage: a resource server that sees one can never forge a replay.

mod derivation;
mod encoding;
mod entropy;
mod parts;
mod pepper;

pub(crate) use derivation::Derivation;
pub use encoding::TokenEncoding;
#[cfg(feature = "getrandom")]
pub use entropy::SystemEntropy;
pub use entropy::{Entropy, EntropyError, EntropySource};
pub use parts::{AccessToken, MalformedToken, PresentedToken, RefreshToken};
pub use pepper::{Pepper, WeakPepper};
