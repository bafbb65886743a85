//! No request is too strange: every answer is whole, and says nothing of what was sent.

use http::{HeaderValue, Method, Request};
use proptest::prelude::*;
use serde_json::Value;

use crate::answer::Answer;
use crate::world::World;

const PATHS: [&str; 9] = [
    "/token",
    "/revoke",
    "/introspect",
    "/resource",
    "/oauth/token",
    "/v1/auth/token",
    "/wso2/token",
    "/wso2/revoke",
    "/.well-known/oauth-authorization-server",
];

/// Whatever the request: a known status, guarded headers, a JSON object or nothing, and not a character that RFC 6749
/// does not know.
fn check(answer: &Answer, secrets: &[&str]) -> Result<(), TestCaseError> {
    prop_assert!([200, 400, 401, 405, 413].contains(&answer.status), "{answer:?}");
    prop_assert!(answer.header_values().all(|value| value.bytes().all(is_printable)), "{answer:?}");
    if !answer.body.is_empty() {
        prop_assert!(answer.json().is_object());
    }
    if answer.status != 200 {
        answer.assert_guarded();
        // N-019
        let all = format!("{answer:?}");
        prop_assert!(!secrets.iter().any(|secret| all.contains(secret)), "{all}");
    }
    let members: Value = serde_json::from_str(&answer.body).unwrap_or_default();
    for (name, alphabet) in ALPHABETS {
        let text = members.get(name).map(|member| member.as_str().unwrap());
        prop_assert!(text.is_none_or(|text| !text.is_empty() && text.bytes().all(alphabet)), "{name}: {text:?}");
    }
    Ok(())
}

/// `VSCHAR`
fn is_printable(byte: u8) -> bool {
    matches!(byte, b' '..=b'~')
}

/// `NQSCHAR`
fn is_unquoted(byte: u8) -> bool {
    is_printable(byte) && byte != b'"' && byte != b'\\'
}

/// What a member is made of.
type Alphabet = fn(u8) -> bool;

/// RFC 6749 appendix A: the members of its answers and what each is made of (N-141, N-142).
const ALPHABETS: [(&str, Alphabet); 6] = [
    ("error", is_unquoted),
    ("error_description", is_unquoted),
    ("access_token", is_printable),
    ("refresh_token", is_printable),
    ("token_type", |byte| byte.is_ascii_alphabetic()),
    ("scope", is_unquoted),
];

fn name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "grant_type",
        "refresh_token",
        "scope",
        "client_id",
        "client_secret",
        "token",
        "access_token",
        "foo",
    ])
}

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("refresh_token".to_owned()),
        Just("client_credentials".to_owned()),
        Just("web".to_owned()),
        Just("app".to_owned()),
        Just("MARK3R".to_owned()),
        Just("{web}".to_owned()),
        Just("{app}".to_owned()),
        Just("{access}".to_owned()),
        "[%+&=a-f0-9]{0,8}",
        "[A-Za-z0-9_-]{86}",
        "[A-Za-z0-9_-]{64}",
    ]
}

proptest! {
    #[test]
    fn any_form(
        path in prop::sample::select(PATHS.to_vec()),
        pairs in prop::collection::vec((name(), value()), 0..7),
        authorization in prop::option::of(prop_oneof![
            Just("Basic d2ViOndlYi1zZWNyZXQ=".to_owned()),
            Just("Basic MARK3R".to_owned()),
            Just("Bearer MARK3R".to_owned()),
            Just("Bearer {access}".to_owned()),
            "[ -~]{0,30}",
        ]),
    ) {
        let world = World::new();
        let (web, app) = (world.issue("web", "read write", &[]), world.issue("app", "read", &[]));
        let tokens = [("{web}", &web.refresh), ("{app}", &app.refresh), ("{access}", &web.access)];
        let spell = |text: &str| tokens.iter().fold(text.to_owned(), |text, (name, token)| text.replace(name, token));
        let body = spell(&pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&"));
        let mut request = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
        if let Some(value) = authorization {
            request = request.header("authorization", spell(&value));
        }
        let secrets = ["MARK3R", "web-secret", &web.refresh, &app.refresh, &web.access];
        check(&world.send(&request.body(body.into_bytes()).unwrap()), &secrets)?;
    }

    #[test]
    fn any_octets(
        path in prop::sample::select(PATHS.to_vec()),
        method in prop::sample::select(vec![Method::POST, Method::GET, Method::HEAD, Method::PUT]),
        media_type in prop::sample::select(vec!["application/x-www-form-urlencoded", "application/json", "text/plain", ""]),
        body in prop::collection::vec(any::<u8>(), 0..200),
        headers in prop::collection::vec(("(partnerid|granttype|authorization|x-y)", prop::collection::vec(32_u8..127, 0..20)), 0..4),
    ) {
        let world = World::new();
        let headless = method == Method::HEAD;
        let mut request = Request::builder().method(method).uri(path).header("content-type", media_type);
        for (name, value) in headers {
            request = request.header(name, HeaderValue::from_bytes(&value).unwrap());
        }
        let answer = world.send(&request.body(body).unwrap());
        if headless {
            // RFC 9110 §9.3.2: the length of a body that is not sent.
            prop_assert!(answer.body.is_empty() && [200, 400, 401, 405].contains(&answer.status), "{answer:?}");
        } else {
            check(&answer, &[])?;
        }
    }
}
