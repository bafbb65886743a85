//! No request is too strange: every answer is whole, and says nothing of what was sent.

use http::{HeaderValue, Method, Request};
use proptest::prelude::*;

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

/// Whatever the request: a known status, guarded headers, a JSON object or nothing.
fn check(answer: &Answer, marker: &str) -> Result<(), TestCaseError> {
    prop_assert!([200, 400, 401, 405, 413].contains(&answer.status), "{answer:?}");
    if answer.status != 200 {
        answer.assert_guarded();
    }
    if !answer.body.is_empty() {
        prop_assert!(answer.json().is_object());
    }
    // N-019, N-142
    let all = format!("{answer:?}");
    prop_assert!(!all.contains(marker));
    if let Some(text) = serde_json::from_str::<serde_json::Value>(&answer.body)
        .ok()
        .and_then(|json| json.get("error_description").cloned())
    {
        let text = text.as_str().unwrap().to_owned();
        prop_assert!(
            !text.is_empty() && text.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\')
        );
    }
    Ok(())
}

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
            Just("Basic d2ViOndlYi1zZWNyZXQ=".to_owned()), Just("Basic MARK3R".to_owned()), Just("Bearer MARK3R".to_owned()), "[ -~]{0,30}",
        ]),
    ) {
        let world = World::new();
        let body = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&");
        let mut request = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
        if let Some(value) = authorization {
            request = request.header("authorization", value);
        }
        check(&world.send(&request.body(body.into_bytes()).unwrap()), "MARK3R")?;
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
        let mut request = Request::builder().method(method).uri(path).header("content-type", media_type);
        for (name, value) in headers {
            request = request.header(name, HeaderValue::from_bytes(&value).unwrap());
        }
        let answer = world.send(&request.body(body).unwrap());
        prop_assert!([200, 400, 401, 405, 413].contains(&answer.status), "{answer:?}");
    }
}
