//! What all endpoints have in common, and the ones without a dialect of their own.

use http::{Method, Request};

use crate::world::{FORM, World, basic, post};

const ENDPOINTS: [&str; 7] =
    ["/token", "/revoke", "/introspect", "/oauth/token", "/v1/auth/token", "/wso2/token", "/wso2/revoke"];

fn request(method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> Request<Vec<u8>> {
    let request = Request::builder().method(method).uri(path);
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    request.body(body.as_bytes().to_vec()).unwrap()
}

#[test]
fn only_post_reaches_an_endpoint_that_takes_credentials() {
    // N-002, N-191, N-210
    let world = World::new();
    for path in ENDPOINTS {
        for method in [Method::GET, Method::PUT, Method::DELETE, Method::OPTIONS, Method::PATCH] {
            let answer = world.send(&request(method, path, &[("x-http-method-override", "POST")], ""));
            assert_eq!((answer.status, answer.header("allow")), (405, Some("POST")), "{path}");
            answer.assert_guarded();
        }
    }
    for (path, allow) in [("/resource", "GET, HEAD, POST"), ("/.well-known/oauth-authorization-server", "GET, HEAD")] {
        let answer = world.send(&request(Method::DELETE, path, &[], ""));
        assert_eq!((answer.status, answer.header("allow")), (405, Some(allow)), "{path}");
    }
}

#[test]
fn paths_match_exactly_and_queries_mean_nothing() {
    let world = World::new();
    for path in ["/", "/token/", "/Token", "/token%2F", "/v1/auth"] {
        assert_eq!(world.post(path, "web:web-secret", "").status, 404, "{path}");
        assert!(!world.service.serves(path));
    }
    assert!(ENDPOINTS.iter().all(|path| world.service.serves(path)));
    // N-003, N-004
    let tokens = world.issue("web", "read", &[]);
    let path = format!("/token?grant_type=refresh_token&refresh_token={}", tokens.refresh);
    assert_eq!(world.post(&path, "web:web-secret", "").error(), "invalid_request");
    let body = format!("grant_type=refresh_token&refresh_token={}", tokens.refresh);
    assert_eq!(world.post("/token?client_id=web&client_secret=web-secret", "", &body).error(), "invalid_client");
    assert_eq!(world.post("/token?tenant=a&refresh_token=x", "web:web-secret", &body).status, 200);
}

#[test]
fn the_size_limit_holds_at_n_and_n_plus_one() {
    // N-020
    let world = World::new();
    let limit = world.service.limits().body_bytes;
    for path in ENDPOINTS.iter().chain(&["/resource"]) {
        let at = |length: usize| world.post(path, "web:web-secret", &"a".repeat(length));
        assert_ne!(at(limit).status, 413, "{path}");
        let answer = at(limit + 1);
        assert_eq!((answer.status, answer.error().as_str()), (413, "invalid_request"), "{path}");
        answer.assert_guarded();
    }
}

#[test]
fn a_401_challenges_in_the_scheme_that_was_used() {
    // N-035, N-036, N-182
    let world = World::new();
    let body = "token=x&client_id=ghost";
    let challenge = |authorization: Option<&str>| {
        let headers = [("content-type", FORM)].into_iter().chain(authorization.map(|value| ("authorization", value)));
        let headers: Vec<_> = headers.collect();
        let answer = world.send(&request(Method::POST, "/introspect", &headers, body));
        assert_eq!((answer.status, answer.error().as_str()), (401, "invalid_client"), "{authorization:?}");
        answer.assert_guarded();
        answer.header("www-authenticate").unwrap().to_owned()
    };
    let basic_challenge = r#"Basic realm="test", charset="UTF-8""#;
    for authorization in [None, Some("Basic"), Some("Basic !!!!"), Some(&*basic("ghost:x")), Some("Digest x")] {
        assert_eq!(challenge(authorization), basic_challenge, "{authorization:?}");
    }
    for authorization in ["Bearer nope", "bearer nope", "Bearer"] {
        assert!(challenge(Some(authorization)).starts_with(r#"Bearer realm="test", error="invalid_token""#));
    }
}

#[test]
fn a_400_does_not_challenge() {
    let world = World::new();
    let answer = world.post("/token", "web:web-secret", "grant_type=refresh_token");
    assert_eq!((answer.status, answer.header("www-authenticate")), (400, None));
    answer.assert_guarded();
}

#[test]
fn an_assertion_is_a_mechanism_that_no_client_has() {
    // N-023, N-037, N-041
    let world = World::new();
    let asserted = "client_assertion_type=urn%3Ax&client_assertion=a.b.c";
    for (path, ask) in [("/token", "grant_type=client_credentials"), ("/revoke", "token=x"), ("/introspect", "token=x")]
    {
        let at = |credentials, more| world.post(path, credentials, &format!("{ask}&{asserted}{more}")).status;
        assert_eq!(at("web:web-secret", ""), 400, "{path}");
        assert_eq!(at("", "&client_id=web&client_secret=web-secret"), 400, "{path}");
        assert_eq!(at("", "&client_id=app"), 401, "{path}");
        assert_eq!(at("", ""), 401, "{path}");
        let empty = format!("{ask}&client_assertion=");
        assert_ne!(world.post(path, "web:web-secret", &empty).status, 401, "{path}: an empty value is none (N-006)");
    }
}

#[test]
fn every_failed_authentication_has_one_answer() {
    // N-038
    let world = World::new();
    let token = world.issue("web", "read", &[]).refresh;
    let wrong = world.refresh("/token", "web:nope", &token);
    assert_eq!(wrong, world.refresh("/token", "ghost:web-secret", &token));
    assert_eq!(wrong, world.refresh("/token", "WEB:web-secret", &token));
    assert_eq!(wrong, world.refresh("/token", "web:web-secre", "garbage"));
}

#[test]
fn revocation_answers_alike_whatever_it_found() {
    // N-193, N-196, N-200
    let world = World::new();
    let tokens = world.issue("web", "read", &[]);
    let revoke = |body: &str| world.post("/revoke", "web:web-secret", body);
    let unknown = revoke("token=nope");
    assert_eq!((unknown.status, unknown.body.as_str(), unknown.header("content-length")), (200, "", Some("0")));
    assert_eq!(unknown.header("content-type"), Some("application/json"));
    unknown.assert_guarded();
    assert_eq!(unknown, revoke(&format!("token={}&token_type_hint=refresh_token", tokens.access)));
    assert_eq!(unknown, revoke(&format!("token={}&token_type_hint=nonsense&callback=evil", tokens.refresh)));
    assert_eq!(unknown, revoke(&format!("token={}&token_type_hint=", tokens.refresh)));
    assert_eq!(world.refresh("/token", "web:web-secret", &tokens.refresh).error(), "invalid_grant");
    for body in ["", "token=", "token=a&token=b", "token=a&token_type_hint=a&token_type_hint=a"] {
        assert_eq!(revoke(body).error(), "invalid_request", "{body}");
    }
}

#[test]
fn introspection_says_all_or_nothing() {
    let world = World::new();
    let tokens = world.issue("web", "read write", &[]);
    let introspect = |credentials: &str, token: &str| {
        let answer = world.post("/introspect", credentials, &format!("token={token}&token_type_hint=access_token"));
        assert_eq!(answer.status, 200);
        answer.assert_guarded();
        answer.body
    };
    let access = r#"{"active":true,"scope":"read write","client_id":"web","token_type":"Bearer","exp":1735696800,"iat":1735689600,"sub":"alice"}"#;
    assert_eq!(introspect("rs:rs-secret", &tokens.access), access);
    // N-223
    let refresh: serde_json::Value = serde_json::from_str(&introspect("web:web-secret", &tokens.refresh)).unwrap();
    assert!(refresh["active"] == true && refresh.get("token_type").is_none(), "{refresh}");
    // N-214, N-215
    for (credentials, token) in
        [("rs:rs-secret", "garbage"), ("web2:web2-secret", &*tokens.access), ("norefresh:s", &tokens.access)]
    {
        assert_eq!(introspect(credentials, token), r#"{"active":false}"#, "{credentials}");
    }
    let public = world.post("/introspect", "", &format!("token={}&client_id=app", tokens.access));
    assert_eq!((public.status, public.error().as_str()), (401, "invalid_client"));
    assert_eq!(world.post("/introspect", "rs:rs-secret", "token=").error(), "invalid_request");
}

#[test]
fn the_resource_opens_to_an_access_token_in_the_header() {
    // N-180 to N-184, N-098
    let world = World::new();
    let tokens = world.issue("web", "read write", &[]);
    let call = |method: Method, path: &str, token: Option<&str>, body: &str| {
        let bearer = token.map(|token| format!("Bearer {token}"));
        let mut headers = vec![("content-type", FORM)];
        headers.extend(bearer.as_deref().map(|value| ("authorization", value)));
        let answer = world.send(&request(method, path, &headers, body));
        (answer.status, answer.body.clone(), answer.header("www-authenticate").map(str::to_owned))
    };
    let access = Some(&*tokens.access);
    let page = r#"{"sub":"alice","client_id":"web","scope":"read write"}"#;
    assert_eq!(call(Method::GET, "/resource", access, ""), (200, page.to_owned(), None));
    assert_eq!(call(Method::HEAD, "/resource", access, ""), (200, String::new(), None));
    assert_eq!(call(Method::POST, "/resource", access, "a=b").0, 200);
    let plain = Some(r#"Bearer realm="test""#.to_owned());
    let query = format!("/resource?access_token={}", tokens.access);
    for (path, body) in [("/resource", ""), (&*query, ""), ("/resource", &*format!("access_token={}", tokens.access))] {
        assert_eq!(call(Method::POST, path, None, body), (401, String::new(), plain.clone()), "{path} {body}");
    }
    let error =
        |answer: (u16, String, Option<String>)| (answer.0, answer.2.unwrap().split('"').nth(3).map(str::to_owned));
    let invalid = (401, Some("invalid_token".to_owned()));
    for token in ["nope", "", "a b", &tokens.refresh] {
        assert_eq!(error(call(Method::GET, "/resource", Some(token), "")), invalid, "{token}");
    }
    let twice = call(Method::POST, "/resource", access, &format!("access_token={}", tokens.access));
    assert_eq!(error(twice), (400, Some("invalid_request".to_owned())));
    world.advance(std::time::Duration::from_hours(2));
    assert_eq!(error(call(Method::GET, "/resource", access, "")), invalid);
}

#[test]
fn the_metadata_tell_the_truth() {
    // N-170, N-171, N-172
    let world = World::new();
    let path = "/.well-known/oauth-authorization-server";
    let answer = world.send(&request(Method::GET, path, &[], ""));
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
    let json = answer.json();
    assert_eq!(json["issuer"], "https://as.example");
    assert_eq!(json["token_endpoint"], "https://as.example/token");
    assert_eq!(json["grant_types_supported"], serde_json::json!(["refresh_token", "client_credentials"]));
    let head = world.send(&request(Method::HEAD, path, &[], ""));
    assert_eq!(
        (head.status, head.body.as_str(), head.header("content-length")),
        (200, "", answer.header("content-length"))
    );
}

#[test]
fn the_observer_hears_of_what_the_wire_refuses() {
    let world = World::new();
    world.send(&post("/token", "web:web-secret", "a=%zz"));
    assert_eq!(world.last_reason(), Some(regrant::Reason::MalformedBody));
    world.send(&request(Method::GET, "/resource", &[], ""));
    assert_eq!(world.last_reason(), Some(regrant::Reason::NoAccessToken));
}
