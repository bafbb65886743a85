//! Tokens that were never issued, made from one that was.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The same token with one byte changed. A refresh token is grant id (16), lineage (16), secret (32); an access token
/// is grant id (16), secret (32).
pub(crate) fn flip(token: &str, byte: usize) -> String {
    let mut bytes = URL_SAFE_NO_PAD.decode(token).unwrap();
    bytes[byte] ^= 1;
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A refresh token of the same grant with another lineage.
pub(crate) fn lineage_flipped(refresh: &str) -> String {
    flip(refresh, 16)
}

/// A refresh token of the same grant and lineage with another secret.
pub(crate) fn secret_flipped(refresh: &str) -> String {
    flip(refresh, 32)
}

/// A token without its last character.
pub(crate) fn cut(token: &str) -> String {
    token[..token.len() - 1].to_owned()
}

/// The bytes of a token's secret.
pub(crate) fn secret_of(token: &str) -> [u8; 32] {
    let bytes = URL_SAFE_NO_PAD.decode(token).unwrap();
    bytes[bytes.len() - 32..].try_into().unwrap()
}

/// The same token in the other encoding.
pub(crate) fn hex(token: &str) -> String {
    ::hex::encode(URL_SAFE_NO_PAD.decode(token).unwrap())
}

/// A token whose grant id is that of another token.
pub(crate) fn moved_to(token: &str, other: &str) -> String {
    let [mut bytes, other] = [token, other].map(|text| URL_SAFE_NO_PAD.decode(text).unwrap());
    bytes[..16].copy_from_slice(&other[..16]);
    URL_SAFE_NO_PAD.encode(bytes)
}
