//! A request to an endpoint that authenticates its caller, read into parameters but not yet decided.

use http::{Extensions, HeaderMap};
use regrant::{
    AuthorizationHeader, Credentials, IntrospectionRequest, Reason, Refusal, RevocationRequest, TokenRequest,
};

use crate::authorization::Authorization;
use crate::form::Form;
use crate::origin::Origin;

/// The parameters of the token endpoint, which every dialect is read into. RFC 6749 §2.3.1, §4.4.2, §6.
pub(crate) const TOKEN: [&str; 7] =
    ["grant_type", "refresh_token", "scope", "client_id", "client_secret", "client_assertion", "client_assertion_type"];

/// The parameters of a request about a token. RFC 7009 §2.1, RFC 7662 §2.1; their last four are the caller's credentials,
/// as they are of [`TOKEN`].
pub(crate) const ABOUT_A_TOKEN: [&str; 6] =
    ["token", "token_type_hint", "client_id", "client_secret", "client_assertion", "client_assertion_type"];

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

    /// The credentials in the engine's terms: read, not checked. `parameters` are the last four of the form.
    fn credentials<'c>(&'c self, parameters: [Option<&'c str>; 4]) -> Credentials<'c> {
        let [client_id, client_secret, assertion, assertion_type] = parameters;
        Credentials {
            header: self.mechanism(assertion.or(assertion_type).is_some()),
            client_id,
            client_secret,
            origin: self.origin.map(|origin| origin.0.as_str()),
        }
    }

    /// The mechanism beside the secret of the form. An assertion (RFC 7521 §4.2) is one that no client here has: alone it
    /// is an unsupported one (N-037), not nothing (N-041); beside a header it is a second one (N-023).
    fn mechanism(&self, asserted: bool) -> AuthorizationHeader<'_> {
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
        let [grant_type, refresh_token, scope, credentials @ ..] = self.form.values();
        TokenRequest { credentials: self.credentials(credentials), grant_type, refresh_token, scope }
    }
}

impl Call<'_, 6> {
    /// What the revocation endpoint asks. The hint is not: every kind of token is looked for in any case (N-193).
    pub(crate) fn revocation_request(&self) -> RevocationRequest<'_> {
        let [token, _, credentials @ ..] = self.form.values();
        RevocationRequest { credentials: self.credentials(credentials), token }
    }

    /// What the introspection endpoint asks. As with revocation, without the hint (N-212).
    pub(crate) fn introspection_request(&self) -> IntrospectionRequest<'_> {
        let [token, _, credentials @ ..] = self.form.values();
        IntrospectionRequest { credentials: self.credentials(credentials), token }
    }
}
