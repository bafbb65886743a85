//! An exchange as what it has seen: by that, the engine's own steps lead to where it stands.
//!
//! A step of the engine can neither be copied nor compared, and a model needs both. So an exchange is the list of what
//! it was shown and told, and whenever the model needs its step it walks the real ones again.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use regrant::exchange::{Doubt, begin};
use regrant::{
    Client, CommitOutcome, Credentials, Entropy, Grant, GrantState, Rules, Step, Timestamp, TokenRequest, encode_tokens,
};

/// A record that can be hashed: by its revision, its state, and the stored form of its lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record(pub(crate) Arc<Grant>);

impl Hash for Record {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        let (grant, family) = (&self.0, self.0.refresh());
        grant.revision().hash(hasher);
        if let GrantState::Ended { at, reason } = grant.state() {
            (at, reason).hash(hasher);
        }
        family.map(|family| (*family.current.as_bytes(), family.issued_at, family.expires_at)).hash(hasher);
        encode_tokens(family, grant.access()).hash(hasher);
    }
}

/// Who presents a token, and which of its requests it is. The third number tells the copies of one request apart.
pub(crate) type Name = (u8, u8, u8);

/// Something that an exchange has seen.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Seen {
    /// A record, or none, at a time of the node's clock, in milliseconds.
    Loaded(Option<Record>, u64),
    /// Its commit met a conflict.
    Conflict,
    /// Its commit has an unknown outcome.
    Doubt,
    /// Its commit took place.
    Committed,
}

/// A request on its way through a node.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Exchange {
    /// The node: the place of its clock.
    pub(crate) node: u8,
    /// The place of the presented token in the list of all.
    pub(crate) token: u8,
    /// All that it has seen.
    pub(crate) seen: Vec<Seen>,
    /// The place of the token that was current when it last loaded.
    pub(crate) current: u8,
    /// The time of that load, in ticks.
    pub(crate) loaded_at: u8,
    /// Whether a replacement of its own has an unknown outcome.
    pub(crate) in_doubt: bool,
    /// The place of the token that its own commit made current.
    pub(crate) installed: Option<u8>,
}

/// What every exchange of one presenter shares.
pub(crate) struct Setting<'s> {
    pub(crate) rules: &'s Rules,
    pub(crate) client: &'s Arc<Client>,
    pub(crate) credentials: Credentials<'s>,
    pub(crate) token: &'s str,
}

impl Setting<'_> {
    /// Walks the steps up to what was seen last, and hands the step to `look`. `None` where the exchange gave up.
    pub(crate) fn walk<T>(
        &self,
        name: Name,
        seen: &[Seen],
        look: impl FnOnce(Step<'_, TokenRequest<'_>>) -> T,
    ) -> Option<T> {
        let request = TokenRequest {
            credentials: self.credentials,
            grant_type: Some("refresh_token"),
            refresh_token: Some(self.token),
            scope: None,
        };
        let Step::NeedsClient(exchange) = begin(self.rules, &request) else { panic!("the request is well-formed") };
        let mut step = exchange.with_client(Some(Arc::clone(self.client)), entropy(name), Timestamp::EPOCH, None);
        for seen in seen {
            step = match (step, seen) {
                (Step::NeedsGrant(exchange), Seen::Loaded(record, now)) => {
                    let grant = record.as_ref().map(|record| Grant::clone(&record.0));
                    exchange.with_grant(grant, Timestamp::from_unix_millis(*now))
                }
                (Step::Committing(committing), Seen::Conflict) => committing.split().1.settle(CommitOutcome::Conflict),
                (Step::Committing(committing), Seen::Committed) => {
                    committing.split().1.settle(CommitOutcome::Committed)
                }
                (Step::Committing(committing), Seen::Doubt) => match committing.split().1.in_doubt() {
                    Doubt::LookAgain(step) => step,
                    Doubt::GiveUp(_) => return None,
                },
                (step, seen) => panic!("{seen:?} at {step:?}"),
            };
        }
        Some(look(step))
    }
}

/// Ninety-six bytes that no other exchange has.
fn entropy((who, number, copy): Name) -> Entropy {
    let mut bytes = [0x55; Entropy::LENGTH];
    for (place, byte) in bytes.iter_mut().enumerate() {
        *byte ^= [who + 1, number + 1, copy + 1][place % 3];
    }
    Entropy::from_bytes(&bytes)
}
