//! A client as a store keeps it.

use alloc::vec::Vec;

use thiserror::Error;

use super::{Client, ClientAuthentication, ClientSecretDigest, InvalidPolicy, Policy, PolicyOverrides};
use crate::digest::Digest;
use crate::time::Timestamp;

/// A client as it is stored: what it is, and where its policy differs from the host's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientRecord {
    /// The registration. Its policy says nothing: [`ClientRecord::overrides`] and the host's defaults make it.
    pub client: Client,
    /// What its policy has of its own.
    pub overrides: PolicyOverrides,
}

impl ClientRecord {
    /// A client that lives by the host's default policy.
    pub fn new(client: Client) -> Self {
        Self { client, overrides: PolicyOverrides::default() }
    }

    /// The client under its policy.
    ///
    /// # Errors
    /// A policy out of range, or a public client without rotation (N-112).
    pub fn under(self, defaults: &Policy) -> Result<Client, InvalidPolicy> {
        self.client.with_policy(self.overrides.over(defaults))
    }
}

/// Why a secret cannot be rotated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum UnrotatableSecret {
    /// A public client has none.
    #[error("a public client has no secret")]
    PublicClient,
    /// [`Client::MAX_SECRETS`] are still accepted.
    #[error("the client has as many secrets as a client can have")]
    TooMany,
}

impl Client {
    /// The client's secrets and one more. The others are refused from `until` on, or from an earlier end that they have
    /// already; those that have ended by `now` are left out.
    ///
    /// # Errors
    /// A public client, or too many secrets that are still accepted.
    pub fn rotated_secrets(
        &self,
        fresh: ClientSecretDigest,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<ClientSecretDigest>, UnrotatableSecret> {
        let ClientAuthentication::Secret { secrets, .. } = self.authentication() else {
            return Err(UnrotatableSecret::PublicClient);
        };
        let live = secrets.iter().filter(|secret| secret.is_live(now));
        let ending = live.map(|old| old.expiring_at(old.expires_at.map_or(until, |end| end.min(until))));
        let mut rotated: Vec<_> = ending.collect();
        if rotated.len() >= Self::MAX_SECRETS {
            return Err(UnrotatableSecret::TooMany);
        }
        rotated.push(fresh);
        Ok(rotated)
    }
}

/// The instant that stands for "never refused".
const NEVER: u64 = u64::MAX;

/// The stored form of a client's secrets: 40 bytes each, a digest and the instant from which it is refused, big-endian.
pub fn encode_secrets(secrets: &[ClientSecretDigest]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(secrets.len() * 40);
    for secret in secrets {
        bytes.extend_from_slice(secret.digest.as_bytes());
        bytes.extend_from_slice(&secret.expires_at.map_or(NEVER, Timestamp::unix_millis).to_be_bytes());
    }
    bytes
}

/// Reads the stored form of a client's secrets; `None` for what [`encode_secrets`] never wrote.
pub fn decode_secrets(bytes: &[u8]) -> Option<Vec<ClientSecretDigest>> {
    let (entries, rest) = bytes.as_chunks::<40>();
    if rest.is_empty() { entries.iter().map(secret).collect() } else { None }
}

fn secret(entry: &[u8; 40]) -> Option<ClientSecretDigest> {
    let (digest, expires_at) = (entry.first_chunk()?, u64::from_be_bytes(*entry.last_chunk()?));
    let end = Timestamp::from_unix_millis(expires_at);
    let expires_at = match expires_at {
        NEVER => None,
        millis if end.unix_millis() == millis => Some(end),
        _ => return None,
    };
    Some(ClientSecretDigest { digest: Digest::from_bytes(*digest), expires_at })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_come_back_as_they_were_and_nothing_else_is_read() {
        let forever = ClientSecretDigest::of("one");
        let ending = ClientSecretDigest::of("two").expiring_at(Timestamp::from_unix_seconds(7));
        let bytes = encode_secrets(&[forever, ending]);
        assert_eq!((bytes.len(), decode_secrets(&bytes)), (80, Some([forever, ending].to_vec())));
        assert_eq!(decode_secrets(&[]), Some(Vec::new()));
        let mut beyond = [0; 40];
        beyond[32..].copy_from_slice(&(u64::MAX - 1).to_be_bytes());
        assert_eq!(decode_secrets(&beyond), None);
        assert_eq!(decode_secrets(&bytes[..79]), None);
    }
}
