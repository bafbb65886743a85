//! Time: no clock, however wrong, makes anything live longer than its policy says.

use std::collections::HashMap;
use std::time::Duration;

use proptest::prelude::*;
use regrant::{Grant, Timestamp};

use crate::common::{Kind, Tokens, World, ms, secs, web};

const ACCESS: Duration = secs(15);
const IDLE: Duration = secs(60);
const LIFE: Duration = secs(150);

/// One refresh with the current token or the one before it, after the clock went somewhere.
#[derive(Clone, Copy, Debug)]
struct Turn {
    forward: bool,
    millis: u64,
    retried: bool,
}

fn turn() -> impl Strategy<Value = Turn> {
    let millis = prop_oneof![3 => 0..5_000_u64, 1 => 0..40_000_u64];
    (prop::bool::weighted(0.7), millis, prop::bool::weighted(0.3)).prop_map(|(forward, millis, retried)| Turn {
        forward,
        millis,
        retried,
    })
}

fn world() -> World {
    let world = World::new(Kind::Blocking);
    world.policy("web", |policy| {
        policy.retry_window = secs(10);
        policy.access_token_lifetime = ACCESS;
        policy.refresh_idle_lifetime = IDLE;
        policy.grant_lifetime = Some(LIFE);
        policy.max_access_tokens = 8;
    });
    world
}

/// The ends that a record promises, by digest. Each is promised once.
#[derive(Default)]
struct Ends(HashMap<[u8; 32], Timestamp>);

impl Ends {
    /// Books the record; whatever was booked before must have the same end again.
    fn book(&mut self, grant: &Grant) -> Result<(), TestCaseError> {
        let family = grant.refresh().unwrap();
        let access = grant.access().iter().map(|entry| (entry.digest, entry.issued_at, entry.expires_at, ACCESS));
        let refresh = [(family.current, family.issued_at, family.expires_at, IDLE)];
        for (digest, issued_at, end, lifetime) in access.chain(refresh) {
            prop_assert!(end <= grant.terms().expires_at.unwrap(), "beyond the grant");
            prop_assert!(end <= issued_at.after(lifetime), "longer than the policy says");
            prop_assert_eq!(*self.0.entry(*digest.as_bytes()).or_insert(end), end, "an end moved");
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// The clock jumps to and fro: no end of a token ever moves, none lies beyond the grant's, and no answer speaks of
    /// more time than the policy gives.
    #[test]
    fn time_never_runs_backwards_into_a_longer_lifetime(turns in prop::collection::vec(turn(), 1..40)) {
        let world = world();
        let first = world.issue("web", "read");
        let (mut before, mut current) = (first.clone(), first.clone());
        let grants_end = world.record(&first.refresh).terms().expires_at;
        let mut ends = Ends::default();
        for turn in turns {
            let step = ms(turn.millis);
            if turn.forward { world.advance(step) } else { world.set_back(step) }
            let token = if turn.retried { &before } else { &current };
            let reply = world.refresh(web(), &token.refresh);
            let record = world.record(&first.refresh);
            prop_assert_eq!(record.terms().expires_at, grants_end);
            ends.book(&record)?;
            let Ok(tokens) = reply else { continue };
            prop_assert!(secs(tokens.expires_in) <= ACCESS, "an answer speaks of {} seconds", tokens.expires_in);
            if tokens.refresh != current.refresh {
                before = std::mem::replace(&mut current, tokens);
            }
        }
    }

    /// At either end of time and with any lifetime: nothing panics, nothing wraps, nothing is longer than it should be.
    #[test]
    fn arithmetic_at_the_ends_of_time_does_not_wrap(
        start in prop_oneof![0..20_000_u64, (i64::MAX as u64 - 20_000)..=(i64::MAX as u64), 0..=(i64::MAX as u64)],
        lifetimes in prop::array::uniform3(prop_oneof![1..100_u64, any::<u64>()]),
        window in 0..15_u64,
        turns in prop::collection::vec((0..30_000_u64, any::<bool>()), 1..8),
    ) {
        let world = World::new(Kind::Blocking);
        let [access, idle, life] = lifetimes.map(|seconds| secs(seconds.max(1)));
        world.policy("web", |policy| {
            policy.access_token_lifetime = access;
            policy.refresh_idle_lifetime = idle;
            policy.grant_lifetime = Some(life);
            policy.retry_window = secs(window);
        });
        world.set_clock(Timestamp::from_unix_millis(start));
        let mut current: Tokens = world.issue("web", "read");
        for (millis, retried) in turns {
            let record = world.record(&current.refresh);
            let family = record.refresh().unwrap();
            prop_assert!(family.issued_at <= family.expires_at && family.expires_at <= record.terms().expires_at.unwrap());
            for entry in record.access() {
                prop_assert!(entry.issued_at <= entry.expires_at && entry.expires_at.distance(entry.issued_at) <= access);
            }
            prop_assert!(current.expires_in <= access.as_secs());
            world.set_clock(world.now().after(ms(millis)));
            if let Ok(next) = world.refresh(web(), &current.refresh) {
                if retried {
                    let _ = world.refresh(web(), &current.refresh);
                }
                let _ = (world.introspect(web(), &next.access), world.resource(&next.access));
                current = next;
            }
        }
    }
}
