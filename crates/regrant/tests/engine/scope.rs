//! Scopes of tokens. RFC 6749 §3.3, §6.

use proptest::prelude::*;
use regrant::{Reason, Scope};

use crate::common::{Kind, World, app, both, rs, web};

#[test]
fn n_086_a_refresh_never_goes_beyond_the_grant() {
    both(|world| {
        let first = world.issue("web", "read write");
        let before = world.snapshot();
        for wide in ["admin", "read write admin", "READ", "read,write", "other"] {
            assert_eq!(world.refresh_for(web(), &first.refresh, wide), Err(Reason::ScopeNotGranted), "{wide}");
        }
        assert_eq!(world.snapshot(), before, "the token is not spent");
        assert!(world.refresh(web(), &first.refresh).is_ok());
    });
}

#[test]
fn n_014_a_malformed_scope_is_refused_and_spends_nothing() {
    both(|world| {
        let first = world.issue("web", "read write");
        let before = world.snapshot();
        for bad in [" read", "read ", "read  write", "re\"ad", "re\\ad", "read\twrite", "é", &"a".repeat(5000)] {
            assert_eq!(world.refresh_for(web(), &first.refresh, bad), Err(Reason::MalformedScope), "{bad:?}");
        }
        assert_eq!(world.snapshot(), before);
    });
}

#[test]
fn n_087_without_a_scope_the_whole_grant_is_meant_after_a_narrowed_refresh_too() {
    both(|world| {
        let first = world.issue("web", "read write");
        let narrow = world.refresh_for(web(), &first.refresh, "read").unwrap();
        assert_eq!(narrow.scope, "read");
        let whole = world.refresh(web(), &narrow.refresh).unwrap();
        assert_eq!(whole.scope, "read write");
    });
}

#[test]
fn n_091_narrowing_the_access_token_leaves_the_refresh_token_whole() {
    both(|world| {
        for (client, who) in [("web", web()), ("app", app())] {
            let first = world.issue(client, "read write");
            let narrow = world.refresh_for(who, &first.refresh, "read").unwrap();
            assert_eq!(world.resource(&narrow.access).unwrap().scope.as_str(), "read");
            let wide = world.refresh_for(who, &narrow.refresh, "read write").unwrap();
            assert_eq!(wide.scope, "read write");
            assert_eq!(world.record(&wide.refresh).terms().scope.as_str(), "read write");
        }
    });
}

#[test]
fn n_091_introspection_of_a_refresh_token_shows_the_whole_scope() {
    both(|world| {
        let first = world.issue("web", "read write");
        let narrow = world.refresh_for(web(), &first.refresh, "read").unwrap();
        assert_eq!(world.introspect(web(), &narrow.refresh).unwrap().scope.as_str(), "read write");
        assert_eq!(world.introspect(web(), &narrow.access).unwrap().scope.as_str(), "read");
    });
}

#[test]
fn n_111_a_refresh_is_cut_to_what_the_client_may_still_have() {
    both(|world| {
        let first = world.issue("web", "read write");
        world.client("web", |client| client.scope = Scope::parse("read admin").unwrap());
        let before = world.snapshot();
        assert_eq!(world.refresh_for(web(), &first.refresh, "write"), Err(Reason::ScopeNotGranted));
        assert_eq!(world.snapshot(), before);
        let second = world.refresh(web(), &first.refresh).unwrap();
        assert_eq!(second.scope, "read");
        assert_eq!(world.introspect(rs(), &second.access).unwrap().scope.as_str(), "read");
        world.client("web", |client| client.scope = Scope::parse("read write").unwrap());
        assert_eq!(world.refresh(web(), &second.refresh).unwrap().scope, "read write", "the grant itself is not cut");
    });
}

#[test]
fn n_111_where_nothing_of_the_scope_is_left_the_refresh_is_refused() {
    both(|world| {
        let first = world.issue("web", "read write");
        world.client("web", |client| client.scope = Scope::parse("admin").unwrap());
        let before = world.snapshot();
        assert_eq!(world.refresh(web(), &first.refresh), Err(Reason::NoScopeLeft));
        assert_eq!(world.refresh_for(web(), &first.refresh, "read"), Err(Reason::NoScopeLeft));
        assert_eq!(world.snapshot(), before);
    });
}

#[test]
fn a_grant_without_a_scope_is_refreshed_without_one() {
    both(|world| {
        let first = world.issue("web", "");
        let second = world.refresh(web(), &first.refresh).unwrap();
        assert_eq!(second.scope, "");
        assert_eq!(world.refresh_for(web(), &second.refresh, "read"), Err(Reason::ScopeNotGranted));
    });
}

#[test]
fn n_014_order_and_repetition_of_scope_tokens_mean_nothing() {
    both(|world| {
        let first = world.issue("web", "read write");
        let second = world.refresh_for(web(), &first.refresh, "write read write").unwrap();
        assert_eq!(second.scope, "read write");
        assert!(whole(world, &second.refresh), "the same set is the grant's own scope");
    });
}

/// Whether the latest access token has the grant's whole scope.
fn whole(world: &World, refresh: &str) -> bool {
    world.record(refresh).access().last().unwrap().scope.is_none()
}

/// Some of the four tokens, in any order, also more than once.
fn some_scope() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(vec!["read", "write", "admin", "other"]), 1..5)
        .prop_map(|tokens| tokens.join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is asked for, in whatever order: no answer goes beyond the grant, the client or the request, and what
    /// one refresh narrowed, the next has again.
    #[test]
    fn n_091_scope_never_widens_and_narrowing_never_sticks(
        granted in some_scope(),
        turns in prop::collection::vec((prop::option::of(some_scope()), some_scope()), 1..12),
    ) {
        let world = World::new(Kind::Blocking);
        let everything = Scope::parse("read write admin other").unwrap();
        world.client("web", |client| client.scope = everything);
        let mut current = world.issue("web", &granted);
        let granted = world.record(&current.refresh).terms().scope.clone();
        for (asked, allowed) in &turns {
            let allowed = Scope::parse(allowed).unwrap();
            world.client("web", |client| client.scope = allowed.clone());
            let available = granted.cut_to(&allowed);
            let asked = asked.as_deref().map(|text| Scope::parse(text).unwrap());
            let reply = match &asked {
                Some(asked) => world.refresh_for(web(), &current.refresh, asked.as_str()),
                None => world.refresh(web(), &current.refresh),
            };
            let Ok(tokens) = reply else {
                let refused = available.is_empty() || asked.is_some_and(|asked| !asked.is_within(&available));
                prop_assert!(refused, "{reply:?}");
                continue;
            };
            let given = Scope::parse(&tokens.scope).unwrap();
            let wanted = asked.as_ref().unwrap_or(&available);
            prop_assert!(given.is_within(&available) && given.is_within(wanted) && wanted.is_within(&given));
            prop_assert_eq!(&world.resource(&tokens.access).unwrap().scope, &given);
            prop_assert!(world.record(&tokens.refresh).terms().scope == granted, "the grant keeps its scope");
            current = tokens;
        }
    }
}
