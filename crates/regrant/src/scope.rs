//! Scopes. RFC 6749 §3.3.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;

use serde::{Serialize, Serializer};
use thiserror::Error;

/// A set of scope tokens, as an ordered text with single spaces; possibly empty.
///
/// ```text
/// scope       = scope-token *( SP scope-token )
/// scope-token = 1*( %x21 / %x23-5B / %x5D-7E )
/// ```
///
/// Tokens are case-sensitive, their order carries no meaning, and a repeated one counts once (N-014). Limits:
/// [`Scope::MAX_BYTES`] and [`Scope::MAX_TOKENS`].
///
/// Behind one thin pointer, because every grant and every access token of a record has room for one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scope(Arc<Box<str>>);

impl Scope {
    /// The longest scope in bytes.
    pub const MAX_BYTES: usize = 4096;
    /// The most tokens of one scope.
    pub const MAX_TOKENS: usize = 256;

    /// The scope without any token.
    pub fn empty() -> Self {
        Self(Arc::default())
    }

    /// Reads a scope strictly by the grammar; the empty text is the empty scope.
    ///
    /// # Errors
    /// A character outside the grammar, a separator other than one space between two tokens, or a limit passed.
    pub fn parse(text: &str) -> Result<Self, InvalidScope> {
        if text.is_empty() {
            return Ok(Self::empty());
        }
        if text.len() > Self::MAX_BYTES || text.split(' ').count() > Self::MAX_TOKENS {
            return Err(InvalidScope::TooLong);
        }
        if !text.split(' ').all(is_scope_token) {
            return Err(InvalidScope::Malformed);
        }
        Ok(Self::from_tokens(text.split(' ')))
    }

    /// The scope as text: tokens with one space between them.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether there is no token at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The tokens, in the order they were given.
    pub fn tokens(&self) -> impl Iterator<Item = &str> {
        self.0.split(' ').filter(|token| !token.is_empty())
    }

    /// Whether `token` is one of the tokens.
    pub fn contains(&self, token: &str) -> bool {
        self.tokens().any(|own| own == token)
    }

    /// Whether every token of this scope is also one of `other`'s.
    pub fn is_within(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.tokens().all(|token| other.contains(token))
    }

    /// The tokens that both have, in this scope's order.
    #[must_use]
    pub fn cut_to(&self, other: &Self) -> Self {
        self.cut(other).into_owned()
    }

    /// The same, and nothing new where it is all of this scope.
    pub(crate) fn cut(&self, other: &Self) -> Cow<'_, Self> {
        if self.is_within(other) {
            return Cow::Borrowed(self);
        }
        Cow::Owned(Self::from_tokens(self.tokens().filter(|token| other.contains(token))))
    }

    /// The scope of a new token: all of this scope where nothing was requested, else the requested part of it.
    ///
    /// The result keeps the order of `self`, so that the same set of tokens is always the same text: it is part of the
    /// derivation of tokens. `None` where the request goes beyond this scope (N-086).
    pub fn narrow(&self, requested: Option<&Self>) -> Option<NarrowedScope<'_>> {
        NarrowedScope::of(Cow::Borrowed(self), requested)
    }

    fn from_tokens<'a>(tokens: impl Iterator<Item = &'a str>) -> Self {
        let mut text = String::new();
        for token in tokens {
            if text.split(' ').any(|seen| seen == token) {
                continue;
            }
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(token);
        }
        Self(Arc::new(text.into()))
    }
}

fn is_scope_token(token: &str) -> bool {
    !token.is_empty() && token.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5B | 0x5D..=0x7E))
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Scope {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// The scope of a new access token. Only [`Scope::narrow`] makes one, so no token can carry more than was granted.
///
/// Where it is all of what was granted, it is that very scope, and not one more that counts itself among its owners: many
/// grants share the scope of their client, and threads that refresh them would wait for one another's counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NarrowedScope<'a>(Cow<'a, Scope>);

impl<'a> NarrowedScope<'a> {
    /// The requested part of what is available; all of it where nothing was requested.
    pub(crate) fn of(available: Cow<'a, Scope>, requested: Option<&Scope>) -> Option<Self> {
        match requested {
            None => Some(Self(available)),
            Some(requested) if !requested.is_within(&available) => None,
            Some(requested) if available.is_within(requested) => Some(Self(available)),
            Some(requested) => Some(Self(Cow::Owned(available.cut_to(requested)))),
        }
    }

    /// The scope itself.
    pub fn scope(&self) -> &Scope {
        &self.0
    }

    /// The same, apart from what it was narrowed from.
    pub fn into_owned(self) -> NarrowedScope<'static> {
        NarrowedScope(Cow::Owned(self.0.into_owned()))
    }
}

/// Why a text is no scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidScope {
    /// A character or a separator that the grammar does not know.
    #[error("a scope is tokens of printable ascii without quote and backslash, with one space between them")]
    Malformed,
    /// More than [`Scope::MAX_BYTES`] bytes or [`Scope::MAX_TOKENS`] tokens.
    #[error("a scope has at most 4096 bytes and 256 tokens")]
    TooLong,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn scope(text: &str) -> Scope {
        Scope::parse(text).unwrap()
    }

    #[test]
    fn n_014_the_grammar_is_strict() {
        for bad in [" ", "a ", " a", "a  b", "a\tb", "a\"b", "a\\b", "é", "a\u{7f}"] {
            assert_eq!(Scope::parse(bad), Err(InvalidScope::Malformed), "{bad:?}");
        }
        for good in ["", "a", "a b", "!#[]~", "read,write"] {
            assert_eq!(scope(good).as_str(), good);
        }
    }

    #[test]
    fn limits_hold_at_n_and_n_plus_one() {
        assert!(Scope::parse(&"a".repeat(Scope::MAX_BYTES)).is_ok());
        assert_eq!(Scope::parse(&"a".repeat(Scope::MAX_BYTES + 1)), Err(InvalidScope::TooLong));
        let tokens =
            |count: usize| (0..count).map(|n| alloc::format!("t{n}")).collect::<alloc::vec::Vec<_>>().join(" ");
        assert_eq!(scope(&tokens(Scope::MAX_TOKENS)).tokens().count(), Scope::MAX_TOKENS);
        assert_eq!(Scope::parse(&tokens(Scope::MAX_TOKENS + 1)), Err(InvalidScope::TooLong));
    }

    #[test]
    fn n_086_nothing_beyond_the_scope_is_narrowed() {
        let granted = scope("read write");
        assert_eq!(granted.narrow(Some(&scope("read admin"))), None);
        assert_eq!(scope("").narrow(Some(&scope("read"))), None);
        assert_eq!(granted.narrow(Some(&scope("write read"))).unwrap().scope().as_str(), "read write");
        assert_eq!(granted.narrow(None).unwrap().scope(), &granted);
    }

    proptest! {
        #[test]
        fn narrowing_never_widens(a in "[a-d]( [a-d]){0,4}", b in "[a-d]( [a-d]){0,4}") {
            let (granted, asked) = (scope(&a), scope(&b));
            if let Some(narrowed) = granted.narrow(Some(&asked)) {
                prop_assert!(narrowed.scope().is_within(&granted));
                prop_assert!(narrowed.scope().is_within(&asked) && asked.is_within(narrowed.scope()));
            } else {
                prop_assert!(!asked.is_within(&granted));
            }
            prop_assert!(granted.cut_to(&asked).is_within(&asked));
        }
    }
}
