//! The check numbers of a row, which tell a record that was written from one that came about.
//!
//! A database may keep no checksum of a page. One bit that turned on the disk would be read as another digest, and the
//! token of an honest client taken for a replay; one that turned in the index of ids, and the row of another grant would
//! be read. Both numbers begin with the id, so a row under a wrong id matches neither. There are two, because a refresh
//! rewrites the tokens and not the terms. The revision and the end are in neither: an end is one statement, at any
//! revision.
//!
//! They are against accidents. Whoever can write to the database can write the number that fits.

use super::{GrantId, RefreshFamily, Subject, Terms};
use crate::time::Timestamp;

/// The number over what a grant was made with; `attributes` in their stored form.
pub fn check_of_terms(id: &GrantId, terms: &Terms, attributes: &[u8]) -> i64 {
    let check = Check::of(id).text(terms.client_id.as_str()).number(terms.client_epoch);
    let check = check.maybe(terms.subject.as_ref(), |check, subject: &Subject| check.text(subject.as_str()));
    let check = check.text(terms.scope.as_str()).time(terms.created_at);
    check.maybe(terms.expires_at, Check::time).bytes(attributes).signed()
}

/// The number over what a refresh rewrites; `lists` is the stored form of the small lists.
pub fn check_of_tokens(id: &GrantId, family: Option<&RefreshFamily>, lists: &[u8]) -> i64 {
    let refresh = |check: Check, family: &RefreshFamily| {
        let check = check.bytes(family.lineage.as_bytes()).bytes(family.current.as_bytes());
        check.time(family.issued_at).time(family.expires_at).number(family.generation)
    };
    Check::of(id).maybe(family, refresh).bytes(lists).signed()
}

/// A number that every word so far went into. Each step is reversible, so one word that differs always shows; whatever
/// differs more shows but for one case in 2⁶⁴.
#[derive(Clone, Copy, Debug)]
struct Check(u64);

impl Check {
    fn of(id: &GrantId) -> Self {
        Self(0x7267_6e74_6368_6563).bytes(id.as_bytes())
    }

    fn number(self, word: u64) -> Self {
        let mixed = (self.0 ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Self(mixed ^ (mixed >> 32))
    }

    fn bytes(self, bytes: &[u8]) -> Self {
        let (words, rest) = bytes.as_chunks::<8>();
        let check = words.iter().fold(self, |check, word| check.number(u64::from_le_bytes(*word)));
        // Seven bytes at most, and the shifted word ends in eight zeros: an exclusive or would be the same.
        let rest = rest.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
        // The length: a byte more or less is another text, even if it is zero.
        check.number(rest).number(u64::try_from(bytes.len()).unwrap_or(u64::MAX))
    }

    fn text(self, text: &str) -> Self {
        self.bytes(text.as_bytes())
    }

    fn time(self, at: Timestamp) -> Self {
        self.number(at.unix_millis())
    }

    fn maybe<T>(self, value: Option<T>, add: impl FnOnce(Self, T) -> Self) -> Self {
        match value {
            Some(value) => add(self.number(1), value),
            None => self.number(0),
        }
    }

    const fn signed(self) -> i64 {
        self.0.cast_signed()
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn every_bit_and_every_length_counts() {
        let id = GrantId::from_bytes([7; 16]);
        let lists: Vec<u8> = (0..61).collect();
        let whole = check_of_tokens(&id, None, &lists);
        for place in 0..lists.len() * 8 {
            let mut other = lists.clone();
            other[place / 8] ^= 1 << (place % 8);
            assert_ne!(check_of_tokens(&id, None, &other), whole, "bit {place}");
        }
        for length in 0..lists.len() {
            assert_ne!(check_of_tokens(&id, None, &lists[..length]), whole, "length {length}");
        }
        assert_ne!(check_of_tokens(&id, None, &[]), check_of_tokens(&id, None, &[0]));
        assert_ne!(check_of_tokens(&GrantId::from_bytes([8; 16]), None, &lists), whole);
    }

    #[test]
    fn the_numbers_are_those_of_every_release() {
        // A file that one release wrote is read by the next.
        let id = GrantId::from_bytes([7; 16]);
        assert_eq!(check_of_tokens(&id, None, b"regrant-sqlite"), -6_539_310_099_956_232_919);
    }
}
