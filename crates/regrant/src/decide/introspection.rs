//! Introspection. RFC 7662. It never writes, and it never concludes a replay (N-222).

use alloc::sync::Arc;

use super::shared::{entry_of, genuine, not_revoked};
use super::{Admission, Opening, Protocol, Situation, Verdict};
use crate::answer::{IntrospectedToken, Introspection, Outcome, Reason, RequestKind};
use crate::client::{AuthenticatedClient, Claim, Client, IntrospectionRight};
use crate::record::{Grant, GrantId};
use crate::request::{IntrospectionRequest, given};
use crate::rules::Rules;
use crate::scope::Scope;
use crate::time::Timestamp;
use crate::token::{AccessToken, PresentedToken, RefreshToken};

/// An introspection whose caller is known and whose token is well-formed.
#[derive(Debug)]
pub struct IntrospectionPlan {
    token: PresentedToken,
    caller: AuthenticatedClient,
}

impl Protocol for IntrospectionRequest<'_> {
    type Reply = Introspection;
    type Fresh = ();
    type Plan = IntrospectionPlan;
    type Question = Grant;

    const KIND: RequestKind = RequestKind::Introspection;

    fn open(&self) -> Result<Opening<'_, IntrospectionPlan>, Reason> {
        Claim::read(&self.credentials).map(Opening::Authenticate)
    }

    fn admit(
        &self,
        caller: AuthenticatedClient,
        (): (),
        _: &Rules,
    ) -> Result<Admission<IntrospectionPlan, Introspection>, Reason> {
        // N-211: naming oneself is no authorization.
        if caller.is_public() {
            return Err(Reason::PublicClient);
        }
        let token = given(self.token).ok_or(Reason::MissingToken)?; // N-212
        Ok(match (PresentedToken::parse(token), caller.introspection) {
            (Ok(token), IntrospectionRight::Own | IntrospectionRight::Any) => {
                Admission::Load(IntrospectionPlan { token, caller })
            }
            (Ok(_), IntrospectionRight::None) | (Err(_), _) => {
                Admission::Answer(Outcome::Inactive, Introspection::Inactive)
            }
        })
    }

    fn grant_id(plan: &IntrospectionPlan) -> GrantId {
        plan.token.grant_id()
    }

    fn decide(plan: &IntrospectionPlan, found: Option<Grant>, at: &Situation<'_>) -> Verdict<Introspection, Grant> {
        let Some(grant) = found else { return INACTIVE };
        let own = grant.terms().client_id == *plan.caller.id();
        match (own, plan.caller.introspection, &plan.token) {
            (true, _, _) => tell(plan, &grant, Some(&plan.caller), at.now),
            // N-214, N-221: a resource server sees access tokens; nobody but the client sees its refresh tokens.
            (false, IntrospectionRight::Any, PresentedToken::Access(_)) => Verdict::AskOwner(grant),
            (false, _, _) => INACTIVE,
        }
    }

    fn conclude(
        plan: &IntrospectionPlan,
        grant: Grant,
        owner: Option<Arc<Client>>,
        now: Timestamp,
    ) -> Verdict<Introspection, Grant> {
        tell(plan, &grant, owner.as_deref(), now)
    }
}

const INACTIVE: Verdict<Introspection, Grant> = Verdict::Answer(Outcome::Inactive, Introspection::Inactive);

/// N-216: every check, and one answer for every failure.
fn tell(
    plan: &IntrospectionPlan,
    grant: &Grant,
    owner: Option<&Client>,
    now: Timestamp,
) -> Verdict<Introspection, Grant> {
    let live = live_owner(grant, owner).and_then(|()| match &plan.token {
        PresentedToken::Access(token) => live_access(grant, token, now),
        PresentedToken::Refresh(token) => live_refresh(grant, token, now),
    });
    live.map_or(INACTIVE, |token| Verdict::Answer(Outcome::Active, Introspection::Active(token)))
}

/// A grant lives only while its client does: known, enabled, and of no newer epoch.
pub(super) fn live_owner(grant: &Grant, owner: Option<&Client>) -> Option<()> {
    let owner = owner.filter(|owner| owner.enabled)?;
    not_revoked(grant, owner).ok()
}

/// A live access token of a grant.
pub(super) fn live_access(grant: &Grant, token: &AccessToken, now: Timestamp) -> Option<IntrospectedToken> {
    let entry = entry_of(grant, token.digest()).filter(|entry| now < entry.expires_at)?;
    let scope = entry.scope.as_ref().unwrap_or(&grant.terms().scope);
    Some(told(grant, true, scope, entry.issued_at, entry.expires_at))
}

/// The current refresh token of a grant. A spent one is inactive, inside the retry window too (N-223).
fn live_refresh(grant: &Grant, token: &RefreshToken, now: Timestamp) -> Option<IntrospectedToken> {
    let family = genuine(grant, token)?;
    let current = family.current == token.secret_digest() && now < family.expires_at;
    current.then(|| told(grant, false, &grant.terms().scope, family.issued_at, family.expires_at))
}

fn told(
    grant: &Grant,
    is_access_token: bool,
    scope: &Scope,
    issued_at: Timestamp,
    expires_at: Timestamp,
) -> IntrospectedToken {
    let terms = grant.terms();
    IntrospectedToken {
        is_access_token,
        client_id: terms.client_id.clone(),
        subject: terms.subject.clone(),
        scope: scope.clone(),
        issued_at,
        expires_at,
    }
}
