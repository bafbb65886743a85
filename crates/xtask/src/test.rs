//! `cargo xtask test`: what the tests need, then the tests.

use std::path::Path;

use crate::fault::Fault;
use crate::{postgres, step};

/// Provides what the tests need, then runs `cargo test --workspace` with `args` appended.
///
/// Beside crates.io, the tests need the programs of a `PostgreSQL` server. SQLite is compiled in, and
/// every server a test talks to is one that the test starts itself.
///
/// # Errors
///
/// [`Fault::Step`] if something cannot be installed, the crates cannot be fetched or a test fails.
pub(crate) fn run(root: &Path, args: &[String]) -> Result<(), Fault> {
    let args = args.strip_prefix(&[String::from("--")]).unwrap_or(args);
    postgres::provide();
    let lock = locked(root);
    step::run("fetch", step::cargo(root).arg("fetch").args(lock))?;
    let mut tests = step::cargo(root);
    tests.args(["test", "--workspace"]).args(lock).args(args);
    step::run("test", &mut tests)
}

/// `--locked` where a lock file is there to hold to.
fn locked(root: &Path) -> Option<&'static str> {
    root.join("Cargo.lock").is_file().then_some("--locked")
}
