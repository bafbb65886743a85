//! Every documented example of the vendors: same members, same order, same types, same texts.

use http::Request;

use crate::answer::{Answer, shape};
use crate::world::{World, post};

const PAYU_SUCCESS: &str = r#"{
  "access_token": "8703474d8779483d9a298666faafa1ee5c1fc24c71dc1890dc7484e19cf27c9e",
  "token_type": "Bearer",
  "expires_in": 7199,
  "refresh_token": "249fbf69a7841aa28cc494984b45efcb22537c0cedbb672c6fa18ba8eb21d8ce",
  "scope": "hub_session",
  "created_at": 1553511296,
  "user_uuid": "11e7-a7f6-f0494f6c-bbb7-4a020b6b2b14"
}"#;
const PARTNER_SUCCESS: &str = r#"{
  "access_token": "eyJhbGciOiJIUzI1NiIsIn...",
  "refresh_token": "dGhpcyBpcyBhIHJlZnJlc2h...",
  "expires_in": 3600,
  "token_type": "Bearer"
}"#;
const WSO2_SUCCESS: &str =
    r#"{"scope":"default","token_type":"Bearer","expires_in":3600,"refresh_token":"7ed6","access_token":"b788"}"#;
const RFC_SUCCESS: &str =
    r#"{"access_token":"a","token_type":"Bearer","expires_in":3600,"refresh_token":"r","scope":"read"}"#;

/// Exactly `{"error":…,"error_description":…}`, guarded, with a challenge where the status is 401.
#[track_caller]
fn assert_error(answer: &Answer, status: u16, error: &str, description: &str) {
    assert_eq!(answer.body, format!(r#"{{"error":"{error}","error_description":"{description}"}}"#));
    assert_eq!(answer.status, status);
    answer.assert_guarded();
}

fn partner(headers: &[(&str, &str)], body: &str) -> Request<Vec<u8>> {
    let request = Request::post("/v1/auth/token").header("content-type", "application/json");
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    request.body(body.as_bytes().to_vec()).unwrap()
}

#[test]
fn rfc6749_answers_as_the_rfc() {
    let world = World::new();
    let tokens = world.issue("web", "read write", &[("user_uuid", "never here")]);
    let answer = world.refresh("/token", "web:web-secret", &tokens.refresh);
    assert_eq!((answer.status, answer.shape()), (200, shape(RFC_SUCCESS)));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.text("scope"), "read write");
    answer.assert_guarded();
    let none = world.issue("web", "", &[]);
    let answer = world.refresh("/token", "web:web-secret", &none.refresh);
    assert!(answer.status == 200 && answer.json().get("scope").is_none(), "{}", answer.body);
    // N-064
    let answer = world.post("/token", "web:web-secret", "grant_type=client_credentials&scope=read");
    assert!(answer.status == 200 && answer.json().get("refresh_token").is_none(), "{}", answer.body);
}

#[test]
fn payu_answers_as_documented() {
    let world = World::new();
    let uuid = "11e7-a7f6-f0494f6c-bbb7-4a020b6b2b14";
    let tokens = world.issue("app", "hub_session", &[("user_uuid", uuid)]);
    let body = format!("client_id=app&grant_type=refresh_token&refresh_token={}", tokens.refresh);
    let answer = world.post("/oauth/token", "", &body);
    assert_eq!((answer.status, answer.shape()), (200, shape(PAYU_SUCCESS)));
    assert_eq!(answer.text("user_uuid"), uuid);
    assert_eq!(answer.json()["created_at"], 1_735_689_600);
    assert_eq!(answer.json()["expires_in"], 7200);
    assert_eq!(answer.header("content-type"), Some("application/json; charset=utf-8"));
    answer.assert_guarded();
    let (access, refresh) = (answer.text("access_token"), answer.text("refresh_token"));
    assert_eq!((access.len(), refresh.len()), (96, 128));
    assert!(access.bytes().chain(refresh.bytes()).all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')));
    // What this mount issued, any mount reads; and the subject stands in for an absent user_uuid.
    let answer = world.post("/token", "", &format!("client_id=app&grant_type=refresh_token&refresh_token={refresh}"));
    assert_eq!(answer.status, 200);
    let plain = world.issue("app", "", &[]);
    let body = format!("client_id=app&grant_type=refresh_token&refresh_token={}", plain.refresh);
    assert_eq!(world.post("/oauth/token", "", &body).text("user_uuid"), "alice");
}

#[test]
fn payu_refuses_as_documented() {
    let world = World::new();
    let token = world.issue("app", "hub_session", &[]).refresh;
    let refused = |body: &str, error, description| {
        let answer = world.post("/oauth/token", "", &body.replace("{RT}", &token));
        assert_error(&answer, 401, error, description);
        assert_eq!(answer.header("www-authenticate"), Some(r#"Basic realm="test", charset="UTF-8""#));
    };
    let request = "The request is missing a required parameter, includes an unsupported parameter value, or is otherwise malformed.";
    let client = "Client authentication failed due to unknown client, no client authentication included, or unsupported authentication method.";
    let grant_type = "The authorization grant type is not supported by the authorization server.";
    let grant = "The provided authorization grant is invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was issued to another client.";
    refused("client_id=app&refresh_token={RT}", "invalid_request", request);
    refused("client_id=app&grant_type=refresh_token", "invalid_request", request);
    refused("client_id=app&grant_type=%zz", "invalid_request", request);
    refused("client_id=ghost&client_secret=x&grant_type=refresh_token&refresh_token={RT}", "invalid_client", client);
    refused("client_id=web&grant_type=refresh_token&refresh_token={RT}", "invalid_client", client);
    refused("client_ID=app&grant_type=refresh_token&refresh_token={RT}", "invalid_client", client);
    refused("client_id=app&grant_type=foo&refresh_token={RT}", "unsupported_grant_type", grant_type);
    refused("client_id=app&grant_type=refresh_token&refresh_token=nope", "invalid_grant", grant);
    let scope = "the scope is malformed or goes beyond what was granted";
    refused("client_id=app&grant_type=refresh_token&refresh_token={RT}&scope=read", "invalid_scope", scope);
    let wrong = world.post("/oauth/token", "web:nope", "grant_type=refresh_token&refresh_token=x");
    assert_error(&wrong, 401, "invalid_client", client);
}

#[test]
fn partner_json_answers_as_documented() {
    let world = World::new();
    let token = world.issue("p42", "read", &[]).refresh;
    let body = format!(r#"{{ "refreshToken": "{token}" }}"#);
    let answer = world.send(&partner(&[("PartnerID", "42"), ("GRANTTYPE", "refresh_token")], &body));
    assert_eq!((answer.status, answer.shape()), (200, shape(PARTNER_SUCCESS)));
    answer.assert_guarded();
    // N-112: such clients are public, so the token rotates.
    assert_ne!(answer.text("refresh_token"), token);
}

#[test]
fn partner_json_refuses_as_documented() {
    let world = World::new();
    let token = world.issue("p42", "read", &[]).refresh;
    let foreign = world.issue("app", "read", &[]).refresh;
    let known = [("partnerId", "42"), ("grantType", "refresh_token")];
    for body in [
        "{}",
        r#"{"refreshToken":null}"#,
        r#"{"refreshToken":""}"#,
        r#"{"refreshToken":5}"#,
        r#"{"refresh_token":"x"}"#,
    ] {
        assert_error(&world.send(&partner(&known, body)), 400, "invalid_request", "Missing refresh token.");
    }
    for token in ["x", "dGhpcyBpcyBhIHJlZnJlc2hUb2tlbi...", &foreign] {
        let body = format!(r#"{{"refreshToken":"{token}"}}"#);
        let invalid = "Refresh token has expired or is invalid.";
        assert_error(&world.send(&partner(&known, &body)), 400, "invalid_grant", invalid);
    }
    for body in ["", "{", "[\"x\"]", "\"x\"", r#"{"refreshToken":"x","refreshToken":"x"}"#, "refreshToken=x"] {
        let answer = world.send(&partner(&known, body));
        assert_eq!((answer.status, answer.error().as_str()), (400, "invalid_request"), "{body}");
    }
    let body = format!(r#"{{"refreshToken":"{token}"}}"#);
    let outcome = |headers: &[(&str, &str)]| {
        let answer = world.send(&partner(headers, &body));
        answer.assert_guarded();
        (answer.status, answer.error())
    };
    let refused = |error: &str| (400, error.to_owned());
    let refresh = ("grantType", "refresh_token");
    for partner in ["2147483648", "-2147483649", "x", "", "4 2", "+42"] {
        assert_eq!(outcome(&[("partnerId", partner), refresh]), refused("invalid_request"), "{partner}");
    }
    assert_eq!(outcome(&[refresh]), refused("invalid_request"));
    assert_eq!(outcome(&[("partnerId", "42"), ("partnerId", "42"), refresh]), refused("invalid_request"));
    assert_eq!(outcome(&[("partnerId", "42"), refresh, refresh]), refused("invalid_request"));
    assert_eq!(outcome(&[("partnerId", "42")]), refused("invalid_request"));
    assert_eq!(outcome(&[("partnerId", "42"), ("grantType", "password")]), refused("unsupported_grant_type"));
    // No client stands behind the first; the second is mapped to a confidential one, which a number cannot be.
    assert_eq!(outcome(&[("partnerId", "7"), refresh]), refused("invalid_client"));
    assert_eq!(outcome(&[("partnerId", "43"), refresh]), refused("invalid_client"));
    let mut form = partner(&known, "refreshToken=x");
    form.headers_mut().insert("content-type", "application/x-www-form-urlencoded".parse().unwrap());
    assert_eq!(world.send(&form).error(), "invalid_request");
}

#[test]
fn wso2_answers_as_documented() {
    let world = World::new();
    let client = "IZsIi6HDbB5e8VKdZAnUi_fZ3f8a";
    let tokens = world.issue(client, "read", &[]);
    let credentials = format!("{client}:Gm0bJ6oWV8fC5OQLLlC6jslACW8a");
    let answer = world.refresh("/wso2/token", &credentials, &tokens.refresh);
    assert_eq!((answer.status, answer.shape()), (200, shape(WSO2_SUCCESS)));
    answer.assert_guarded();
    let revoked = world.post("/wso2/revoke", &credentials, &format!("token={}", tokens.access));
    assert_eq!((revoked.status, revoked.body.as_str()), (200, ""));
    revoked.assert_guarded();
    // N-200: none that tells what was revoked.
    assert_eq!(revoked.header_names(), ["content-type", "content-length", "cache-control", "pragma"]);
}

#[test]
fn wso2_refuses_in_its_words_where_they_can_be_written() {
    let world = World::new();
    let token = world.issue("web", "read", &[]).refresh;
    let web = "web:web-secret";
    let refused = |credentials: &str, body: &str, status, error, text| {
        let answer = world.post("/wso2/token", credentials, &body.replace("{RT}", &token));
        assert_error(&answer, status, error, text);
        // N-142
        assert!(text.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\'));
    };
    let refresh = "grant_type=refresh_token&refresh_token={RT}";
    refused("", refresh, 401, "invalid_client", "Client ID not found in the request.");
    refused("web:nope", refresh, 401, "invalid_client", "Client credentials are invalid.");
    refused("ghost:x", refresh, 401, "invalid_client", "Client credentials are invalid.");
    refused("web", refresh, 401, "invalid_client", "Client credentials are invalid.");
    refused(
        web,
        "client_secret=web-secret&grant_type=x",
        400,
        "invalid_request",
        "The client MUST NOT use more than one authentication method in each",
    );
    refused(web, "refresh_token={RT}", 400, "invalid_request", "Missing grant_type parameter value");
    refused(web, "grant_type=a&grant_type=a", 400, "invalid_request", "Invalid request with repeated parameters.");
    refused(web, "grant_type=a", 400, "unsupported_grant_type", "Unsupported grant_type value");
    refused(
        web,
        "grant_type=refresh_token&refresh_token=x",
        400,
        "invalid_grant",
        "Persisted access token data not found",
    );
    refused("web2:web2-secret", refresh, 400, "invalid_grant", "Persisted access token data not found");
    refused(
        web,
        "grant_type=refresh_token&refresh_token={RT}&scope=PRODUCTION",
        400,
        "invalid_scope",
        "Invalid Scope!",
    );
    let answer = world.post("/wso2/revoke", web, "");
    assert_error(&answer, 400, "invalid_request", "Invalid revocation request");
    let request = post("/wso2/revoke", "web:nope", "token=x");
    assert_error(&world.send(&request), 401, "invalid_client", "Client credentials are invalid.");
}

/// A number in a header proves nothing. Not even a mapping that was written by mistake makes it do.
#[test]
fn bug_a_confidential_client_downgraded_through_the_partner_mapping() {
    let world = World::new();
    let tokens = world.issue("web", "read", &[]);
    let before = world.grants();
    let body = format!(r#"{{"refreshToken":"{}"}}"#, tokens.refresh);
    let answer = world.send(&partner(&[("partnerId", "43"), ("grantType", "refresh_token")], &body));
    assert_eq!((answer.status, answer.error().as_str()), (400, "invalid_client"));
    for path in ["/token", "/oauth/token", "/wso2/token"] {
        let form = format!("client_id=web&grant_type=refresh_token&refresh_token={}", tokens.refresh);
        assert_eq!(world.post(path, "", &form).error(), "invalid_client", "{path}: nor does a name");
    }
    assert_eq!(world.grants(), before);
    assert_eq!(world.refresh("/token", "web:web-secret", &tokens.refresh).status, 200);
}
