//! An embeddable OAuth 2.0 grant engine. It decides what a token endpoint answers, and does nothing else.
//!
//! One sentence holds the design:
//!
//! > Every OAuth grant is one record and one pure state machine; every request is one load and one compare-and-swap.
//!
//! A *grant* is one authorization of one client, with every refresh token and access token that flows from it. The
//! engine loads its record, decides, and commits the next version of it. You bring the storage ([`TokenStore`], two
//! verbs), the clients ([`ClientStore`]), a clock and a random source ([`Host`]). The crate is `no_std` with `alloc`;
//! it opens no file and no socket.
//!
//! It covers client authentication, the grants `refresh_token` and `client_credentials`, rotation, idempotent retry,
//! replay, revocation (RFC 7009), introspection (RFC 7662) and the check of a bearer token (RFC 6750).
//!
//! # Who should not use it
//!
//! - Whoever wants a login page, a table of users or a consent screen. The engine begins where the user is known: a
//!   host that has authenticated somebody calls [`Engine::issue`].
//! - Whoever needs authorization codes, device codes, token exchange, or tokens that are bound to a key (RFC 8705,
//!   RFC 9449). None of these is built.
//! - Whoever needs access tokens that a resource server checks offline, such as JWTs. These are opaque: it asks by
//!   introspection, or it shares the store.
//! - Whoever wants to call somebody else's OAuth server. That takes a client library; this is the server's side.
//!
//! HTTP is not here either: the crate `regrant-http` reads requests and writes answers, behind any framework.
//!
//! # The life of a grant
//!
//! The store in this example is a whole one. All it lacks is that nothing outlives the process.
//!
//! ```
//! use std::collections::BTreeMap;
//! use std::collections::btree_map::Entry;
//! use std::convert::Infallible;
//! use std::sync::{Mutex, PoisonError};
//! use std::time::UNIX_EPOCH;
//!
//! use regrant::{
//!     Change, Client, ClientId, CommitOutcome, Credentials, Engine, Grant, GrantId, GrantTypes, Host, IssueRequest,
//!     Pepper, Reason, Rules, Scope, StaticClients, SystemEntropy, Timestamp, TokenEncoding, TokenRequest, TokenStore,
//! };
//!
//! struct Grants(Mutex<BTreeMap<GrantId, Grant>>);
//!
//! impl TokenStore for Grants {
//!     type Error = Infallible;
//!
//!     fn load(&self, id: &GrantId) -> Result<Option<Grant>, Infallible> {
//!         Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned())
//!     }
//!
//!     fn commit(&self, change: Change) -> Result<CommitOutcome, Infallible> {
//!         let mut grants = self.0.lock().unwrap_or_else(PoisonError::into_inner);
//!         let place = grants.entry(change.grant_id());
//!         match (change, place) {
//!             (Change::Insert(grant), Entry::Vacant(place)) => _ = place.insert(grant),
//!             (Change::Replace { expected, grant, .. }, Entry::Occupied(mut place))
//!                 if place.get().revision() == expected => drop(place.insert(grant)),
//!             (Change::End { at, reason, .. }, Entry::Occupied(mut place)) => place.get_mut().end(at, reason),
//!             _ => return Ok(CommitOutcome::Conflict),
//!         }
//!         Ok(CommitOutcome::Committed)
//!     }
//! }
//!
//! // A public client that may refresh, and what the host lends the engine.
//! let id = ClientId::parse("app")?;
//! let mut app = Client::public(id.clone());
//! app.grants = GrantTypes::ALL;
//! app.scope = Scope::parse("read write")?;
//! let clock = || Timestamp::EPOCH.after(UNIX_EPOCH.elapsed().unwrap_or_default());
//! let rules = Rules::new(Pepper::new(vec![7; 32])?); // a real host keeps 32 random bytes for this
//! let grants = Grants(Mutex::default());
//! let engine = Engine::new(grants, StaticClients::new([app])?, rules, Host::new(clock, SystemEntropy));
//!
//! // The host has authenticated a user: a grant begins.
//! let issued = engine.issue(IssueRequest::new(id, Scope::parse("read write")?))?;
//! let first = issued.success().and_then(|reply| reply.refresh_token).ok_or("refused")?;
//! let first = first.expose(TokenEncoding::Base64Url);
//! assert_eq!(first.len(), 86);
//!
//! // A refresh, as a wire form would hand it over. It rotates the refresh token.
//! let refresh = |token| {
//!     engine.token(TokenRequest {
//!         credentials: Credentials { client_id: Some("app"), ..Credentials::default() },
//!         grant_type: Some("refresh_token"),
//!         refresh_token: Some(token),
//!         scope: None,
//!     })
//! };
//! let second = refresh(&first)?.success().and_then(|reply| reply.refresh_token).ok_or("refused")?;
//! let second = second.expose(TokenEncoding::Base64Url);
//! assert_ne!(second, first);
//!
//! // The answer was lost on its way? The same request gives the same successor.
//! let again = refresh(&first)?.success().and_then(|reply| reply.refresh_token).ok_or("refused")?;
//! assert_eq!(again.expose(TokenEncoding::Base64Url), second);
//!
//! // Once the successor is in use, the old token is of no use to anybody.
//! refresh(&second)?.success().ok_or("refused")?;
//! assert_eq!(refresh(&first)?.refusal().map(|refusal| refusal.reason), Some(Reason::SuccessorInUse));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Ten seconds later, by default, the same request is a *replay*: it is refused, and the grant ends.
//!
//! # Four ideas
//!
//! **A refusal is a value, with its writes.** A replay must end the grant *and* answer `invalid_grant`. So a refusal is
//! a [`Reply`], never an `Err`. An [`EngineError`] means that the server broke: a store, the random source, the pepper.
//!
//! **The answer is sealed until its commit is known.** [`exchange`] holds the steps of one request. No method of theirs
//! gives out a token before the store has answered.
//!
//! **Only digests are stored.** A record holds SHA-256 digests of its tokens, and no token. An idempotent retry derives
//! the same successor again, from the token that the client presents, a salt of the record, and the [`Pepper`] that the
//! host keeps outside the store.
//!
//! **State does not grow with use.** A record lists the live access tokens and at most four spent secrets, however
//! often it was refreshed. A replay of its very first refresh token is recognised all the same, by the lineage that all
//! refresh tokens of one grant carry.
//!
//! # The modules
//!
//! | module | what it holds |
//! |---|---|
//! | `request` | what can be asked: [`TokenRequest`] and its four siblings |
//! | `client` | registrations, their [`Policy`], and the only way to an [`AuthenticatedClient`] |
//! | `record` | the [`Grant`], and the codec of its lists ([`encode_tokens`], [`decode_tokens`]) |
//! | `token` | [`RefreshToken`] and [`AccessToken`], how they are written, drawn and derived |
//! | `scope` | [`Scope`], and [`NarrowedScope`], the only scope a new token can have |
//! | `decide` | the decisions: pure, total, no clock, no I/O. The order of all checks stands in [`Check`] |
//! | `answer` | what comes out: [`Reply`] for the client, [`Reason`] and [`Decision`] for the host |
//! | [`exchange`] | the typed steps of one request |
//! | `port` | what the engine asks of a host: the stores, [`Observer`], [`Throttle`], [`RevocationFeed`] |
//! | `engine` | two drivers of the same steps: [`Engine`] blocks, [`AsyncEngine`] is awaited |
//!
//! # Features
//!
//! `getrandom`, on by default, adds `SystemEntropy`, the random source of the operating system. Without it a host has
//! to bring an [`EntropySource`] of its own. A feature only ever adds API; none changes what is decided.
#![no_std]

extern crate alloc;

/// Runs the example of the guide for authors of stores.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/STORES.md")]
struct StoresGuide;

#[macro_use]
mod opaque;

mod answer;
mod client;
mod decide;
mod digest;
mod engine;
pub mod exchange;
mod port;
mod record;
mod request;
mod rules;
mod scope;
mod secret;
mod time;
mod token;

pub use answer::{
    Check, Decision, ErrorCode, Event, IntrospectedToken, Introspection, Outcome, Reason, Refusal, Reply, RequestKind,
    ResourceAccess, Scheme, TokenReply,
};
pub use client::{
    AuthenticatedClient, AuthorizationHeader, Client, ClientAuthentication, ClientId, ClientRecord, ClientSecret,
    ClientSecretDigest, Credentials, GrantLifetime, GrantType, GrantTypes, IntrospectionRight, InvalidClient,
    InvalidClientId, InvalidPolicy, OnReplay, Policy, PolicyOverrides, PreviousAccessToken, Rotation, SecretMethods,
    UnrotatableSecret, decode_secrets, encode_secrets,
};
pub use decide::Fault;
pub use digest::Digest;
pub use engine::{AsyncEngine, Engine, EngineError, EngineFault, Explanation, Host};
pub use exchange::{Exchange, Settled, Step};
pub use port::{
    Admission, AsyncClientStore, AsyncGrantManagement, AsyncTokenStore, Attempt, BoxError, BoxedAsyncClientStore,
    BoxedAsyncTokenStore, BoxedClientStore, BoxedTokenStore, Change, ClientStore, CommitOutcome, DuplicateClient,
    GrantFilter, GrantManagement, Inline, Observer, Revocation, RevocationFeed, RevocationSink, StaticClients,
    Throttle, TokenStore, end_all, end_all_async,
};
pub use record::{
    AccessEntry, Attributes, CorruptColumn, EndReason, Few, Grant, GrantId, GrantRow, GrantState, InvalidAttribute,
    InvalidRecord, InvalidSubject, MalformedGrantId, MalformedList, RefreshFamily, Retry, Revision, Spent, Subject,
    Terms, TokenLists, check_of_terms, check_of_tokens, decode_attributes, decode_tokens, encode_attributes,
    encode_tokens,
};
pub use request::{IntrospectionRequest, IssueRequest, Request, ResourceRequest, RevocationRequest, TokenRequest};
pub use rules::Rules;
pub use scope::{InvalidScope, NarrowedScope, Scope};
pub use secret::Secret;
pub use time::{Clock, Timestamp};
#[cfg(feature = "getrandom")]
pub use token::SystemEntropy;
pub use token::{
    AccessToken, Entropy, EntropyError, EntropySource, MalformedToken, Pepper, PresentedToken, RefreshToken,
    TokenEncoding, WeakPepper,
};
