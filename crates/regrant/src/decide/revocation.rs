//! Revocation. RFC 7009.

use alloc::sync::Arc;
use core::convert::Infallible;

use super::shared::{entry_of, genuine};
use super::{Admission, Opening, Protocol, Situation, Verdict, Write};
use crate::answer::{Outcome, Reason, RequestKind};
use crate::client::{AuthenticatedClient, Claim, Client};
use crate::digest::Digest;
use crate::port::{Change, Revocation};
use crate::record::{AccessEntry, EndReason, Few, Grant, GrantId};
use crate::request::{RevocationRequest, given};
use crate::rules::Rules;
use crate::time::Timestamp;
use crate::token::PresentedToken;

/// A revocation whose caller is known and whose token is well-formed.
#[derive(Debug)]
pub struct RevocationPlan {
    token: PresentedToken,
    caller: AuthenticatedClient,
}

impl Protocol for RevocationRequest<'_> {
    type Reply = ();
    type Fresh = ();
    type Plan = RevocationPlan;
    type Question = Infallible;

    const KIND: RequestKind = RequestKind::Revocation;

    fn open(&self) -> Result<Opening<'_, RevocationPlan>, Reason> {
        // N-194: the client first, then the parameters.
        Claim::read(&self.credentials).map(Opening::Authenticate)
    }

    fn admit(&self, caller: AuthenticatedClient, (): (), _: &Rules) -> Result<Admission<RevocationPlan, ()>, Reason> {
        let token = given(self.token).ok_or(Reason::MissingToken)?; // N-192
        Ok(match PresentedToken::parse(token) {
            // N-193: the token tells its own type, so a hint has nothing to add.
            Ok(token) => Admission::Load(RevocationPlan { token, caller }),
            // N-196: what was never issued is not alive.
            Err(_) => Admission::Answer(Outcome::NothingToRevoke, ()),
        })
    }

    fn grant_id(plan: &RevocationPlan) -> GrantId {
        plan.token.grant_id()
    }

    fn decide(plan: &RevocationPlan, found: Option<Grant>, at: &Situation<'_>) -> Verdict<()> {
        let Some(grant) = found else { return NOTHING };
        let Some(target) = Target::of(&plan.token, &grant) else {
            return NOTHING;
        };
        // N-195: another client's token stays alive, and the caller is told.
        if grant.terms().client_id != *plan.caller.id() {
            return Verdict::Refuse(Reason::ForeignGrant);
        }
        if grant.is_ended() {
            return NOTHING;
        }
        match target {
            Target::Grant => end(&grant, Outcome::GrantRevoked, Revocation::Grant(grant.id()), at.now),
            Target::AccessToken(digest) => revoke_access(&grant, digest, at.now),
        }
    }

    fn conclude(_: &RevocationPlan, question: Infallible, _: Option<Arc<Client>>, _: Timestamp) -> Verdict<()> {
        match question {}
    }
}

/// N-196: success, since the token is not alive.
const NOTHING: Verdict<()> = Verdict::Answer(Outcome::NothingToRevoke, ());

/// What a genuine token stands for (N-190).
enum Target {
    /// A refresh token, current or stale: the whole grant (N-198), so that logging out works even if the last answer
    /// was lost.
    Grant,
    /// An access token: itself alone (N-199).
    AccessToken(Digest),
}

impl Target {
    fn of(token: &PresentedToken, grant: &Grant) -> Option<Self> {
        match token {
            PresentedToken::Refresh(token) => genuine(grant, token).map(|_| Self::Grant),
            PresentedToken::Access(token) => {
                entry_of(grant, token.digest()).map(|entry| Self::AccessToken(entry.digest))
            }
        }
    }
}

fn end(grant: &Grant, outcome: Outcome, revocation: Revocation, now: Timestamp) -> Verdict<()> {
    let change = Change::End { id: grant.id(), at: now, reason: EndReason::Revoked };
    Verdict::Write(Write { change, outcome, reply: Ok(()), attempted: None, revocation: Some(revocation) })
}

/// Takes one access token out. A grant that has nothing else ends with it.
fn revoke_access(grant: &Grant, digest: Digest, now: Timestamp) -> Verdict<()> {
    let revocation = Revocation::AccessToken { grant: grant.id(), digest };
    let rest: Few<AccessEntry> = grant.access().iter().filter(|entry| entry.digest != digest).cloned().collect();
    let Some(family) = grant.refresh() else {
        return if rest.is_empty() {
            end(grant, Outcome::AccessTokenRevoked, revocation, now)
        } else {
            replace(grant, grant.next(None, rest), revocation)
        };
    };
    let mut family = family.clone();
    // A retry must not bring the token back.
    if let Some(retry) = family.retry.as_mut() {
        retry.intact = false;
    }
    replace(grant, grant.next(Some(family), rest), revocation)
}

fn replace(old: &Grant, new: Grant, revocation: Revocation) -> Verdict<()> {
    let revocation = Some(revocation);
    let change = Change::Replace { expected: old.revision(), grant: new, revocation };
    let outcome = Outcome::AccessTokenRevoked;
    Verdict::Write(Write { change, outcome, reply: Ok(()), attempted: None, revocation })
}
