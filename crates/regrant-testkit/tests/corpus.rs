//! The vectors themselves: they read, none is lost, every placeholder has a value when it is used.

use regrant_testkit::Vector;
use regrant_testkit::corpus::{FILES, LISTED, not_applicable, vector_files, vectors};
use regrant_testkit::step::{Repeat, Send, Step};
use regrant_testkit::template::{Bindings, names};
use std::collections::BTreeSet;

#[test]
fn every_file_is_read_and_named_after_its_area() {
    let files = vector_files().unwrap();
    for ((name, _), file) in FILES.iter().zip(&files) {
        assert_eq!(*name, format!("vectors/{}.toml", file.area));
        assert!(!file.vector.is_empty(), "{name} is empty");
    }
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/vectors");
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), files.len(), "a file that nobody reads");
}

#[test]
fn ids_are_unique() {
    let mut seen = BTreeSet::new();
    for vector in vectors().unwrap() {
        assert!(seen.insert(vector.id.clone()), "{} twice", vector.id);
    }
}

#[test]
fn every_listed_case_is_carried_or_left_out_for_a_reason() {
    let carried: BTreeSet<String> = vectors().unwrap().into_iter().map(|vector| vector.id).collect();
    let left_out = not_applicable().unwrap().case;
    for case in &left_out {
        assert!(!case.reason.is_empty(), "{} is left out without a reason", case.id);
        assert!(!carried.contains(&case.id), "{} is both carried and left out", case.id);
        assert!(LISTED.lines().any(|id| id == case.id), "{} was never listed", case.id);
    }
    let covered = |id: &&str| carried.contains(*id) || left_out.iter().any(|case| case.id == **id);
    let lost: Vec<_> = LISTED.lines().filter(|id| !covered(id)).collect();
    assert!(lost.is_empty(), "neither carried nor left out: {lost:?}");
    assert_eq!(LISTED.lines().count(), 233);
}

#[test]
fn a_vector_either_has_steps_or_expects_a_refusal() {
    for vector in vectors().unwrap() {
        assert_ne!(vector.step.is_empty(), !vector.refused, "{}", vector.id);
    }
}

#[test]
fn every_placeholder_and_every_named_answer_is_there_when_it_is_used() {
    for vector in vectors().unwrap() {
        walk(&vector);
    }
}

#[test]
fn every_setup_renders_as_a_configuration_file() {
    for vector in vectors().unwrap() {
        let text = vector.setup().to_config_toml("memory:").unwrap();
        let table: toml::Table = text.parse().unwrap();
        assert_eq!(table["mount"].as_array().unwrap().len(), 4, "{}", vector.id);
    }
}

fn walk(vector: &Vector) {
    let mut bindings = Bindings::default();
    let mut answers = BTreeSet::new();
    for grant in vector.grants() {
        bind(&mut bindings, &grant.suffix);
    }
    for step in &vector.step {
        match step {
            Step::Send(send) => walk_send(vector, send, &mut bindings, &mut answers),
            Step::RevokeGrant(suffix) => {
                assert!(vector.grants().iter().any(|grant| grant.suffix == *suffix), "{}", vector.id);
            }
            Step::Advance(_) | Step::Change(_) | Step::FailStoreOnce => {}
        }
    }
}

fn walk_send(vector: &Vector, send: &Send, bindings: &mut Bindings, answers: &mut BTreeSet<String>) {
    if let Repeat::Chain(_) = send.repeat {
        bind(bindings, "_FIRST");
    }
    let texts = send.request.texts().map(str::to_owned).collect::<Vec<_>>();
    assert_all_bound(vector, &texts, bindings);
    assert_all_bound(vector, &send.expect.texts(), bindings);
    if let Repeat::Beside(other) = &send.repeat {
        walk_send(vector, other, bindings, answers);
    }
    let same_as = send.expect.same_as.iter();
    same_as.for_each(|name| assert!(answers.contains(name), "{}: no answer is named {name}", vector.id));
    answers.extend(send.name.clone());
    bind(bindings, "_NEW");
    send.save.iter().for_each(|suffix| bind(bindings, suffix));
    assert_all_bound(vector, &send.expect.not_logged, bindings);
}

fn bind(bindings: &mut Bindings, suffix: &str) {
    bindings.bind(&format!("RT{suffix}"), &"A".repeat(86));
    bindings.bind(&format!("AT{suffix}"), &"A".repeat(64));
}

fn assert_all_bound(vector: &Vector, texts: &[String], bindings: &Bindings) {
    for text in texts {
        for name in names(text) {
            assert!(bindings.value(name).is_some(), "{}: {{{name}}} has no value", vector.id);
        }
    }
}
