//! The name of the authorization server. RFC 8414 §2.

use std::fmt;
use std::net::IpAddr;

use http::Uri;

/// Where the metadata of an issuer without a path stands (RFC 8414 §3).
pub(crate) const WELL_KNOWN: &str = "/.well-known/oauth-authorization-server";

/// An issuer identifier: an `https` URL without query, fragment and user, kept as it was written.
///
/// Plain `http` is let through on a loopback host, where there is no wire to listen on (N-170).
#[derive(Clone, PartialEq, Eq)]
pub struct Issuer {
    text: String,
    origin: String,
    path: String,
}

/// A text that is no issuer identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an issuer is an https url without query and fragment, or an http url on a loopback host")]
pub struct InvalidIssuer;

impl Issuer {
    /// Reads an issuer.
    ///
    /// # Errors
    ///
    /// [`InvalidIssuer`] where `text` is not of the form above.
    pub fn parse(text: &str) -> Result<Self, InvalidIssuer> {
        // The URI type drops a fragment without a word, so both are looked for in the text.
        if text.contains(['?', '#', '@']) {
            return Err(InvalidIssuer);
        }
        let uri: Uri = text.parse().map_err(|_| InvalidIssuer)?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(InvalidIssuer);
        };
        if !(scheme == "https" || scheme == "http" && is_loopback(authority.host())) {
            return Err(InvalidIssuer);
        }
        Ok(Self {
            text: text.to_owned(),
            origin: format!("{scheme}://{authority}"),
            path: uri.path().trim_end_matches('/').to_owned(),
        })
    }

    /// The identifier as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Where the metadata stands: the well-known name goes between host and path (RFC 8414 §3).
    pub fn metadata_path(&self) -> String {
        format!("{WELL_KNOWN}{}", self.path)
    }

    /// The URL of an endpoint on the issuer's host.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Issuer").field(&self.text).finish()
    }
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || address.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_https_and_loopback() {
        // N-170
        for text in [
            "https://as.example",
            "https://as.example/",
            "https://as.example:8443/tenant",
            "http://127.0.0.1:8080",
            "http://127.9.9.9",
            "http://[::1]:1",
            "http://localhost:8080",
        ] {
            assert_eq!(Issuer::parse(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn refuses_everything_else() {
        // N-170
        for text in [
            "",
            "as.example",
            "/tenant",
            "http://as.example",
            "http://10.0.0.1",
            "ftp://as.example",
            "https://",
            "https://as.example?tenant=a",
            "https://as.example/#",
            "https://user@as.example",
            "https://as example",
        ] {
            assert_eq!(Issuer::parse(text), Err(InvalidIssuer), "{text}");
        }
    }

    #[test]
    fn the_metadata_stands_between_host_and_path() {
        let path = |text| Issuer::parse(text).unwrap().metadata_path();
        assert_eq!(path("https://as.example"), "/.well-known/oauth-authorization-server");
        assert_eq!(path("https://as.example/"), "/.well-known/oauth-authorization-server");
        assert_eq!(path("https://as.example/a/b/"), "/.well-known/oauth-authorization-server/a/b");
    }

    #[test]
    fn endpoints_stand_on_the_same_host() {
        let issuer = Issuer::parse("https://as.example:8443/tenant").unwrap();
        assert_eq!(issuer.url("/token"), "https://as.example:8443/token");
    }
}
