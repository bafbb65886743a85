//! The guide to embedding shows parts of the examples. They must be the parts that are compiled.

use std::fs;
use std::path::Path;

#[test]
fn every_line_of_the_guide_stands_in_an_example() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| fs::read_to_string(here.join(path)).unwrap();
    let guide = read("../../docs/EMBEDDING.md");
    let examples = ["shared/mod.rs", "axum.rs", "actix.rs", "hyper.rs"].map(|name| read(&format!("examples/{name}")));

    let parts: Vec<&str> = guide.split("```rust\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(parts.len() >= 6, "the guide shows {} parts", parts.len());
    for part in parts {
        assert!(examples.iter().any(|example| example.contains(part)), "no example has this part:\n{part}");
    }
}
