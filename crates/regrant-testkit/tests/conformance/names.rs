//! The names of the cases, on one port and on the other.

use std::collections::BTreeSet;

use regrant_testkit::conformance::{Awaited, Blocking, Case, cases};

use crate::faulty::Place;

fn cased<B>(cases: &[Case<B>]) -> BTreeSet<String> {
    cases.iter().map(Case::obligation).collect()
}

#[test]
fn both_ports_have_the_same_cases() {
    assert_eq!(cased(&cases::of_tokens::<Blocking<Place>>()), cased(&cases::of_tokens::<Awaited<Place>>()));
    assert_eq!(cased(&cases::of_management::<Blocking<Place>>()), cased(&cases::of_management::<Awaited<Place>>()));
}

#[test]
fn a_volatile_store_is_told_so_by_the_name() {
    let of_the_process = cased(&cases::of_volatile::<Blocking<Place>>());
    let durable = ["committed-is-durable", "counted-is-durable"].map(|name| format!("{name}-until-the-process-ends"));
    assert_eq!(of_the_process, BTreeSet::from(durable));
}
