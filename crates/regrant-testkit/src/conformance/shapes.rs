//! Every shape of a record: each field at both of its ends.

use regrant::{
    AccessEntry, Attributes, ClientId, Digest, EndReason, Few, Grant, GrantState, Policy, RefreshFamily, Retry,
    Revision, Scope, Spent, Subject, Timestamp,
};

use super::Failure;
use super::records::{self, Draft, NOW, digest};

/// The largest number that every column holds.
const LARGEST: u64 = i64::MAX.unsigned_abs();
/// The first whole number that a floating-point column cannot hold.
const BEYOND_DOUBLE: u64 = (1 << 53) + 1;

/// How many shapes [`form`] knows.
const FORMS: u64 = 14;

/// All shapes, each with an id of its own.
pub(super) fn all() -> Result<Vec<Grant>, Failure> {
    let mut shapes = Vec::new();
    for number in 0..FORMS {
        let mut draft = Draft::new(100 + number)?;
        form(&mut draft, number)?;
        shapes.push(draft.build()?);
    }
    shapes.extend(ended()?);
    Ok(shapes)
}

/// Gives a record the shape of that number; any other number leaves it as it is issued.
fn form(draft: &mut Draft, number: u64) -> Result<(), Failure> {
    match number {
        1 => client_credentials(draft),
        2 => nothing_at_all(draft),
        3 => first_instant(draft),
        4 => last_instant(draft),
        5 => full_lists(draft),
        6 => narrower_scopes(draft)?,
        7 => widest_scope(draft)?,
        8 => most_attributes(draft)?,
        9 => awkward_values(draft)?,
        10 => awkward_names(draft)?,
        11 => largest_numbers(draft),
        12 => one_byte(draft, 0),
        13 => one_byte(draft, 0xFF),
        _ => {}
    }
    Ok(())
}

/// Ended for every reason, at the beginning, in the middle and at the end of time.
fn ended() -> Result<Vec<Grant>, Failure> {
    let mut shapes = Vec::new();
    for (number, reason) in (200..).step_by(10).zip(EndReason::ALL) {
        for (offset, at) in (0..).zip([Timestamp::EPOCH, NOW, Timestamp::MAX]) {
            let state = GrantState::Ended { at, reason };
            shapes.push(Draft { state, ..Draft::new(number + offset)? }.build()?);
        }
    }
    Ok(shapes)
}

/// A client for itself: neither subject nor refresh token, nor any end but that of its access token.
fn client_credentials(draft: &mut Draft) {
    (draft.terms.subject, draft.terms.expires_at, draft.refresh) = (None, None, None);
    draft.terms.attributes = Attributes::new();
}

fn nothing_at_all(draft: &mut Draft) {
    client_credentials(draft);
    (draft.terms.scope, draft.terms.client_epoch) = (Scope::empty(), 0);
    draft.access.clear();
}

fn first_instant(draft: &mut Draft) {
    draft.terms.expires_at = Some(Timestamp::EPOCH);
    all_at(draft, Timestamp::EPOCH);
}

fn last_instant(draft: &mut Draft) {
    draft.terms.expires_at = Some(Timestamp::MAX);
    all_at(draft, Timestamp::MAX);
}

/// Every time of a record is `at`.
fn all_at(draft: &mut Draft, at: Timestamp) {
    draft.terms.created_at = at;
    if let Some(family) = &mut draft.refresh {
        (family.issued_at, family.expires_at) = (at, at);
        family.spent = Few::one(Spent { digest: digest("spent", 1), at });
        family.retry = Some(Retry { salt: [9; 32], intact: true });
    }
    for entry in &mut draft.access {
        (entry.issued_at, entry.expires_at) = (at, at);
    }
}

/// As many spent secrets and access tokens as a record may have, the latter not in order of time.
fn full_lists(draft: &mut Draft) {
    draft.access = (0..u64::from(Policy::MAX_ACCESS_TOKENS)).map(records::access).collect();
    draft.access.reverse();
    if let Some(family) = &mut draft.refresh {
        let spent = |number| Spent { digest: digest("spent", number), at: Timestamp::from_unix_millis(number) };
        family.spent = (0..).map(spent).take(RefreshFamily::MAX_SPENT).collect();
        family.retry = Some(Retry { salt: [0xA5; 32], intact: true });
    }
}

/// Access tokens with less than the whole scope, and a rotation of which one has left the list.
fn narrower_scopes(draft: &mut Draft) -> Result<(), Failure> {
    let scopes = [None, Some(Scope::empty()), Some(Scope::parse("write")?), Some(Scope::parse("read write")?)];
    draft.access = (0..).zip(scopes).map(|(n, scope)| AccessEntry { scope, ..records::access(n) }).collect();
    if let Some(family) = &mut draft.refresh {
        family.spent = Few::one(Spent { digest: digest("spent", 7), at: NOW });
        family.retry = Some(Retry { salt: [0; 32], intact: false });
    }
    Ok(())
}

/// Every character of a scope token, in the longest scope.
fn widest_scope(draft: &mut Draft) -> Result<(), Failure> {
    let mut text: String = ('!'..='~').filter(|c| !matches!(c, '"' | '\\')).collect();
    text.push(' ');
    text.push_str(&"s".repeat(Scope::MAX_BYTES - text.len()));
    draft.terms.scope = Scope::parse(&text)?;
    draft.access = vec![AccessEntry { scope: Some(draft.terms.scope.clone()), ..records::access(1) }];
    Ok(())
}

/// As many and as long attributes as there may be, in no order of the alphabet.
fn most_attributes(draft: &mut Draft) -> Result<(), Failure> {
    draft.terms.attributes = Attributes::new();
    for number in 0..Attributes::MAX {
        // 11 has no factor in common with 32: all numbers appear, out of order.
        let name = format!("{:x<64}", (number * 11) % Attributes::MAX);
        draft.terms.attributes.insert(&name, &"v".repeat(Attributes::MAX_VALUE))?;
    }
    Ok(())
}

/// Values that a text column or a format of its own may trip over.
fn awkward_values(draft: &mut Draft) -> Result<(), Failure> {
    let values = ["", "\0", "a\0b", " a ", "\r\n", "'; --", "\"}", "\u{feff}\u{1F511}", "e\u{301}", "\u{e9}", "NULL"];
    for (name, value) in (b'a'..=b'z').rev().zip(values) {
        draft.terms.attributes.insert(&char::from(name).to_string(), value)?;
    }
    Ok(())
}

/// Names that a query of the store may trip over.
fn awkward_names(draft: &mut Draft) -> Result<(), Failure> {
    let subject = format!("'; --\"%_\\ e\u{301}\u{e9}\u{1F511}{:s<230}", "");
    draft.terms.subject = Some(Subject::parse(&subject)?);
    draft.terms.client_id = ClientId::parse(&(' '..='~').collect::<String>())?;
    Ok(())
}

fn largest_numbers(draft: &mut Draft) {
    (draft.revision, draft.terms.client_epoch) = (Revision::new(BEYOND_DOUBLE), LARGEST);
    if let Some(family) = &mut draft.refresh {
        // Room for the refreshes that follow in a case.
        family.generation = LARGEST - 16;
    }
}

/// Digests and salts that are all one byte.
fn one_byte(draft: &mut Draft, byte: u8) {
    let plain = Digest::from_bytes([byte; 32]);
    if let Some(family) = &mut draft.refresh {
        (family.lineage, family.current) = (plain, plain);
        family.spent = Few::one(Spent { digest: Digest::from_bytes([!byte; 32]), at: NOW });
        family.retry = Some(Retry { salt: [byte; 32], intact: false });
    }
    for entry in &mut draft.access {
        entry.digest = plain;
    }
}
