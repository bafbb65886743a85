//! Clients as a vector registers them.

use crate::policy::Policy;
use serde::{Deserialize, Serialize};
use toml::value::Datetime;

/// A secret of a client, in one of the forms that the configuration file knows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Secret {
    /// The secret itself.
    Text(String),
    /// The secret itself, with an optional end of its life.
    Plain {
        /// The secret.
        plain: String,
        /// From this moment on the secret is no longer accepted.
        #[serde(skip_serializing_if = "Option::is_none")]
        expires_at: Option<Datetime>,
    },
    /// The SHA-256 digest of the secret's UTF-8 text, in hex.
    Digest {
        /// 64 hex digits.
        sha256: String,
        /// From this moment on the secret is no longer accepted.
        #[serde(skip_serializing_if = "Option::is_none")]
        expires_at: Option<Datetime>,
    },
}

impl Secret {
    /// The end of its life in seconds since 1970; read as UTC, whatever its offset; `None` where it has none.
    pub fn expires_at_seconds(&self) -> Option<u64> {
        match self {
            Self::Text(_) => None,
            Self::Plain { expires_at, .. } | Self::Digest { expires_at, .. } => unix_seconds(expires_at.as_ref()?),
        }
    }
}

/// Days are counted as in the proleptic Gregorian calendar with years that begin in March, so that a leap day comes last.
fn unix_seconds(time: &Datetime) -> Option<u64> {
    let (date, clock) = (time.date?, time.time?);
    let month = u64::from(date.month);
    let year = u64::from(date.year).checked_sub(u64::from(month <= 2))?;
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + u64::from(date.day).checked_sub(1)?;
    let days = (365 * year + year / 4 - year / 100 + year / 400 + day_of_year).checked_sub(719_468)?;
    let seconds = clock.second.map_or(0, u64::from);
    Some(days * 86_400 + u64::from(clock.hour) * 3_600 + u64::from(clock.minute) * 60 + seconds)
}

/// One registered client, complete.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Client {
    /// The client identifier.
    pub id: String,
    /// Its secrets; empty for a public client.
    pub secrets: Vec<Secret>,
    /// `client_secret_basic`, `client_secret_post`, or `none` alone.
    pub authentication: Vec<String>,
    /// The grant types it may use.
    pub grants: Vec<String>,
    /// What it may ask for, separated by spaces.
    pub scope: String,
    /// `own`, `any` or `none`.
    pub introspect: String,
    /// False: it cannot authenticate and its tokens are inactive.
    pub enabled: bool,
    /// Raising it ends every grant issued before.
    pub grant_epoch: u64,
    /// What differs from the policy of all clients.
    #[serde(skip_serializing_if = "Policy::is_empty")]
    pub policy: Policy,
}

impl Client {
    /// A confidential client that may authenticate by Basic and in the body, with both grant types.
    pub fn confidential(id: &str, secret: &str) -> Self {
        Self {
            secrets: vec![Secret::Text(secret.to_owned())],
            authentication: vec!["client_secret_basic".to_owned(), "client_secret_post".to_owned()],
            grants: vec!["refresh_token".to_owned(), "client_credentials".to_owned()],
            ..Self::public(id)
        }
    }

    /// A public client with the refresh grant.
    pub fn public(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            secrets: Vec::new(),
            authentication: vec!["none".to_owned()],
            grants: vec!["refresh_token".to_owned()],
            scope: "read write admin".to_owned(),
            introspect: "own".to_owned(),
            enabled: true,
            grant_epoch: 0,
            policy: Policy::default(),
        }
    }
}

/// What a vector changes about one client, or the client it adds.
///
/// For an id that is not registered yet a new client is made: confidential if `secret` or `secrets` is given, else public.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientChange {
    /// The client it is about.
    pub id: String,
    /// Take the client out of the registry.
    #[serde(default)]
    pub delete: bool,
    /// One secret in plain text, the short form of `secrets`.
    pub secret: Option<String>,
    /// Replaces [`Client::secrets`].
    pub secrets: Option<Vec<Secret>>,
    /// Replaces [`Client::authentication`].
    pub authentication: Option<Vec<String>>,
    /// Replaces [`Client::grants`].
    pub grants: Option<Vec<String>>,
    /// Replaces [`Client::scope`].
    pub scope: Option<String>,
    /// Replaces [`Client::introspect`].
    pub introspect: Option<String>,
    /// Replaces [`Client::enabled`].
    pub enabled: Option<bool>,
    /// Replaces [`Client::grant_epoch`].
    pub grant_epoch: Option<u64>,
    /// Laid over [`Client::policy`].
    pub policy: Option<Policy>,
}

impl ClientChange {
    /// Carries the change out on a registry.
    pub fn apply(&self, clients: &mut Vec<Client>) {
        if self.delete {
            clients.retain(|client| client.id != self.id);
        } else if let Some(client) = clients.iter_mut().find(|client| client.id == self.id) {
            self.overwrite(client);
        } else {
            let mut client = self.blank();
            self.overwrite(&mut client);
            clients.push(client);
        }
    }

    fn blank(&self) -> Client {
        if self.secret.is_some() || self.secrets.is_some() {
            Client::confidential(&self.id, "")
        } else {
            Client::public(&self.id)
        }
    }

    fn overwrite(&self, client: &mut Client) {
        if let Some(secret) = &self.secret {
            client.secrets = vec![Secret::Text(secret.clone())];
        }
        replace(&mut client.secrets, self.secrets.as_ref());
        replace(&mut client.authentication, self.authentication.as_ref());
        replace(&mut client.grants, self.grants.as_ref());
        replace(&mut client.scope, self.scope.as_ref());
        replace(&mut client.introspect, self.introspect.as_ref());
        replace(&mut client.enabled, self.enabled.as_ref());
        replace(&mut client.grant_epoch, self.grant_epoch.as_ref());
        if let Some(policy) = &self.policy {
            client.policy = client.policy.overlaid(policy);
        }
    }
}

fn replace<T: Clone>(slot: &mut T, with: Option<&T>) {
    if let Some(value) = with {
        *slot = value.clone();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_adds_alters_and_deletes() {
        let mut clients = vec![Client::confidential("web", "web-secret")];
        let disable = ClientChange { id: "web".into(), enabled: Some(false), ..ClientChange::default() };
        disable.apply(&mut clients);
        assert!(!clients[0].enabled);
        let add = ClientChange { id: "blog".into(), secret: Some("s".into()), ..ClientChange::default() };
        add.apply(&mut clients);
        assert_eq!(clients[1].secrets, vec![Secret::Text("s".into())]);
        let delete = ClientChange { id: "web".into(), delete: true, ..ClientChange::default() };
        delete.apply(&mut clients);
        assert_eq!(clients.len(), 1);
    }

    #[test]
    fn the_end_of_a_secret_in_seconds() {
        let ends = |text: &str| Secret::Plain { plain: "s".into(), expires_at: text.parse().ok() }.expires_at_seconds();
        assert_eq!(ends("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(ends("2000-02-29T12:30:01Z"), Some(951_827_401));
        assert_eq!(ends("2027-01-01T00:00:00Z"), Some(1_798_761_600));
        assert_eq!(Secret::Text("s".into()).expires_at_seconds(), None);
    }

    #[test]
    fn a_new_client_without_a_secret_is_public() {
        let mut clients = Vec::new();
        ClientChange { id: "phone".into(), ..ClientChange::default() }.apply(&mut clients);
        assert_eq!(clients[0].authentication, vec!["none".to_owned()]);
    }
}
