//! Client authentication. RFC 6749 §2.3, §3.2.1.

use alloc::sync::Arc;
use core::fmt;

use subtle::{Choice, ConstantTimeEq};

use super::{AuthorizationHeader, Client, ClientAuthentication, ClientId, ClientSecretDigest, Credentials};
use crate::answer::{Reason, Scheme};
use crate::digest::Digest;
use crate::request::given;
use crate::time::Timestamp;

/// A client that proved who it is. Only a successful authentication makes one.
#[derive(Clone, Debug)]
pub struct AuthenticatedClient(Arc<Client>);

impl AuthenticatedClient {
    /// The client that a host answers for itself, when it starts a grant for a user it authenticated.
    pub(crate) fn vouched_for_by_host(client: Arc<Client>) -> Self {
        Self(client)
    }
}

impl core::ops::Deref for AuthenticatedClient {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.0
    }
}

/// Who a request claims to come from: one identifier and at most one mechanism.
#[derive(Debug)]
pub struct Claim<'a> {
    pub(crate) id: Option<ClientId>,
    pub(crate) method: ClaimMethod<'a>,
    pub(crate) origin: Option<&'a str>,
    scheme: Scheme,
    named: bool,
}

/// The mechanism of a claim.
#[derive(Clone, Copy)]
pub(crate) enum ClaimMethod<'a> {
    None,
    Basic(&'a str),
    Post(&'a str),
    MalformedBasic,
    Unsupported,
}

impl fmt::Debug for ClaimMethod<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Basic(_) => "Basic(…)",
            Self::Post(_) => "Post(…)",
            Self::MalformedBasic => "MalformedBasic",
            Self::Unsupported => "Unsupported",
        })
    }
}

impl<'a> Claim<'a> {
    /// Sorts the credentials of a request out.
    ///
    /// More than one mechanism, or two identifiers that differ, are refused here (N-023, N-045).
    pub(crate) fn read(credentials: &Credentials<'a>) -> Result<Self, Reason> {
        use AuthorizationHeader as Header;
        let Credentials { header, client_id, client_secret, origin } = *credentials;
        let (client_id, client_secret) = (given(client_id), given(client_secret));
        let (method, scheme, id) = match (header, client_secret) {
            (Header::Absent, Some(secret)) => (ClaimMethod::Post(secret), Scheme::None, client_id),
            (Header::Absent, None) => (ClaimMethod::None, Scheme::None, client_id),
            (Header::Repeated, None) | (_, Some(_)) => return Err(Reason::MultipleMechanisms),
            (Header::Basic { user, .. }, None) if client_id.is_some_and(|id| id != user) => {
                return Err(Reason::ClientIdMismatch);
            }
            (Header::Basic { user, password }, None) => (ClaimMethod::Basic(password), Scheme::Basic, Some(user)),
            (Header::MalformedBasic, None) => (ClaimMethod::MalformedBasic, Scheme::Basic, None),
            (Header::Bearer, None) => (ClaimMethod::Unsupported, Scheme::Bearer, None),
            (Header::Other, None) => (ClaimMethod::Unsupported, Scheme::Other, None),
        };
        let parsed = id.and_then(|id| ClientId::parse(id).ok());
        Ok(Self { id: parsed, method, origin, scheme, named: id.is_some() })
    }

    /// The scheme of the `Authorization` header that was used: a challenge answers in it (N-035).
    pub(crate) const fn scheme(&self) -> Scheme {
        self.scheme
    }
}

/// Checks a claim against the client of that name.
///
/// A failure costs the same work whatever its cause (N-038): the presented secret is hashed and compared with
/// [`Client::MAX_SECRETS`] digests, those that the client lacks being dummies.
pub(crate) fn authenticate(
    claim: &Claim<'_>,
    client: Option<Arc<Client>>,
    now: Timestamp,
) -> Result<AuthenticatedClient, Reason> {
    let matched = secret_matches(claim, client.as_deref(), now);
    match claim.method {
        ClaimMethod::MalformedBasic => return Err(Reason::MalformedCredentials),
        ClaimMethod::Unsupported => return Err(Reason::UnsupportedAuthentication),
        ClaimMethod::None | ClaimMethod::Basic(_) | ClaimMethod::Post(_) => {}
    }
    if !claim.named {
        return Err(Reason::NoCredentials);
    }
    if claim.id.is_none() {
        return Err(Reason::MalformedCredentials);
    }
    let client = client.ok_or(Reason::UnknownClient)?;
    method_allowed(&claim.method, client.authentication())?;
    if !client.is_public() && !bool::from(matched) {
        return Err(Reason::WrongSecret);
    }
    if client.enabled { Ok(AuthenticatedClient(client)) } else { Err(Reason::ClientDisabled) }
}

/// Whether the method that was used is one that the client may use.
fn method_allowed(method: &ClaimMethod<'_>, authentication: &ClientAuthentication) -> Result<(), Reason> {
    match (authentication, method) {
        (ClientAuthentication::None, ClaimMethod::None) => Ok(()),
        // N-041: credentials that are present must be verified, and a public client has none that could be.
        (ClientAuthentication::None, _) => Err(Reason::SecretFromPublicClient),
        // N-021: the identifier alone authenticates nobody.
        (ClientAuthentication::Secret { .. }, ClaimMethod::None) => Err(Reason::MissingSecret),
        (ClientAuthentication::Secret { methods, .. }, ClaimMethod::Basic(_)) if methods.basic => Ok(()),
        (ClientAuthentication::Secret { methods, .. }, ClaimMethod::Post(_)) if methods.post => Ok(()),
        // N-030: a method that is switched off is none.
        (ClientAuthentication::Secret { .. }, _) => Err(Reason::MethodNotRegistered),
    }
}

/// Compares the presented secret with every secret of the client, live or not, and with dummies for the rest.
fn secret_matches(claim: &Claim<'_>, client: Option<&Client>, now: Timestamp) -> Choice {
    const DUMMY: ClientSecretDigest =
        ClientSecretDigest { digest: Digest::from_bytes([0; 32]), expires_at: Some(Timestamp::EPOCH) };
    let presented = match claim.method {
        ClaimMethod::Basic(secret) | ClaimMethod::Post(secret) => secret,
        ClaimMethod::None | ClaimMethod::MalformedBasic | ClaimMethod::Unsupported => "",
    };
    let presented = Digest::sha256(presented.as_bytes());
    let registered = match client.map(Client::authentication) {
        Some(ClientAuthentication::Secret { secrets, .. }) => secrets.as_slice(),
        Some(ClientAuthentication::None) | None => &[],
    };
    let slots = registered.iter().chain(core::iter::repeat(&DUMMY)).take(Client::MAX_SECRETS);
    slots.fold(Choice::from(0), |matched, slot| {
        matched | (slot.digest.ct_eq(&presented) & Choice::from(u8::from(slot.is_live(now))))
    })
}
