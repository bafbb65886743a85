//! PayU's "Refresh Token API - WhatsApp": the request, the answer, and every row of its table of failures.

use super::call::Call;
use super::expect::{Expected, Is};
use super::stage::Stage;
use crate::fault::Fault;

/// The public client id that the page prints.
const PUBLIC: &str = "6f8bb4951e030d4d7349e64a144a534778673585f86039617c167166e9154f7e";
/// The user that the page prints. It is no UUID of RFC 9562 but a text.
const USER: &str = "11e7-a7f6-f0494f6c-bbb7-4a020b6b2b14";

const INVALID_REQUEST: &str = "The request is missing a required parameter, includes an unsupported parameter value, or is \
                               otherwise malformed.";
const INVALID_CLIENT: &str = "Client authentication failed due to unknown client, no client authentication included, or \
                              unsupported authentication method.";
const UNSUPPORTED_GRANT_TYPE: &str = "The authorization grant type is not supported by the authorization server.";
const INVALID_GRANT: &str = "The provided authorization grant is invalid, expired, revoked, does not match the \
                             redirection URI used in the authorization request, or was issued to another client.";

/// The whole chapter.
pub(super) fn play(stage: &mut Stage<'_>) -> Result<(), Fault> {
    stage.chapter("payu: tokens in hex, 401 for every error, texts byte for byte")?;
    documented(stage)?;
    public(stage)?;
    failures(stage)
}

fn success() -> Expected {
    Expected::members(vec![
        ("access_token", Is::Hex(96)),
        ("token_type", Is::text("Bearer")),
        ("expires_in", Is::Seconds(7_200)),
        ("refresh_token", Is::Hex(128)),
        ("scope", Is::text("hub_session")),
        ("created_at", Is::Now),
        ("user_uuid", Is::text(USER)),
    ])
    .with("content-type", "application/json; charset=utf-8")
}

/// The table of the page says 401 in every row.
fn refused(code: &str, description: &str) -> Expected {
    Expected::error(401, code, description)
}

/// The request of the page, with a secret; and what a second presentation does without a retry window.
fn documented(stage: &mut Stage<'_>) -> Result<(), Fault> {
    let issued = stage.issue("payu-partner", None, "hub_session", &[("user_uuid", USER)])?;
    let refresh = |token: &str| {
        Call::form(
            "/oauth/token",
            &[
                ("client_id", "payu-partner"),
                ("client_secret", "payu-secret"),
                ("grant_type", "refresh_token"),
                ("refresh_token", token),
            ],
        )
    };
    let first = refresh(&issued.refresh_token);
    let second = stage.call("the request of the page", &first, &success())?;
    let invalid = refused("invalid_grant", INVALID_GRANT);
    stage.call("this client has no retry window: the spent token again is a replay", &first, &invalid)?;
    stage.call("and the replay ended the grant", &refresh(&second.refresh_token), &invalid)?;
    Ok(())
}

/// The row "without client secret": the client id of the page is a public one.
fn public(stage: &mut Stage<'_>) -> Result<(), Fault> {
    let issued = stage.issue(PUBLIC, None, "hub_session", &[("user_uuid", USER)])?;
    let fields =
        [("client_id", PUBLIC), ("grant_type", "refresh_token"), ("refresh_token", issued.refresh_token.as_str())];
    let call = Call::form("/oauth/token", &fields);
    stage.lost_and_retried("without client secret, by the public client of the page", &call, &success())?;
    Ok(())
}

/// A row of the table: the reason, the fields that are sent, the answer.
type Row<'a> = (&'a str, &'a [(&'a str, &'a str)], Expected);

/// The other rows, in their order.
fn failures(stage: &mut Stage<'_>) -> Result<(), Fault> {
    let id = ("client_id", "payu-partner");
    let secret = ("client_secret", "payu-secret");
    let grant = ("grant_type", "refresh_token");
    let token = ("refresh_token", "249fbf69a7841aa28cc494984b45efcb22537c0cedbb672c6fa18ba8eb21d8ce");
    let rows: [Row<'_>; 5] = [
        ("without grant type", &[id, secret, token], refused("invalid_request", INVALID_REQUEST)),
        ("without refresh token", &[id, secret, grant], refused("invalid_request", INVALID_REQUEST)),
        (
            "with invalid client",
            &[("client_id", "nobody"), secret, grant, token],
            refused("invalid_client", INVALID_CLIENT),
        ),
        (
            "with invalid grant type",
            &[id, secret, ("grant_type", "refresh"), token],
            refused("unsupported_grant_type", UNSUPPORTED_GRANT_TYPE),
        ),
        ("invalid refresh token", &[id, secret, grant, token], refused("invalid_grant", INVALID_GRANT)),
    ];
    for (why, fields, expected) in rows {
        stage.call(&format!("failure: {why}"), &Call::form("/oauth/token", fields), &expected)?;
    }
    Ok(())
}
