//! The records that the cases write: what the engine makes, and the ends of what it could make.

use std::sync::Arc;
use std::time::Duration;

use regrant::{
    AccessEntry, Attributes, Change, ClientId, Digest, EndReason, Few, Grant, GrantId, GrantState, RefreshFamily,
    Retry, Revision, Revocation, Scope, Spent, Subject, Terms, Timestamp,
};

use super::Failure;

/// The present of all cases. The milliseconds show whether a store keeps them.
pub(super) const NOW: Timestamp = Timestamp::from_unix_millis(1_800_000_000_123);
const HOUR: Duration = Duration::from_hours(1);

/// The parts of a record, before they are one.
#[derive(Clone)]
pub(super) struct Draft {
    pub(super) id: GrantId,
    pub(super) revision: Revision,
    pub(super) state: GrantState,
    pub(super) terms: Terms,
    pub(super) refresh: Option<RefreshFamily>,
    pub(super) access: Vec<AccessEntry>,
}

impl Draft {
    /// A record as it is issued. Another number gives another one, in every part that is drawn.
    pub(super) fn new(number: u64) -> Result<Self, Failure> {
        let mut attributes = Attributes::new();
        attributes.insert("user_uuid", &format!("uuid-{number}"))?;
        attributes.insert("device", "phone")?;
        let terms = Terms {
            client_id: ClientId::parse("app")?,
            client_epoch: 3,
            subject: Some(Subject::parse(&format!("user-{number}"))?),
            scope: Scope::parse("read write")?,
            attributes,
            created_at: NOW,
            expires_at: Some(NOW.after(HOUR * 1000)),
        };
        let (state, refresh, access) = (GrantState::Active, Some(family(number)), vec![access(number)]);
        Ok(Self { id: id(number), revision: Revision::FIRST, state, terms, refresh, access })
    }

    /// The parts of a record.
    pub(super) fn of(grant: &Grant) -> Self {
        let (terms, refresh) = ((**grant.terms()).clone(), grant.refresh().cloned());
        let (state, access) = (grant.state(), grant.access().to_vec());
        Self { id: grant.id(), revision: grant.revision(), state, terms, refresh, access }
    }

    /// The record.
    pub(super) fn build(self) -> Result<Grant, Failure> {
        let terms = Arc::new(self.terms);
        Ok(Grant::new(self.id, self.revision, self.state, terms, self.refresh, self.access)?)
    }
}

/// The id of that number. A third of all is scattered, a third begins alike and a third ends alike, so that a store
/// that divides its records by either end of their ids has many in one part too.
pub(super) fn id(number: u64) -> GrantId {
    // Any odd factor gives every number an id of its own.
    const WIDE: u128 = 0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835;
    const NARROW: u64 = 0x9E37_79B9_7F4A_7C15;
    const ALIKE: u128 = 0x5A5A_5A5A_5A5A_5A5A;
    let half = u128::from(number.wrapping_mul(NARROW));
    let bits = match number % 3 {
        0 => u128::from(number).wrapping_mul(WIDE),
        1 => ALIKE << 64 | half,
        _ => half << 64 | ALIKE,
    };
    GrantId::from_bytes(bits.to_be_bytes())
}

/// A digest of that number.
pub(super) fn digest(kind: &str, number: u64) -> Digest {
    Digest::sha256(format!("{kind} {number}").as_bytes())
}

/// A refresh family as it is issued.
fn family(number: u64) -> RefreshFamily {
    RefreshFamily {
        lineage: digest("lineage", number),
        current: digest("refresh", number),
        issued_at: NOW,
        expires_at: NOW.after(HOUR * 100),
        generation: 0,
        retry: None,
        spent: Few::new(),
    }
}

/// A live access token for the whole scope.
pub(super) fn access(number: u64) -> AccessEntry {
    let digest = digest("access", number);
    AccessEntry { digest, issued_at: NOW, expires_at: NOW.after(HOUR), scope: None }
}

/// A record as it is issued.
pub(super) fn plain(number: u64) -> Result<Grant, Failure> {
    Draft::new(number)?.build()
}

/// The next version of a record, as a refresh leaves it. `seed` tells two versions that were made of the same one apart.
///
/// Id, terms and lineage stay, as the engine never changes them.
pub(super) fn next(grant: &Grant, seed: u64) -> Result<Grant, Failure> {
    let number = grant.revision().get().wrapping_mul(1000).wrapping_add(seed);
    let end = grant.terms().expires_at.unwrap_or(Timestamp::MAX);
    let now = NOW.after(Duration::from_millis(number)).min(end);
    let refresh = grant.refresh().map(|old| rotated(old, now, number));
    let mut tokens = grant.access().to_vec();
    tokens.truncate(8);
    tokens.push(AccessEntry { issued_at: now, expires_at: now.after(HOUR).min(end), ..access(number) });
    let revision = grant.revision().next();
    Ok(Grant::new(grant.id(), revision, grant.state(), Arc::clone(grant.terms()), refresh, tokens)?)
}

fn rotated(old: &RefreshFamily, now: Timestamp, number: u64) -> RefreshFamily {
    let mut spent = old.spent.to_vec();
    if spent.len() >= RefreshFamily::MAX_SPENT {
        spent.remove(0);
    }
    spent.push(Spent { digest: old.current, at: now });
    let current = digest("rotated", number);
    let retry = Some(Retry { salt: *digest("salt", number).as_bytes(), intact: true });
    let generation = old.generation.saturating_add(1);
    RefreshFamily {
        lineage: old.lineage,
        current,
        issued_at: now,
        expires_at: old.expires_at,
        generation,
        retry,
        spent: spent.into(),
    }
}

/// The replacement of `old` by `new`. Where an access token is gone, it says so, as the engine does: a store that tells other
/// nodes by itself must write such a change like any other.
pub(super) fn replace(old: &Grant, new: &Grant) -> Change {
    let gone = old.access().iter().any(|entry| !new.access().contains(entry));
    let revocation = gone.then(|| Revocation::AccessTokensOf(new.id()));
    Change::Replace { expected: old.revision(), grant: new.clone(), revocation }
}

/// The end of a record by its client.
pub(super) fn end(grant: &Grant) -> Change {
    Change::End { id: grant.id(), at: NOW, reason: EndReason::Revoked }
}

/// What [`end`] must make of a record.
pub(super) fn ended(grant: &Grant) -> Grant {
    ended_by(grant, NOW, EndReason::Revoked)
}

/// A record after its end.
pub(super) fn ended_by(grant: &Grant, at: Timestamp, reason: EndReason) -> Grant {
    let mut grant = grant.clone();
    grant.end(at, reason);
    grant
}
