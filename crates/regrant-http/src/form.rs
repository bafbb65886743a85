//! Reading a request body of `application/x-www-form-urlencoded`. RFC 6749 §3.2 and Appendix B.
//!
//! Strict where leniency would let two servers read one request in two ways, tolerant where nothing depends on it:
//!
//! - A broken escape or broken UTF-8 anywhere refuses the whole body, even in a parameter nobody asked for (N-011).
//! - A *defined* parameter given twice refuses it too, however its name is spelled; unknown ones may repeat (N-008, N-009).
//! - Unknown parameters are ignored (N-007), a parameter without a value counts as omitted (N-006), empty segments
//!   between two `&` are skipped.
//!
//! ```
//! use regrant_http::{Form, Limits};
//!
//! let body = b"grant_type=refresh_token&scope=read+write&foo=1&foo=2";
//! let form = Form::parse(body, &["grant_type", "scope"], &Limits::default())?;
//! assert_eq!(form.value("grant_type"), Some("refresh_token"));
//! assert_eq!(form.value("scope"), Some("read write"));
//! assert_eq!(form.value("foo"), None);
//! # Ok::<(), regrant_http::FormError>(())
//! ```

use std::borrow::Cow;
use std::fmt;

use zeroize::Zeroize;

use crate::limits::Limits;
use crate::percent::{self, EscapeError};

/// Why a form body was refused. Every case is `invalid_request` (RFC 6749 §5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FormError {
    /// A `%` that two hexadecimal digits do not follow (N-011).
    #[error("the form holds a percent sign that two hexadecimal digits do not follow")]
    BadEscape,
    /// The body, or a decoded name or value, is not UTF-8 (N-011).
    #[error("the form is not UTF-8")]
    NotUtf8,
    /// More parameters than [`Limits::parameters`] (N-020).
    #[error("the form has too many parameters")]
    TooManyParameters,
    /// A defined parameter is there more than once (N-008).
    #[error("the form repeats a parameter")]
    RepeatedParameter,
}

impl From<EscapeError> for FormError {
    fn from(error: EscapeError) -> Self {
        match error {
            EscapeError::BadEscape => Self::BadEscape,
            EscapeError::NotUtf8 => Self::NotUtf8,
        }
    }
}

/// The defined parameters of one form, at most one value for each of the `N` names.
///
/// Values borrow from the body unless they had to be decoded; decoded ones may be secrets and are wiped on drop.
pub struct Form<'a, const N: usize> {
    defined: &'static [&'static str; N],
    values: [Option<Cow<'a, str>>; N],
}

impl<'a, const N: usize> Form<'a, N> {
    /// Reads `body`, keeping the parameters named in `defined` and ignoring all others.
    ///
    /// # Errors
    ///
    /// [`FormError`] as documented there. Where a body has several faults, those of its encoding come first.
    pub fn parse(body: &'a [u8], defined: &'static [&'static str; N], limits: &Limits) -> Result<Self, FormError> {
        let text = std::str::from_utf8(body).map_err(|_| FormError::NotUtf8)?;
        let mut form = Self { defined, values: std::array::from_fn(|_| None) };
        let mut segments = text.split('&').filter(|segment| !segment.is_empty());
        // Almost no body has anything to decode: one look at the whole of it saves one at each name and value.
        let read = if percent::is_plain(text) { |text| Ok(Cow::Borrowed(text)) } else { percent::decode };
        let mut repeated = false;
        for segment in segments.by_ref().take(limits.parameters) {
            repeated |= form.take_segment(segment, read)?;
        }
        if segments.next().is_some() {
            return Err(FormError::TooManyParameters);
        }
        if repeated {
            return Err(FormError::RepeatedParameter);
        }
        Ok(form)
    }

    /// The form with these values, in the order of `defined`: how a dialect that is no form says the same.
    pub(crate) fn from_values(defined: &'static [&'static str; N], values: [Option<Cow<'a, str>>; N]) -> Self {
        Self { defined, values }
    }

    /// The value of a defined parameter. `None` if it is absent or empty, which means the same (N-006).
    pub fn value(&self, name: &str) -> Option<&str> {
        self.defined
            .iter()
            .zip(&self.values)
            .find(|(defined, _)| **defined == name)
            .and_then(|(_, value)| value.as_deref())
            .filter(|value| !value.is_empty())
    }

    /// The values of all defined parameters, in the order of their names, each as [`value`](Self::value) gives it.
    pub(crate) fn values(&self) -> [Option<&str>; N] {
        self.values.each_ref().map(|value| value.as_deref().filter(|value| !value.is_empty()))
    }

    /// Keeps the parameter of one segment if it is defined; true if it was there before.
    fn take_segment(&mut self, segment: &'a str, read: Reader<'a>) -> Result<bool, FormError> {
        let (name, value) = segment.split_once('=').unwrap_or((segment, ""));
        // Names are compared decoded, so that `refresh%5Ftoken` is no second way to say it (N-008).
        let name = read(name)?;
        let value = read(value)?;
        let slot = self.defined.iter().zip(&mut self.values).find(|(defined, _)| **defined == name);
        // An empty value counts as omitted, but not as absent: `a=&a=1` still says `a` twice.
        Ok(slot.is_some_and(|(_, slot)| slot.replace(value).is_some()))
    }
}

/// How a name or a value is read.
type Reader<'a> = fn(&'a str) -> Result<Cow<'a, str>, EscapeError>;

/// What was decoded is wiped. No test can see it without a look at memory that is free already.
impl<const N: usize> Drop for Form<'_, N> {
    fn drop(&mut self) {
        for value in &mut self.values {
            if let Some(Cow::Owned(text)) = value {
                text.zeroize();
            }
        }
    }
}

impl<const N: usize> fmt::Debug for Form<'_, N> {
    /// Shows which parameters are there, never their values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let present = self.defined.iter().zip(&self.values).filter(|(_, value)| value.is_some());
        f.debug_set().entries(present.map(|(name, _)| name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DEFINED: [&str; 3] = ["grant_type", "refresh_token", "scope"];

    fn parse(body: &[u8]) -> Result<Form<'_, 3>, FormError> {
        Form::parse(body, &DEFINED, &Limits::default())
    }

    fn refusal(body: &[u8]) -> FormError {
        parse(body).expect_err("the body must be refused")
    }

    #[test]
    fn reads_the_defined_parameters() {
        let form = parse(b"grant_type=refresh_token&refresh_token=a=b==&scope=read+write").unwrap();
        assert_eq!(form.value("grant_type"), Some("refresh_token"));
        assert_eq!(form.value("refresh_token"), Some("a=b=="), "the first = separates");
        assert_eq!(form.value("scope"), Some("read write"));
    }

    #[test]
    fn ignores_unknown_parameters_even_repeated() {
        // N-007, N-009
        let form = parse(b"foo=1&scope=read&foo=2&Scope=write&client_ID=x").unwrap();
        assert_eq!(form.value("scope"), Some("read"));
        assert_eq!(form.value("foo"), None);
    }

    #[test]
    fn an_empty_value_is_an_omitted_one() {
        // N-006
        for body in [b"scope=".as_slice(), b"scope", b"", b"&", b"=scope"] {
            assert_eq!(parse(body).unwrap().value("scope"), None);
        }
    }

    #[test]
    fn skips_empty_segments() {
        let form = parse(b"&scope=read&&grant_type=x&").unwrap();
        assert_eq!((form.value("scope"), form.value("grant_type")), (Some("read"), Some("x")));
    }

    #[test]
    fn refuses_a_repeated_defined_parameter() {
        // N-008
        for body in [
            b"scope=a&scope=a".as_slice(),
            b"scope=a&scope=b",
            b"scope=&scope=b",
            b"scope=a&scope",
            b"scope&scope",
            b"scope=a&sc%6fpe=b",
            b"%73cope=a&scope=b",
        ] {
            assert_eq!(refusal(body), FormError::RepeatedParameter);
        }
    }

    #[test]
    fn refuses_broken_encoding_anywhere() {
        // N-011: also in a name, and in a parameter that nobody asked for.
        for body in [b"scope=%zz".as_slice(), b"foo=%", b"%4=x", b"scope=a&scope=b&x=%"] {
            assert_eq!(refusal(body), FormError::BadEscape);
        }
        for body in [b"scope=%FF".as_slice(), b"foo=%C0%AF", b"%FF=x", b"scope=\xFF", b"\x80"] {
            assert_eq!(refusal(body), FormError::NotUtf8);
        }
    }

    #[test]
    fn raw_utf_8_may_pass() {
        assert_eq!(parse("scope=é".as_bytes()).unwrap().value("scope"), Some("é"));
    }

    #[test]
    fn the_limit_holds_at_n_and_n_plus_one() {
        // N-020
        let limits = Limits { parameters: 3, ..Limits::default() };
        let at = |body| Form::parse(body, &DEFINED, &limits).map(|_| ());
        assert_eq!(at(b"a=1&a=1&a=1".as_slice()), Ok(()));
        assert_eq!(at(b"&&a=1&&a=1&a=1&"), Ok(()), "empty segments are no parameters");
        assert_eq!(at(b"a=1&a=1&a=1&a=1"), Err(FormError::TooManyParameters));
    }

    #[test]
    fn debug_shows_no_value() {
        let form = parse(b"refresh_token=hunter2&scope=%72ead").unwrap();
        assert_eq!(format!("{form:?}"), r#"{"refresh_token", "scope"}"#);
    }

    #[test]
    fn borrows_where_nothing_is_encoded() {
        let body = b"refresh_token=abc";
        let form = parse(body).unwrap();
        assert!(body.as_ptr_range().contains(&form.value("refresh_token").unwrap().as_ptr()));
    }

    /// Escapes every octet for which `escape` says so, and whatever must be escaped.
    fn encode(text: &str, escape: &[bool]) -> String {
        let mut choices = escape.iter().cycle();
        text.bytes()
            .map(|byte| {
                let free = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
                match (free && !choices.next().unwrap_or(&true), byte) {
                    (true, _) => char::from(byte).to_string(),
                    (false, b' ') => "+".to_owned(),
                    (false, _) => format!("%{byte:02X}"),
                }
            })
            .collect()
    }

    proptest! {
        #[test]
        fn no_body_is_too_strange(body in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = parse(&body);
        }

        #[test]
        fn every_value_comes_back(
            token in "\\PC{1,40}", scope in "[ -~]{1,40}", escape in proptest::collection::vec(any::<bool>(), 1..9),
        ) {
            let body = format!(
                "{}={}&x={0}&{}={}",
                encode("refresh_token", &escape), encode(&token, &escape),
                encode("scope", &escape), encode(&scope, &escape),
            );
            let form = parse(body.as_bytes()).unwrap();
            prop_assert_eq!(form.value("refresh_token"), Some(token.as_str()));
            prop_assert_eq!(form.value("scope"), Some(scope.as_str()));
        }

        #[test]
        fn no_spelling_hides_a_repeat(escape in proptest::collection::vec(any::<bool>(), 1..14), value in "[a-z]{0,3}") {
            let body = format!("scope=a&foo=1&{}={value}", encode("scope", &escape));
            prop_assert_eq!(refusal(body.as_bytes()), FormError::RepeatedParameter);
        }
    }
}
