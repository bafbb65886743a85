//! What a cache says about a token.

use std::sync::Arc;

use regrant::{Decision, Digest, EngineError, GrantId, Outcome, Reply, RequestKind, ResourceAccess};

use super::IntrospectionCache;

/// What a cache says about a token.
#[derive(Debug)]
pub enum LookUp<'a> {
    /// It was active when it was last asked about, and nothing was heard to the contrary.
    Hit(Hit),
    /// It must be asked about. If it is active, the answer may be kept.
    Miss(Ticket<'a>),
    /// It must be asked about, and the answer is not for the cache: the text is no access token, or news does not arrive.
    Unused,
}

/// An answer out of the cache.
#[derive(Debug)]
pub struct Hit {
    /// The grant of the token.
    pub grant_id: GrantId,
    /// What a protected resource may know.
    pub access: Arc<ResourceAccess>,
}

/// The right to keep the answer to a question that is yet to be asked.
///
/// INVARIANT: it is taken before the question goes out. If the cache hears of an end in between that could concern the
/// answer, the answer is not kept: it may be older than the end.
#[derive(Debug)]
pub struct Ticket<'a> {
    pub(super) cache: &'a IntrospectionCache,
    pub(super) grant: GrantId,
    pub(super) token: Digest,
    pub(super) generation: u64,
}

impl Hit {
    /// The record of it for the host's observer: the same as if the engine had been asked.
    pub(crate) const fn decision(&self) -> Decision {
        Decision {
            request: RequestKind::Resource,
            outcome: Outcome::Admitted,
            client_id: None,
            grant_id: Some(self.grant_id),
            attempts: 1,
        }
    }
}

impl Ticket<'_> {
    /// Keeps the answer that the token is active. Any other is not for a cache: a token that is inactive costs nobody's
    /// rights when it is asked about again, and may be one that is about to be issued.
    pub fn keep(self, access: &ResourceAccess) {
        self.cache.keep(&self, access);
    }
}

impl LookUp<'_> {
    /// Hands on what the engine answered, and keeps it if it is for the cache.
    pub(crate) fn settled(
        self,
        reply: Result<Reply<ResourceAccess>, EngineError>,
    ) -> Result<Reply<ResourceAccess>, EngineError> {
        if let (Self::Miss(ticket), Ok(Reply::Success(access))) = (self, &reply) {
            ticket.keep(access);
        }
        reply
    }
}
