//! How much memory a grant takes, counted and held.
//!
//! A program of its own with a single test, because it counts every byte of the process.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod counted;

use std::time::Duration;

use counted::{Pair, World, region};

/// The bytes that are still allocated after `work`, beside those of what it gives back.
fn kept(work: impl FnOnce()) -> usize {
    let region = region();
    work();
    let change = region.change();
    (change.bytes_allocated - change.bytes_deallocated).saturating_add_signed(change.bytes_reallocated)
}

/// Bytes a grant: after its issue, and after each of two refreshes that follow it two hours apart.
fn a_grant(subject: Option<&str>) -> Vec<usize> {
    const GRANTS: usize = 10_000;
    let world = World::new();
    let mut tokens: Vec<String> = Vec::with_capacity(GRANTS);
    // What the test itself keeps of a grant: the text of a refresh token.
    let own = GRANTS * "a".repeat(86).capacity();
    let mut total = kept(|| tokens.extend((0..GRANTS).map(|_| world.issue(subject).refresh)));
    let mut figures = vec![(total - own) / GRANTS];
    for _ in 0..2 {
        world.advance(Duration::from_hours(2));
        total += kept(|| {
            for token in &mut tokens {
                let Pair { refresh, .. } = world.refresh(token).unwrap();
                token.clear();
                token.push_str(&refresh);
            }
        });
        figures.push((total - own) / GRANTS);
    }
    figures
}

/// The bytes that one grant adds by refreshes after its tenth. At each, the access token before it has expired.
fn growth(refreshes: u32) -> usize {
    let world = World::new();
    let mut token = world.issue(None).refresh;
    let mut go_on = |times| {
        for _ in 0..times {
            world.advance(Duration::from_hours(1));
            let Pair { refresh, .. } = world.refresh(&token).unwrap();
            token.clear();
            token.push_str(&refresh);
        }
    };
    go_on(10);
    kept(|| go_on(refreshes))
}

#[test]
fn a_live_grant_takes_at_most_400_bytes_however_often_it_was_refreshed() {
    let bare = a_grant(None);
    assert!(bare.iter().all(|bytes| *bytes <= 388), "{bare:?} after 0, 1 and 2 refreshes");
    let told = a_grant(Some("248289761001"));
    assert!(
        told.iter().all(|bytes| *bytes <= 400),
        "{told:?}: the text of the subject, and nothing else, comes on top"
    );
    assert_eq!(growth(2000), 0, "not one byte more");
}
