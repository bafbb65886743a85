//! Which crate may rest on which: arrows point down only.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use crate::fault::Fault;
use crate::step;

/// For each crate, all the crates of this workspace that it may rest on, however indirectly.
/// What only the tests of a crate use is not an arrow. `None`: a leaf, which may use all.
const ALLOWED: [(&str, Option<&[&str]>); 9] = [
    ("regrant", Some(&[])),
    ("regrant-http", Some(&["regrant"])),
    ("regrant-memory", Some(&["regrant"])),
    ("regrant-postgres", Some(&["regrant"])),
    ("regrant-sqlite", Some(&["regrant"])),
    ("regrant-testkit", Some(&["regrant"])),
    ("regrant-server", None),
    ("throwaway-postgres", Some(&[])),
    ("xtask", Some(&[])),
];
/// The crates on which nothing rests.
const LEAVES: [&str; 4] = ["regrant-server", "regrant-benches", "throwaway-postgres", "xtask"];

/// Every arrow that does not point down.
///
/// # Errors
///
/// [`Fault::Io`] if `crates/` cannot be read, [`Fault::Step`] if `cargo tree` fails.
pub(crate) fn broken(root: &Path) -> Result<Vec<String>, Fault> {
    let mut broken = Vec::new();
    for name in crate_names(root)? {
        let rests_on = rests_on(root, &name)?;
        broken.extend(judge(&name, &rests_on));
    }
    Ok(broken)
}

/// The directories of `crates/`, each of which carries the name of its crate.
fn crate_names(root: &Path) -> Result<Vec<String>, Fault> {
    let directory = root.join("crates");
    let mut names = Vec::new();
    for entry in fs::read_dir(&directory).map_err(Fault::io(&directory))? {
        let entry = entry.map_err(Fault::io(&directory))?;
        if entry.path().join("Cargo.toml").is_file() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// The crates of this workspace in the tree below `name`, for all features and targets.
fn rests_on(root: &Path, name: &str) -> Result<Vec<String>, Fault> {
    let mut tree = step::cargo(root);
    tree.args(["tree", "--package", name, "--edges", "normal,build", "--all-features"]);
    tree.args(["--target", "all", "--prefix", "none", "--format", "{p}"]);
    let output = tree.stderr(Stdio::inherit()).output().map_err(Fault::io("cargo"))?;
    if !output.status.success() {
        return Err(Fault::Step("cargo tree"));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let packages = text.lines().filter_map(|line| line.split_whitespace().next());
    let ours = packages.filter(|package| is_ours(package) && *package != name);
    Ok(ours.map(String::from).collect())
}

fn is_ours(package: &str) -> bool {
    ["regrant", "throwaway-postgres", "xtask"].contains(&package) || package.starts_with("regrant-")
}

fn judge(name: &str, rests_on: &[String]) -> Vec<String> {
    let manifest = format!("crates/{name}/Cargo.toml:1");
    let Some((_, allowed)) = ALLOWED.iter().find(|(known, _)| *known == name) else {
        return vec![format!("{manifest}: a crate that has no place in the arrows of xtask")];
    };
    let may = |other: &str| !LEAVES.contains(&other) && allowed.is_none_or(|list| list.contains(&other));
    let wrong = rests_on.iter().filter(|other| !may(other));
    let mut broken: Vec<String> = wrong.map(|other| format!("{manifest}: {name} may not rest on {other}")).collect();
    broken.dedup();
    broken
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(name: &str, rests_on: &[&str]) -> usize {
        let rests_on: Vec<String> = rests_on.iter().copied().map(String::from).collect();
        judge(name, &rests_on).len()
    }

    #[test]
    fn arrows_point_down() {
        assert_eq!(wrong("regrant-http", &["regrant"]), 0);
        assert_eq!(wrong("regrant-server", &["regrant", "regrant-http", "regrant-sqlite"]), 0);
    }

    #[test]
    fn a_store_never_rests_on_http_nor_http_on_a_store() {
        for store in ["regrant-memory", "regrant-sqlite", "regrant-postgres"] {
            assert_eq!(wrong(store, &["regrant", "regrant-http"]), 1);
            assert_eq!(wrong("regrant-http", &["regrant", store]), 1);
        }
    }

    #[test]
    fn nothing_rests_on_a_leaf_and_a_stranger_is_reported() {
        assert_eq!(wrong("regrant-memory", &["regrant-server"]), 1);
        assert_eq!(wrong("regrant-server", &["xtask"]), 1);
        assert_eq!(wrong("regrant-new", &[]), 1);
    }
}
