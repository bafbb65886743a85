//! `docs/TESTING.md` and `docs/THREATS.md` name the test that holds each promise. It must be there.

use std::fs;
use std::path::{Path, PathBuf};

const DOCUMENTS: [&str; 2] = ["docs/TESTING.md", "docs/THREATS.md"];

/// The checkout.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every `crate/path.rs::test` between backquotes.
fn named(text: &str) -> Vec<(&str, &str)> {
    text.split('`').skip(1).step_by(2).filter_map(|quoted| quoted.split_once(".rs::")).collect()
}

#[test]
fn every_test_that_a_document_names_is_there() {
    for document in DOCUMENTS {
        let text = fs::read_to_string(root().join(document)).unwrap();
        let named = named(&text);
        assert!(named.len() > 10, "{document} names {} tests", named.len());
        for (path, test) in named {
            let file = root().join("crates").join(format!("{path}.rs"));
            let source = fs::read_to_string(&file).unwrap_or_else(|_| panic!("{document} leads to {path}.rs"));
            assert!(source.contains(&format!("fn {test}(")), "{document} leads to {test} in {path}.rs");
        }
    }
}

/// Each bug that was designed out has a test of its name, and a row.
#[test]
fn every_test_of_a_bug_has_its_row() {
    let text = fs::read_to_string(root().join("docs/TESTING.md")).unwrap();
    for path in ["regrant/tests/engine/bugs.rs", "regrant-http/tests/http/dialects.rs"] {
        let source = fs::read_to_string(root().join("crates").join(path)).unwrap();
        for rest in source.split("fn bug_").skip(1) {
            let name = rest.split('(').next().unwrap_or_default();
            assert!(text.contains(&format!("`{path}::bug_{name}`")), "no row for bug_{name}");
        }
    }
}
