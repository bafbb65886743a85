//! The part of a policy that a client has of its own.

use core::time::Duration;

use super::{OnReplay, Policy, PreviousAccessToken, Rotation};

/// What a client's policy has of its own; `None` stands for the host's default, now and after the host changes it.
///
/// Spans are kept in whole milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PolicyOverrides {
    /// See [`Policy::access_token_lifetime`].
    pub access_token_lifetime: Option<Duration>,
    /// See [`Policy::refresh_idle_lifetime`].
    pub refresh_idle_lifetime: Option<Duration>,
    /// See [`Policy::grant_lifetime`].
    pub grant_lifetime: Option<GrantLifetime>,
    /// See [`Policy::rotation`].
    pub rotation: Option<Rotation>,
    /// See [`Policy::retry_window`].
    pub retry_window: Option<Duration>,
    /// See [`Policy::on_replay`].
    pub on_replay: Option<OnReplay>,
    /// See [`Policy::previous_access_token`].
    pub previous_access_token: Option<PreviousAccessToken>,
    /// See [`Policy::max_access_tokens`].
    pub max_access_tokens: Option<u16>,
}

/// The absolute life of a grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantLifetime {
    /// It has no end.
    Never,
    /// It ends so long after it was made.
    After(Duration),
}

impl PolicyOverrides {
    /// The policy of a client whose host has these defaults.
    pub fn over(&self, defaults: &Policy) -> Policy {
        let mut policy = *defaults;
        set(&mut policy.access_token_lifetime, self.access_token_lifetime);
        set(&mut policy.refresh_idle_lifetime, self.refresh_idle_lifetime);
        set(&mut policy.rotation, self.rotation);
        set(&mut policy.retry_window, self.retry_window);
        set(&mut policy.on_replay, self.on_replay);
        set(&mut policy.previous_access_token, self.previous_access_token);
        set(&mut policy.max_access_tokens, self.max_access_tokens);
        let grant_lifetime = self.grant_lifetime.map(|lifetime| match lifetime {
            GrantLifetime::Never => None,
            GrantLifetime::After(span) => Some(span),
        });
        set(&mut policy.grant_lifetime, grant_lifetime);
        policy
    }
}

fn set<T>(field: &mut T, own: Option<T>) {
    if let Some(own) = own {
        *field = own;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_absent_is_the_default_and_never_is_not_absent() {
        let defaults = Policy { retry_window: Duration::ZERO, ..Policy::default() };
        assert_eq!(PolicyOverrides::default().over(&defaults), defaults);
        let own = PolicyOverrides { grant_lifetime: Some(GrantLifetime::Never), ..PolicyOverrides::default() };
        let policy = own.over(&defaults);
        assert_eq!((policy.grant_lifetime, policy.retry_window), (None, Duration::ZERO));
    }
}
