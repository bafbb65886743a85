//! The bearer check of a protected resource. RFC 6750.

use alloc::sync::Arc;

use super::introspection::{live_access, live_owner};
use super::{Admission, Opening, Protocol, Situation, Verdict};
use crate::answer::{Outcome, Reason, RequestKind, ResourceAccess};
use crate::client::{AuthenticatedClient, Client};
use crate::record::{Grant, GrantId};
use crate::request::{ResourceRequest, given};
use crate::rules::Rules;
use crate::time::Timestamp;
use crate::token::{AccessToken, PresentedToken};

impl Protocol for ResourceRequest<'_> {
    type Reply = ResourceAccess;
    type Fresh = ();
    type Plan = AccessToken;
    type Question = Grant;

    const KIND: RequestKind = RequestKind::Resource;

    fn open(&self) -> Result<Opening<'_, AccessToken>, Reason> {
        let token = given(self.token).ok_or(Reason::NoAccessToken)?; // N-181
        match PresentedToken::parse(token) {
            Ok(PresentedToken::Access(token)) => Ok(Opening::Load(token)),
            // N-098: a refresh token opens nothing.
            Ok(PresentedToken::Refresh(_)) | Err(_) => Err(Reason::InactiveAccessToken),
        }
    }

    /// No client calls a resource as itself, so there is nothing to admit: the token alone counts.
    fn admit(
        &self,
        _: AuthenticatedClient,
        (): (),
        _: &Rules,
    ) -> Result<Admission<AccessToken, ResourceAccess>, Reason> {
        Err(Reason::NoAccessToken)
    }

    fn grant_id(token: &AccessToken) -> GrantId {
        token.grant_id()
    }

    fn decide(_: &AccessToken, found: Option<Grant>, _: &Situation<'_>) -> Verdict<ResourceAccess, Grant> {
        found.map_or(Verdict::Refuse(Reason::InactiveAccessToken), Verdict::AskOwner)
    }

    fn conclude(
        token: &AccessToken,
        grant: Grant,
        owner: Option<Arc<Client>>,
        now: Timestamp,
    ) -> Verdict<ResourceAccess, Grant> {
        let live = live_owner(&grant, owner.as_deref()).and_then(|()| live_access(&grant, token, now));
        live.map_or(Verdict::Refuse(Reason::InactiveAccessToken), |token| {
            let access = ResourceAccess {
                subject: token.subject,
                client_id: token.client_id,
                scope: token.scope,
                expires_at: token.expires_at,
            };
            Verdict::Answer(Outcome::Admitted, access)
        })
    }
}
