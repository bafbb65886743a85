//! The metadata document. RFC 8414 (N-170, N-171, N-172).
//!
//! Every list is written out, because the defaults for absent ones are not true here: they name grants that this server
//! does not know. What would be an empty list is left out; there is no authorization endpoint, hence no response type.

use regrant::{GrantType, GrantTypes};

use crate::endpoint_path::EndpointPath;
use crate::issuer::Issuer;
use crate::json::JsonObject;
use crate::mount::Mount;

/// How a client may authenticate at the token and the revocation endpoint.
const CLIENT_METHODS: [&str; 3] = ["client_secret_basic", "client_secret_post", "none"];
/// How a caller may authenticate at the introspection endpoint: a public client may not (N-211).
const CALLER_METHODS: [&str; 2] = ["client_secret_basic", "client_secret_post"];

/// What one mount publishes.
#[derive(Debug)]
pub(crate) struct Metadata {
    issuer: Issuer,
    token: EndpointPath,
    revoke: Option<EndpointPath>,
    introspect: Option<EndpointPath>,
}

impl Metadata {
    pub(crate) fn of(issuer: &Issuer, mount: &Mount) -> Self {
        Self {
            issuer: issuer.clone(),
            token: mount.token.clone(),
            revoke: mount.revoke.clone(),
            introspect: mount.introspect.clone(),
        }
    }

    /// The document, for an engine that offers `grants`.
    pub(crate) fn write(&self, grants: GrantTypes) -> Vec<u8> {
        let grants: Vec<_> = grants.iter().map(GrantType::as_str).collect();
        let object = JsonObject::new()
            .string("issuer", self.issuer.as_str())
            .string("token_endpoint", &self.url(&self.token))
            .strings("grant_types_supported", &grants)
            .strings("token_endpoint_auth_methods_supported", &CLIENT_METHODS);
        let object = match &self.revoke {
            Some(path) => object
                .string("revocation_endpoint", &self.url(path))
                .strings("revocation_endpoint_auth_methods_supported", &CLIENT_METHODS),
            None => object,
        };
        let object = match &self.introspect {
            Some(path) => object
                .string("introspection_endpoint", &self.url(path))
                .strings("introspection_endpoint_auth_methods_supported", &CALLER_METHODS),
            None => object,
        };
        object.finish()
    }

    fn url(&self, path: &EndpointPath) -> String {
        self.issuer.url(path.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::Dialect;

    fn path(text: &str) -> EndpointPath {
        EndpointPath::parse(text).unwrap()
    }

    #[test]
    fn says_only_what_is_there() {
        let issuer = Issuer::parse("https://as.example").unwrap();
        let mount = Mount::new(Dialect::Rfc6749 { issuer: Some(issuer.clone()) }, path("/token"));
        let expected = concat!(
            r#"{"issuer":"https://as.example","token_endpoint":"https://as.example/token","#,
            r#""grant_types_supported":["refresh_token","client_credentials"],"#,
            r#""token_endpoint_auth_methods_supported":["client_secret_basic","client_secret_post","none"]}"#,
        );
        assert_eq!(String::from_utf8(Metadata::of(&issuer, &mount).write(GrantTypes::ALL)).unwrap(), expected);
    }

    #[test]
    fn names_every_endpoint_with_its_methods() {
        // N-172
        let issuer = Issuer::parse("https://as.example").unwrap();
        let mount = Mount {
            revoke: Some(path("/revoke")),
            introspect: Some(path("/introspect")),
            ..Mount::new(Dialect::Rfc6749 { issuer: Some(issuer.clone()) }, path("/token"))
        };
        let read: serde_json::Value =
            serde_json::from_slice(&Metadata::of(&issuer, &mount).write(GrantTypes::ALL)).unwrap();
        assert_eq!(read["revocation_endpoint"], "https://as.example/revoke");
        assert_eq!(read["introspection_endpoint"], "https://as.example/introspect");
        assert_eq!(read["revocation_endpoint_auth_methods_supported"], serde_json::json!(CLIENT_METHODS));
        assert_eq!(read["introspection_endpoint_auth_methods_supported"], serde_json::json!(CALLER_METHODS));
    }
}
