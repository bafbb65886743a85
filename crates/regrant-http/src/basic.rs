//! Client credentials in the `Basic` scheme. RFC 6749 §2.3.1 and Appendix B, RFC 7617 §2.
//!
//! How the choices are made that the two documents leave or contradict:
//!
//! - The base64 is the standard alphabet with its padding, canonical; base64url is refused, and so is a missing `=`.
//! - The first colon separates; later ones belong to the secret (N-028).
//! - Both halves are form-decoded after the split (N-027). There is no second try with the undecoded text, so a secret
//!   that holds a raw `+` or `%` does not authenticate through this header.
//! - An id is `VSCHAR` and never empty, as RFC 6749 Appendix A.1 demands (N-015). A secret may be any text without control
//!   characters: the challenge says `charset="UTF-8"`, and whoever says so accepts all of it (N-034, N-029).

use std::fmt;
use std::ops::Range;
use std::string::FromUtf8Error;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::percent;

/// The id and the secret of one well-formed `Basic` header. The secret is wiped on drop and never printed.
pub struct BasicCredentials {
    /// Both as they were sent, or decoded, in one buffer.
    text: Zeroizing<String>,
    id: Range<usize>,
    secret: Range<usize>,
}

impl BasicCredentials {
    /// Reads what follows the scheme name. `None` for anything malformed, whatever it is: the client gets one answer.
    pub(crate) fn parse(token68: &str) -> Option<Self> {
        let text = Zeroizing::new(String::from_utf8(STANDARD.decode(token68).ok()?).map_err(wiped).ok()?);
        // N-029: a control character is refused before decoding as well as after it.
        if has_control(&text) {
            return None;
        }
        // N-028
        let colon = text.find(':')?;
        let credentials = Self { id: 0..colon, secret: colon.saturating_add(1)..text.len(), text };
        // N-027
        let credentials = if percent::is_plain(&credentials.text) { credentials } else { credentials.decoded()? };
        credentials.is_well_formed().then_some(credentials)
    }

    fn decoded(&self) -> Option<Self> {
        let id = percent::decode(self.client_id()).ok()?;
        let secret = Zeroizing::new(percent::decode(self.expose_secret()).ok()?.into_owned());
        let mut text = Zeroizing::new(String::with_capacity(id.len().saturating_add(secret.len())));
        text.push_str(&id);
        text.push_str(&secret);
        Some(Self { id: 0..id.len(), secret: id.len()..text.len(), text })
    }

    /// N-015, N-029, N-034
    fn is_well_formed(&self) -> bool {
        let (id, secret) = (self.client_id(), self.expose_secret());
        !id.is_empty() && is_vschar(id) && !has_control(secret)
    }

    /// The client id: one or more `VSCHAR`.
    pub fn client_id(&self) -> &str {
        self.part(&self.id)
    }

    /// The client secret: any text without control characters, maybe none. The one door to it.
    pub fn expose_secret(&self) -> &str {
        self.part(&self.secret)
    }

    /// INVARIANT: both ranges lie within the text, between characters.
    fn part(&self, range: &Range<usize>) -> &str {
        self.text.get(range.clone()).unwrap_or_default()
    }
}

/// Wipes what was no text.
fn wiped(error: FromUtf8Error) {
    drop(Zeroizing::new(error.into_bytes()));
}

impl fmt::Debug for BasicCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BasicCredentials").field("client_id", &self.client_id()).finish_non_exhaustive()
    }
}

/// `VSCHAR = %x20-7E` (RFC 6749 Appendix A).
/// All octets are looked at, without a branch for each.
fn is_vschar(text: &str) -> bool {
    text.bytes().fold(0, |any, byte| any | u8::from(!matches!(byte, b' '..=b'~'))) == 0
}

/// Most credentials are plain ASCII, and then there is no need to look at characters.
fn has_control(text: &str) -> bool {
    !is_vschar(text) && text.contains(char::is_control)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::percent::tests::escape_all;

    fn pair(token68: &str) -> Option<(String, String)> {
        let read = BasicCredentials::parse(token68)?;
        Some((read.client_id().to_owned(), read.expose_secret().to_owned()))
    }

    fn pair_of(text: &[u8]) -> Option<(String, String)> {
        pair(&STANDARD.encode(text))
    }

    fn both(id: &str, secret: &str) -> (String, String) {
        (id.to_owned(), secret.to_owned())
    }

    #[test]
    fn reads_the_documented_values() {
        assert_eq!(pair("d2ViOndlYi1zZWNyZXQ="), Some(both("web", "web-secret")));
        assert_eq!(
            pair("SVpzSWk2SERiQjVlOFZLZFpBblVpX2ZaM2Y4YTpHbTBiSjZvV1Y4ZkM1T1FMTGxDNmpzbEFDVzhh"),
            Some(both("IZsIi6HDbB5e8VKdZAnUi_fZ3f8a", "Gm0bJ6oWV8fC5OQLLlC6jslACW8a")),
        );
    }

    #[test]
    fn decodes_both_halves_after_the_split() {
        // N-027, N-028
        assert_eq!(pair_of(b"colon:a%3Ab%3ac"), Some(both("colon", "a:b:c")));
        assert_eq!(pair_of(b"colon:a:b:c"), Some(both("colon", "a:b:c")));
        assert_eq!(pair_of(b"a%3Ab:c"), Some(both("a:b", "c")));
        assert_eq!(pair_of(b"+%25%26%2B:+%25%26%2B"), Some(both(" %&+", " %&+")));
        assert_eq!(pair_of(b"sp%20ace:x%20y"), Some(both("sp ace", "x y")));
        assert_eq!(pair_of(b"plus:a+b"), Some(both("plus", "a b")), "no second try with the raw text");
        assert_eq!(
            pair(
                "MVBwRyUyRlErMTp6JTJGdFo5VndGWnFBcG1JUSUyQlpIMUk1cExrJTJGdUI0dWQlM0FYMiUyRjhiTCUyQndmRlR0MXJGdyUzRA=="
            ),
            Some(both("1PpG/Q 1", "z/tZ9VwFZqApmIQ+ZH1I5pLk/uB4ud:X2/8bL+wfFTt1rFw=")),
        );
    }

    #[test]
    fn n_034_the_charset_of_the_challenge_is_accepted() {
        assert_eq!(pair_of(b"uni:123%C2%A3"), Some(both("uni", "123£")));
        assert_eq!(pair_of("uni:123£".as_bytes()), Some(both("uni", "123£")));
    }

    #[test]
    fn an_empty_secret_is_read_and_an_empty_id_is_not() {
        assert_eq!(pair_of(b"app:"), Some(both("app", "")));
        assert_eq!(pair_of(b":secret"), None);
        assert_eq!(pair_of(b":"), None);
    }

    #[test]
    fn refuses_other_base64() {
        for token68 in [
            "",
            "!!!!",
            "d2Vi OndlYi1zZWNyZXQ=",
            "d2ViOndlYi1zZWNyZXQ",
            "d2ViOndlYi1zZWNyZXQ=!",
            "d2ViOndlYi1zZWNyZXQ==",
            "YWJjOn5-fg==",
            "d2ViOndlYi1zZWNyZXR=",
            "YWJjOn5+fg==YWJj",
        ] {
            assert_eq!(pair(token68), None, "{token68}");
        }
    }

    #[test]
    fn refuses_other_text() {
        // N-015, N-029, N-011
        for text in [
            b"web".as_slice(),
            b"we\x00b:web-secret",
            b"we%00b:web-secret",
            b"web:a\nb",
            b"web:a%0Ab",
            b"web:a\x7f",
            b"un%C2%A3i:123",
            b"web:a%C2%85b",
            b"web:\xff",
            b"web:%FF",
            b"web:100%",
            b"we%b:x",
        ] {
            assert_eq!(pair_of(text), None, "{}", text.escape_ascii());
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        let read = BasicCredentials::parse("d2ViOndlYi1zZWNyZXQ=").unwrap();
        assert_eq!(format!("{read:?}"), r#"BasicCredentials { client_id: "web", .. }"#);
    }

    proptest! {
        #[test]
        fn every_pair_comes_back(id in "[ -~]{1,30}", secret in "[ -~]{0,30}") {
            let text = format!("{}:{}", escape_all(&id), escape_all(&secret));
            prop_assert_eq!(pair_of(text.as_bytes()), Some(both(&id, &secret)));
        }

        #[test]
        fn no_octets_are_too_strange(octets in proptest::collection::vec(any::<u8>(), 0..60)) {
            if let Some((id, secret)) = pair_of(&octets) {
                prop_assert!(!id.is_empty() && is_vschar(&id) && !secret.contains(char::is_control));
            }
        }
    }
}
