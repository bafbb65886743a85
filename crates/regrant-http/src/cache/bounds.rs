//! How much a cache may hold, and for how long.

use std::time::Duration;

/// The bounds of an [`IntrospectionCache`](super::IntrospectionCache).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheBounds {
    /// The most answers held at once, rounded up to a multiple of 64. With 0 nothing is held.
    pub entries: usize,
    /// The longest time for which an answer is held. It ends earlier with its token.
    pub max_age: Duration,
}

impl Default for CacheBounds {
    /// 65,536 answers for a minute each: a resource server asks once a minute for each token that is in use.
    fn default() -> Self {
        Self { entries: 65_536, max_age: Duration::from_mins(1) }
    }
}
