//! A request to an endpoint that authenticates its caller, read into parameters but not yet decided.

use http::{Extensions, HeaderMap};
use regrant::{
    AuthorizationHeader, Credentials, IntrospectionRequest, Reason, Refusal, RevocationRequest, TokenRequest,
};

use crate::authorization::Authorization;
use crate::form::Form;
use crate::origin::Origin;

/// The parameters of one request and the credentials beside them.
#[derive(Debug)]
pub(crate) struct Call<'a, const N: usize> {
    authorization: Authorization<'a>,
    origin: Option<&'a Origin>,
    form: Form<'a, N>,
}

impl<'a, const N: usize> Call<'a, N> {
    /// Reads the credentials, and the parameters by `read`. What cannot be read is refused in the scheme that was used.
    pub(crate) fn read(
        headers: &'a HeaderMap,
        extensions: &'a Extensions,
        read: impl FnOnce() -> Result<Form<'a, N>, Reason>,
    ) -> Result<Self, Refusal> {
        let authorization = Authorization::of(headers);
        match read() {
            Ok(form) => Ok(Self { authorization, origin: extensions.get(), form }),
            Err(reason) => Err(Refusal::new(reason, authorization.scheme())),
        }
    }

    /// The credentials in the engine's terms: read, not checked.
    fn credentials(&self) -> Credentials<'_> {
        Credentials {
            header: self.mechanism(),
            client_id: self.form.value("client_id"),
            client_secret: self.form.value("client_secret"),
            origin: self.origin.map(|origin| origin.0.as_str()),
        }
    }

    /// The mechanism beside the secret of the form. An assertion (RFC 7521 §4.2) is one that no client here has: alone it
    /// is an unsupported one (N-037), not nothing (N-041); beside a header it is a second one (N-023).
    fn mechanism(&self) -> AuthorizationHeader<'_> {
        let asserted = ["client_assertion", "client_assertion_type"].iter().any(|name| self.form.value(name).is_some());
        match (asserted, &self.authorization) {
            (false, header) => header.for_engine(),
            (true, Authorization::Absent) => AuthorizationHeader::Other,
            (true, _) => AuthorizationHeader::Repeated,
        }
    }
}

impl Call<'_, 7> {
    /// What the token endpoint asks.
    pub(crate) fn token_request(&self) -> TokenRequest<'_> {
        TokenRequest {
            credentials: self.credentials(),
            grant_type: self.form.value("grant_type"),
            refresh_token: self.form.value("refresh_token"),
            scope: self.form.value("scope"),
        }
    }
}

impl Call<'_, 6> {
    /// What the revocation endpoint asks. The hint is not: every kind of token is looked for in any case (N-193).
    pub(crate) fn revocation_request(&self) -> RevocationRequest<'_> {
        RevocationRequest { credentials: self.credentials(), token: self.form.value("token") }
    }

    /// What the introspection endpoint asks. As with revocation, without the hint (N-212).
    pub(crate) fn introspection_request(&self) -> IntrospectionRequest<'_> {
        IntrospectionRequest { credentials: self.credentials(), token: self.form.value("token") }
    }
}
