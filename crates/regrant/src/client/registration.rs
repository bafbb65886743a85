//! The registration of a client. RFC 6749 §2.

use alloc::vec::Vec;

use serde::Serialize;
use thiserror::Error;

use super::{ClientId, ClientSecretDigest, InvalidPolicy, Policy, Rotation};
use crate::scope::Scope;

/// A client, as the host registered it.
///
/// [`Client::public`] and [`Client::confidential`] ask for what has no safe default; everything else starts with the
/// least: no grant, no scope, no right to introspect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    id: ClientId,
    authentication: ClientAuthentication,
    policy: Policy,
    /// The grants that the client may use.
    pub grants: GrantTypes,
    /// The scope that the client may ask for.
    pub scope: Scope,
    /// What the client may introspect. A public client may never.
    pub introspection: IntrospectionRight,
    /// A client that is not enabled is refused like an unknown one, and all its tokens are inactive.
    pub enabled: bool,
    /// A grant with a smaller epoch than its client's has ended. Raise it to end all older grants at once.
    pub grant_epoch: u64,
}

impl Client {
    /// The most secrets of one client, expired ones included.
    pub const MAX_SECRETS: usize = 8;

    /// A client that cannot keep a secret: its method is `none` (RFC 6749 §2.1).
    pub fn public(id: ClientId) -> Self {
        Self::new(id, ClientAuthentication::None)
    }

    /// A client that authenticates with a secret.
    ///
    /// # Errors
    /// No method, no secret, an empty secret, or more than [`Client::MAX_SECRETS`].
    pub fn confidential(
        id: ClientId,
        methods: SecretMethods,
        secrets: Vec<ClientSecretDigest>,
    ) -> Result<Self, InvalidClient> {
        // N-031: an empty secret could be omitted, and then a name alone would authenticate.
        if secrets.iter().any(ClientSecretDigest::is_of_nothing) {
            return Err(InvalidClient::EmptySecret);
        }
        match secrets.len() {
            0 => Err(InvalidClient::NoSecret),
            1..=Self::MAX_SECRETS if methods.basic || methods.post => {
                Ok(Self::new(id, ClientAuthentication::Secret { methods, secrets }))
            }
            1..=Self::MAX_SECRETS => Err(InvalidClient::NoMethod),
            _ => Err(InvalidClient::TooManySecrets),
        }
    }

    fn new(id: ClientId, authentication: ClientAuthentication) -> Self {
        Self {
            id,
            authentication,
            policy: Policy::default(),
            grants: GrantTypes::NONE,
            scope: Scope::empty(),
            introspection: IntrospectionRight::None,
            enabled: true,
            grant_epoch: 0,
        }
    }

    /// The same client under a policy of its own.
    ///
    /// # Errors
    /// A policy out of range, or a public client without rotation (N-112).
    pub fn with_policy(self, policy: Policy) -> Result<Self, InvalidPolicy> {
        policy.validate()?;
        if self.is_public() && policy.rotation == Rotation::Never {
            return Err(InvalidPolicy::PublicWithoutRotation);
        }
        Ok(Self { policy, ..self })
    }

    /// The identifier.
    pub const fn id(&self) -> &ClientId {
        &self.id
    }

    /// How the client proves who it is.
    pub const fn authentication(&self) -> &ClientAuthentication {
        &self.authentication
    }

    /// The rules of its grants.
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Whether the client has no secret.
    pub const fn is_public(&self) -> bool {
        matches!(self.authentication, ClientAuthentication::None)
    }
}

/// How a client proves who it is. A public client with a secret cannot be said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientAuthentication {
    /// `none`: it only names itself.
    None,
    /// A secret, by the methods that are switched on.
    Secret {
        /// The methods.
        methods: SecretMethods,
        /// All secrets; several may be live at once while one replaces another.
        secrets: Vec<ClientSecretDigest>,
    },
}

/// The ways to present a secret. RFC 6749 §2.3.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecretMethods {
    /// `client_secret_basic`: the `Authorization` header (N-025).
    pub basic: bool,
    /// `client_secret_post`: members of the form (N-026).
    pub post: bool,
}

impl SecretMethods {
    /// Both methods.
    pub const ALL: Self = Self { basic: true, post: true };
}

/// A grant that the token endpoint knows. RFC 6749 §4, §6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum GrantType {
    /// `refresh_token`, RFC 6749 §6.
    RefreshToken,
    /// `client_credentials`, RFC 6749 §4.4.
    ClientCredentials,
}

impl GrantType {
    /// Every grant that the engine knows.
    pub const ALL: [Self; 2] = [Self::RefreshToken, Self::ClientCredentials];

    /// The value of `grant_type`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RefreshToken => "refresh_token",
            Self::ClientCredentials => "client_credentials",
        }
    }

    /// The grant of that name, compared exactly (N-016). `password` is none (N-062).
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|grant| grant.as_str() == text)
    }
}

/// A set of grants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GrantTypes {
    refresh_token: bool,
    client_credentials: bool,
}

impl GrantTypes {
    /// The empty set.
    pub const NONE: Self = Self { refresh_token: false, client_credentials: false };
    /// Every grant that the engine knows.
    pub const ALL: Self = Self { refresh_token: true, client_credentials: true };

    /// The set and one more.
    #[must_use]
    pub const fn with(mut self, grant: GrantType) -> Self {
        match grant {
            GrantType::RefreshToken => self.refresh_token = true,
            GrantType::ClientCredentials => self.client_credentials = true,
        }
        self
    }

    /// Whether a grant is in the set.
    pub const fn contains(self, grant: GrantType) -> bool {
        match grant {
            GrantType::RefreshToken => self.refresh_token,
            GrantType::ClientCredentials => self.client_credentials,
        }
    }

    /// The grants of the set.
    pub fn iter(self) -> impl Iterator<Item = GrantType> {
        GrantType::ALL.into_iter().filter(move |grant| self.contains(*grant))
    }
}

impl FromIterator<GrantType> for GrantTypes {
    fn from_iter<I: IntoIterator<Item = GrantType>>(grants: I) -> Self {
        grants.into_iter().fold(Self::NONE, Self::with)
    }
}

/// Whose tokens a client may introspect. RFC 7662 §2.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum IntrospectionRight {
    /// Nobody's: every answer is `{"active":false}`.
    None,
    /// The tokens that were issued to itself.
    Own,
    /// Every access token, as a resource server needs it, and its own refresh tokens.
    Any,
}

impl IntrospectionRight {
    /// The word for it, in configurations and at rest.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Own => "own",
            Self::Any => "any",
        }
    }

    /// Reads a word; `None` for any other.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::None, Self::Own, Self::Any].into_iter().find(|known| known.as_str() == text)
    }
}

/// Why a registration is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidClient {
    /// A confidential client without a secret.
    #[error("a confidential client needs a secret")]
    NoSecret,
    /// A secret that is the empty text.
    #[error("a client secret is not empty")]
    EmptySecret,
    /// A confidential client without a method.
    #[error("a confidential client needs client_secret_basic or client_secret_post")]
    NoMethod,
    /// More than [`Client::MAX_SECRETS`].
    #[error("a client has at most 8 secrets")]
    TooManySecrets,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id() -> ClientId {
        ClientId::parse("app").unwrap()
    }

    #[test]
    fn n_112_a_public_client_always_rotates() {
        let policy = Policy { rotation: Rotation::Never, ..Policy::default() };
        assert_eq!(Client::public(id()).with_policy(policy), Err(InvalidPolicy::PublicWithoutRotation));
        let secrets = alloc::vec![ClientSecretDigest::of("s")];
        let client = Client::confidential(id(), SecretMethods::ALL, secrets).unwrap();
        assert!(client.with_policy(policy).is_ok());
    }

    #[test]
    fn the_number_of_secrets_is_bounded() {
        let register =
            |count| Client::confidential(id(), SecretMethods::ALL, alloc::vec![ClientSecretDigest::of("s"); count]);
        assert_eq!(register(0), Err(InvalidClient::NoSecret));
        assert!(register(Client::MAX_SECRETS).is_ok());
        assert_eq!(register(Client::MAX_SECRETS + 1), Err(InvalidClient::TooManySecrets));
    }

    #[test]
    fn a_secret_needs_a_method_by_which_it_can_be_sent() {
        let register = |basic, post| {
            let secrets = alloc::vec![ClientSecretDigest::of("s")];
            Client::confidential(id(), SecretMethods { basic, post }, secrets)
        };
        assert_eq!(register(false, false), Err(InvalidClient::NoMethod));
        assert!(register(true, false).is_ok() && register(false, true).is_ok());
    }

    #[test]
    fn n_031_an_empty_secret_cannot_be_registered() {
        let secrets = alloc::vec![ClientSecretDigest::of("s"), ClientSecretDigest::of("")];
        assert_eq!(Client::confidential(id(), SecretMethods::ALL, secrets), Err(InvalidClient::EmptySecret));
    }

    #[test]
    fn policies_are_bounded_at_both_ends() {
        for (max, good) in [(0, false), (1, true), (1024, true), (1025, false)] {
            assert_eq!(Policy { max_access_tokens: max, ..Policy::default() }.validate().is_ok(), good, "{max}");
        }
        let second = core::time::Duration::from_secs(1);
        let short = core::time::Duration::from_millis(999);
        assert!(Policy { access_token_lifetime: second, ..Policy::default() }.validate().is_ok());
        assert!(Policy { refresh_idle_lifetime: short, ..Policy::default() }.validate().is_err());
        assert!(Policy { grant_lifetime: Some(short), ..Policy::default() }.validate().is_err());
        let (day, more) = (core::time::Duration::from_hours(24), core::time::Duration::from_millis(86_400_001));
        assert!(Policy { retry_window: day, ..Policy::default() }.validate().is_ok());
        assert!(Policy { retry_window: more, ..Policy::default() }.validate().is_err());
    }
}
