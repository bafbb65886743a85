//! Which media type a request body says it has. RFC 9110 §8.3, RFC 6749 Appendix B (N-005).
//!
//! The type must be there exactly once. Parameters are read and ignored, with one exception: a `charset` other than
//! UTF-8 is refused, because the body will be read as UTF-8 and is never transcoded.

use http::HeaderMap;
use http::header::CONTENT_TYPE;

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

/// Whether the body is `application/x-www-form-urlencoded`.
pub fn is_form(headers: &HeaderMap) -> bool {
    has_type(headers, FORM)
}

/// Whether the body is `application/json`.
pub fn is_json(headers: &HeaderMap) -> bool {
    has_type(headers, JSON)
}

fn has_type(headers: &HeaderMap, expected: &str) -> bool {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().is_ok_and(|value| matches(value, expected)),
        // None at all, or two that may disagree.
        _ => false,
    }
}

/// `media-type = type "/" subtype *( OWS ";" OWS [ parameter ] )`. A list separated by commas is none.
fn matches(value: &str, expected: &str) -> bool {
    let (media_type, parameters) = value.split_once(';').unwrap_or((value, ""));
    trim(media_type).eq_ignore_ascii_case(expected) && parameters_are_acceptable(parameters)
}

/// Quoted values that hold a `;` are refused with the rest: no charset needs one.
fn parameters_are_acceptable(parameters: &str) -> bool {
    parameters.split(';').map(trim).filter(|parameter| !parameter.is_empty()).all(|parameter| {
        parameter.split_once('=').is_some_and(|(name, value)| {
            let value = unquote(value);
            is_token(name) && value.is_some_and(|value| !name.eq_ignore_ascii_case("charset") || is_utf_8(value))
        })
    })
}

/// The value of a parameter without its quotes, `None` if it is neither a token nor a plain quoted string.
fn unquote(value: &str) -> Option<&str> {
    match value.strip_prefix('"') {
        Some(rest) => rest.strip_suffix('"').filter(|inner| !inner.contains(['"', '\\'])),
        None => is_token(value).then_some(value),
    }
}

/// `token = 1*tchar` (RFC 9110 §5.6.2).
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

fn is_utf_8(charset: &str) -> bool {
    charset.eq_ignore_ascii_case("utf-8")
}

fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn headers(values: &[&str]) -> HeaderMap {
        values.iter().map(|value| (CONTENT_TYPE, HeaderValue::from_bytes(value.as_bytes()).unwrap())).collect()
    }

    #[test]
    fn accepts_the_type_in_any_dress() {
        // N-005
        for value in [
            "application/x-www-form-urlencoded",
            "Application/X-WWW-Form-URLEncoded",
            " application/x-www-form-urlencoded ",
            "application/x-www-form-urlencoded; charset=UTF-8",
            "application/x-www-form-urlencoded;charset=utf-8",
            "application/x-www-form-urlencoded ; charset=\"UTF-8\"",
            "application/x-www-form-urlencoded;",
            "application/x-www-form-urlencoded; foo=bar; Charset=utf-8",
        ] {
            assert!(is_form(&headers(&[value])), "{value}");
            assert!(!is_json(&headers(&[value])), "{value}");
        }
        for value in ["application/json", "APPLICATION/JSON", "application/json; charset=utf-8"] {
            assert!(is_json(&headers(&[value])), "{value}");
            assert!(!is_form(&headers(&[value])), "{value}");
        }
    }

    #[test]
    fn refuses_everything_else() {
        // N-005
        for value in [
            "",
            "application/x-www-form-urlencoded-x",
            "application/x-www-form-urlencode",
            "text/application/x-www-form-urlencoded",
            "application / x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "text/plain",
            "*/*",
            "application/jsonx",
            "application/json+x",
            "application/problem+json",
            "application/x-www-form-urlencoded, application/json",
            "application/json, application/x-www-form-urlencoded",
            "application/json; a=b, application/x-www-form-urlencoded",
            "application/x-www-form-urlencoded;charset=ISO-8859-1",
            "application/x-www-form-urlencoded;charset=utf-8;charset=latin1",
            "application/x-www-form-urlencoded;charset",
            "application/x-www-form-urlencoded;charset=",
            "application/x-www-form-urlencoded;charset = utf-8",
            "application/x-www-form-urlencoded;charset=\"utf-8",
            "application/json\u{e9}",
        ] {
            assert!(!is_form(&headers(&[value])), "{value}");
            assert!(!is_json(&headers(&[value])), "{value}");
        }
    }

    #[test]
    fn the_header_must_be_there_once() {
        assert!(!is_form(&headers(&[])));
        assert!(!is_form(&headers(&[FORM, FORM])));
        assert!(!is_json(&headers(&[JSON, FORM])));
    }

    proptest! {
        #[test]
        fn no_header_is_too_strange(value in "[ -~\t]{0,60}", separator in "[; ,]{0,3}") {
            let value = format!("{FORM}{separator}{value}");
            let _ = is_form(&headers(&[&value]));
        }
    }
}
