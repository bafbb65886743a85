//! Starting a grant: client credentials, RFC 6749 §4.4, and a host that authenticated a user itself.

use regrant::{
    Attributes, Client, ClientId, Engine, EngineFault, Entropy, GrantType, GrantTypes, Host, IssueRequest, Reason,
    Rules, Scope, StaticClients, Subject, Timestamp, TokenRequest,
};

use crate::common::{PEPPER, TestStore, World, answered, app, both, hex, moved_to, pepper, secs, tokens, web};

fn request(client: &str, scope: &str) -> IssueRequest {
    IssueRequest::new(ClientId::parse(client).unwrap(), Scope::parse(scope).unwrap())
}

fn refused(world: &World, request: IssueRequest) -> Reason {
    answered(world.try_issue(request)).unwrap_err()
}

#[test]
fn a_grant_carries_what_the_host_gave_it_through_every_refresh() {
    both(|world| {
        let mut asked = request("web", "write read");
        asked.subject = Some(Subject::parse("alice").unwrap());
        asked.attributes.insert("user_uuid", "u-1").unwrap();
        let first = tokens(world.try_issue(asked)).unwrap();
        assert_eq!((first.scope.as_str(), first.expires_in, first.issued_at), ("read write", 3600, world.now()));
        let made = world.record(&first.refresh).terms().clone();
        assert_eq!((made.client_id.as_str(), made.client_epoch), ("web", 0));
        assert_eq!(made.attributes.get("user_uuid"), Some("u-1"));
        let second = world.refresh(web(), &first.refresh).unwrap();
        assert_eq!(*world.record(&second.refresh).terms(), made);
    });
}

#[test]
fn the_tokens_of_two_grants_have_nothing_in_common() {
    both(|world| {
        let (one, two) = (world.issue("web", "read"), world.issue("web", "read"));
        assert_ne!(one.access[..21], two.access[..21], "grant id");
        assert_ne!(one.refresh[22..42], two.refresh[22..42], "lineage");
        assert_ne!(one.refresh[44..], two.refresh[44..], "secret");
        assert_ne!(one.access[22..], one.refresh[44..], "access and refresh secrets differ");
    });
}

#[test]
fn a_refresh_token_comes_only_where_the_client_and_the_server_know_the_grant() {
    both(|world| {
        world.client("web2", |client| client.grants = GrantTypes::NONE);
        assert_eq!(world.issue("web2", "read").refresh, "");
        assert_ne!(world.issue("web", "read").refresh, "");
        let without = GrantTypes::NONE.with(GrantType::ClientCredentials);
        let other = world.under(Rules::new(pepper(PEPPER)).offering(without));
        assert_eq!(other.issue("web", "read").refresh, "");
    });
}

#[test]
fn a_grant_without_a_refresh_token_ends_with_its_access_token() {
    both(|world| {
        let own = world.client_credentials(web(), None).unwrap();
        let record = world.record(&own.access);
        assert_eq!(record.terms().expires_at, Some(world.now().after(secs(3600))));
        assert_eq!(record.dead_from(), world.now().after(secs(3600)));
        assert!(record.refresh().is_none());
    });
}

#[test]
fn a_host_cannot_issue_beyond_the_client() {
    both(|world| {
        assert_eq!(refused(world, request("nobody", "read")), Reason::UnknownClient);
        assert_eq!(refused(world, request("web", "read other")), Reason::ScopeNotGranted);
        world.client("web", |client| client.enabled = false);
        assert_eq!(refused(world, request("web", "read")), Reason::ClientDisabled);
        assert!(world.snapshot().is_empty());
    });
}

#[test]
fn n_064_client_credentials_give_an_access_token_and_no_refresh_token() {
    both(|world| {
        let own = world.client_credentials(web(), Some("read")).unwrap();
        assert_eq!((own.refresh.as_str(), own.scope.as_str(), own.expires_in), ("", "read", 3600));
        let access = world.resource(&own.access).unwrap();
        assert_eq!((access.subject, access.client_id.as_str()), (None, "web"));
        assert_eq!(world.client_credentials(web(), None).unwrap().scope, "read write admin");
    });
}

#[test]
fn n_063_client_credentials_are_for_confidential_clients_only() {
    both(|world| {
        assert_eq!(world.client_credentials(app(), None), Err(Reason::GrantTypeNotAllowed));
        world.client("app", |client| client.grants = GrantTypes::ALL);
        assert_eq!(world.client_credentials(app(), None), Err(Reason::GrantTypeNotAllowed));
        assert!(world.snapshot().is_empty());
    });
}

#[test]
fn client_credentials_keep_to_the_scope_of_the_client() {
    both(|world| {
        for (asked, reason) in [("other", Reason::ScopeNotGranted), (" ", Reason::MalformedScope)] {
            assert_eq!(world.client_credentials(web(), Some(asked)), Err(reason));
        }
        world.client("web", |client| client.scope = Scope::empty());
        assert_eq!(world.client_credentials(web(), None).unwrap().scope, "");
        assert_eq!(world.client_credentials(web(), Some("read")), Err(Reason::ScopeNotGranted));
    });
}

#[test]
fn n_061_n_062_n_016_other_grant_types_are_not_supported() {
    both(|world| {
        for grant_type in ["password", "authorization_code", "Refresh_Token", " refresh_token", "implicit"] {
            let request = TokenRequest { credentials: web(), grant_type: Some(grant_type), ..TokenRequest::default() };
            assert_eq!(tokens(world.token(request)), Err(Reason::UnsupportedGrantType), "{grant_type}");
        }
    });
}

#[test]
fn n_080_n_084_a_refresh_needs_a_refresh_token() {
    both(|world| {
        let first = world.issue("web", "read");
        let missing = TokenRequest { credentials: web(), grant_type: Some("refresh_token"), ..TokenRequest::default() };
        assert_eq!(tokens(world.token(missing)), Err(Reason::MissingRefreshToken));
        assert_eq!(world.refresh(web(), &first.access), Err(Reason::NotARefreshToken));
        assert_eq!(world.refresh(web(), &hex(&first.refresh).to_uppercase()), Err(Reason::MalformedToken));
        assert_eq!(world.refresh(web(), &format!("{} ", first.refresh)), Err(Reason::MalformedToken));
        assert_eq!(world.refresh(web(), &format!("{}==", first.refresh)), Err(Reason::MalformedToken));
        let own = world.client_credentials(web(), None).unwrap();
        let moved = moved_to(&first.refresh, &own.access);
        assert_eq!(world.refresh(web(), &moved), Err(Reason::ForgedToken), "a grant that has no refresh token");
        let moved = moved_to(&first.refresh, &world.issue("web", "read").refresh);
        assert_eq!(world.refresh(web(), &moved), Err(Reason::ForgedToken), "a lineage of another grant");
    });
}

#[test]
fn attributes_are_bounded_and_in_order() {
    let mut attributes = Attributes::new();
    assert!(attributes.is_empty());
    for name in ["b", "a", "c"] {
        attributes.insert(name, "x").unwrap();
    }
    assert!(!attributes.is_empty() && attributes.iter().map(|(name, _)| name).eq(["b", "a", "c"]));
    assert!(attributes.insert("a", "again").is_err());
}

/// Two copies of one virtual machine draw the same bytes for a while.
#[test]
fn a_random_source_that_repeats_itself_gives_nobody_the_tokens_of_another() {
    let named = |id: &str| {
        let mut client = Client::public(ClientId::parse(id).unwrap());
        client.scope = Scope::parse("read write").unwrap();
        client
    };
    let host = Host::new(|| Timestamp::EPOCH, || Ok(Entropy::from_bytes(&[7; 96])));
    let clients = StaticClients::new([named("app"), named("app2")]).unwrap();
    let engine = Engine::new(TestStore::default(), clients, Rules::new(pepper(PEPPER)), host);
    let of = |client: &str, scope: &str, subject: &str| {
        let mut asked = request(client, scope);
        asked.subject = Some(Subject::parse(subject).unwrap());
        asked
    };
    let first = tokens(engine.issue(of("app", "read", "alice"))).unwrap();
    for other in [of("app", "read", "bob"), of("app", "write", "alice"), of("app2", "read", "alice")] {
        let error = engine.issue(other).unwrap_err();
        assert!(matches!(error.fault, EngineFault::Contended { .. }), "{error:?}");
    }
    let mut marked = of("app", "read", "alice");
    marked.attributes.insert("device", "d-1").unwrap();
    assert!(engine.issue(marked).is_err());
    assert_eq!(tokens(engine.issue(of("app", "read", "alice"))), Ok(first), "the same grant of the same user");
}
