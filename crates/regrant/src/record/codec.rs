//! The stored form of the small lists of a record. Written by hand, versioned, and not derived from any field's name.
//!
//! ```text
//! attributes = version(1) count(1) *( name-length(1) name value-length(2) value )
//! tokens     = version(1) retry(1) [ salt(32) ] spent-count(1) *( digest(32) at(8) )
//!              access-count(2) *( digest(32) issued(8) expires(8) scope-length(2) scope )
//! ```
//!
//! Numbers are big-endian, times are milliseconds. `retry` is 0 for none, 1 for a salt whose access tokens are all
//! still listed, 2 for one of which some have left. A scope length of `FFFF` stands for the grant's whole scope. The
//! version is 1; a reader refuses any other.

use alloc::vec::Vec;

use thiserror::Error;

use super::{AccessEntry, Attributes, RefreshFamily, Retry, Spent, TokenLists};
use crate::client::Policy;
use crate::digest::Digest;
use crate::scope::Scope;
use crate::time::Timestamp;

const VERSION: u8 = 1;
const WHOLE_SCOPE: u16 = u16::MAX;

/// Why stored bytes are no list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum MalformedList {
    /// A version that this release does not know.
    #[error("unknown version of the stored list")]
    UnknownVersion,
    /// The bytes end too early.
    #[error("the stored list is cut short")]
    CutShort,
    /// Bytes after the end.
    #[error("bytes after the end of the stored list")]
    TrailingBytes,
    /// A value that nobody writes.
    #[error("a value in the stored list is out of range")]
    OutOfRange,
}

/// The stored form of a grant's attributes.
pub fn encode_attributes(attributes: &Attributes) -> Vec<u8> {
    let mut out = Vec::with_capacity(2);
    out.push(VERSION);
    push_count::<u8>(&mut out, attributes.iter().len());
    for (name, value) in attributes.iter() {
        push_count::<u8>(&mut out, name.len());
        out.extend_from_slice(name.as_bytes());
        push_count::<u16>(&mut out, value.len());
        out.extend_from_slice(value.as_bytes());
    }
    out
}

/// Reads what [`encode_attributes`] wrote.
///
/// # Errors
/// [`MalformedList`] for anything else.
pub fn decode_attributes(bytes: &[u8]) -> Result<Attributes, MalformedList> {
    let mut reader = Reader::open(bytes)?;
    let mut attributes = Attributes::new();
    for _ in 0..reader.number::<1>()? {
        let length = reader.number::<1>()?;
        let name = reader.text(length)?;
        let length = reader.number::<2>()?;
        let value = reader.text(length)?;
        attributes.insert(name, value).map_err(|_| MalformedList::OutOfRange)?;
    }
    reader.close(attributes)
}

/// The stored form of a record's token lists.
pub fn encode_tokens(refresh: Option<&RefreshFamily>, access: &[AccessEntry]) -> Vec<u8> {
    let retry = refresh.and_then(|family| family.retry.as_ref());
    let spent = refresh.map_or(&[][..], |family| &*family.spent);
    let mut out = Vec::with_capacity(5 + 32 + spent.len() * 40 + access.len() * 50);
    out.push(VERSION);
    out.push(retry.map_or(0, |retry| if retry.intact { 1 } else { 2 }));
    retry.inspect(|retry| out.extend_from_slice(&retry.salt));
    push_count::<u8>(&mut out, spent.len());
    for entry in spent {
        out.extend_from_slice(entry.digest.as_bytes());
        push_time(&mut out, entry.at);
    }
    push_count::<u16>(&mut out, access.len());
    for entry in access {
        push_access(&mut out, entry);
    }
    out
}

fn push_access(out: &mut Vec<u8>, entry: &AccessEntry) {
    out.extend_from_slice(entry.digest.as_bytes());
    push_time(out, entry.issued_at);
    push_time(out, entry.expires_at);
    match &entry.scope {
        None => out.extend_from_slice(&WHOLE_SCOPE.to_be_bytes()),
        Some(scope) => {
            push_count::<u16>(out, scope.as_str().len());
            out.extend_from_slice(scope.as_str().as_bytes());
        }
    }
}

/// Reads what [`encode_tokens`] wrote.
///
/// # Errors
/// [`MalformedList`] for anything else.
pub fn decode_tokens(bytes: &[u8]) -> Result<TokenLists, MalformedList> {
    let mut reader = Reader::open(bytes)?;
    let retry = match reader.number::<1>()? {
        0 => None,
        state @ (1 | 2) => Some(Retry { salt: *reader.take()?, intact: state == 1 }),
        _ => return Err(MalformedList::OutOfRange),
    };
    let mut lists = TokenLists { retry, ..TokenLists::default() };
    for _ in 0..bounded(reader.number::<1>()?, RefreshFamily::MAX_SPENT)? {
        lists.spent.push(Spent { digest: reader.digest()?, at: reader.time()? });
    }
    for _ in 0..bounded(reader.number::<2>()?, usize::from(Policy::MAX_ACCESS_TOKENS))? {
        lists.access.push(reader.access()?);
    }
    reader.close(lists)
}

/// A count, refused where it is beyond what is ever written.
fn bounded(count: u64, most: usize) -> Result<u64, MalformedList> {
    if usize::try_from(count).is_ok_and(|count| count <= most) { Ok(count) } else { Err(MalformedList::OutOfRange) }
}

/// Appends a length. Every list and text in a record is bounded well below the width of its count.
fn push_count<N: TryFrom<usize> + Count>(out: &mut Vec<u8>, count: usize) {
    let number = N::try_from(count).unwrap_or(N::END);
    number.push(out);
}

/// The widths of counts.
trait Count {
    const END: Self;
    fn push(self, out: &mut Vec<u8>);
}

impl Count for u8 {
    const END: Self = Self::MAX;

    fn push(self, out: &mut Vec<u8>) {
        out.push(self);
    }
}

impl Count for u16 {
    const END: Self = Self::MAX;

    fn push(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_be_bytes());
    }
}

fn push_time(out: &mut Vec<u8>, at: Timestamp) {
    out.extend_from_slice(&at.unix_millis().to_be_bytes());
}

/// What is left to read.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn open(bytes: &'a [u8]) -> Result<Self, MalformedList> {
        let mut reader = Self(bytes);
        match reader.number::<1>()? {
            version if version == u64::from(VERSION) => Ok(reader),
            _ => Err(MalformedList::UnknownVersion),
        }
    }

    fn close<T>(self, value: T) -> Result<T, MalformedList> {
        if self.0.is_empty() { Ok(value) } else { Err(MalformedList::TrailingBytes) }
    }

    fn take<const N: usize>(&mut self) -> Result<&'a [u8; N], MalformedList> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(MalformedList::CutShort)?;
        self.0 = rest;
        Ok(taken)
    }

    fn number<const N: usize>(&mut self) -> Result<u64, MalformedList> {
        // The shifted number ends in eight zeros, so an exclusive or would be the same.
        Ok(self.take::<N>()?.iter().fold(0, |number, byte| (number << 8) | u64::from(*byte)))
    }

    fn text(&mut self, length: u64) -> Result<&'a str, MalformedList> {
        let length = usize::try_from(length).map_err(|_| MalformedList::CutShort)?;
        let (text, rest) = self.0.split_at_checked(length).ok_or(MalformedList::CutShort)?;
        self.0 = rest;
        core::str::from_utf8(text).map_err(|_| MalformedList::OutOfRange)
    }

    fn digest(&mut self) -> Result<Digest, MalformedList> {
        self.take().map(|bytes| Digest::from_bytes(*bytes))
    }

    fn time(&mut self) -> Result<Timestamp, MalformedList> {
        let millis = self.number::<8>()?;
        let at = Timestamp::from_unix_millis(millis);
        if at.unix_millis() == millis { Ok(at) } else { Err(MalformedList::OutOfRange) }
    }

    fn access(&mut self) -> Result<AccessEntry, MalformedList> {
        let (digest, issued_at, expires_at) = (self.digest()?, self.time()?, self.time()?);
        let scope = match self.number::<2>()? {
            length if length == u64::from(WHOLE_SCOPE) => None,
            length => Some(self.scope(length)?),
        };
        Ok(AccessEntry { digest, issued_at, expires_at, scope })
    }

    /// A scope that is not in the form in which scopes are written was not written here.
    fn scope(&mut self, length: u64) -> Result<Scope, MalformedList> {
        let text = self.text(length)?;
        let scope = Scope::parse(text).map_err(|_| MalformedList::OutOfRange)?;
        if scope.as_str() == text { Ok(scope) } else { Err(MalformedList::OutOfRange) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec as many;
    use proptest::prelude::*;

    use super::*;
    use crate::record::Few;

    fn time() -> impl Strategy<Value = Timestamp> {
        any::<u64>().prop_map(Timestamp::from_unix_millis)
    }

    fn digest() -> impl Strategy<Value = Digest> {
        any::<[u8; 32]>().prop_map(Digest::from_bytes)
    }

    fn access() -> impl Strategy<Value = AccessEntry> {
        let scope = proptest::option::of("[a-c]( [d-f])?".prop_map(|text| Scope::parse(&text).unwrap()));
        (digest(), time(), time(), scope).prop_map(|(digest, issued_at, expires_at, scope)| AccessEntry {
            digest,
            issued_at,
            expires_at,
            scope,
        })
    }

    fn lists() -> impl Strategy<Value = TokenLists> {
        let retry = proptest::option::of((any::<[u8; 32]>(), any::<bool>()))
            .prop_map(|retry| retry.map(|(salt, intact)| Retry { salt, intact }));
        let spent = many((digest(), time()).prop_map(|(digest, at)| Spent { digest, at }), 0..=4);
        (retry, spent, many(access(), 0..20)).prop_map(|(retry, spent, access)| TokenLists {
            retry,
            spent: spent.into(),
            access: access.into(),
        })
    }

    fn encode(lists: &TokenLists) -> Vec<u8> {
        let family = RefreshFamily {
            lineage: Digest::from_bytes([0; 32]),
            current: Digest::from_bytes([0; 32]),
            issued_at: Timestamp::EPOCH,
            expires_at: Timestamp::EPOCH,
            generation: 0,
            retry: lists.retry.clone(),
            spent: lists.spent.clone(),
        };
        encode_tokens(Some(&family), &lists.access)
    }

    proptest! {
        #[test]
        fn token_lists_survive_storage(lists in lists()) {
            prop_assert_eq!(decode_tokens(&encode(&lists)), Ok(lists));
        }

        #[test]
        fn attributes_survive_storage_in_order(values in many(".{0,40}", 0..32)) {
            let mut attributes = Attributes::new();
            for (n, value) in values.iter().enumerate() {
                attributes.insert(&alloc::format!("name-{n}"), value).unwrap();
            }
            prop_assert_eq!(decode_attributes(&encode_attributes(&attributes)), Ok(attributes));
        }

        #[test]
        fn any_bytes_are_read_without_panic_and_canonically(bytes in many(any::<u8>(), 0..300)) {
            if let Ok(lists) = decode_tokens(&bytes) {
                prop_assert_eq!(encode(&lists), bytes.clone());
            }
            if let Ok(attributes) = decode_attributes(&bytes) {
                prop_assert_eq!(encode_attributes(&attributes), bytes);
            }
        }

        #[test]
        fn a_list_cut_anywhere_is_refused(lists in lists(), cut in any::<prop::sample::Index>()) {
            let bytes = encode(&lists);
            prop_assert!(decode_tokens(&bytes[..cut.index(bytes.len())]).is_err());
        }
    }

    #[test]
    fn another_version_and_trailing_bytes_are_refused() {
        assert_eq!(decode_tokens(&[2, 0, 0, 0, 0]), Err(MalformedList::UnknownVersion));
        assert_eq!(decode_tokens(&[1, 0, 0, 0, 0, 9]), Err(MalformedList::TrailingBytes));
        assert_eq!(decode_tokens(&[1, 3]), Err(MalformedList::OutOfRange));
        assert_eq!(decode_tokens(&[1, 0, 5]), Err(MalformedList::OutOfRange));
        assert_eq!(decode_attributes(&[]), Err(MalformedList::CutShort));
    }

    /// The stored format is a promise: these bytes must read the same in every later release.
    #[test]
    fn the_format_is_pinned() {
        let lists = TokenLists {
            retry: Some(Retry { salt: [7; 32], intact: false }),
            spent: Few::one(Spent { digest: Digest::from_bytes([8; 32]), at: Timestamp::from_unix_millis(258) }),
            access: Few::one(AccessEntry {
                digest: Digest::from_bytes([9; 32]),
                issued_at: Timestamp::from_unix_millis(1),
                expires_at: Timestamp::from_unix_millis(2),
                scope: Some(Scope::parse("a b").unwrap()),
            }),
        };
        let written = [
            &[1, 2][..],
            &[7; 32],
            &[1],
            &[8; 32],
            &[0, 0, 0, 0, 0, 0, 1, 2],
            &[0, 1],
            &[9; 32],
            &[0, 0, 0, 0, 0, 0, 0, 1],
            &[0, 0, 0, 0, 0, 0, 0, 2],
            &[0, 3],
            b"a b",
        ];
        assert_eq!(encode(&lists), written.concat());
    }
}
