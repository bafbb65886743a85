//! Clients: who they are, what they may do, how they prove it. RFC 6749 §2.

mod authentication;
mod credentials;
mod id;
mod overrides;
mod policy;
mod record;
mod registration;
mod secret;

pub use authentication::AuthenticatedClient;
pub(crate) use authentication::{Claim, authenticate};
pub use credentials::{AuthorizationHeader, Credentials};
pub use id::{ClientId, InvalidClientId};
pub use overrides::{GrantLifetime, PolicyOverrides};
pub use policy::{InvalidPolicy, OnReplay, Policy, PreviousAccessToken, Rotation};
pub use record::{ClientRecord, UnrotatableSecret, decode_secrets, encode_secrets};
pub use registration::{
    Client, ClientAuthentication, GrantType, GrantTypes, IntrospectionRight, InvalidClient, SecretMethods,
};
pub use secret::{ClientSecret, ClientSecretDigest};
