//! The grant itself.

use alloc::boxed::Box;
use alloc::sync::Arc;

use serde::Serialize;
use thiserror::Error;

use super::{AccessEntry, Attributes, Few, GrantId, RefreshFamily, Revision, Subject};
use crate::client::{ClientId, Policy};
use crate::scope::Scope;
use crate::time::Timestamp;

/// One authorization of one client, for one subject or for the client itself, with one scope.
///
/// Every credential that flows from it lives in this one record, so that a store needs one row, one key, and no
/// operation over two. A grant does not grow with use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant(Arc<Record>);

/// What is in a grant, behind one pointer: a store in memory hands a record out without copying it, and a step of an exchange
/// moves eight bytes.
///
/// In this order, so that what every request looks at first lies on the first cache line.
#[derive(Clone, Debug, PartialEq, Eq)]
#[repr(C)]
struct Record {
    id: GrantId,
    terms: Arc<Terms>,
    revision: Revision,
    /// Behind a pointer of its own: a grant ends once, and room for it is kept in all of them.
    end: Option<Box<End>>,
    refresh: Option<RefreshFamily>,
    access: Few<AccessEntry>,
}

/// What a grant ended by, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct End {
    at: Timestamp,
    reason: EndReason,
}

/// What a grant was made with. It never changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The client it was made for.
    pub client_id: ClientId,
    /// The client's `grant_epoch` at that time.
    pub client_epoch: u64,
    /// Whom it speaks for; `None` where the client acts for itself.
    pub subject: Option<Subject>,
    /// The whole scope.
    pub scope: Scope,
    /// The host's own members.
    pub attributes: Attributes,
    /// When it was made.
    pub created_at: Timestamp,
    /// The absolute end; `None` for none.
    pub expires_at: Option<Timestamp>,
}

/// Whether a grant is alive. Codes and device codes will add a state before `Active`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantState {
    /// Alive, until something in it expires.
    Active,
    /// Ended for good. There is no way back.
    Ended {
        /// When.
        at: Timestamp,
        /// By what.
        reason: EndReason,
    },
}

/// What ended a grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum EndReason {
    /// Its client revoked it. RFC 7009.
    Revoked,
    /// A refresh token was replayed. RFC 9700 §4.14.2.
    Replayed,
    /// The host ended it: logout, withdrawn consent, a changed password (N-116).
    EndedByHost,
}

impl EndReason {
    /// Every reason.
    pub const ALL: [Self; 3] = [Self::Revoked, Self::Replayed, Self::EndedByHost];

    /// The stable name, for storage.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Revoked => "revoked",
            Self::Replayed => "replayed",
            Self::EndedByHost => "ended_by_host",
        }
    }

    /// The reason of that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text)
    }
}

impl Record {
    fn check(&self) -> Result<(), InvalidRecord> {
        let end = self.terms.expires_at.unwrap_or(Timestamp::MAX);
        if self.access.len() > usize::from(Policy::MAX_ACCESS_TOKENS) {
            return Err(InvalidRecord::TooManyAccessTokens);
        }
        if self.access.iter().any(|entry| entry.expires_at > end) {
            return Err(InvalidRecord::OutlivesGrant);
        }
        let Some(family) = &self.refresh else {
            return Ok(());
        };
        if family.expires_at > end {
            return Err(InvalidRecord::OutlivesGrant);
        }
        if family.spent.len() > RefreshFamily::MAX_SPENT {
            return Err(InvalidRecord::TooManySpent);
        }
        if family.retry.is_some() == family.spent.is_empty() {
            return Err(InvalidRecord::RetryWithoutSpent);
        }
        if family.spent.iter().any(|spent| spent.digest == family.current) {
            return Err(InvalidRecord::CurrentIsSpent);
        }
        Ok(())
    }
}

impl Grant {
    /// Puts a record together, from storage or anew.
    ///
    /// # Errors
    /// [`InvalidRecord`] where the parts cannot belong to one record.
    pub fn new(
        id: GrantId,
        revision: Revision,
        state: GrantState,
        terms: Arc<Terms>,
        refresh: Option<RefreshFamily>,
        access: impl Into<Few<AccessEntry>>,
    ) -> Result<Self, InvalidRecord> {
        let end = match state {
            GrantState::Active => None,
            GrantState::Ended { at, reason } => Some(Box::new(End { at, reason })),
        };
        let record = Record { id, terms, revision, end, refresh, access: access.into() };
        record.check()?;
        Ok(Self(Arc::new(record)))
    }

    /// The id.
    pub fn id(&self) -> GrantId {
        self.0.id
    }

    /// The revision of this version of the record.
    pub fn revision(&self) -> Revision {
        self.0.revision
    }

    /// Alive or ended.
    pub fn state(&self) -> GrantState {
        match self.0.end.as_deref() {
            None => GrantState::Active,
            Some(End { at, reason }) => GrantState::Ended { at: *at, reason: *reason },
        }
    }

    /// What the grant was made with.
    pub fn terms(&self) -> &Arc<Terms> {
        &self.0.terms
    }

    /// The line of refresh tokens; a client acting for itself has none.
    pub fn refresh(&self) -> Option<&RefreshFamily> {
        self.0.refresh.as_ref()
    }

    /// The access tokens that were live at the last write, in order of issue.
    pub fn access(&self) -> &[AccessEntry] {
        &self.0.access
    }

    /// Whether the grant has ended.
    pub fn is_ended(&self) -> bool {
        self.0.end.is_some()
    }

    /// Ends the grant in place, as [`Change::End`](crate::Change::End) asks of a store: it raises the revision. A
    /// grant that has ended keeps its first end, and nothing changes.
    pub fn end(&mut self, at: Timestamp, reason: EndReason) {
        if !self.is_ended() {
            let record = Arc::make_mut(&mut self.0);
            record.end = Some(Box::new(End { at, reason }));
            record.revision = record.revision.next();
        }
    }

    /// From when on nothing in the record is alive: the earliest instant at which it may be purged, before any margin.
    pub fn dead_from(&self) -> Timestamp {
        if let Some(end) = &self.0.end {
            return end.at;
        }
        let refresh = self.0.refresh.iter().map(|family| family.expires_at);
        let access = self.0.access.iter().map(|entry| entry.expires_at);
        refresh.chain(access).max().unwrap_or(self.0.terms.created_at)
    }

    /// The next version of the record, with other tokens.
    pub(crate) fn next(&self, refresh: Option<RefreshFamily>, access: Few<AccessEntry>) -> Self {
        let Record { id, terms, revision, end, .. } = &*self.0;
        let (id, terms, end) = (*id, Arc::clone(terms), end.clone());
        Self(Arc::new(Record { id, terms, revision: revision.next(), end, refresh, access }))
    }

    /// The first version of a record.
    pub(crate) fn first(
        id: GrantId,
        terms: Arc<Terms>,
        refresh: Option<RefreshFamily>,
        access: Few<AccessEntry>,
    ) -> Self {
        Self(Arc::new(Record { id, terms, revision: Revision::FIRST, end: None, refresh, access }))
    }

    /// `at`, or the grant's own end where that comes first (N-121).
    pub(crate) fn within_life(terms: &Terms, at: Timestamp) -> Timestamp {
        terms.expires_at.map_or(at, |end| at.min(end))
    }
}

/// Why parts are no record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidRecord {
    /// More access tokens than any policy allows.
    #[error("more than 1024 access tokens")]
    TooManyAccessTokens,
    /// A token that expires after its grant.
    #[error("a token outlives its grant")]
    OutlivesGrant,
    /// More spent secrets than a record remembers.
    #[error("more than 4 spent refresh tokens")]
    TooManySpent,
    /// A retry salt without a spent secret, or the other way round.
    #[error("a retry salt and spent refresh tokens come together")]
    RetryWithoutSpent,
    /// The current secret is among the spent ones.
    #[error("the current refresh token is also spent")]
    CurrentIsSpent,
}
