//! `[resource_cache]`: what the page behind the bearer check remembers.

use regrant_http::CacheBounds;
use serde::Deserialize;

use super::span::Span;

/// The keys of `[resource_cache]`. What is absent is as [`CacheBounds`] has it.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ResourceCacheKeys {
    entries: Option<u32>,
    max_age: Option<Span>,
}

impl ResourceCacheKeys {
    /// The bounds of the cache.
    pub(super) fn bounds(self) -> CacheBounds {
        let default = CacheBounds::default();
        CacheBounds {
            entries: self.entries.and_then(|entries| usize::try_from(entries).ok()).unwrap_or(default.entries),
            max_age: self.max_age.map_or(default.max_age, |span| span.0),
        }
    }
}
