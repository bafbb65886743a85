//! The partner API in JSON: the request of its page, its answer, and its two errors.

use super::call::Call;
use super::expect::{Expected, Is};
use super::stage::Stage;
use crate::fault::Fault;

/// The whole chapter.
pub(super) fn play(stage: &mut Stage<'_>) -> Result<(), Fault> {
    stage.chapter("partner_json: partner and grant type in headers, a body of json")?;
    documented(stage)?;
    replay(stage)?;
    failures(stage)
}

fn request(partner: &str, body: String) -> Call {
    Call::json("/v1/auth/token", body).with("partnerId", partner).with("grantType", "refresh_token")
}

fn refresh(partner: &str, token: &str) -> Call {
    request(partner, format!(r#"{{"refreshToken":"{token}"}}"#))
}

fn success() -> Expected {
    Expected::members(vec![
        ("access_token", Is::Base64Url(64)),
        ("refresh_token", Is::Base64Url(86)),
        ("expires_in", Is::Seconds(3_600)),
        ("token_type", Is::text("Bearer")),
    ])
    .with("content-type", "application/json")
}

fn invalid() -> Expected {
    Expected::error(400, "invalid_grant", "Refresh token has expired or is invalid.")
}

fn documented(stage: &mut Stage<'_>) -> Result<(), Fault> {
    let issued = stage.issue("p42", Some("carol"), "trade", &[])?;
    stage.lost_and_retried("the request of the page", &refresh("42", &issued.refresh_token), &success())?;
    Ok(())
}

fn replay(stage: &mut Stage<'_>) -> Result<(), Fault> {
    let issued = stage.issue("p43", Some("dave"), "trade", &[])?;
    let first = refresh("43", &issued.refresh_token);
    let second = stage.call("partner 43 has no retry window", &first, &success())?;
    stage.call("the spent token again is a replay", &first, &invalid())?;
    stage.call("and the replay ended the grant", &refresh("43", &second.refresh_token), &invalid())?;
    Ok(())
}

fn failures(stage: &mut Stage<'_>) -> Result<(), Fault> {
    let sample = refresh("42", "dGhpcyBpcyBhIHJlZnJlc2hUb2tlbi...");
    stage.call("failure: expired or invalid refresh token (the sample of the page)", &sample, &invalid())?;
    let missing = Expected::error(400, "invalid_request", "Missing refresh token.");
    stage.call("failure: missing refresh token", &request("42", "{}".to_owned()), &missing)?;
    Ok(())
}
