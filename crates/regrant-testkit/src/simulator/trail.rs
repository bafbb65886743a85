//! What the world knows of one exchange: what it asked, what it was shown, and what it wrote.

use core::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use regrant::{Digest, Grant, GrantId, Timestamp};

use super::ask::Ask;

/// The bytes of a digest, as the key of a map.
pub(super) type Key = [u8; 32];

/// A token as the oracle reads it, without the engine's help.
#[derive(Clone, Copy, Debug)]
pub(super) struct Presented {
    pub(super) grant: GrantId,
    pub(super) key: Key,
    pub(super) is_refresh: bool,
}

impl Presented {
    /// Reads a token in base64url: `id ‖ lineage ‖ secret` or `id ‖ secret`. At rest it is `SHA-256(kind ‖ id ‖ secret)`.
    pub(super) fn read(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (id, rest) = bytes.split_first_chunk::<{ GrantId::LENGTH }>()?;
        let secret = rest.last_chunk::<32>()?;
        let is_refresh = rest.len() > secret.len();
        let kind: u8 = if is_refresh { 2 } else { 3 };
        let input: Vec<u8> = [kind].iter().chain(id).chain(secret).copied().collect();
        let key = *Digest::sha256(&input).as_bytes();
        Some(Self { grant: GrantId::from_bytes(*id), key, is_refresh })
    }
}

/// What an exchange was shown by its latest load.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    pub(super) grant: Option<Grant>,
    /// The true time at which the load was asked for.
    pub(super) asked_at: u64,
    /// The true time at which it was decided upon.
    pub(super) decided_at: u64,
    /// What the node's clock showed then.
    pub(super) node_time: Timestamp,
}

/// One exchange.
#[derive(Debug)]
pub(super) struct Trail {
    pub(super) ask: Ask,
    /// What the presented token is; `None` where none is presented.
    pub(super) presented: Option<Presented>,
    /// How far the clock of its node is ahead.
    pub(super) skew: Duration,
    pub(super) shown: Option<Shown>,
    /// The epoch of the client that was looked up last, as it truly was.
    pub(super) epoch: u64,
    /// A commit of it failed, so that its outcome is unknown. An end is written again, and leaves no doubt.
    pub(super) in_doubt: bool,
    /// Its latest commit is the end of a grant.
    pub(super) commits_end: bool,
    /// The store was made to lie to it, or to fail under it.
    pub(super) disturbed: bool,
    pub(super) conflicts: u32,
    /// How many of its commits were written.
    pub(super) wrote: u32,
    /// The refresh secrets that its commits made current.
    pub(super) installed: Vec<Key>,
}

impl Trail {
    pub(super) fn new(ask: Ask, skew: Duration) -> Self {
        let presented = Presented::read(&ask.token);
        Self {
            ask,
            presented,
            skew,
            shown: None,
            epoch: 0,
            in_doubt: false,
            commits_end: false,
            disturbed: false,
            conflicts: 0,
            wrote: 0,
            installed: Vec::new(),
        }
    }
}
