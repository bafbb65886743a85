//! The order of checks. It decides which error wins.

use regrant::Check::{
    Authentication, Envelope, Freshness, GrantFound, GrantTypeAllowed, GrantTypePresent, GrantTypeSupported,
    NotExpired, NotRevoked, OneMechanism, Owner, Repetition, ScopeWithin, TokenWellFormed,
};
use regrant::{Check, Credentials, GrantTypes, Reason, Rules, TokenRequest};

use crate::common::{Kind, PEPPER, World, answered, basic, cut, lineage_flipped, pepper, secs, web};

/// Checks 3 to 14 in their order; 1 and 2 belong to the wire.
const ORDER: [Check; 12] = [
    OneMechanism,
    GrantTypePresent,
    Authentication,
    GrantTypeSupported,
    GrantTypeAllowed,
    TokenWellFormed,
    GrantFound,
    Owner,
    NotRevoked,
    Freshness,
    NotExpired,
    ScopeWithin,
];

/// A refresh that fails each of `faults` at once, and only those.
fn refusal(kind: Kind, faults: &[Check]) -> Option<Reason> {
    let fails = |check| faults.contains(&check);
    let world = World::new(kind);
    for client in ["web", "web2"] {
        world.policy(client, |policy| policy.retry_window = secs(0));
    }
    let token = token(&world, faults);
    if fails(GrantTypeAllowed) {
        world.client("web", |client| client.grants = GrantTypes::NONE);
        world.client("web2", |client| client.grants = GrantTypes::NONE);
    }
    let offered = if fails(GrantTypeSupported) { GrantTypes::NONE } else { GrantTypes::ALL };
    let world = world.under(Rules::new(pepper(PEPPER)).offering(offered));
    let request = TokenRequest {
        credentials: credentials(faults),
        grant_type: (!fails(GrantTypePresent)).then_some("refresh_token"),
        refresh_token: Some(&token),
        scope: fails(ScopeWithin).then_some("admin"),
    };
    answered(world.token(request)).err()
}

/// A refresh token that fails those checks that are about tokens.
fn token(world: &World, faults: &[Check]) -> String {
    let fails = |check| faults.contains(&check);
    let mut token = world.issue("web", "read write").refresh;
    if fails(Freshness) {
        world.refresh(web(), &token).unwrap();
    }
    if fails(NotRevoked) {
        world.revoke(web(), &token).unwrap();
    }
    if fails(NotExpired) {
        world.advance(secs(31 * 24 * 3600));
    }
    if fails(GrantFound) {
        token = lineage_flipped(&token);
    }
    if fails(TokenWellFormed) { cut(&token) } else { token }
}

fn credentials(faults: &[Check]) -> Credentials<'static> {
    let fails = |check| faults.contains(&check);
    let user = if fails(Owner) { "web2" } else { "web" };
    let password = match user {
        _ if fails(Authentication) => "wrong",
        "web2" => "web2-secret",
        _ => "web-secret",
    };
    Credentials { client_secret: fails(OneMechanism).then_some(password), ..basic(user, password) }
}

#[test]
fn a_request_that_fails_one_check_fails_at_that_check() {
    for kind in [Kind::Blocking, Kind::Awaited] {
        assert_eq!(refusal(kind, &[]), None);
        for check in ORDER {
            assert_eq!(refusal(kind, &[check]).map(Reason::check), Some(check));
        }
    }
}

#[test]
fn n_081_a_request_that_fails_two_checks_fails_at_the_earlier_one() {
    for (place, first) in ORDER.into_iter().enumerate() {
        for second in ORDER.into_iter().skip(place + 1) {
            let reason = refusal(Kind::Blocking, &[first, second]).expect("a refusal");
            assert_eq!(reason.check(), first, "{first:?} and {second:?}: {reason:?}");
        }
    }
}

#[test]
fn a_request_that_fails_every_later_check_fails_at_the_first_of_them() {
    for (place, first) in ORDER.into_iter().enumerate() {
        assert_eq!(refusal(Kind::Blocking, &ORDER[place..]).map(Reason::check), Some(first));
    }
}

#[test]
fn the_checks_compare_in_the_order_in_which_they_are_made() {
    let all: Vec<Check> = [Envelope, Repetition].into_iter().chain(ORDER).collect();
    assert!(all.is_sorted() && all.windows(2).all(|pair| pair[0] < pair[1]));
}

#[test]
fn every_reason_has_its_one_place() {
    use Reason as R;
    let places: [(Check, &[Reason]); 14] = [
        (
            Envelope,
            &[R::BodyTooLarge, R::UnsupportedMediaType, R::MalformedBody, R::TooManyParameters, R::InvalidHeader],
        ),
        (Repetition, &[R::RepeatedParameter]),
        (OneMechanism, &[R::MultipleMechanisms, R::ClientIdMismatch, R::MultipleAccessTokens]),
        (GrantTypePresent, &[R::MissingGrantType]),
        (
            Authentication,
            &[
                R::NoCredentials,
                R::MalformedCredentials,
                R::UnsupportedAuthentication,
                R::UnknownClient,
                R::MissingSecret,
                R::WrongSecret,
                R::SecretFromPublicClient,
                R::MethodNotRegistered,
                R::ClientDisabled,
                R::Throttled,
                R::NoAccessToken,
            ],
        ),
        (GrantTypeSupported, &[R::UnsupportedGrantType]),
        (GrantTypeAllowed, &[R::GrantTypeNotAllowed, R::PublicClient]),
        (TokenWellFormed, &[R::MissingRefreshToken, R::MissingToken, R::MalformedToken, R::NotARefreshToken]),
        (GrantFound, &[R::UnknownGrant, R::ForgedToken]),
        (Owner, &[R::ForeignGrant]),
        (NotRevoked, &[R::GrantEnded, R::OldEpoch]),
        (Freshness, &[R::Replay, R::SuccessorInUse, R::CommitInDoubt, R::InactiveAccessToken]),
        (NotExpired, &[R::RefreshTokenExpired, R::GrantExpired]),
        (ScopeWithin, &[R::MalformedScope, R::ScopeNotGranted, R::NoScopeLeft]),
    ];
    for (check, reasons) in places {
        for reason in reasons {
            assert_eq!(reason.check(), check, "{reason:?}");
        }
    }
}
