//! An embeddable OAuth 2.0 grant engine.
#![no_std]

extern crate alloc;

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
    AuthenticatedClient, AuthorizationHeader, Client, ClientAuthentication, ClientId, ClientSecret, ClientSecretDigest,
    Credentials, GrantType, GrantTypes, IntrospectionRight, InvalidClient, InvalidClientId, InvalidPolicy, OnReplay,
    Policy, PreviousAccessToken, Rotation, SecretMethods,
};
pub use decide::Fault;
pub use digest::Digest;
pub use engine::{AsyncEngine, Engine, EngineError, EngineFault, Explanation, Host};
pub use exchange::{Exchange, Settled, Step};
pub use port::*;
pub use record::*;
pub use request::{IntrospectionRequest, IssueRequest, Request, ResourceRequest, RevocationRequest, TokenRequest};
pub use rules::Rules;
pub use scope::{InvalidScope, NarrowedScope, Scope};
pub use secret::Secret;
pub use time::{Clock, Timestamp};
pub use token::*;
