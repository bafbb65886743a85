//! WSO2's "Refresh Token Grant" and "Revoke access tokens", with the `Authorization` header of its page.

use super::call::Call;
use super::expect::{Expected, Is};
use super::stage::{Stage, Tokens};
use crate::fault::Fault;

const CONSUMER_KEY: &str = "IZsIi6HDbB5e8VKdZAnUi_fZ3f8a";
/// Consumer key and secret as the page prints them.
const AUTHORIZATION: &str = "Basic SVpzSWk2SERiQjVlOFZLZFpBblVpX2ZaM2Y4YTpHbTBiSjZvV1Y4ZkM1T1FMTGxDNmpzbEFDVzhh";

/// The whole chapter.
pub(super) fn play(stage: &mut Stage<'_>) -> Result<(), Fault> {
    stage.chapter("wso2: the consumer key of the page, refresh and revoke")?;
    let current = renewal(stage)?;
    revocation(stage, &current)?;
    failures(stage)
}

fn refresh(token: &str) -> Call {
    Call::form("/wso2/token", &[("grant_type", "refresh_token"), ("refresh_token", token)])
        .with("Authorization", AUTHORIZATION)
}

fn success() -> Expected {
    Expected::members(vec![
        ("scope", Is::text("default")),
        ("token_type", Is::text("Bearer")),
        ("expires_in", Is::Seconds(3_600)),
        ("refresh_token", Is::Base64Url(86)),
        ("access_token", Is::Base64Url(64)),
    ])
    .with("content-type", "application/json")
}

fn introspect(token: &str) -> Call {
    Call::form("/introspect", &[("token", token)]).basic("rs", "rs-secret")
}

/// "The refresh token is renewed by default ... and the previous refresh token becomes inactive."
fn renewal(stage: &mut Stage<'_>) -> Result<Tokens, Fault> {
    let issued = stage.issue(CONSUMER_KEY, Some("admin"), "default", &[])?;
    let first = refresh(&issued.refresh_token);
    let second = stage.lost_and_retried("the request of the page", &first, &success())?;
    let third = stage.call("the renewed token works", &refresh(&second.refresh_token), &success())?;
    let inactive = Expected::error(400, "invalid_grant", "Persisted access token data not found");
    stage.call("the previous one is inactive", &first, &inactive)?;
    let previous = introspect(&second.access_token);
    stage.call(
        "and so is the previous access token, as with WSO2",
        &previous,
        &Expected::exactly(r#"{"active":false}"#),
    )?;
    Ok(third)
}

/// The answer is empty, and names no token in any header.
fn revocation(stage: &mut Stage<'_>, current: &Tokens) -> Result<(), Fault> {
    let token = [("token", current.access_token.as_str())];
    let revoke = Call::form("/wso2/revoke", &token).with("Authorization", AUTHORIZATION);
    let empty = Expected::exactly("").with("content-length", "0").with("content-type", "application/json");
    stage.call("revoking the access token, as the page does", &revoke, &empty)?;
    let inactive = Expected::exactly(r#"{"active":false}"#);
    stage.call("it is inactive at once, not in 15 minutes", &introspect(&current.access_token), &inactive)?;
    Ok(())
}

fn failures(stage: &mut Stage<'_>) -> Result<(), Fault> {
    let wrong = Call::form("/wso2/token", &[("grant_type", "refresh_token")]).basic(CONSUMER_KEY, "wrong");
    let challenged = Expected::error(401, "invalid_client", "Client credentials are invalid.")
        .with("www-authenticate", "Basic realm=\"regrant\"");
    stage.call("failure: a wrong consumer secret", &wrong, &challenged)?;
    Ok(())
}
