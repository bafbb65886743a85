//! Starting a grant: client credentials, RFC 6749 §4.4, and a host that authenticated a user itself.

use alloc::sync::Arc;
use core::convert::Infallible;
use core::time::Duration;

use super::shared::{new_entry, scope_within, token_reply};
use super::{Admission, Fault, Opening, Protocol, Situation, Verdict, Write};
use crate::answer::{Outcome, Reason, RequestKind, TokenReply};
use crate::client::{AuthenticatedClient, Client, GrantType};
use crate::digest::{Digest, Material};
use crate::port::Change;
use crate::record::{AccessEntry, Attributes, Few, Grant, GrantId, RefreshFamily, Subject, Terms};
use crate::request::IssueRequest;
use crate::rules::Rules;
use crate::scope::NarrowedScope;
use crate::secret::Secret;
use crate::time::Timestamp;
use crate::token::{AccessToken, Entropy, RefreshToken};

/// A grant that may be made.
#[derive(Debug)]
pub struct IssuePlan {
    client: AuthenticatedClient,
    subject: Option<Subject>,
    attributes: Attributes,
    scope: NarrowedScope<'static>,
    with_refresh: bool,
    entropy: Entropy,
}

impl IssuePlan {
    /// A client that asks for itself. N-064: no refresh token comes with it.
    pub(super) fn for_client(
        client: AuthenticatedClient,
        requested: Option<&str>,
        entropy: Entropy,
    ) -> Result<Self, Reason> {
        // N-063: only a client that authenticated with a secret.
        if client.is_public() {
            return Err(Reason::GrantTypeNotAllowed);
        }
        let scope = scope_within(&client.scope, &client.scope, requested)?.into_owned();
        Ok(Self { client, subject: None, attributes: Attributes::new(), scope, with_refresh: false, entropy })
    }

    pub(super) fn grant_id(&self) -> GrantId {
        GrantId::from_bytes(self.entropy.id)
    }

    fn access_token(&self) -> AccessToken {
        AccessToken::new(self.grant_id(), Secret::new(*self.entropy.access.expose_secret()))
    }

    fn refresh_token(&self) -> Option<RefreshToken> {
        self.with_refresh.then(|| {
            RefreshToken::new(
                self.grant_id(),
                *self.entropy.lineage.expose_secret(),
                *self.entropy.refresh.expose_secret(),
            )
        })
    }

    /// What the grant is made with. Without a refresh token it ends with its access token.
    fn terms(&self, now: Timestamp) -> Terms {
        let policy = self.client.policy();
        let absolute = policy.grant_lifetime.map(|life| now.after(life));
        let access_end = now.after(policy.access_token_lifetime);
        let expires_at = match absolute {
            absolute if self.with_refresh => absolute,
            absolute => Some(absolute.map_or(access_end, |end| end.min(access_end))),
        };
        Terms {
            client_id: self.client.id().clone(),
            client_epoch: self.client.grant_epoch,
            subject: self.subject.clone(),
            scope: self.scope.scope().clone(),
            attributes: self.attributes.clone(),
            created_at: now,
            expires_at,
        }
    }

    /// Whether a grant is what this plan would have made. Its token alone does not say so: where the random source
    /// repeats itself, the same token was drawn for somebody else.
    fn is_of(&self, terms: &Terms) -> bool {
        terms.client_id == *self.client.id()
            && terms.subject == self.subject
            && terms.scope == *self.scope.scope()
            && terms.attributes == self.attributes
    }

    fn family(&self, terms: &Terms, now: Timestamp) -> Option<RefreshFamily> {
        let token = self.refresh_token()?;
        let idle = now.after(self.client.policy().refresh_idle_lifetime);
        Some(RefreshFamily {
            lineage: token.lineage_digest(),
            current: token.secret_digest(),
            issued_at: now,
            expires_at: Grant::within_life(terms, idle),
            generation: 0,
            retry: None,
            spent: Few::new(),
        })
    }

    fn reply(&self, terms: &Arc<Terms>, entry: &AccessEntry, now: Timestamp) -> TokenReply {
        token_reply(terms, self.access_token(), self.refresh_token(), entry, now)
    }
}

/// The one decision of a new grant: insert it, or find that an earlier attempt of this exchange did.
pub(super) fn decide(plan: &IssuePlan, found: Option<Grant>, at: &Situation<'_>) -> Verdict<TokenReply> {
    let Some(grant) = found else {
        return insert(plan, at.now);
    };
    let own = Digest::of(Material::Access, plan.grant_id(), plan.entropy.access.expose_secret());
    match grant.access().iter().find(|entry| entry.digest == own) {
        Some(entry) if !grant.is_ended() && plan.is_of(grant.terms()) => {
            Verdict::Answer(Outcome::Issued, plan.reply(grant.terms(), entry, at.now))
        }
        // Ended between the commit and this look, or an id that was drawn twice: another try draws another id.
        _ => Verdict::Fault(Fault::Contended { retry_after: Duration::ZERO }),
    }
}

fn insert(plan: &IssuePlan, now: Timestamp) -> Verdict<TokenReply> {
    let terms = Arc::new(plan.terms(now));
    let entry = new_entry(&terms, plan.client.policy(), &plan.access_token(), &plan.scope, now);
    let reply = Ok(plan.reply(&terms, &entry, now));
    let family = plan.family(&terms, now);
    let change = Change::Insert(Grant::first(plan.grant_id(), terms, family, Few::one(entry)));
    Verdict::Write(Write { change, outcome: Outcome::Issued, reply, attempted: None, revocation: None })
}

impl Protocol for IssueRequest {
    type Reply = TokenReply;
    type Fresh = Entropy;
    type Plan = IssuePlan;
    type Question = Infallible;

    const KIND: RequestKind = RequestKind::Issue;

    fn open(&self) -> Result<Opening<'_, IssuePlan>, Reason> {
        Ok(Opening::Vouch(self.client_id.clone()))
    }

    fn admit(
        &self,
        client: AuthenticatedClient,
        entropy: Entropy,
        rules: &Rules,
    ) -> Result<Admission<IssuePlan, TokenReply>, Reason> {
        let refresh = GrantType::RefreshToken;
        let with_refresh = client.grants.contains(refresh) && rules.offers(refresh);
        let scope = client.scope.narrow(Some(&self.scope)).ok_or(Reason::ScopeNotGranted)?.into_owned();
        let (subject, attributes) = (self.subject.clone(), self.attributes.clone());
        Ok(Admission::Decide(IssuePlan { client, subject, attributes, scope, with_refresh, entropy }))
    }

    fn grant_id(plan: &IssuePlan) -> GrantId {
        plan.grant_id()
    }

    fn decide(plan: &IssuePlan, found: Option<Grant>, at: &Situation<'_>) -> Verdict<TokenReply> {
        decide(plan, found, at)
    }

    fn conclude(_: &IssuePlan, question: Infallible, _: Option<Arc<Client>>, _: Timestamp) -> Verdict<TokenReply> {
        match question {}
    }
}
