//! The token endpoint: which grant is asked for, and whether this client may use it. RFC 6749 §3.2.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::convert::Infallible;

use super::{Admission, IssuePlan, Opening, Protocol, RefreshPlan, Situation, Verdict, issuing, refresh};
use crate::answer::{Reason, RequestKind, TokenReply};
use crate::client::{AuthenticatedClient, Claim, Client, GrantType};
use crate::record::{Grant, GrantId};
use crate::request::{TokenRequest, given};
use crate::rules::Rules;
use crate::time::Timestamp;
use crate::token::{Entropy, PresentedToken};

/// What the token endpoint is going to do. Codes, device codes and token exchange join here. Boxed, because a plan stays as
/// it is while the step that holds it is moved again and again.
#[derive(Debug)]
pub enum TokenPlan<'a> {
    Refresh(Box<RefreshPlan<'a>>),
    Issue(Box<IssuePlan>),
}

impl<'a> Protocol for TokenRequest<'a> {
    type Reply = TokenReply;
    type Fresh = Entropy;
    type Plan = TokenPlan<'a>;
    type Question = Infallible;

    const KIND: RequestKind = RequestKind::Token;

    /// Checks 3 and 4.
    fn open(&self) -> Result<Opening<'_, TokenPlan<'a>>, Reason> {
        let claim = Claim::read(&self.credentials)?; //                      3: one mechanism
        given(self.grant_type).ok_or(Reason::MissingGrantType)?; //                 4: N-060
        Ok(Opening::Authenticate(claim))
    }

    /// Checks 6 to 8; 5, the authentication, is what made `caller`.
    fn admit(
        &self,
        caller: AuthenticatedClient,
        entropy: Entropy,
        rules: &Rules,
    ) -> Result<Admission<TokenPlan<'a>, TokenReply>, Reason> {
        let grant_type = self.grant_type.and_then(GrantType::parse);
        let grant_type = grant_type.filter(|grant| rules.offers(*grant)).ok_or(Reason::UnsupportedGrantType)?; // 6: N-061
        if !caller.grants.contains(grant_type) {
            return Err(Reason::GrantTypeNotAllowed); //                      7: N-054
        }
        match grant_type {
            GrantType::RefreshToken => {
                let token = given(self.refresh_token).ok_or(Reason::MissingRefreshToken)?; // 8: N-080
                let token = well_formed(token)?; //                             and N-084
                let plan = RefreshPlan { token, requested: given(self.scope), caller, entropy };
                Ok(Admission::Load(TokenPlan::Refresh(Box::new(plan))))
            }
            GrantType::ClientCredentials => {
                let plan = IssuePlan::for_client(caller, given(self.scope), entropy)?;
                Ok(Admission::Decide(TokenPlan::Issue(Box::new(plan))))
            }
        }
    }

    fn grant_id(plan: &TokenPlan<'a>) -> GrantId {
        match plan {
            TokenPlan::Refresh(plan) => plan.grant_id(),
            TokenPlan::Issue(plan) => plan.grant_id(),
        }
    }

    fn decide(plan: &TokenPlan<'a>, found: Option<Grant>, at: &Situation<'_>) -> Verdict<TokenReply> {
        match plan {
            TokenPlan::Refresh(plan) => refresh::decide(plan, found, at).into(),
            TokenPlan::Issue(plan) => issuing::decide(plan, found, at),
        }
    }

    fn conclude(_: &TokenPlan<'a>, question: Infallible, _: Option<Arc<Client>>, _: Timestamp) -> Verdict<TokenReply> {
        match question {}
    }
}

fn well_formed(token: &str) -> Result<crate::token::RefreshToken, Reason> {
    match PresentedToken::parse(token) {
        Ok(PresentedToken::Refresh(token)) => Ok(token),
        Ok(PresentedToken::Access(_)) => Err(Reason::NotARefreshToken),
        Err(_) => Err(Reason::MalformedToken),
    }
}
