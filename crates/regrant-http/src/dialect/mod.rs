//! The wire forms of one engine: RFC 6749, and the vendor APIs that clients in the field already speak.
//!
//! A dialect has two halves. One reads a request into the parameters of RFC 6749, which is all that the engine knows;
//! the other writes the engine's reply as the vendor documents it. Nothing in between differs.

mod members;
mod partner_json;
mod payu;
mod rfc6749;
mod wso2;

use http::{HeaderMap, HeaderValue, StatusCode};
use regrant::{Reason, TokenReply};

pub use self::partner_json::Partners;
use crate::answer;
use crate::call;
use crate::envelope;
use crate::form::Form;
use crate::issuer::Issuer;
use crate::limits::Limits;

/// How an endpoint is spoken to, and how it answers.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Dialect {
    /// The RFCs as they are written.
    Rfc6749 {
        /// The name under which the mount publishes its metadata (RFC 8414). `None` publishes nothing.
        issuer: Option<Issuer>,
    },
    /// `PayU`'s partner API: tokens in hex, `created_at` and `user_uuid` beside the standard members, and **401 for
    /// every error**, as the server behind it did until 2019.
    Payu,
    /// A partner API in JSON: the partner and the grant type in headers, public clients only.
    PartnerJson(Partners),
    /// WSO2 API Manager: the standard members in another order, and its texts where RFC 6749's alphabet allows them.
    Wso2,
}

impl Dialect {
    /// Reads a request to the token endpoint into the parameters of RFC 6749.
    pub(crate) fn read_token<'a>(
        &'a self,
        headers: &'a HeaderMap,
        body: &'a [u8],
        limits: &Limits,
    ) -> Result<Form<'a, 7>, Reason> {
        match self {
            Self::PartnerJson(partners) => partner_json::read(partners, headers, body, limits),
            Self::Rfc6749 { .. } | Self::Payu | Self::Wso2 => envelope::read_form(&call::TOKEN, headers, body, limits),
        }
    }

    /// The body of a successful answer of the token endpoint.
    pub(crate) fn token_body(&self, reply: &TokenReply) -> Vec<u8> {
        match self {
            Self::Rfc6749 { .. } => rfc6749::success(reply),
            Self::Payu => payu::success(reply),
            Self::PartnerJson(_) => partner_json::success(reply),
            Self::Wso2 => wso2::success(reply),
        }
    }

    /// The status of a refusal.
    pub(crate) fn status(&self, reason: Reason) -> StatusCode {
        match (self, reason) {
            // Neither is about OAuth, and a client library must be able to tell: the same in every dialect.
            (_, Reason::BodyTooLarge) => StatusCode::PAYLOAD_TOO_LARGE,
            (_, Reason::Throttled) => StatusCode::TOO_MANY_REQUESTS,
            (Self::Payu, _) => payu::STATUS,
            (Self::PartnerJson(_), _) => partner_json::STATUS,
            (Self::Rfc6749 { .. } | Self::Wso2, reason) => rfc6749::status(reason),
        }
    }

    /// The `error_description` of a refusal.
    pub(crate) fn description(&self, reason: Reason) -> &'static str {
        match self {
            Self::Rfc6749 { .. } => reason.description(),
            Self::Payu => payu::description(reason),
            Self::PartnerJson(_) => partner_json::description(reason),
            Self::Wso2 => wso2::description(reason),
        }
    }

    /// The media type of every answer.
    pub(crate) fn media_type(&self) -> HeaderValue {
        match self {
            Self::Payu => answer::JSON_UTF_8,
            Self::Rfc6749 { .. } | Self::PartnerJson(_) | Self::Wso2 => answer::JSON,
        }
    }
}
