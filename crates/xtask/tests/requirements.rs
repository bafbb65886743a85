//! `docs/REQUIREMENTS.md` leads from a requirement to the files that decide and test it. It must not lead astray.
#![expect(clippy::unwrap_used, clippy::string_slice, reason = "a test may panic, and its helpers too")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The checkout.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The rows of the tables by the id in their first cell.
fn rows() -> BTreeMap<String, String> {
    let table = fs::read_to_string(root().join("docs/REQUIREMENTS.md")).unwrap();
    let rows = table.lines().filter_map(|line| line.strip_prefix("| N-"));
    rows.map(|row| (row[..3].to_owned(), row.to_owned())).collect()
}

/// Every source file and every vector, by its path below `crates/`.
fn files() -> BTreeMap<String, String> {
    let crates = root().join("crates");
    let mut files = BTreeMap::new();
    let mut folders = vec![crates.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("xtask") && !path.ends_with("target") {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "rs" || it == "toml") {
                let name = path.strip_prefix(&crates).unwrap().to_string_lossy().replace('\\', "/");
                files.insert(name, fs::read_to_string(path).unwrap());
            }
        }
    }
    files
}

/// The ids that a text names: `N-091`, a range `N-180 to N-184`, or `n_091` in the name of a test.
fn ids(text: &str) -> BTreeSet<String> {
    let number = |at: usize| {
        let digits = text.get(at..at + 3)?;
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.to_owned())
    };
    let mut ids = BTreeSet::new();
    for (at, _) in text.match_indices("N-").chain(text.match_indices("n_")) {
        let Some(first) = number(at + 2) else { continue };
        let last = text.get(at + 5..at + 11).filter(|it| *it == " to N-").and_then(|_| number(at + 11));
        let range = first.parse::<u16>().unwrap()..=last.unwrap_or_else(|| first.clone()).parse().unwrap();
        ids.extend(range.map(|id| format!("{id:03}")));
    }
    ids
}

#[test]
fn every_file_of_a_row_names_its_requirement() {
    let files = files();
    for (id, row) in rows() {
        for path in row.split('`').skip(1).step_by(2).filter(|quoted| quoted.contains('/')) {
            let text = files.get(path).unwrap_or_else(|| panic!("N-{id} leads to {path}, which is not there"));
            assert!(ids(text).contains(&id), "N-{id} leads to {path}, which does not name it");
        }
    }
}

#[test]
fn every_vector_of_a_row_is_there() {
    let vectors: String =
        files().into_iter().filter(|(path, _)| path.contains("/vectors/")).map(|(_, text)| text).collect();
    for (id, row) in rows() {
        let named = row.split_once("vectors ").map_or("", |(_, rest)| rest);
        for vector in named.split([' ', ',', '|']).filter(|word| word.contains('-')) {
            assert!(vectors.contains(&format!("id = \"{vector}\"")), "N-{id} leads to vector {vector}");
        }
    }
}

#[test]
fn every_requirement_that_is_named_has_a_row() {
    let rows = rows();
    for (path, text) in files() {
        for id in ids(&text) {
            assert!(rows.contains_key(&id), "{path} names N-{id}, and docs/REQUIREMENTS.md does not");
        }
    }
}
