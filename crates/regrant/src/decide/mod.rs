//! The decisions: pure and total. No clock, no random source, no I/O, no `async`; time and entropy are arguments.
//!
//! A request is decided in three parts, with a load between them:
//!
//! | part | checks of a refresh | what it has |
//! |---|---|---|
//! | [`Protocol::open`] | 3 one mechanism, 4 `grant_type` present | the request |
//! | [`Protocol::admit`] | 6 supported, 7 allowed, 8 token well-formed (5, authentication, comes just before) | the client |
//! | [`Protocol::decide`] | 9 found, 10 owner, 11 not revoked, 12 fresh, 13 not expired, 14 scope, 15 commit | the record |
//!
//! Checks 1 and 2 belong to the wire. A refusal is a value, and it may carry a write.

mod introspection;
mod issuing;
mod refresh;
mod resource;
mod revocation;
mod shared;
mod token;

use alloc::sync::Arc;
use core::convert::Infallible;
use core::fmt::Debug;
use core::time::Duration;

pub(crate) use issuing::IssuePlan;
pub(crate) use refresh::RefreshPlan;

use crate::answer::{Outcome, Reason, RequestKind, Scheme};
use crate::client::{AuthenticatedClient, Claim, Client, ClientId};
use crate::digest::Digest;
use crate::port::{Change, Revocation};
use crate::record::{Grant, GrantId};
use crate::rules::Rules;
use crate::time::Timestamp;
use crate::token::{Entropy, EntropyError, EntropySource};

/// How one kind of request is decided. Public only so that the public [`Request`](crate::request::Request) can build on
/// it; outside the crate it cannot be named.
///
/// It has no lifetime parameter, and requests may be shared between threads: with one, the compiler could not see that
/// the futures of the awaited driver are `Send`.
pub trait Protocol: Sized + Debug + Send + Sync {
    /// What a success answers.
    type Reply: Debug;
    /// The randomness that the request takes.
    type Fresh: Fresh;
    /// What is known once the caller is known.
    type Plan: Debug;
    /// What is asked of the client that owns a grant; [`Infallible`] where nothing ever is.
    type Question: Question;

    /// The name of the kind.
    const KIND: RequestKind;

    /// Looks at the request alone.
    ///
    /// # Errors
    /// The request is refused.
    fn open(&self) -> Result<Opening<'_, Self::Plan>, Reason>;

    /// Looks at the request and its caller.
    ///
    /// # Errors
    /// The request is refused.
    fn admit(
        &self,
        caller: AuthenticatedClient,
        fresh: Self::Fresh,
        rules: &Rules,
    ) -> Result<Admission<Self::Plan, Self::Reply>, Reason>;

    /// The grant that must be loaded.
    fn grant_id(plan: &Self::Plan) -> GrantId;

    /// Looks at everything.
    fn decide(plan: &Self::Plan, found: Option<Grant>, at: &Situation<'_>) -> Verdict<Self::Reply, Self::Question>;

    /// Looks at the client that owns the grant as well.
    fn conclude(
        plan: &Self::Plan,
        question: Self::Question,
        owner: Option<Arc<Client>>,
        now: Timestamp,
    ) -> Verdict<Self::Reply, Self::Question>;
}

/// A question about the client that owns a grant.
pub trait Question: Debug {
    /// Who owns it.
    fn owner(&self) -> &ClientId;
}

impl Question for Infallible {
    fn owner(&self) -> &ClientId {
        match *self {}
    }
}

impl Question for Grant {
    fn owner(&self) -> &ClientId {
        &self.terms().client_id
    }
}

/// The randomness of one request: an [`Entropy`], or nothing for a request that makes no token.
pub trait Fresh: Sized {
    /// Draws it.
    ///
    /// # Errors
    /// The source failed.
    fn draw(source: &dyn EntropySource) -> Result<Self, EntropyError>;
}

impl Fresh for Entropy {
    fn draw(source: &dyn EntropySource) -> Result<Self, EntropyError> {
        source.draw()
    }
}

/// Nothing is drawn. There is one `()` only, so that no other body could answer anything else.
impl Fresh for () {
    fn draw(_: &dyn EntropySource) -> Result<Self, EntropyError> {
        Ok(())
    }
}

/// What a request needs first.
#[derive(Debug)]
pub enum Opening<'a, P> {
    /// A client that must prove who it is.
    Authenticate(Claim<'a>),
    /// A client that the host answers for.
    Vouch(ClientId),
    /// No client at all: the token speaks for itself.
    Load(P),
}

/// What an admitted request needs next.
#[derive(Debug)]
pub enum Admission<P, T> {
    /// The record.
    Load(P),
    /// Nothing: there is no record yet.
    Decide(P),
    /// Nothing: the answer is known.
    Answer(Outcome, T),
}

/// What a decision is made in, beside the record.
#[derive(Debug)]
pub struct Situation<'s> {
    pub(crate) rules: &'s Rules,
    /// The refresh secret that an earlier attempt of the same exchange tried to make current: by it an exchange
    /// recognises its own commit.
    pub(crate) attempted: Option<Digest>,
    /// Whether the outcome of an earlier attempt is unknown.
    pub(crate) in_doubt: bool,
    pub(crate) now: Timestamp,
}

/// What was decided.
#[derive(Debug)]
pub enum Verdict<T, Q = Infallible> {
    /// Answer; there is nothing to write.
    Answer(Outcome, T),
    /// Refuse; there is nothing to write.
    Refuse(Reason),
    /// Write, and answer or refuse once the write is committed.
    Write(Write<T>),
    /// Ask who owns the grant.
    AskOwner(Q),
    /// The server is at fault.
    Fault(Fault),
}

/// A write and the answer that waits for it.
#[derive(Debug)]
pub struct Write<T> {
    pub(crate) change: Change,
    pub(crate) outcome: Outcome,
    pub(crate) reply: Result<T, Reason>,
    pub(crate) attempted: Option<Digest>,
    pub(crate) revocation: Option<Revocation>,
}

/// A fault that is the server's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The record says that a retry must match, and under no accepted pepper it does.
    PepperMismatch,
    /// Other writers were faster too often.
    Contended {
        /// When another try makes sense.
        retry_after: Duration,
    },
}

impl<T, Q> From<Result<Self, Reason>> for Verdict<T, Q> {
    fn from(checked: Result<Self, Reason>) -> Self {
        checked.unwrap_or_else(Self::Refuse)
    }
}

impl<P> Opening<'_, P> {
    /// The scheme in which a refusal must challenge.
    pub(crate) const fn scheme(&self) -> Scheme {
        match self {
            Self::Authenticate(claim) => claim.scheme(),
            Self::Vouch(_) => Scheme::None,
            Self::Load(_) => Scheme::Bearer,
        }
    }
}
