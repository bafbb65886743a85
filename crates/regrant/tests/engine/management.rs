//! Management through the adapters of the ports, and the ends of many grants at once.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use regrant::{
    AsyncGrantManagement, ClientId, EndReason, Grant, GrantFilter, GrantId, GrantManagement, Inline, Subject,
    Timestamp, end_all, end_all_async,
};

use crate::common::{Kind, World, block_on};

const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);

/// A store that answers each call with the next number that it was given, and remembers what it was asked.
#[derive(Default)]
struct Shelf {
    answers: Mutex<VecDeque<usize>>,
    asked: Mutex<Vec<String>>,
    grants: Vec<Grant>,
}

impl Shelf {
    fn answering(answers: &[usize]) -> Self {
        Self { answers: Mutex::new(answers.iter().copied().collect()), ..Self::default() }
    }

    fn next(&self, asked: String) -> usize {
        self.asked.lock().unwrap().push(asked);
        self.answers.lock().unwrap().pop_front().expect("one call too many")
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

impl GrantManagement for Shelf {
    type Error = Infallible;

    fn list(&self, filter: &GrantFilter, after: Option<GrantId>, limit: usize) -> Result<Vec<Grant>, Infallible> {
        self.asked.lock().unwrap().push(format!("list {filter:?} {after:?} {limit}"));
        Ok(self.grants.clone())
    }

    fn end(&self, filter: &GrantFilter, at: Timestamp, reason: EndReason, limit: usize) -> Result<usize, Infallible> {
        Ok(self.next(format!("end {filter:?} {at:?} {reason:?} {limit}")))
    }

    fn purge(&self, before: Timestamp, limit: usize) -> Result<usize, Infallible> {
        Ok(self.next(format!("purge {before:?} {limit}")))
    }
}

fn client(id: &str) -> GrantFilter {
    GrantFilter::Client(ClientId::parse(id).unwrap())
}

#[test]
fn the_end_of_all_is_asked_for_until_a_pass_finds_none() {
    let (filter, reason) = (client("web"), EndReason::EndedByHost);
    let once = format!("end {filter:?} {NOW:?} {reason:?} 256");
    let shelf = Shelf::answering(&[256, 256, 3, 0]);
    assert_eq!(end_all(&shelf, &filter, NOW, reason), Ok(515));
    assert_eq!(shelf.asked(), vec![once.clone(); 4]);
    let shelf = Inline(Shelf::answering(&[256, 256, 3, 0]));
    assert_eq!(block_on(end_all_async(&shelf, &filter, NOW, reason)), Ok(515));
    assert_eq!(shelf.0.asked(), vec![once; 4]);
    assert_eq!(end_all(&Shelf::answering(&[0]), &filter, NOW, reason), Ok(0));
}

#[test]
fn the_adapters_hand_every_word_through() {
    let grants = World::new(Kind::Blocking);
    grants.issue("web", "read");
    let grants: Vec<Grant> = grants.snapshot().into_values().collect();
    let (filter, reason, after) = (client("web"), EndReason::Revoked, Some(GrantId::from_bytes([9; 16])));
    let asked = [
        format!("list {filter:?} {after:?} 5"),
        format!("end {filter:?} {NOW:?} {reason:?} 6"),
        format!("purge {NOW:?} 7"),
    ];
    let shelf = || Shelf { grants: grants.clone(), ..Shelf::answering(&[17, 23]) };

    let shared = Arc::new(shelf());
    assert_eq!(GrantManagement::list(&shared, &filter, after, 5), Ok(grants.clone()));
    assert_eq!(GrantManagement::end(&shared, &filter, NOW, reason, 6), Ok(17));
    assert_eq!(GrantManagement::purge(&shared, NOW, 7), Ok(23));
    assert_eq!(shared.asked(), asked);

    let shared = Arc::new(Inline(shelf()));
    assert_eq!(block_on(AsyncGrantManagement::list(&shared, &filter, after, 5)), Ok(grants.clone()));
    assert_eq!(block_on(AsyncGrantManagement::end(&shared, &filter, NOW, reason, 6)), Ok(17));
    assert_eq!(block_on(AsyncGrantManagement::purge(&shared, NOW, 7)), Ok(23));
    assert_eq!(shared.0.asked(), asked);
}

#[test]
fn a_filter_means_one_name_exactly() {
    let world = World::new(Kind::Blocking);
    let of = |token: &str| world.record(token);
    let (web, own) = (of(&world.issue("web", "read").refresh), world.client_credentials(crate::common::web(), None));
    let own = of(&own.unwrap().access);
    let subject = |name: &str| GrantFilter::Subject(Subject::parse(name).unwrap());
    assert!([&web, &own].into_iter().all(|grant| GrantFilter::All.matches(grant)));
    assert!(client("web").matches(&web) && client("web").matches(&own));
    assert!(!client("WEB").matches(&web) && !client("app").matches(&web));
    assert!(subject("alice").matches(&web) && !subject("Alice").matches(&web));
    assert!(!subject("alice").matches(&own), "a client for itself has no subject");
}
