//! State does not grow with use.

use regrant::{Grant, Reason, encode_attributes, encode_tokens};

use crate::common::{Kind, World, app, ms, secs};

/// The bytes of a record that can grow: its lists.
fn stored_size(grant: &Grant) -> usize {
    encode_tokens(grant.refresh(), grant.access()).len() + encode_attributes(&grant.terms().attributes).len()
}

/// After 2 refreshes and after 10,000 the record is as large, and a replay of the very first token is recognised.
fn does_not_grow(window: u64) {
    let world = World::new(Kind::Blocking);
    world.policy("app", |policy| {
        policy.retry_window = secs(window);
        policy.access_token_lifetime = secs(60);
        policy.grant_lifetime = None;
    });
    let first = world.issue("app", "read write");
    let mut current = first.clone();
    let mut after_two = 0;
    for count in 1..=10_000_u64 {
        world.advance(secs(60) + ms(count % 7));
        current = world.refresh(app(), &current.refresh).unwrap();
        if count == 2 {
            after_two = stored_size(&world.record(&first.refresh));
        }
    }
    let record = world.record(&first.refresh);
    assert!(stored_size(&record) <= after_two, "{} > {after_two}", stored_size(&record));
    assert_eq!(record.refresh().unwrap().generation, 10_000);
    assert_eq!(world.snapshot().len(), 1, "one record, whatever happens");
    assert_eq!(world.refresh(app(), &first.refresh), Err(Reason::Replay));
    assert_eq!(world.refresh(app(), &current.refresh), Err(Reason::GrantEnded));
}

#[test]
fn a_grant_refreshed_ten_thousand_times_is_no_larger_without_a_window() {
    does_not_grow(0);
}

#[test]
fn a_grant_refreshed_ten_thousand_times_is_no_larger_with_a_window() {
    does_not_grow(10);
}

#[test]
fn however_fast_the_refreshes_the_record_is_bounded() {
    for window in [0, 10] {
        let world = World::new(Kind::Blocking);
        world.policy("app", |policy| policy.retry_window = secs(window));
        let mut current = world.issue("app", "read write");
        let mut largest = 0;
        for count in 0..1000 {
            current = world.refresh_for(app(), &current.refresh, ["read", "write"][count % 2]).unwrap();
            world.advance(ms(1));
            let size = stored_size(&world.record(&current.refresh));
            if count < 100 {
                largest = largest.max(size);
            }
            assert!(size <= largest);
        }
        assert_eq!(world.record(&current.refresh).access().len(), 16);
    }
}
