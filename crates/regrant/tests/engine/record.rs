//! What a record may hold, and the names that stand in one. A store hands records in, so nothing impossible gets past.

use std::sync::Arc;

use regrant::{
    AccessEntry, Digest, Grant, GrantId, InvalidRecord, MalformedGrantId, Policy, RefreshFamily, Retry, Revision,
    Spent, Subject, Terms, Timestamp,
};

use crate::common::{World, both, ms, secs};

/// A grant with an end, and what its parts are.
fn parts(world: &World) -> (Terms, RefreshFamily, AccessEntry) {
    world.policy("web", |policy| policy.grant_lifetime = Some(secs(7200)));
    let grant = world.record(&world.issue("web", "read").refresh);
    ((**grant.terms()).clone(), grant.refresh().unwrap().clone(), grant.access()[0].clone())
}

fn record(
    terms: &Terms,
    family: Option<&RefreshFamily>,
    access: impl IntoIterator<Item = AccessEntry>,
) -> Result<(), InvalidRecord> {
    let (id, state) = (GrantId::from_bytes([1; 16]), regrant::GrantState::Active);
    let terms = Arc::new(terms.clone());
    Grant::new(id, Revision::FIRST, state, terms, family.cloned(), access.into_iter().collect::<Vec<_>>()).map(|_| ())
}

/// The family with so many spent secrets.
fn spent(family: &RefreshFamily, count: u8, retry: bool) -> RefreshFamily {
    let spent = (0..count).map(|n| Spent { digest: Digest::from_bytes([n; 32]), at: family.issued_at }).collect();
    let retry = retry.then_some(Retry { salt: [1; 32], intact: true });
    RefreshFamily { spent, retry, ..family.clone() }
}

#[test]
fn the_lists_of_a_record_are_bounded_at_n_and_n_plus_one() {
    both(|world| {
        let (terms, family, entry) = parts(world);
        let most = usize::from(Policy::MAX_ACCESS_TOKENS);
        assert_eq!(record(&terms, Some(&family), vec![entry.clone(); most]), Ok(()));
        assert_eq!(record(&terms, None, vec![entry; most + 1]), Err(InvalidRecord::TooManyAccessTokens));
        assert_eq!(record(&terms, Some(&spent(&family, 4, true)), []), Ok(()));
        assert_eq!(record(&terms, Some(&spent(&family, 5, true)), []), Err(InvalidRecord::TooManySpent));
    });
}

#[test]
fn n_121_no_token_in_a_record_outlives_its_grant() {
    both(|world| {
        let (terms, family, entry) = parts(world);
        let end = terms.expires_at.unwrap();
        for (at, expected) in [(end, Ok(())), (end.after(ms(1)), Err(InvalidRecord::OutlivesGrant))] {
            let entry = AccessEntry { expires_at: at, ..entry.clone() };
            assert_eq!(record(&terms, Some(&family), [entry]), expected);
            assert_eq!(record(&terms, Some(&RefreshFamily { expires_at: at, ..family.clone() }), []), expected);
        }
        let endless = Terms { expires_at: None, ..terms };
        let family = RefreshFamily { expires_at: Timestamp::MAX, ..family };
        assert_eq!(record(&endless, Some(&family), []), Ok(()));
    });
}

#[test]
fn a_retry_and_spent_secrets_come_together_and_the_current_one_is_not_spent() {
    both(|world| {
        let (terms, family, _) = parts(world);
        for (count, retry) in [(0, true), (1, false)] {
            let broken = spent(&family, count, retry);
            assert_eq!(record(&terms, Some(&broken), []), Err(InvalidRecord::RetryWithoutSpent), "{count} {retry}");
        }
        let used = RefreshFamily { current: Digest::from_bytes([2; 32]), ..spent(&family, 3, true) };
        assert_eq!(record(&terms, Some(&used), []), Err(InvalidRecord::CurrentIsSpent));
    });
}

#[test]
fn a_record_is_dead_with_its_last_token_or_with_its_end() {
    both(|world| {
        let first = world.issue("web", "read");
        let mut grant = world.record(&first.refresh);
        assert_eq!(grant.dead_from(), grant.refresh().unwrap().expires_at);
        let at = world.now().after(secs(3));
        grant.end(at, regrant::EndReason::EndedByHost);
        assert_eq!(grant.dead_from(), at);
        let empty =
            Grant::new(grant.id(), grant.revision(), regrant::GrantState::Active, grant.terms().clone(), None, vec![]);
        assert_eq!(empty.unwrap().dead_from(), grant.terms().created_at, "nothing in it was ever alive");
    });
}

#[test]
fn a_record_that_is_read_back_is_as_alive_as_it_was() {
    both(|world| {
        let grant = world.record(&world.issue("web", "read").refresh);
        for state in [
            regrant::GrantState::Active,
            regrant::GrantState::Ended { at: world.now(), reason: regrant::EndReason::Replayed },
        ] {
            let (refresh, access) = (grant.refresh().cloned(), grant.access().to_vec());
            let read = Grant::new(grant.id(), grant.revision(), state, grant.terms().clone(), refresh, access).unwrap();
            assert_eq!((read.state(), read.revision()), (state, grant.revision()));
            assert_eq!(read == grant, state == regrant::GrantState::Active);
        }
    });
}

#[test]
fn a_grant_id_has_one_written_form() {
    let id = GrantId::from_bytes(*b"\x00\x01\x0f\x10\x7f\x80\xa5\xff01234567");
    let text = "00010f107f80a5ff3031323334353637";
    assert_eq!((id.to_hex().as_str(), id.to_string().as_str()), (text, text));
    assert_eq!((GrantId::parse(text), text.parse()), (Ok(id), Ok(id)));
    for other in ["", &text.to_uppercase(), &text[1..], &format!("{text}0"), "g0010f107f80a5ff3031323334353637"] {
        assert_eq!(GrantId::parse(other), Err(MalformedGrantId), "{other:?}");
    }
}

#[test]
fn a_revision_is_counted_from_one() {
    assert_eq!((Revision::FIRST.get(), Revision::FIRST.next().get(), Revision::new(7).get()), (1, 2, 7));
    assert_eq!(Revision::new(u64::MAX).next().get(), u64::MAX, "and never wraps");
}

#[test]
fn a_subject_is_bounded_and_free_of_control_characters() {
    let longest = "s".repeat(Subject::MAX_BYTES);
    for good in ["a", "alice@example.org", "Ωμέγα", &longest] {
        let subject = Subject::parse(good).unwrap();
        assert_eq!((subject.as_str(), subject.to_string().as_str()), (good, good));
    }
    for bad in ["", "a\n", "\u{85}", &format!("{longest}s")] {
        assert!(Subject::parse(bad).is_err(), "{bad:?}");
    }
}
