//! Decoding one name or value of `application/x-www-form-urlencoded`. RFC 6749 Appendix B (N-011, N-012).
//!
//! Decoders made for browsers let `%zz` pass as text and turn broken UTF-8 into U+FFFD. At a token endpoint that would
//! make two different requests look the same, so both are errors here.

use std::borrow::Cow;
use std::str::Bytes;

use zeroize::Zeroizing;

/// Why a name or value could not be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EscapeError {
    /// A `%` that two hexadecimal digits do not follow.
    #[error("a percent sign is not followed by two hexadecimal digits")]
    BadEscape,
    /// The octets behind the escapes are not UTF-8.
    #[error("the escaped octets are not UTF-8")]
    NotUtf8,
}

/// Decodes `+` to a space and `%XX` to an octet, and reads the octets as UTF-8.
///
/// Text with nothing to decode is borrowed.
pub(crate) fn decode(text: &str) -> Result<Cow<'_, str>, EscapeError> {
    if is_plain(text) { Ok(Cow::Borrowed(text)) } else { decode_escapes(text).map(Cow::Owned) }
}

/// Whether there is nothing to decode. All octets are looked at, which is quicker than to stop at the first that counts:
/// it takes no branch for each.
pub(crate) fn is_plain(text: &str) -> bool {
    text.bytes().map(|byte| u8::from(byte == b'%') | u8::from(byte == b'+')).fold(0, |any, one| any | one) == 0
}

fn decode_escapes(text: &str) -> Result<String, EscapeError> {
    // The value may be a secret: its buffer never grows, which would leave a copy behind, and is wiped on every error.
    let mut octets = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        octets.push(match byte {
            b'+' => b' ',
            b'%' => escaped_octet(&mut rest)?,
            plain => plain,
        });
    }
    String::from_utf8(std::mem::take(&mut *octets)).map_err(|error| {
        drop(Zeroizing::new(error.into_bytes()));
        EscapeError::NotUtf8
    })
}

fn escaped_octet(rest: &mut Bytes<'_>) -> Result<u8, EscapeError> {
    let high = rest.next().and_then(hex_digit).ok_or(EscapeError::BadEscape)?;
    let low = rest.next().and_then(hex_digit).ok_or(EscapeError::BadEscape)?;
    // Neither half reaches into the other, so an exclusive or would be the same.
    Ok(high << 4 | low)
}

fn hex_digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::fmt::Write as _;

    use proptest::prelude::*;

    use super::*;

    /// Escapes every octet of `text`.
    pub(crate) fn escape_all(text: &str) -> String {
        text.bytes().fold(String::new(), |mut escaped, byte| {
            write!(escaped, "%{byte:02x}").unwrap();
            escaped
        })
    }

    #[test]
    fn decodes_what_appendix_b_shows() {
        // N-011, N-012: the example of RFC 6749 Appendix B is the text " %&+£€".
        assert_eq!(decode("+%25%26%2B%C2%A3%E2%82%AC").unwrap(), " %&+£€");
        assert_eq!(decode("%2b").unwrap(), "+");
        assert_eq!(decode("a%20b").unwrap(), "a b");
    }

    #[test]
    fn borrows_what_needs_no_decoding() {
        for plain in ["", "abc", "a=b", "ü"] {
            assert!(matches!(decode(plain), Ok(Cow::Borrowed(text)) if text == plain));
        }
    }

    #[test]
    fn refuses_what_is_no_escape() {
        // N-011
        for broken in ["%", "%4", "%zz", "%4g", "%g4", "a%", "100%!", "%%41", "% 41", "%é0"] {
            assert_eq!(decode(broken), Err(EscapeError::BadEscape), "{broken}");
        }
    }

    #[test]
    fn refuses_what_is_not_utf_8() {
        // N-011: a stray octet, an overlong form, a surrogate, a cut sequence, more than U+10FFFF.
        for broken in ["%FF%FE", "%C0%AF", "%ED%A0%80", "%E2%82", "%F4%90%80%80"] {
            assert_eq!(decode(broken), Err(EscapeError::NotUtf8), "{broken}");
        }
    }

    proptest! {
        #[test]
        fn any_text_survives_escaping(text in any::<String>()) {
            let escaped = escape_all(&text);
            prop_assert_eq!(decode(&escaped).unwrap(), text);
        }

        #[test]
        fn no_input_is_too_strange(text in any::<String>()) {
            let _ = decode(&text);
        }
    }
}
