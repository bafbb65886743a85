//! A partner API in JSON: `POST` with the headers `partnerId` and `grantType`, and the body `{"refreshToken":"…"}`.
//!
//! The partner number names a client and proves nothing, so such clients are public: they rotate always. The vendor
//! documents no statuses; all failures are 400. It documents two texts; where it has none, the engine's stands.
//!
//! How its contradictions are read: a `refreshToken` that is absent, `null`, empty or no string is *missing*; one that is
//! unknown, expired, revoked or another partner's is *invalid*. A `partnerId` that is missing, repeated or no int32 is
//! `invalid_request`; one that no client stands behind is `invalid_client`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use regrant::{ClientId, ErrorCode, Reason, TokenEncoding, TokenReply};

use super::members::Members;
use crate::call;
use crate::envelope;
use crate::form::Form;
use crate::json_body;
use crate::limits::Limits;
use crate::media_type;
use crate::partner_id::PartnerId;

/// The status of every refusal.
pub(super) const STATUS: StatusCode = StatusCode::BAD_REQUEST;

/// Which client stands behind which partner number.
#[derive(Debug, Clone, Default)]
pub struct Partners(BTreeMap<PartnerId, ClientId>);

impl Partners {
    /// No partner yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Says which client a partner is. It must be a public one; the engine refuses any other, because a partner brings
    /// no secret. Returns the client that stood there before.
    pub fn insert(&mut self, partner: PartnerId, client: ClientId) -> Option<ClientId> {
        self.0.insert(partner, client)
    }
}

impl FromIterator<(PartnerId, ClientId)> for Partners {
    fn from_iter<I: IntoIterator<Item = (PartnerId, ClientId)>>(partners: I) -> Self {
        Self(partners.into_iter().collect())
    }
}

/// Reads a request into the parameters of RFC 6749.
pub(super) fn read<'a>(
    partners: &'a Partners,
    headers: &'a HeaderMap,
    body: &[u8],
    limits: &Limits,
) -> Result<Form<'a, 7>, Reason> {
    envelope::check_size(body, limits)?;
    // The vendor documents its two headers and no media type: a request without one is the documented request.
    if headers.contains_key(CONTENT_TYPE) && !media_type::is_json(headers) {
        return Err(Reason::UnsupportedMediaType);
    }
    let partner = header(headers, "partnerid")?.ok_or(Reason::InvalidHeader)?;
    let partner = PartnerId::parse(partner).map_err(|_| Reason::InvalidHeader)?;
    let grant_type = header(headers, "granttype")?;
    let refresh_token = json_body::string_member(body, "refreshToken")?;
    // An unknown partner names no client at all. To say so is the engine's part: it knows which error comes first.
    let client_id = partners.0.get(&partner).map(ClientId::as_str);
    Ok(Form::from_values(
        &call::TOKEN,
        [
            grant_type.map(Cow::Borrowed),
            refresh_token.map(|mut token| Cow::Owned(std::mem::take(&mut *token))),
            None,
            client_id.map(Cow::Borrowed),
            None,
            None,
            None,
        ],
    ))
}

/// A header that may be there once, as text.
fn header<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<Option<&'a str>, Reason> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(|_| Reason::InvalidHeader),
        (Some(_), Some(_)) => Err(Reason::InvalidHeader),
    }
}

/// In the order that the vendor documents.
pub(super) fn success(reply: &TokenReply) -> Vec<u8> {
    Members::of(reply, TokenEncoding::Base64Url).access_token().refresh_token().expires_in().token_type().finish()
}

/// The vendor's texts, byte for byte.
pub(super) fn description(reason: Reason) -> &'static str {
    match (reason, reason.code()) {
        (Reason::MissingRefreshToken, _) => "Missing refresh token.",
        (_, ErrorCode::InvalidGrant) => "Refresh token has expired or is invalid.",
        _ => reason.description(),
    }
}
