//! The clients of the simulation: one for each policy that matters.

use core::time::Duration;

use regrant::{
    AuthorizationHeader, Client, ClientId, ClientSecretDigest, Credentials, GrantTypes, IntrospectionRight, OnReplay,
    Policy, PreviousAccessToken, Rotation, Scope, SecretMethods,
};

/// The scope of every grant.
pub(super) const SCOPE: &str = "read write admin";

/// How a client differs from the default.
pub(super) struct Profile {
    pub(super) name: &'static str,
    pub(super) secret: Option<&'static str>,
    policy: fn(Policy) -> Policy,
}

/// The clients that hold grants. The last one is a resource server and holds none.
pub(super) const PROFILES: [Profile; 9] = [
    Profile { name: "public-default", secret: None, policy: |policy| policy },
    Profile { name: "confidential-default", secret: Some("secret-1"), policy: |policy| policy },
    Profile { name: "confidential-strict", secret: Some("secret-2"), policy: strict },
    Profile { name: "public-generous", secret: None, policy: generous },
    Profile { name: "confidential-unrotated", secret: Some("secret-4"), policy: unrotated },
    Profile { name: "public-lenient", secret: None, policy: lenient },
    Profile { name: "confidential-short-lived", secret: Some("secret-6"), policy: short_lived },
    Profile { name: "public-strict-short-lived", secret: None, policy: |policy| strict(short_lived(policy)) },
    Profile { name: "resource-server", secret: Some("secret-8"), policy: |policy| policy },
];

/// The place of the resource server.
pub(super) const RESOURCE_SERVER: usize = PROFILES.len() - 1;

fn strict(mut policy: Policy) -> Policy {
    policy.retry_window = Duration::ZERO;
    policy
}

fn generous(mut policy: Policy) -> Policy {
    policy.retry_window = Duration::from_mins(1);
    policy.previous_access_token = PreviousAccessToken::Revoke;
    policy
}

fn unrotated(mut policy: Policy) -> Policy {
    policy.rotation = Rotation::Never;
    policy.max_access_tokens = 4;
    policy
}

fn lenient(mut policy: Policy) -> Policy {
    policy.on_replay = OnReplay::Reject;
    policy
}

fn short_lived(mut policy: Policy) -> Policy {
    policy.access_token_lifetime = Duration::from_secs(30);
    policy.refresh_idle_lifetime = Duration::from_mins(5);
    policy.grant_lifetime = Some(Duration::from_mins(30));
    policy.max_access_tokens = 3;
    policy
}

impl Profile {
    /// The registration. A profile that the engine would refuse cannot be run at all: `None`.
    pub(super) fn register(&self, resource_server: bool) -> Option<Client> {
        let id = ClientId::parse(self.name).ok()?;
        let client = match self.secret {
            Some(secret) => Client::confidential(id, SecretMethods::ALL, vec![ClientSecretDigest::of(secret)]).ok()?,
            None => Client::public(id),
        };
        let mut client = client.with_policy((self.policy)(Policy::default())).ok()?;
        client.grants = if resource_server { GrantTypes::NONE } else { GrantTypes::ALL };
        client.scope = Scope::parse(SCOPE).ok()?;
        client.introspection = if resource_server { IntrospectionRight::Any } else { IntrospectionRight::Own };
        Some(client)
    }

    /// What a request of this client proves itself with: in a header or in the form, as chance has it.
    pub(super) fn credentials(&self, in_header: bool) -> Credentials<'static> {
        let none = Credentials::default();
        match self.secret {
            Some(password) if in_header => {
                Credentials { header: AuthorizationHeader::Basic { user: self.name, password }, ..none }
            }
            Some(secret) => Credentials { client_id: Some(self.name), client_secret: Some(secret), ..none },
            None => Credentials { client_id: Some(self.name), ..none },
        }
    }
}

/// All registrations, in the order of [`PROFILES`].
pub(super) fn register() -> Vec<Client> {
    PROFILES.iter().enumerate().filter_map(|(n, profile)| profile.register(n == RESOURCE_SERVER)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_profile_can_be_registered() {
        assert_eq!(register().len(), PROFILES.len());
    }
}
