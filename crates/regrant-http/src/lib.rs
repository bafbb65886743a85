//! The wire of regrant in `http` types: requests in, answers out. No framework, no runtime, no I/O.
//!
//! The engine in `regrant` decides; this crate reads what a client sent and writes what it gets. A [`Service`] is a list
//! of [`Mount`]s, each of which speaks one [`Dialect`] of the same engine:
//!
//! | dialect | request | failures |
//! |---|---|---|
//! | [`Rfc6749`](Dialect::Rfc6749) | form; Basic, post or none | 400, 401 with a challenge |
//! | [`Payu`](Dialect::Payu) | form; tokens in hex | 401 for every error, the vendor's texts |
//! | [`PartnerJson`](Dialect::PartnerJson) | headers `partnerId` and `grantType`, a JSON body | 400, the vendor's texts |
//! | [`Wso2`](Dialect::Wso2) | form; Basic | as the RFCs, with the vendor's texts |
//!
//! Who should not use it: whoever wants a server to start rather than a library to build in will find one in
//! `regrant-server`, and whoever wants a login page will not find it in this project at all.
//!
//! # A token endpoint
//!
//! Any framework that can hand over an [`http::Request`] with its body collected can serve it. With a blocking engine:
//!
//! ```
//! use regrant::{Client, ClientId, ClientSecretDigest, Engine, GrantTypes, Host, Pepper, Rules, Scope, SecretMethods};
//! use regrant::{StaticClients, SystemEntropy, Timestamp};
//! use regrant_http::{Dialect, EndpointPath, Limits, Mount, Realm, Service};
//!
//! # struct Forgetful;
//! # impl regrant::TokenStore for Forgetful {
//! #     type Error = std::convert::Infallible;
//! #     fn load(&self, _: &regrant::GrantId) -> Result<Option<regrant::Grant>, Self::Error> { Ok(None) }
//! #     fn commit(&self, _: regrant::Change) -> Result<regrant::CommitOutcome, Self::Error> {
//! #         Ok(regrant::CommitOutcome::Committed)
//! #     }
//! # }
//! # let your_store = Forgetful;
//! // The engine: a client, a store, a clock, a random source.
//! let secret = ClientSecretDigest::of("web-secret");
//! let mut web = Client::confidential(ClientId::parse("web")?, SecretMethods::ALL, vec![secret])?;
//! web.grants = GrantTypes::ALL;
//! web.scope = Scope::parse("read write")?;
//! let now = || Timestamp::from_unix_seconds(1_700_000_000); // a real host asks the system
//! let rules = Rules::new(Pepper::new(vec![7; 32])?); // and keeps 32 random bytes for this
//! let engine = Engine::new(your_store, StaticClients::new([web])?, rules, Host::new(now, SystemEntropy));
//!
//! // The wire: one mount of the default dialect.
//! let mount = Mount {
//!     revoke: Some(EndpointPath::parse("/revoke")?),
//!     ..Mount::new(Dialect::Rfc6749 { issuer: None }, EndpointPath::parse("/token")?)
//! };
//! let service = Service::new(Realm::parse("example")?, Limits::default(), vec![mount])?;
//!
//! // One request, as a framework would hand it over.
//! let request = http::Request::post("/token")
//!     .header("authorization", "Basic d2ViOndlYi1zZWNyZXQ=")
//!     .header("content-type", "application/x-www-form-urlencoded")
//!     .body("grant_type=client_credentials&scope=read")?;
//! let answer = service.handle(&engine, &request);
//! assert_eq!(answer.status(), 200);
//! assert_eq!(answer.headers()["cache-control"], "no-store");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`Service::handle_async`] is the same for an engine that is awaited.
//!
//! # How it reads
//!
//! Everything a stranger sends is bounded ([`Limits`]) and read strictly, because two servers that read one request in two
//! ways are how attacks begin: broken escapes, broken UTF-8, repeated parameters, look-alike media types and repeated
//! headers are refused, never repaired. What is merely superfluous is ignored: unknown parameters, empty segments, the
//! query (N-003, N-004, N-007). The order in which checks are made decides which error wins; the checks of the wire come
//! first (method, size, media type, encoding, repetition), then those of the engine.
//!
//! # How it answers
//!
//! Every answer has a status, a media type and a length, and forbids caches (N-135, N-146). Every `401` challenges in the
//! scheme that the request used, `Basic` where it used none (N-035). No text that a client sent comes back in an answer
//! (N-019). A fault of the server is `503` with `Retry-After`, or `500`, and never looks like a fault of the client.
//!
//! # What it leaves to the host
//!
//! TLS, timeouts, the address of the client ([`Origin`]), and reading no more of a body than the limit and one octet.
//!
//! # The parts
//!
//! [`Form`], [`BasicCredentials`], [`Authorization`], [`media_type`], [`json_body`], [`JsonObject`] and [`Realm`] are the
//! pieces that the dialects are made of. They stand alone, for whoever writes an endpoint of their own; [`bearer`] is the
//! check before a protected resource. An [`IntrospectionCache`] saves a resource server most of its questions, and is
//! never used where it might not hear of a revocation; [`Service::with_cache`] switches it on.

/// Runs the example of the front page.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;

mod answer;
mod authorization;
mod basic;
pub mod bearer;
mod cache;
mod call;
mod challenge;
mod dialect;
mod endpoint_path;
mod envelope;
mod fault;
mod form;
mod incoming;
mod issuer;
mod json;
pub mod json_body;
mod limits;
pub mod media_type;
mod metadata;
mod mount;
mod origin;
mod partner_id;
mod percent;
mod refusal;
mod router;
mod service;
mod writer;

pub use authorization::{Authorization, BearerToken};
pub use basic::BasicCredentials;
pub use cache::{CacheBounds, Hit, IntrospectionCache, LookUp, Ticket};
pub use challenge::{InvalidRealm, Realm};
pub use dialect::{Dialect, Partners};
pub use endpoint_path::{EndpointPath, InvalidEndpointPath};
pub use form::{Form, FormError};
pub use issuer::{InvalidIssuer, Issuer};
pub use json::JsonObject;
pub use limits::Limits;
pub use mount::Mount;
pub use origin::Origin;
pub use partner_id::{InvalidPartnerId, PartnerId};
pub use router::InvalidMounts;
pub use service::Service;
