//! Finding the endpoint of a request: by its exact path.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use http::Method;
use regrant::RequestKind;

use crate::dialect::Dialect;
use crate::endpoint_path::{EndpointPath, InvalidEndpointPath};
use crate::issuer::{Issuer, WELL_KNOWN};
use crate::metadata::Metadata;
use crate::mount::Mount;

/// What stands at a path.
#[derive(Debug)]
pub(crate) enum Endpoint {
    Token,
    Revocation,
    Introspection,
    Resource,
    Metadata(Metadata),
}

impl Endpoint {
    /// The methods it answers, as `Allow` lists them.
    pub(crate) const fn methods(&self) -> &'static str {
        match self {
            // N-002, N-191, N-210: neither a token nor a secret belongs into a URL. N-203: nobody asks by OPTIONS or by a
            // callback, because no page of a browser is to call these.
            Self::Token | Self::Revocation | Self::Introspection => "POST",
            Self::Resource => "GET, HEAD, POST",
            Self::Metadata(_) => "GET, HEAD",
        }
    }

    /// What a request here is called in a decision; the metadata decide nothing.
    pub(crate) const fn kind(&self) -> Option<RequestKind> {
        match self {
            Self::Token => Some(RequestKind::Token),
            Self::Revocation => Some(RequestKind::Revocation),
            Self::Introspection => Some(RequestKind::Introspection),
            Self::Resource => Some(RequestKind::Resource),
            Self::Metadata(_) => None,
        }
    }

    /// Whether it answers `method`.
    pub(crate) fn allows(&self, method: &Method) -> bool {
        match self {
            Self::Token | Self::Revocation | Self::Introspection => *method == Method::POST,
            Self::Resource => [Method::GET, Method::HEAD, Method::POST].contains(method),
            Self::Metadata(_) => [Method::GET, Method::HEAD].contains(method),
        }
    }
}

/// An endpoint and the dialect of its mount.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) endpoint: Endpoint,
    pub(crate) dialect: Dialect,
}

/// All endpoints by path.
#[derive(Debug)]
pub(crate) struct Router(HashMap<EndpointPath, Route>);

/// Why mounts cannot stand together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidMounts {
    /// Two endpoints on one path.
    #[error("two endpoints stand at {0}")]
    DuplicatePath(String),
    /// The path of an issuer leads to no path of an endpoint.
    #[error("the metadata of issuer {0} has no valid path")]
    InvalidMetadataPath(String),
}

impl Router {
    pub(crate) fn new(mounts: Vec<Mount>) -> Result<Self, InvalidMounts> {
        let mut router = Self(HashMap::new());
        let first = mounts.iter().find(|mount| issuer_of(mount).is_some()).cloned();
        for mount in mounts {
            router.add_mount(mount)?;
        }
        // Last, so that it takes no path that another document has.
        if let Some((mount, issuer)) = first.as_ref().and_then(|mount| Some((mount, issuer_of(mount)?))) {
            router.add_at_root(issuer, mount);
        }
        Ok(router)
    }

    pub(crate) fn find(&self, path: &str) -> Option<&Route> {
        self.0.get(path)
    }

    fn add_mount(&mut self, mount: Mount) -> Result<(), InvalidMounts> {
        if let Some(issuer) = issuer_of(&mount) {
            let path = EndpointPath::parse(&issuer.metadata_path())
                .map_err(|InvalidEndpointPath| InvalidMounts::InvalidMetadataPath(issuer.as_str().to_owned()))?;
            self.add(path, Endpoint::Metadata(Metadata::of(issuer, &mount)), &mount.dialect)?;
        }
        self.add(mount.token, Endpoint::Token, &mount.dialect)?;
        let optional = [
            (mount.revoke, Endpoint::Revocation),
            (mount.introspect, Endpoint::Introspection),
            (mount.resource, Endpoint::Resource),
        ];
        for (path, endpoint) in optional {
            if let Some(path) = path {
                self.add(path, endpoint, &mount.dialect)?;
            }
        }
        Ok(())
    }

    /// The document of the first issuer stands at the root as well: clients that do not insert the path of an issuer
    /// (RFC 8414 §3.1) look there.
    fn add_at_root(&mut self, issuer: &Issuer, mount: &Mount) {
        if let Ok(root) = EndpointPath::parse(WELL_KNOWN) {
            let endpoint = Endpoint::Metadata(Metadata::of(issuer, mount));
            self.0.entry(root).or_insert_with(|| Route { endpoint, dialect: mount.dialect.clone() });
        }
    }

    fn add(&mut self, path: EndpointPath, endpoint: Endpoint, dialect: &Dialect) -> Result<(), InvalidMounts> {
        match self.0.entry(path) {
            Entry::Occupied(taken) => Err(InvalidMounts::DuplicatePath(taken.key().as_str().to_owned())),
            Entry::Vacant(free) => {
                free.insert(Route { endpoint, dialect: dialect.clone() });
                Ok(())
            }
        }
    }
}

/// The issuer whose metadata a mount publishes.
const fn issuer_of(mount: &Mount) -> Option<&Issuer> {
    match &mount.dialect {
        Dialect::Rfc6749 { issuer } => issuer.as_ref(),
        Dialect::Payu | Dialect::PartnerJson(_) | Dialect::Wso2 => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> EndpointPath {
        EndpointPath::parse(text).unwrap()
    }

    fn kind(router: &Router, path: &str) -> Option<&'static str> {
        router.find(path).map(|route| match route.endpoint {
            Endpoint::Token => "token",
            Endpoint::Revocation => "revocation",
            Endpoint::Introspection => "introspection",
            Endpoint::Resource => "resource",
            Endpoint::Metadata(_) => "metadata",
        })
    }

    #[test]
    fn finds_endpoints_by_their_exact_path() {
        let issuer = Some(Issuer::parse("https://as.example").unwrap());
        let mount = Mount {
            revoke: Some(path("/revoke")),
            introspect: Some(path("/introspect")),
            resource: Some(path("/resource")),
            ..Mount::new(Dialect::Rfc6749 { issuer }, path("/token"))
        };
        let router = Router::new(vec![mount, Mount::new(Dialect::Payu, path("/oauth/token"))]).unwrap();
        assert_eq!(kind(&router, "/token"), Some("token"));
        assert_eq!(kind(&router, "/oauth/token"), Some("token"));
        assert_eq!(kind(&router, "/revoke"), Some("revocation"));
        assert_eq!(kind(&router, "/introspect"), Some("introspection"));
        assert_eq!(kind(&router, "/resource"), Some("resource"));
        assert_eq!(kind(&router, "/.well-known/oauth-authorization-server"), Some("metadata"));
        for other in ["", "/", "/token/", "/Token", "/token?x", "/%74oken", "token"] {
            assert_eq!(kind(&router, other), None, "{other}");
        }
    }

    #[test]
    fn the_metadata_of_an_issuer_with_a_path_stands_at_the_root_too() {
        let issuer = Some(Issuer::parse("https://as.example/tenant").unwrap());
        let router = Router::new(vec![Mount::new(Dialect::Rfc6749 { issuer }, path("/token"))]).unwrap();
        assert_eq!(kind(&router, "/.well-known/oauth-authorization-server/tenant"), Some("metadata"));
        assert_eq!(kind(&router, "/.well-known/oauth-authorization-server"), Some("metadata"));
        let mount = |issuer, at| Mount::new(Dialect::Rfc6749 { issuer: Issuer::parse(issuer).ok() }, path(at));
        let both = vec![mount("https://as.example/tenant", "/a"), mount("https://as.example", "/b")];
        assert!(Router::new(both).is_ok(), "a later issuer has the root for itself");
    }

    #[test]
    fn what_is_allowed_is_what_is_answered() {
        let issuer = Issuer::parse("https://as.example").unwrap();
        let mount = Mount::new(Dialect::Rfc6749 { issuer: None }, path("/token"));
        let metadata = Endpoint::Metadata(Metadata::of(&issuer, &mount));
        let all = [Endpoint::Token, Endpoint::Revocation, Endpoint::Introspection, Endpoint::Resource, metadata];
        for endpoint in &all {
            for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "post", "X"] {
                let listed = endpoint.methods().split(", ").any(|allowed| allowed == method);
                assert_eq!(endpoint.allows(&method.parse().unwrap()), listed, "{endpoint:?} {method}");
            }
        }
    }

    #[test]
    fn refuses_two_endpoints_on_one_path() {
        let payu = || Mount::new(Dialect::Payu, path("/token"));
        let duplicate = InvalidMounts::DuplicatePath("/token".to_owned());
        assert_eq!(Router::new(vec![payu(), payu()]).err(), Some(duplicate.clone()));
        let mount = Mount { revoke: Some(path("/token")), ..payu() };
        assert_eq!(Router::new(vec![mount]).err(), Some(duplicate));
        let issuer = Some(Issuer::parse("https://as.example").unwrap());
        let rfc = |at| Mount::new(Dialect::Rfc6749 { issuer: issuer.clone() }, path(at));
        assert!(Router::new(vec![rfc("/a"), rfc("/b")]).is_err(), "two mounts of one issuer");
    }
}
