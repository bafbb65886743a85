//! `cargo xtask no-std`: the core links without the standard library.

use std::fs;
use std::path::Path;

use crate::fault::Fault;
use crate::step;

/// Where the proof lives, from the root. Its `lib.rs` says how it works and how it was seen to fail.
const PROOF: &str = "crates/regrant/no-std-proof";

/// Builds the proof in release mode, with the versions that the workspace has locked.
///
/// # Errors
///
/// [`Fault::Step`] if anything under the core pulls in the standard library.
pub(crate) fn run(root: &Path) -> Result<(), Fault> {
    share_lock(root)?;
    for features in [&["--no-default-features"][..], &["--all-features"][..]] {
        let mut build = step::cargo(root);
        build.args(["build", "--release", "--manifest-path"]);
        build.arg(format!("{PROOF}/Cargo.toml"));
        // Beside the workspace's own artefacts, so that one directory holds all that is built.
        build.args(["--target-dir", "target/no-std-proof"]).args(features);
        step::run("no_std proof", &mut build)?;
    }
    Ok(())
}

/// Gives the proof, a workspace of its own, the lock file of the project: what is proved is what
/// is shipped. Cargo drops the entries that the proof does not need.
fn share_lock(root: &Path) -> Result<(), Fault> {
    let from = root.join("Cargo.lock");
    let to = root.join(PROOF).join("Cargo.lock");
    fs::copy(&from, to).map(drop).map_err(Fault::io(from))
}
