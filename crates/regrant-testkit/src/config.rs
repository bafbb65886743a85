//! A setup as the configuration file of a host that is its own process.

use crate::client::Client;
use crate::policy::Policy;
use crate::setup::Setup;
use serde::Serialize;
use std::collections::BTreeMap;

#[derive(Serialize)]
struct File<'a> {
    listen: &'a str,
    store: &'a str,
    issuer: &'a str,
    limits: Limits,
    policy: &'a Policy,
    mount: Vec<Mount<'a>>,
    client: &'a [Client],
}

#[derive(Serialize)]
struct Limits {
    body_bytes: u64,
    parameters: u64,
}

#[derive(Serialize)]
struct Mount<'a> {
    dialect: &'a str,
    token: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    revoke: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    introspect: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource: Option<&'a str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    partners: BTreeMap<String, &'a str>,
}

impl<'a> Mount<'a> {
    fn new(dialect: &'a str, token: &'a str) -> Self {
        Self { dialect, token, revoke: None, introspect: None, resource: None, partners: BTreeMap::new() }
    }
}

impl Setup {
    /// The configuration file of this setup: a free loopback port, the store at `store`, the four mounts that the vectors speak to.
    ///
    /// # Errors
    ///
    /// The serializer's, which for these types means that memory or a newer `toml` gave up.
    pub fn to_config_toml(&self, store: &str) -> Result<String, toml::ser::Error> {
        toml::to_string(&File {
            listen: "127.0.0.1:0",
            store,
            issuer: &self.issuer,
            limits: Limits { body_bytes: self.body_bytes, parameters: self.parameters },
            policy: &self.policy,
            mount: self.mounts(),
            client: &self.clients,
        })
    }

    fn mounts(&self) -> Vec<Mount<'_>> {
        let partners = self.partners.iter().map(|(number, client)| (number.to_string(), client.as_str())).collect();
        vec![
            Mount {
                revoke: Some("/revoke"),
                introspect: Some("/introspect"),
                resource: Some("/resource"),
                ..Mount::new("rfc6749", "/token")
            },
            Mount::new("payu", "/oauth/token"),
            Mount { partners, ..Mount::new("partner_json", "/v1/auth/token") },
            Mount { revoke: Some("/wso2/revoke"), ..Mount::new("wso2", "/wso2/token") },
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::{ClientChange, Secret};
    use crate::policy::Span;

    fn rendered() -> toml::Table {
        let mut setup = Setup::fixtures();
        setup.change(&[ClientChange {
            id: "web".into(),
            secrets: Some(vec![Secret::Plain { plain: "old".into(), expires_at: "2020-01-01T00:00:00Z".parse().ok() }]),
            policy: Some(Policy { retry_window: Some(Span::seconds(30)), ..Policy::default() }),
            ..ClientChange::default()
        }]);
        setup.to_config_toml("sqlite:x.db").unwrap().parse().unwrap()
    }

    #[test]
    fn the_file_has_four_mounts_and_the_store_given() {
        let table = rendered();
        assert_eq!(table["store"].as_str(), Some("sqlite:x.db"));
        assert_eq!(table["listen"].as_str(), Some("127.0.0.1:0"));
        let mounts = table["mount"].as_array().unwrap();
        let dialects: Vec<_> = mounts.iter().filter_map(|mount| mount["dialect"].as_str()).collect();
        assert_eq!(dialects, ["rfc6749", "payu", "partner_json", "wso2"]);
        assert_eq!(mounts[2]["partners"]["42"].as_str(), Some("p42"));
    }

    #[test]
    fn an_override_and_an_expiry_reach_the_file() {
        let table = rendered();
        let web = &table["client"].as_array().unwrap()[0];
        assert_eq!(web["policy"]["retry_window"].as_str(), Some("30s"));
        assert!(web["secrets"][0]["expires_at"].is_datetime());
        assert_eq!(table["policy"]["retry_window"].as_str(), Some("0s"));
    }
}
