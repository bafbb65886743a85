//! The obligations in the documentation of the ports, and the cases of the kit: one list, written twice.
//!
//! It reads files of the workspace around this crate, so it is left out of the package.
#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::collections::BTreeSet;

use regrant_testkit::conformance::{Blocking, Case, cases};

#[allow(dead_code, reason = "only the type is needed here")]
#[path = "conformance/faulty/mod.rs"]
mod faulty;

use faulty::Place;

const STORE: &str = include_str!("../../regrant/src/port/store.rs");
const GUIDE: &str = include_str!("../../../docs/STORES.md");
const MANAGEMENT: &str = include_str!("../../regrant/src/port/management.rs");

/// The names in the list of the documentation of one trait.
fn documented(source: &str, before: &str) -> BTreeSet<String> {
    let (above, _) = source.split_once(before).unwrap();
    let documentation: Vec<&str> = above.lines().rev().take_while(|line| line.starts_with("///")).collect();
    let items = documentation.into_iter().filter_map(|line| line.strip_prefix("/// - `"));
    items.map(|item| item.split_once("`: ").unwrap().0.to_owned()).collect()
}

fn cased<B>(cases: &[Case<B>]) -> BTreeSet<String> {
    cases.iter().map(Case::obligation).collect()
}

#[test]
fn every_obligation_has_its_case_and_every_case_its_obligation() {
    let tokens = cases::of_tokens::<Blocking<Place>>();
    assert_eq!(documented(STORE, "pub trait TokenStore"), cased(&tokens));
    assert_eq!(documented(STORE, "pub trait AsyncTokenStore"), cased(&cases::of_awaited::<Place>()));
    let management = cases::of_management::<Blocking<Place>>();
    assert_eq!(documented(MANAGEMENT, "pub trait GrantManagement"), cased(&management));
    assert_eq!(
        documented(MANAGEMENT, "pub trait AsyncGrantManagement"),
        cased(&cases::of_awaited_management::<Place>())
    );
}

#[test]
fn the_guide_for_authors_lists_the_same_obligations() {
    let rows = GUIDE.lines().filter_map(|line| line.strip_prefix("| `")).filter_map(|row| row.split_once("` | "));
    let listed: BTreeSet<String> = rows.map(|(name, _)| name.to_owned()).filter(|name| name.contains('-')).collect();
    let mut due = cased(&cases::of_tokens::<Blocking<Place>>());
    due.extend(cased(&cases::of_awaited::<Place>()));
    due.extend(cased(&cases::of_management::<Blocking<Place>>()));
    due.extend(cased(&cases::of_awaited_management::<Place>()));
    assert_eq!(listed, due);
}
