//! Refreshing an access token. RFC 6749 §6, RFC 9700 §4.14.2.

use super::shared::{entry_of, genuine, live_among, new_entry, not_revoked, scope_within, token_reply, with_entry};
use super::{Fault, Situation, Verdict, Write};
use crate::answer::{Outcome, Reason, TokenReply};
use crate::client::{AuthenticatedClient, OnReplay, PreviousAccessToken, Rotation};
use crate::port::{Change, Revocation};
use crate::record::{AccessEntry, EndReason, Few, Grant, GrantId, RefreshFamily, Retry, Spent};
use crate::rules::Rules;
use crate::scope::NarrowedScope;
use crate::secret::Secret;
use crate::time::Timestamp;
use crate::token::{AccessToken, Derivation, Entropy, RefreshToken};

/// A refresh whose caller is known and whose token is well-formed.
#[derive(Debug)]
pub struct RefreshPlan<'a> {
    pub(super) token: RefreshToken,
    pub(super) requested: Option<&'a str>,
    pub(super) caller: AuthenticatedClient,
    pub(super) entropy: Entropy,
}

/// Checks 9 to 15, in their order. Nothing is consumed before 15.
pub(super) fn decide(
    plan: &RefreshPlan<'_>,
    found: Option<Grant>,
    at: &Situation<'_>,
) -> Result<Verdict<TokenReply>, Reason> {
    let grant = found.ok_or(Reason::UnknownGrant)?; //                           9: found
    // Looked at before it is told, so that all parts of the record come from memory while the lineage is hashed.
    let (owned, living) = (owned_by(&grant, &plan.caller), not_revoked(&grant, &plan.caller));
    let (unexpired, live) = (not_expired(&grant, at.now), live_among(grant.access(), at.now));
    let family = genuine(&grant, &plan.token).ok_or(Reason::ForgedToken)?; //        and genuine
    owned?; //                                                                  10: of this client
    living?; //                                                                 11: not revoked
    let standing = match freshness(plan, family, at) {
        Freshness::Stands(standing) => standing, //                              12: current or retry
        Freshness::Replay => return replayed(plan, grant.id(), at.now), //           or replay
        Freshness::Refused(reason) => return Err(reason),
        Freshness::Fault(fault) => return Ok(Verdict::Fault(fault)),
    };
    unexpired?; //                                                              13: not expired
    let scope = scope_within(&grant.terms().scope, &plan.caller.scope, plan.requested)?; // 14: scope
    let refresh = Refresh { plan, grant: &grant, family, scope, live, at };
    Ok(refresh.answer(standing)) //                                               15: rotate and commit
}

/// N-082, N-083: a stranger is turned away before anything is said about the token, so it cannot burn the grant.
fn owned_by(grant: &Grant, caller: &AuthenticatedClient) -> Result<(), Reason> {
    if grant.terms().client_id == *caller.id() { Ok(()) } else { Err(Reason::ForeignGrant) }
}

fn not_expired(grant: &Grant, now: Timestamp) -> Result<(), Reason> {
    if grant.terms().expires_at.is_some_and(|end| end <= now) {
        return Err(Reason::GrantExpired);
    }
    if grant.refresh().is_some_and(|family| family.expires_at <= now) {
        Err(Reason::RefreshTokenExpired)
    } else {
        Ok(())
    }
}

/// What the presented secret is to the record.
#[expect(clippy::large_enum_variant, reason = "moved once per request, and a box would be an allocation per request")]
enum Freshness<'p> {
    Stands(Standing<'p>),
    Replay,
    Refused(Reason),
    Fault(Fault),
}

/// A secret that may be answered.
#[expect(clippy::large_enum_variant, reason = "moved once per request, and a box would be an allocation per request")]
enum Standing<'p> {
    /// The current one.
    Current,
    /// Spent by the latest rotation, inside the window, the successor unused. Or spent by this very exchange.
    Repeat(Successor<'p>),
}

/// The successor of a presented token, and how the access token that goes with it is found again.
struct Successor<'p> {
    refresh: RefreshToken,
    /// `None` under a zero window, where both tokens are simply random.
    derivation: Option<Derivation<'p>>,
}

impl RefreshPlan<'_> {
    pub(super) fn grant_id(&self) -> GrantId {
        self.token.grant_id()
    }

    /// The successor that this exchange makes.
    fn successor(&self, rules: &Rules) -> Successor<'_> {
        if self.caller.policy().retry_window.is_zero() {
            let refresh = self.token.successor(Secret::new(*self.entropy.refresh.expose_secret()));
            return Successor { refresh, derivation: None };
        }
        let derivation = Derivation::new(self.entropy.refresh.expose_secret(), rules.pepper().current(), &self.token);
        Successor { refresh: derivation.refresh_token(), derivation: Some(derivation) }
    }

    fn fresh_access(&self) -> AccessToken {
        AccessToken::new(self.token.grant_id(), Secret::new(*self.entropy.access.expose_secret()))
    }

    fn rotates(&self) -> bool {
        // N-112: a public client rotates, whatever its policy says.
        self.caller.is_public() || self.caller.policy().rotation == Rotation::Always
    }
}

/// Check 12. A genuine lineage with a secret that is nowhere in the record was spent before the window (N-113).
fn freshness<'p>(plan: &'p RefreshPlan<'_>, family: &RefreshFamily, at: &Situation<'_>) -> Freshness<'p> {
    let presented = plan.token.secret_digest();
    if presented == family.current {
        return Freshness::Stands(Standing::Current);
    }
    if at.attempted == Some(family.current) {
        return Freshness::Stands(Standing::Repeat(plan.successor(at.rules)));
    }
    let window = plan.caller.policy().retry_window;
    let remembered = family.spent.iter().rev().enumerate();
    let mut recent = remembered.filter(|(_, spent)| spent.at.distance(at.now) < window);
    match recent.find(|(_, spent)| spent.digest == presented) {
        Some((0, _)) => retry(plan, family, at.rules),
        Some(_) => Freshness::Refused(Reason::SuccessorInUse),
        None if at.in_doubt => Freshness::Refused(Reason::CommitInDoubt),
        None => Freshness::Replay,
    }
}

/// N-119: the latest spent secret gives the same successor again. What is derived must be the current secret: that it
/// is not under any accepted pepper is a fault of the server, and handing it out would hand out a token that does not
/// exist.
fn retry<'p>(plan: &'p RefreshPlan<'_>, family: &RefreshFamily, rules: &Rules) -> Freshness<'p> {
    let Some(Retry { salt, .. }) = &family.retry else {
        return Freshness::Replay;
    };
    for pepper in rules.pepper().accepted() {
        let derivation = Derivation::new(salt, pepper, &plan.token);
        let refresh = derivation.refresh_token();
        if refresh.secret_digest() == family.current {
            return Freshness::Stands(Standing::Repeat(Successor { refresh, derivation: Some(derivation) }));
        }
    }
    Freshness::Fault(Fault::PepperMismatch)
}

/// N-114: a replay ends the grant, and the refusal waits until that is committed.
fn replayed(plan: &RefreshPlan<'_>, id: GrantId, now: Timestamp) -> Result<Verdict<TokenReply>, Reason> {
    match plan.caller.policy().on_replay {
        OnReplay::Reject => Err(Reason::Replay),
        OnReplay::Revoke => Ok(Verdict::Write(Write {
            change: Change::End { id, at: now, reason: EndReason::Replayed },
            outcome: Outcome::Refused(Reason::Replay),
            reply: Err(Reason::Replay),
            attempted: None,
            revocation: Some(Revocation::Grant(id)),
        })),
    }
}

/// A refresh that passed every check.
struct Refresh<'r> {
    plan: &'r RefreshPlan<'r>,
    grant: &'r Grant,
    family: &'r RefreshFamily,
    scope: NarrowedScope<'r>,
    /// How many access tokens of the grant have not expired.
    live: usize,
    at: &'r Situation<'r>,
}

/// The tokens of an answer.
struct Tokens {
    refresh: RefreshToken,
    access: AccessToken,
}

impl Refresh<'_> {
    fn answer(&self, standing: Standing<'_>) -> Verdict<TokenReply> {
        match standing {
            Standing::Current if self.plan.rotates() => self.rotate(),
            Standing::Current => self.renew(),
            Standing::Repeat(successor) => self.repeat(successor),
        }
    }

    /// A new refresh token and a new access token; the presented secret is spent.
    fn rotate(&self) -> Verdict<TokenReply> {
        let Successor { refresh, derivation } = self.plan.successor(self.at.rules);
        let access =
            derivation.as_ref().map_or_else(|| self.plan.fresh_access(), |d| d.access_token(self.scope.scope()));
        let retry = derivation.map(|_| Retry { salt: *self.plan.entropy.refresh.expose_secret(), intact: true });
        let family = RefreshFamily {
            lineage: self.family.lineage,
            current: refresh.secret_digest(),
            issued_at: self.at.now,
            expires_at: self.idle_end(),
            generation: self.family.generation.saturating_add(1),
            spent: if retry.is_some() { self.spent() } else { Few::new() },
            retry,
        };
        self.write(Outcome::Rotated, family, self.kept(), Tokens { refresh, access })
    }

    /// N-118: the same refresh token and a new access token.
    fn renew(&self) -> Verdict<TokenReply> {
        let tokens = Tokens { refresh: self.plan.token.copy(), access: self.plan.fresh_access() };
        // This exchange wrote it in an earlier attempt.
        if let Some(entry) = self.live_entry(&tokens.access) {
            return self.again(Outcome::Refreshed, entry, tokens);
        }
        let family = RefreshFamily { issued_at: self.at.now, expires_at: self.idle_end(), ..self.family.clone() };
        self.write(Outcome::Refreshed, family, self.kept(), tokens)
    }

    /// The answer of a rotation again: the same successor, and the same access token where it is alive.
    ///
    /// Where it is not, a fresh one, so that what was revoked, expired or evicted never comes back. A derived token
    /// that was never issued, of another scope than the first, is issued now.
    fn repeat(&self, successor: Successor<'_>) -> Verdict<TokenReply> {
        let Successor { refresh, derivation } = successor;
        let fresh = self.plan.fresh_access();
        let derived = derivation.map(|derivation| derivation.access_token(self.scope.scope()));
        let intact = self.family.retry.as_ref().is_some_and(|retry| retry.intact);
        let access = match derived {
            Some(derived) if self.live_entry(&derived).is_some() => derived,
            Some(derived) if intact && entry_of(self.grant, derived.digest()).is_none() => derived,
            Some(_) | None => fresh,
        };
        let tokens = Tokens { refresh, access };
        match self.live_entry(&tokens.access) {
            Some(entry) => self.again(self.repeated_outcome(), entry, tokens),
            // Retrying is not using: the idle time goes on, and no access token is revoked.
            None => self.write(self.repeated_outcome(), self.family.clone(), self.grant.access(), tokens),
        }
    }

    /// An exchange that finds its own commit was the one that rotated.
    fn repeated_outcome(&self) -> Outcome {
        if self.at.attempted == Some(self.family.current) { Outcome::Rotated } else { Outcome::Retried }
    }

    fn live_entry(&self, token: &AccessToken) -> Option<&AccessEntry> {
        entry_of(self.grant, token.digest()).filter(|entry| self.at.now < entry.expires_at)
    }

    /// When a token that is used now expires unless it is used again (N-117); never after the grant's own end.
    fn idle_end(&self) -> Timestamp {
        let idle = self.plan.caller.policy().refresh_idle_lifetime;
        Grant::within_life(self.grant.terms(), self.at.now.after(idle))
    }

    /// The secrets spent inside the window, and the presented one.
    fn spent(&self) -> Few<Spent> {
        let window = self.plan.caller.policy().retry_window;
        let recent = self.family.spent.iter().filter(|spent| spent.at.distance(self.at.now) < window);
        let surplus = recent.clone().count().saturating_sub(RefreshFamily::MAX_SPENT - 1);
        let latest = Spent { digest: self.family.current, at: self.at.now };
        recent.skip(surplus).copied().chain([latest]).collect()
    }

    /// The earlier access tokens that a refresh leaves alive (N-090).
    fn kept(&self) -> &[AccessEntry] {
        match self.plan.caller.policy().previous_access_token {
            PreviousAccessToken::Keep => self.grant.access(),
            PreviousAccessToken::Revoke => &[],
        }
    }

    /// What a refresh that keeps no more than `kept` ends.
    fn revocation(&self, kept: &[AccessEntry]) -> Option<Revocation> {
        (kept.len() < self.grant.access().len()).then(|| Revocation::AccessTokensOf(self.grant.id()))
    }

    fn again(&self, outcome: Outcome, entry: &AccessEntry, tokens: Tokens) -> Verdict<TokenReply> {
        let Tokens { refresh, access } = tokens;
        Verdict::Answer(outcome, token_reply(self.grant.terms(), access, Some(refresh), entry, self.at.now))
    }

    fn write(
        &self,
        outcome: Outcome,
        mut family: RefreshFamily,
        kept: &[AccessEntry],
        tokens: Tokens,
    ) -> Verdict<TokenReply> {
        let (terms, policy, now) = (self.grant.terms(), self.plan.caller.policy(), self.at.now);
        let Tokens { refresh, access } = tokens;
        let entry = new_entry(terms, policy, &access, &self.scope, now);
        // Only a rotation makes a secret of this exchange's own the current one.
        let attempted = (family.current != self.family.current).then_some(family.current);
        let reply = token_reply(terms, access, Some(refresh), &entry, now);
        let list = with_entry(kept, self.live.min(kept.len()), entry, policy, now);
        let revocation = self.revocation(kept);
        if let Some(retry) = family.retry.as_mut().filter(|_| attempted.is_none()) {
            retry.intact &= list.len() > self.grant.access().len();
        }
        let grant = self.grant.next(Some(family), list);
        let change = Change::Replace { expected: self.grant.revision(), grant, revocation };
        let reply = Ok(reply);
        Verdict::Write(Write { change, outcome, reply, attempted, revocation })
    }
}
