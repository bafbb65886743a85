//! The two written forms of a token.

use alloc::string::String;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use crate::secret::Bytes;

/// How a token is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TokenEncoding {
    /// Unpadded base64url, RFC 4648 §5: the default.
    #[default]
    Base64Url,
    /// Lower-case hex, for dialects whose clients expect it.
    Hex,
}

impl TokenEncoding {
    /// Appends `bytes` to `out` in this encoding.
    pub(super) fn append(self, bytes: &[u8], out: &mut String) {
        match self {
            Self::Base64Url => URL_SAFE_NO_PAD.encode_string(bytes, out),
            Self::Hex => out.extend(bytes.iter().flat_map(|byte| [hex_digit(byte >> 4), hex_digit(byte & 15)])),
        }
    }

    /// Reads exactly `N` bytes; `None` for any text that is not their one canonical form.
    pub(super) fn read<const N: usize>(self, text: &str) -> Option<Zeroizing<Bytes<N>>> {
        let mut bytes = Zeroizing::new(Bytes([0; N]));
        match self {
            Self::Base64Url => {
                let read = URL_SAFE_NO_PAD.decode_slice(text, bytes.0.as_mut_slice()).ok()?;
                (read == N).then_some(bytes)
            }
            // One token has one written form: upper-case digits are not read.
            Self::Hex if text.bytes().any(|byte| byte.is_ascii_uppercase()) => None,
            Self::Hex => hex::decode_to_slice(text, bytes.0.as_mut_slice()).ok().map(|()| bytes),
        }
    }
}

/// One of `0` to `f` for a number below 16.
fn hex_digit(nibble: u8) -> char {
    char::from_digit(u32::from(nibble), 16).unwrap_or('0')
}
