//! Client authentication. RFC 6749 §2.3.

use std::time::Duration;

use regrant::{
    AuthorizationHeader, Client, ClientId, ClientSecretDigest, Credentials, ErrorCode, GrantTypes, Reason, Refusal,
    Scheme, SecretMethods,
};

use crate::common::{Spoken, World, app, basic, both, ms, post, public, refresh_request, secs, web};

/// The refusal of a refresh with a good token.
fn refusal(world: &World, who: Credentials<'_>, token: &str) -> Refusal {
    let reply = world.token(refresh_request(who, token, None)).unwrap();
    *reply.refusal().expect("a refusal")
}

fn header(header: AuthorizationHeader<'static>) -> Credentials<'static> {
    Credentials { header, ..Credentials::default() }
}

/// Every way to fail check 5.
fn failures() -> Vec<(Credentials<'static>, Reason)> {
    let post_only = "post-only";
    vec![
        (Credentials::default(), Reason::NoCredentials),
        (header(AuthorizationHeader::MalformedBasic), Reason::MalformedCredentials),
        (basic("", "x"), Reason::MalformedCredentials),
        (basic("w\u{e9}b", "web-secret"), Reason::MalformedCredentials),
        (public("web\n"), Reason::MalformedCredentials),
        (header(AuthorizationHeader::Bearer), Reason::UnsupportedAuthentication),
        (header(AuthorizationHeader::Other), Reason::UnsupportedAuthentication),
        (basic("nobody", "web-secret"), Reason::UnknownClient),
        (post("nobody", "web-secret"), Reason::UnknownClient),
        (public("nobody"), Reason::UnknownClient),
        (basic("WEB", "web-secret"), Reason::UnknownClient),
        (public("web"), Reason::MissingSecret),
        (basic("web", "wrong"), Reason::WrongSecret),
        (basic("web", ""), Reason::WrongSecret),
        (basic("web", "Web-secret"), Reason::WrongSecret),
        (basic("web", "web2-secret"), Reason::WrongSecret),
        (post("web", "wrong"), Reason::WrongSecret),
        (post("app", "guess"), Reason::SecretFromPublicClient),
        (basic("app", ""), Reason::SecretFromPublicClient),
        (basic(post_only, "secret"), Reason::MethodNotRegistered),
        (post("basic-only", "secret"), Reason::MethodNotRegistered),
        (basic("off", "secret"), Reason::ClientDisabled),
    ]
}

fn register(world: &World) {
    let client = |id: &str, methods| {
        let secrets = vec![ClientSecretDigest::of("secret")];
        let mut client = Client::confidential(ClientId::parse(id).unwrap(), methods, secrets).unwrap();
        client.grants = GrantTypes::ALL;
        client
    };
    world.clients().put(client("post-only", SecretMethods { basic: false, post: true }));
    world.clients().put(client("basic-only", SecretMethods { basic: true, post: false }));
    let mut off = client("off", SecretMethods::ALL);
    off.enabled = false;
    world.clients().put(off);
}

#[test]
fn n_037_n_040_each_failure_has_its_reason_and_loads_nothing() {
    both(|world| {
        register(world);
        let token = world.issue("web", "read").refresh;
        let (before, loads) = (world.snapshot(), world.store().loads());
        for (who, reason) in failures() {
            assert_eq!(refusal(world, who, &token).reason, reason);
        }
        assert_eq!((world.snapshot(), world.store().loads()), (before, loads));
    });
}

#[test]
fn n_038_every_failure_has_the_same_answer() {
    both(|world| {
        register(world);
        let token = world.issue("web", "read").refresh;
        for (who, reason) in failures() {
            let refusal = refusal(world, who, &token);
            assert_eq!(refusal.code(), ErrorCode::InvalidClient, "{reason:?}");
            assert_eq!(refusal.description(), ErrorCode::InvalidClient.description(), "{reason:?}");
            assert_eq!(refusal.retry_after, None);
        }
    });
}

#[test]
fn n_038_a_wrong_client_with_a_wrong_token_learns_nothing_of_the_token() {
    both(|world| {
        let good = world.issue("web", "read").refresh;
        let answers = [&good, "garbage", ""].map(|token| refusal(world, basic("web", "wrong"), token));
        assert!(answers.iter().all(|answer| *answer == answers[0]));
    });
}

#[test]
fn n_035_a_refusal_names_the_scheme_that_was_used() {
    both(|world| {
        let token = world.issue("web", "read").refresh;
        let schemes = [
            (Credentials::default(), Scheme::None),
            (post("web", "wrong"), Scheme::None),
            (basic("web", "wrong"), Scheme::Basic),
            (header(AuthorizationHeader::MalformedBasic), Scheme::Basic),
            (header(AuthorizationHeader::Bearer), Scheme::Bearer),
            (header(AuthorizationHeader::Other), Scheme::Other),
        ];
        for (who, scheme) in schemes {
            assert_eq!(refusal(world, who, &token).scheme, scheme);
        }
    });
}

#[test]
fn n_023_n_045_one_mechanism_and_one_client_in_one_request() {
    both(|world| {
        let token = world.issue("web", "read").refresh;
        let both_ways = Credentials { client_id: Some("web"), client_secret: Some("web-secret"), ..web() };
        assert_eq!(refusal(world, both_ways, &token).reason, Reason::MultipleMechanisms);
        let bearer = Credentials { client_secret: Some("web-secret"), ..header(AuthorizationHeader::Bearer) };
        assert_eq!(refusal(world, bearer, &token).reason, Reason::MultipleMechanisms);
        let repeated = header(AuthorizationHeader::Repeated);
        assert_eq!(refusal(world, repeated, &token).reason, Reason::MultipleMechanisms);
        let other = Credentials { client_id: Some("web2"), ..web() };
        assert_eq!(refusal(world, other, &token).reason, Reason::ClientIdMismatch);
        let same = Credentials { client_id: Some("web"), ..web() };
        assert!(world.refresh(same, &token).is_ok());
    });
}

#[test]
fn n_025_n_026_basic_and_post_both_work() {
    both(|world| {
        let first = world.issue("web", "read");
        let second = world.refresh(basic("web", "web-secret"), &first.refresh).unwrap();
        assert!(world.refresh(post("web", "web-secret"), &second.refresh).is_ok());
    });
}

#[test]
fn several_secrets_are_live_at_once_and_each_ends_at_its_very_instant() {
    both(|world| {
        let end = world.now().after(secs(60));
        let secrets = vec![
            ClientSecretDigest::of("old").expiring_at(end),
            ClientSecretDigest::of("new"),
            ClientSecretDigest::of("dead").expiring_at(world.now()),
        ];
        let mut client = Client::confidential(ClientId::parse("many").unwrap(), SecretMethods::ALL, secrets).unwrap();
        client.grants = GrantTypes::ALL;
        world.clients().put(client);
        let login = |secret: &str| world.client_credentials(basic("many", secret), None).map(drop);
        assert_eq!((login("old"), login("new"), login("dead")), (Ok(()), Ok(()), Err(Reason::WrongSecret)));
        world.advance(ms(59_999));
        assert_eq!(login("old"), Ok(()));
        world.advance(ms(1));
        assert_eq!((login("old"), login("new")), (Err(Reason::WrongSecret), Ok(())));
    });
}

#[test]
fn the_last_of_the_most_secrets_counts_like_the_first() {
    both(|world| {
        let secrets = (0..Client::MAX_SECRETS).map(|n| ClientSecretDigest::of(&format!("secret-{n}"))).collect();
        let mut client = Client::confidential(ClientId::parse("many").unwrap(), SecretMethods::ALL, secrets).unwrap();
        client.grants = GrantTypes::ALL;
        world.clients().put(client);
        for n in 0..Client::MAX_SECRETS {
            let secret = format!("secret-{n}");
            assert!(world.client_credentials(basic("many", &secret), None).is_ok(), "{secret}");
        }
        assert!(world.client_credentials(basic("many", "secret-8"), None).is_err());
    });
}

#[test]
fn a_secret_that_is_registered_twice_counts_once() {
    both(|world| {
        let secrets = vec![ClientSecretDigest::of("secret"), ClientSecretDigest::of("secret")];
        let mut client = Client::confidential(ClientId::parse("twice").unwrap(), SecretMethods::ALL, secrets).unwrap();
        client.grants = GrantTypes::ALL;
        world.clients().put(client);
        assert!(world.client_credentials(basic("twice", "secret"), None).is_ok());
        assert!(world.client_credentials(basic("twice", "other"), None).is_err());
    });
}

#[test]
fn the_digest_of_a_secret_is_no_secret() {
    both(|world| {
        let stored = ClientSecretDigest::of("web-secret");
        let shown = ::hex::encode(stored.digest.as_bytes());
        let token = world.issue("web", "read").refresh;
        assert_eq!(world.refresh(basic("web", &shown), &token), Err(Reason::WrongSecret));
    });
}

#[test]
fn n_039_the_throttle_is_asked_first_and_told_of_failure_and_success() {
    both(|world| {
        let token = world.issue("web", "read").refresh;
        assert_eq!(world.log().spoken(), [], "a grant that the host starts proves nothing");
        let origin = Some("192.0.2.7");
        let name = |id: &str| Some(id.to_owned());
        let asked = |id| Spoken::Asked(id, origin.map(str::to_owned));
        world.refresh(Credentials { origin, ..basic("web", "wrong") }, &token).unwrap_err();
        assert_eq!(world.log().spoken(), [asked(name("web")), Spoken::Failed(name("web"))]);
        world.refresh(Credentials { origin, ..Credentials::default() }, &token).unwrap_err();
        assert_eq!(world.log().spoken(), [asked(None), Spoken::Failed(None)]);
        world.refresh(Credentials { origin, ..web() }, "garbage").unwrap_err();
        assert_eq!(world.log().spoken(), [asked(name("web")), Spoken::Succeeded(name("web"))]);
        world.resource("garbage").unwrap_err();
        assert_eq!(world.log().spoken(), []);
    });
}

#[test]
fn n_022_a_public_client_that_names_itself_proves_nothing_to_the_throttle() {
    both(|world| {
        let token = world.issue("app", "read").refresh;
        world.refresh(app(), &token).unwrap();
        assert_eq!(world.log().spoken(), [Spoken::Asked(Some("app".to_owned()), None)]);
    });
}

#[test]
fn n_039_a_throttled_request_is_refused_without_a_look() {
    both(|world| {
        let token = world.issue("web", "read").refresh;
        world.log().slow_down(secs(7));
        let (before, loads) = (world.snapshot(), world.store().loads());
        for who in [web(), basic("web", "wrong")] {
            let refusal = refusal(world, who, &token);
            assert_eq!((refusal.reason, refusal.retry_after), (Reason::Throttled, Some(Duration::from_secs(7))));
        }
        assert!(world.log().spoken().iter().all(|spoken| matches!(spoken, Spoken::Asked(..))));
        assert_eq!((world.snapshot(), world.store().loads()), (before, loads));
    });
}

#[test]
fn a_disabled_client_is_refused_and_its_tokens_are_inactive_until_it_is_enabled() {
    both(|world| {
        let tokens = world.issue("app", "read");
        world.client("app", |client| client.enabled = false);
        assert_eq!(world.refresh(app(), &tokens.refresh), Err(Reason::ClientDisabled));
        assert_eq!(world.revoke(app(), &tokens.refresh), Err(Reason::ClientDisabled));
        assert_eq!(world.resource(&tokens.access), Err(Reason::InactiveAccessToken));
        world.client("app", |client| client.enabled = true);
        assert!(world.resource(&tokens.access).is_ok());
        assert!(world.refresh(app(), &tokens.refresh).is_ok());
    });
}

#[test]
fn n_016_a_store_that_compares_names_loosely_lends_nobody_another_name() {
    both(|world| {
        world.clients().confuse("WEB", "web");
        world.clients().confuse("APP", "app");
        let token = world.issue("app", "read");
        assert_eq!(world.refresh(basic("WEB", "web-secret"), &token.refresh), Err(Reason::UnknownClient));
        assert_eq!(world.refresh(public("APP"), &token.refresh), Err(Reason::UnknownClient));
        world.clients().confuse("app", "web");
        assert_eq!(world.resource(&token.access), Err(Reason::InactiveAccessToken), "nor an owner another's grants");
    });
}
