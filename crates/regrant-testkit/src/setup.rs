//! What a host must be before a vector runs: policy, limits, mounts, clients.

use crate::client::{Client, ClientChange};
use crate::policy::{Policy, Span};
use std::collections::BTreeMap;

/// The scopes of every fixture client.
pub const FIXTURE_SCOPE: &str = "read write admin";

/// The whole configuration of a host for one vector.
///
/// It starts from the fixtures (see [`Setup::fixtures`]); a vector changes what it needs.
/// [`Setup::to_config_toml`](crate::Setup::to_config_toml) writes it as the host's configuration file.
#[derive(Debug, Clone, PartialEq)]
pub struct Setup {
    /// The issuer identifier in the metadata document.
    pub issuer: String,
    /// Largest request body, in bytes.
    pub body_bytes: u64,
    /// Most parameters of one request.
    pub parameters: u64,
    /// The policy of every client.
    pub policy: Policy,
    /// The registered clients.
    pub clients: Vec<Client>,
    /// The partner numbers of the partner dialect, each with its client.
    pub partners: BTreeMap<i32, String>,
}

impl Setup {
    /// The clients that every vector may count on, and a strict policy (`retry_window = "0s"`, all else as the host has it).
    ///
    /// | client | kind |
    /// |---|---|
    /// | `web` / `web-secret`, `web2` / `web2-secret` | confidential, Basic and body, refresh and client credentials |
    /// | `app`, `app2` | public |
    /// | `rs` / `rs-secret` | a resource server: may introspect any token |
    /// | `p42` | public, the client of partner 42 |
    ///
    /// Each may ask for [`FIXTURE_SCOPE`].
    pub fn fixtures() -> Self {
        let rs = Client {
            introspect: "any".to_owned(),
            grants: vec!["client_credentials".to_owned()],
            ..Client::confidential("rs", "rs-secret")
        };
        Self {
            issuer: "http://127.0.0.1:8080".to_owned(),
            body_bytes: 65_536,
            parameters: 100,
            policy: Policy { retry_window: Some(Span::seconds(0)), ..Policy::default() },
            clients: vec![
                Client::confidential("web", "web-secret"),
                Client::confidential("web2", "web2-secret"),
                Client::public("app"),
                Client::public("app2"),
                rs,
                Client::public("p42"),
            ],
            partners: BTreeMap::from([(42, "p42".to_owned())]),
        }
    }

    /// Carries changes of clients out, in order.
    pub fn change(&mut self, changes: &[ClientChange]) {
        for change in changes {
            change.apply(&mut self.clients);
        }
    }

    /// The client with this id.
    pub fn client(&self, id: &str) -> Option<&Client> {
        self.clients.iter().find(|client| client.id == id)
    }

    /// The policy that holds for one client: its overrides laid over the policy of all.
    pub fn policy_of(&self, id: &str) -> Policy {
        match self.client(id) {
            Some(client) => self.policy.overlaid(&client.policy),
            None => self.policy.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fixtures_are_strict_about_replays() {
        let setup = Setup::fixtures();
        assert_eq!(setup.policy_of("web").retry_window, Some(Span::seconds(0)));
        assert_eq!(setup.partners.get(&42).map(String::as_str), Some("p42"));
        assert!(setup.client("p42").is_some());
    }
}
