//! What is written at rest, word by word and number by number: a release that changes one cannot read what an older one
//! wrote.

use std::fmt::Debug;
use std::sync::Arc;

use regrant::{
    Attributes, ClientId, ClientSecretDigest, EndReason, GrantId, IntrospectionRight, OnReplay, PreviousAccessToken,
    RefreshFamily, Rotation, Scope, Subject, Terms, Timestamp, UnrotatableSecret, check_of_terms, check_of_tokens,
    encode_attributes,
};

use crate::common::{Kind, World, secs};

/// Each value has its word, each word its value, and no other word has one.
fn pinned<T: Copy + Debug + PartialEq, const N: usize>(
    values: [T; N],
    words: [&str; N],
    write: fn(T) -> &'static str,
    read: fn(&str) -> Option<T>,
) {
    assert_eq!(values.map(write), words);
    assert_eq!(words.map(read), values.map(Some));
    for other in ["", "any ", "None", "xyzzy", &words[0].to_uppercase()] {
        assert_eq!(read(other), None, "{other:?}");
    }
}

#[test]
fn the_words_of_ends_policies_and_rights_are_pinned() {
    pinned(EndReason::ALL, ["revoked", "replayed", "ended_by_host"], EndReason::as_str, EndReason::parse);
    pinned([Rotation::Always, Rotation::Never], ["always", "never"], Rotation::as_str, Rotation::parse);
    pinned([OnReplay::Revoke, OnReplay::Reject], ["revoke", "reject"], OnReplay::as_str, OnReplay::parse);
    let previous = [PreviousAccessToken::Keep, PreviousAccessToken::Revoke];
    pinned(previous, ["keep", "revoke"], PreviousAccessToken::as_str, PreviousAccessToken::parse);
    let rights = [IntrospectionRight::None, IntrospectionRight::Own, IntrospectionRight::Any];
    pinned(rights, ["none", "own", "any"], IntrospectionRight::as_str, IntrospectionRight::parse);
}

fn terms() -> Terms {
    let mut attributes = Attributes::new();
    attributes.insert("user_uuid", "u-1").unwrap();
    Terms {
        client_id: ClientId::parse("web").unwrap(),
        client_epoch: 3,
        subject: Some(Subject::parse("alice").unwrap()),
        scope: Scope::parse("read write").unwrap(),
        attributes,
        created_at: Timestamp::from_unix_seconds(1_700_000_000),
        expires_at: Some(Timestamp::from_unix_seconds(1_800_000_000)),
    }
}

fn check(terms: &Terms) -> i64 {
    check_of_terms(&GrantId::from_bytes([7; 16]), terms, &encode_attributes(&terms.attributes))
}

#[test]
fn the_check_number_of_terms_is_pinned_and_every_part_of_them_counts() {
    let whole = check(&terms());
    assert_eq!(whole, -42_860_452_941_543_756);
    let other = |change: &dyn Fn(&mut Terms)| {
        let mut terms = terms();
        change(&mut terms);
        check(&terms)
    };
    let others = [
        other(&|terms| terms.client_id = ClientId::parse("web2").unwrap()),
        other(&|terms| terms.client_epoch = 4),
        other(&|terms| terms.subject = None),
        other(&|terms| terms.subject = Some(Subject::parse("bob").unwrap())),
        other(&|terms| terms.scope = Scope::parse("read").unwrap()),
        other(&|terms| terms.attributes = Attributes::new()),
        other(&|terms| terms.created_at = terms.created_at.after(secs(1))),
        other(&|terms| terms.expires_at = None),
        other(&|terms| terms.expires_at = terms.expires_at.map(|at| at.after(secs(1)))),
        check_of_terms(&GrantId::from_bytes([8; 16]), &terms(), &encode_attributes(&terms().attributes)),
    ];
    assert!(others.iter().all(|other| *other != whole), "{others:?}");
}

#[test]
fn every_part_of_a_refresh_family_counts_in_its_check_number() {
    let world = World::new(Kind::Blocking);
    let family = world.record(&world.issue("web", "read").refresh).refresh().unwrap().clone();
    let of = |family: Option<&RefreshFamily>| check_of_tokens(&GrantId::from_bytes([7; 16]), family, b"lists");
    let later = family.expires_at.after(secs(1));
    let others = [
        RefreshFamily { lineage: family.current, ..family.clone() },
        RefreshFamily { current: family.lineage, ..family.clone() },
        RefreshFamily { issued_at: later, ..family.clone() },
        RefreshFamily { expires_at: later, ..family.clone() },
        RefreshFamily { generation: 1, ..family.clone() },
    ];
    assert!(others.iter().all(|other| of(Some(other)) != of(Some(&family))));
    assert_ne!(of(None), of(Some(&family)));
}

#[test]
fn a_rotated_secret_ends_the_others_and_never_prolongs_one() {
    let world = World::new(Kind::Blocking);
    let now = world.now();
    let (until, sooner, fresh) = (now.after(secs(60)), now.after(secs(30)), ClientSecretDigest::of("fresh"));
    let with = |ends: &[Option<Timestamp>]| {
        let secrets = ends.iter().map(|end| ClientSecretDigest { expires_at: *end, ..ClientSecretDigest::of("old") });
        let methods = regrant::SecretMethods::ALL;
        let client = regrant::Client::confidential(ClientId::parse("x").unwrap(), methods, secrets.collect()).unwrap();
        let rotated = client.rotated_secrets(fresh, now, until)?;
        Ok(rotated.into_iter().map(|secret| secret.expires_at).collect::<Vec<_>>())
    };
    assert_eq!(with(&[None, Some(sooner), Some(now)]), Ok(vec![Some(until), Some(sooner), None]));
    assert_eq!(with(&[None; 7]).map(|ends| ends.len()), Ok(8));
    assert_eq!(with(&[None; 8]), Err(UnrotatableSecret::TooMany));
    let public = Arc::new(regrant::Client::public(ClientId::parse("app").unwrap()));
    assert_eq!(public.rotated_secrets(fresh, now, until), Err(UnrotatableSecret::PublicClient));
}
