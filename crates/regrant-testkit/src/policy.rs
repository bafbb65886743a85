//! The policy keys of a configuration, as a vector writes them.
//!
//! A key that is absent takes the host's default. The keys and their defaults are those of the host's configuration file.

use serde::{Deserialize, Serialize};

/// A span of time as the configuration file writes it: a whole number and one of `s m h d`.
///
/// Kept as text, so that it reaches the configuration file as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Span(String);

impl Span {
    /// A span of whole seconds.
    pub fn seconds(seconds: u64) -> Self {
        Self(format!("{seconds}s"))
    }

    /// The text, for example `30s`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The length in seconds, or `None` where the text is no span (`never` is none).
    pub fn as_seconds(&self) -> Option<u64> {
        let unit = self.0.chars().next_back()?;
        let factor = match unit {
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            'd' => 86_400,
            _ => return None,
        };
        let digits = self.0.strip_suffix(unit)?;
        digits.parse::<u64>().ok()?.checked_mul(factor)
    }
}

/// The policy of all clients, or the overrides of one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Life of an access token. Default: one hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_token_lifetime: Option<Span>,
    /// A refresh token unused for so long is expired. Default: 30 days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_idle_lifetime: Option<Span>,
    /// Life of the whole grant from its first issue, or the word `never`. Default: 365 days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant_lifetime: Option<Span>,
    /// `always` or `never`. Default: `always`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rotation: Option<String>,
    /// How long a lost answer may be asked for again. Host default: ten seconds; a [`Setup`](crate::Setup) starts at `0s`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_window: Option<Span>,
    /// `revoke` (the grant) or `reject`. Default: `revoke`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_replay: Option<String>,
    /// At a refresh, `keep` the access tokens issued before or `revoke` them. Default: `keep`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_access_token: Option<String>,
    /// Live access tokens of one grant; the oldest gives way. Default: 16.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_access_tokens: Option<u32>,
}

impl Policy {
    /// This policy with every key that `over` sets replaced.
    #[must_use]
    pub fn overlaid(&self, over: &Self) -> Self {
        let base = self.clone();
        let over = over.clone();
        Self {
            access_token_lifetime: over.access_token_lifetime.or(base.access_token_lifetime),
            refresh_idle_lifetime: over.refresh_idle_lifetime.or(base.refresh_idle_lifetime),
            grant_lifetime: over.grant_lifetime.or(base.grant_lifetime),
            rotation: over.rotation.or(base.rotation),
            retry_window: over.retry_window.or(base.retry_window),
            on_replay: over.on_replay.or(base.on_replay),
            previous_access_token: over.previous_access_token.or(base.previous_access_token),
            max_access_tokens: over.max_access_tokens.or(base.max_access_tokens),
        }
    }

    /// True if no key is set.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_a_number_and_a_unit() {
        let seconds = |text: &str| Span(text.to_owned()).as_seconds();
        assert_eq!(seconds("90s"), Some(90));
        assert_eq!(seconds("2h"), Some(7_200));
        assert_eq!(seconds("30d"), Some(2_592_000));
        assert_eq!(seconds("never"), None);
        assert_eq!(seconds("-1s"), None);
        assert_eq!(seconds(""), None);
    }

    #[test]
    fn an_overlay_replaces_only_what_it_sets() {
        let base =
            Policy { retry_window: Some(Span::seconds(0)), rotation: Some("always".into()), ..Policy::default() };
        let over = Policy { retry_window: Some(Span::seconds(30)), ..Policy::default() };
        let both = base.overlaid(&over);
        assert_eq!(both.retry_window, Some(Span::seconds(30)));
        assert_eq!(both.rotation.as_deref(), Some("always"));
    }
}
