//! Scopes of tokens. RFC 6749 §3.3, §6.

use regrant::{Reason, Scope};

use crate::common::{World, app, both, rs, web};

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
