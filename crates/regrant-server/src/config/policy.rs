//! `[policy]` and `[client.policy]`.

use regrant::{GrantLifetime, OnReplay, Policy, PolicyOverrides, PreviousAccessToken, Rotation};
use serde::Deserialize;
use toml::{Table, Value};

use super::span::{Life, Span};

/// The keys of a policy; one that is absent leaves what is underneath.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyKeys {
    access_token_lifetime: Option<Span>,
    refresh_idle_lifetime: Option<Span>,
    grant_lifetime: Option<Life>,
    rotation: Option<RotationWord>,
    retry_window: Option<Span>,
    on_replay: Option<OnReplayWord>,
    previous_access_token: Option<PreviousWord>,
    max_access_tokens: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum RotationWord {
    Always,
    Never,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum OnReplayWord {
    Revoke,
    Reject,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum PreviousWord {
    Keep,
    Revoke,
}

impl PolicyKeys {
    /// Lays these keys over a policy. The ranges are [`Policy::validate`]'s to check.
    #[must_use]
    pub fn over(&self, base: Policy) -> Policy {
        self.overrides().over(&base)
    }

    /// The keys in the terms of a store's table.
    pub fn overrides(&self) -> PolicyOverrides {
        PolicyOverrides {
            access_token_lifetime: self.access_token_lifetime.map(|span| span.0),
            refresh_idle_lifetime: self.refresh_idle_lifetime.map(|span| span.0),
            grant_lifetime: self.grant_lifetime.map(|life| life.0.map_or(GrantLifetime::Never, GrantLifetime::After)),
            rotation: self.rotation.map(RotationWord::meaning),
            retry_window: self.retry_window.map(|span| span.0),
            on_replay: self.on_replay.map(OnReplayWord::meaning),
            previous_access_token: self.previous_access_token.map(PreviousWord::meaning),
            // What no `u16` holds is out of the policy's range as well: 0 stands for it.
            max_access_tokens: self.max_access_tokens.map(|most| u16::try_from(most).unwrap_or(0)),
        }
    }

    /// Reads keys that were given one by one, as texts.
    ///
    /// # Errors
    /// An unknown key, one that came twice, or a value that is none.
    pub fn from_pairs(pairs: &[(String, String)]) -> Result<Self, String> {
        let mut table = Table::new();
        for (key, text) in pairs {
            let value = text.parse().map_or_else(|_| Value::String(text.clone()), Value::Integer);
            if table.insert(key.clone(), value).is_some() {
                return Err(format!("{key}: given twice"));
            }
        }
        Self::deserialize(table).map_err(|error| error.message().to_owned())
    }
}

impl RotationWord {
    const fn meaning(self) -> Rotation {
        match self {
            Self::Always => Rotation::Always,
            Self::Never => Rotation::Never,
        }
    }
}

impl OnReplayWord {
    const fn meaning(self) -> OnReplay {
        match self {
            Self::Revoke => OnReplay::Revoke,
            Self::Reject => OnReplay::Reject,
        }
    }
}

impl PreviousWord {
    const fn meaning(self) -> PreviousAccessToken {
        match self {
            Self::Keep => PreviousAccessToken::Keep,
            Self::Revoke => PreviousAccessToken::Revoke,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn only_the_keys_that_are_there_count() {
        let keys: PolicyKeys = toml::from_str("retry_window = \"0s\"\ngrant_lifetime = \"never\"").unwrap();
        let policy = keys.over(Policy::default());
        assert_eq!((policy.retry_window, policy.grant_lifetime), (Duration::ZERO, None));
        assert_eq!(policy.access_token_lifetime, Policy::default().access_token_lifetime);
        assert_eq!(PolicyKeys::default().over(policy), policy);
    }

    #[test]
    fn pairs_are_read_like_keys() {
        let pairs = |pairs: &[(&str, &str)]| {
            let owned: Vec<_> = pairs.iter().map(|(key, text)| ((*key).to_owned(), (*text).to_owned())).collect();
            PolicyKeys::from_pairs(&owned)
        };
        let keys = pairs(&[("retry_window", "0s"), ("max_access_tokens", "2")]).unwrap();
        assert_eq!(keys, toml::from_str("retry_window = \"0s\"\nmax_access_tokens = 2").unwrap());
        for bad in [&[("retry", "0s")][..], &[("retry_window", "1")], &[("rotation", "never"), ("rotation", "never")]] {
            assert!(!pairs(bad).unwrap_err().contains('\n'), "{bad:?}");
        }
    }

    #[test]
    fn a_number_out_of_range_stays_out_of_range() {
        for number in ["-1", "0", "65536", "1025"] {
            let keys: PolicyKeys = toml::from_str(&format!("max_access_tokens = {number}")).unwrap();
            assert!(keys.over(Policy::default()).validate().is_err(), "{number}");
        }
    }
}
