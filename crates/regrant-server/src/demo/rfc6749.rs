//! The RFCs as they are written: RFC 6749 §4.4 and §6, RFC 7009, RFC 7662, RFC 6750, RFC 8414.

use regrant::ErrorCode;

use super::call::Call;
use super::expect::{Expected, Is};
use super::stage::{Stage, Tokens};
use crate::fault::Fault;

/// The lengths of the written tokens.
const ACCESS: usize = 64;
const REFRESH: usize = 86;

/// The whole chapter.
pub(super) fn play(stage: &mut Stage<'_>) -> Result<(), Fault> {
    stage.chapter("rfc6749: the RFCs as they are written")?;
    let current = rotation(stage)?;
    let live = narrowing(stage, &current)?;
    access_tokens(stage, &live)?;
    replay(stage)?;
    own_behalf(stage)?;
    failures(stage)?;
    metadata(stage)
}

fn refresh(token: &str) -> Call {
    Call::form("/token", &[("grant_type", "refresh_token"), ("refresh_token", token)])
}

fn success(scope: &str) -> Expected {
    Expected::members(vec![
        ("access_token", Is::Base64Url(ACCESS)),
        ("token_type", Is::text("Bearer")),
        ("expires_in", Is::Seconds(3_600)),
        ("refresh_token", Is::Base64Url(REFRESH)),
        ("scope", Is::text(scope)),
    ])
    .with("content-type", "application/json")
}

fn refused(status: u16, code: ErrorCode) -> Expected {
    Expected::error(status, code.as_str(), code.description())
}

/// Refresh, a lost answer, and the successor in use.
fn rotation(stage: &mut Stage<'_>) -> Result<Tokens, Fault> {
    let issued = stage.issue("web", Some("alice"), "read write", &[])?;
    let call = refresh(&issued.refresh_token).basic("web", "web-secret");
    let second = stage.lost_and_retried("a refresh (RFC 6749 6)", &call, &success("read write"))?;
    let next = refresh(&second.refresh_token).basic("web", "web-secret");
    let third = stage.call("the client goes on with the token it got", &next, &success("read write"))?;
    let why = "the first token once more: its successor is in use, so this is refused, and inside the window no replay";
    stage.call(why, &call, &refused(400, ErrorCode::InvalidGrant))?;
    Ok(third)
}

/// A narrower scope for one access token; the grant keeps the whole. What goes beyond it spends nothing.
fn narrowing(stage: &mut Stage<'_>, current: &Tokens) -> Result<Tokens, Fault> {
    let with_scope = |scope| {
        let fields =
            [("grant_type", "refresh_token"), ("refresh_token", current.refresh_token.as_str()), ("scope", scope)];
        Call::form("/token", &fields).basic("web", "web-secret")
    };
    let beyond = refused(400, ErrorCode::InvalidScope);
    stage.call("a scope beyond the grant: refused, and the token is not spent", &with_scope("admin"), &beyond)?;
    stage.call("so it still works, here for less than the grant has", &with_scope("read"), &success("read"))
}

/// Introspection, a protected page, and revocation of one access token.
fn access_tokens(stage: &mut Stage<'_>, live: &Tokens) -> Result<(), Fault> {
    let token = [("token", live.access_token.as_str())];
    let introspect = Call::form("/introspect", &token).basic("rs", "rs-secret");
    let active = Expected::members(vec![
        ("active", Is::Bool(true)),
        ("scope", Is::text("read")),
        ("client_id", Is::text("web")),
        ("token_type", Is::text("Bearer")),
        ("exp", Is::Later),
        ("iat", Is::Now),
        ("sub", Is::text("alice")),
    ]);
    stage.call("a resource server asks about the access token (RFC 7662)", &introspect, &active)?;
    let page = Call::get("/resource").with("Authorization", format!("Bearer {}", live.access_token));
    let opened = Expected::exactly(r#"{"sub":"alice","client_id":"web","scope":"read"}"#);
    stage.call("the access token opens a protected page (RFC 6750)", &page, &opened)?;
    let revoke = Call::form("/revoke", &token).basic("web", "web-secret");
    let empty = Expected::exactly("").with("content-length", "0").with("content-type", "application/json");
    stage.call("the client revokes it (RFC 7009)", &revoke, &empty)?;
    stage.call("it is inactive from then on", &introspect, &Expected::exactly(r#"{"active":false}"#))?;
    let challenge = refused(401, ErrorCode::InvalidToken)
        .with("www-authenticate", "Bearer realm=\"regrant\", error=\"invalid_token\"");
    stage.call("and opens nothing any more", &page, &challenge)?;
    stage.call("to revoke it twice is no error", &revoke, &empty)?;
    let refresh = Call::form("/revoke", &[("token", live.refresh_token.as_str())]).basic("web", "web-secret");
    stage.call("a refresh token can be revoked too: that ends the grant", &refresh, &empty)?;
    let gone = self::refresh(&live.refresh_token).basic("web", "web-secret");
    stage.call("nothing of it can be refreshed", &gone, &refused(400, ErrorCode::InvalidGrant))?;
    Ok(())
}

/// A client without a retry window: the second presentation is a replay and ends everything (RFC 9700 §4.14.2).
fn replay(stage: &mut Stage<'_>) -> Result<(), Fault> {
    let issued = stage.issue("strict", Some("bob"), "read", &[])?;
    let call = refresh(&issued.refresh_token).basic("strict", "strict-secret");
    let second = stage.call("this client has no retry window", &call, &success("read"))?;
    let invalid = refused(400, ErrorCode::InvalidGrant);
    stage.call("a thief, or the client itself, presents the spent token: a replay", &call, &invalid)?;
    let next = refresh(&second.refresh_token).basic("strict", "strict-secret");
    stage.call("the replay ended the grant: the genuine successor is refused as well", &next, &invalid)?;
    let introspect = Call::form("/introspect", &[("token", second.access_token.as_str())]).basic("rs", "rs-secret");
    stage.call("and the access token is inactive", &introspect, &Expected::exactly(r#"{"active":false}"#))?;
    Ok(())
}

/// RFC 6749 §4.4: no refresh token comes with it.
fn own_behalf(stage: &mut Stage<'_>) -> Result<(), Fault> {
    let call = Call::form("/token", &[("grant_type", "client_credentials")]).basic("web", "web-secret");
    let expected = Expected::members(vec![
        ("access_token", Is::Base64Url(ACCESS)),
        ("token_type", Is::text("Bearer")),
        ("expires_in", Is::Seconds(3_600)),
        ("scope", Is::text("read write admin")),
    ]);
    stage.call("a client acts for itself (RFC 6749 4.4): no refresh token", &call, &expected)?;
    Ok(())
}

fn failures(stage: &mut Stage<'_>) -> Result<(), Fault> {
    let wrong = refresh("unknown").basic("web", "wrong-secret");
    let challenged = refused(401, ErrorCode::InvalidClient).with("www-authenticate", "Basic realm=\"regrant\"");
    stage.call("a wrong client secret", &wrong, &challenged)?;
    let unsupported = Call::form("/token", &[("grant_type", "password")]).basic("web", "web-secret");
    stage.call("a grant type of another age", &unsupported, &refused(400, ErrorCode::UnsupportedGrantType))?;
    Ok(())
}

fn metadata(stage: &mut Stage<'_>) -> Result<(), Fault> {
    let methods = r#"["client_secret_basic","client_secret_post","none"]"#;
    let document = format!(
        "{{\"issuer\":\"http://127.0.0.1\",\"token_endpoint\":\"http://127.0.0.1/token\",\
         \"grant_types_supported\":[\"refresh_token\",\"client_credentials\"],\
         \"token_endpoint_auth_methods_supported\":{methods},\
         \"revocation_endpoint\":\"http://127.0.0.1/revoke\",\"revocation_endpoint_auth_methods_supported\":{methods},\
         \"introspection_endpoint\":\"http://127.0.0.1/introspect\",\
         \"introspection_endpoint_auth_methods_supported\":[\"client_secret_basic\",\"client_secret_post\"]}}"
    );
    let call = Call::get("/.well-known/oauth-authorization-server");
    stage.call("the metadata document (RFC 8414)", &call, &Expected::exactly(&document).cacheable())?;
    Ok(())
}
