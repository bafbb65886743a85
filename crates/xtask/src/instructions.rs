//! `cargo xtask instructions`: the hot path takes no more instructions than it did.
//!
//! Time moves with the machine's mood; a count of instructions under callgrind does not. The random source is seeded, and
//! what SHA-256 takes is left out: valgrind hides the processor's own instructions for it, so that it would be most of the
//! count and say nothing. The counts are kept in `benches/instructions.toml` by version of the compiler. One that grows
//! by more than 2 % is a failure, until a commit changes that file as well. So is a compiler that the file does not have.

mod callgrind;
mod counts;

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use counts::{Counts, Judged};

use crate::fault::Fault;
use crate::step;

/// Where the counts are kept, from the root.
const FILE: &str = "benches/instructions.toml";
/// What is counted, and how many calls the count is a mean of.
const OPERATIONS: [(&str, u64); 4] = [("refresh", 1_000), ("introspect", 1_000), ("parse", 500), ("render", 500)];

/// Counts, and holds the counts to the file.
///
/// # Errors
///
/// [`Fault::Grown`] if a count grew; [`Fault::Uncounted`] if the compiler has no counts; [`Fault::Step`], [`Fault::Io`] and [`Fault::Unreadable`] if it cannot be told.
pub(crate) fn run(root: &Path) -> Result<(), Fault> {
    let compiler = compiler()?;
    if !has_valgrind() {
        println!("SKIPPED: instructions were NOT counted: no valgrind (apt-get install valgrind)");
        return Ok(());
    }
    let kept = kept_for(read(root)?, compiler)?;
    let mut grown = 0;
    for (operation, now) in count(root)? {
        let judged = counts::judge(kept.get(&operation).copied(), now);
        println!("xtask: instructions: {operation}: {now}, {judged}");
        grown += usize::from(matches!(judged, Judged::Grown { .. } | Judged::Unknown));
    }
    if grown == 0 { Ok(()) } else { Err(Fault::Grown(grown)) }
}

/// Counts, and writes the counts into the file.
///
/// # Errors
///
/// As [`run`], but for a count that grew; and where there is no valgrind.
pub(crate) fn renew(root: &Path) -> Result<(), Fault> {
    let compiler = compiler()?;
    let mut all = read(root)?;
    let now = count(root)?;
    for (operation, count) in &now {
        println!("xtask: instructions: {operation}: {count}");
    }
    all.insert(compiler, now);
    let file = root.join(FILE);
    fs::write(&file, counts::write(&all)).map_err(Fault::io(file))
}

/// Prints where the instructions of each operation go, as tables in Markdown.
///
/// # Errors
///
/// As [`renew`].
pub(crate) fn profile(root: &Path) -> Result<(), Fault> {
    let program = build(root)?;
    for (operation, calls) in OPERATIONS {
        let costs = callgrind_of(&program, operation, calls)?;
        println!("\n{}", counts::table(operation, calls, &costs));
    }
    Ok(())
}

/// The counts of one compiler. None is a failure: nothing would be held from the day on which the compiler is another.
fn kept_for(mut all: BTreeMap<String, Counts>, compiler: String) -> Result<Counts, Fault> {
    all.remove(&compiler).ok_or(Fault::Uncounted(compiler))
}

fn read(root: &Path) -> Result<BTreeMap<String, Counts>, Fault> {
    let file = root.join(FILE);
    let text = fs::read_to_string(&file).map_err(Fault::io(&file))?;
    counts::read(&text).map_err(|line| Fault::Unreadable(format!("{FILE}:{line}: expected `name = count`")))
}

/// The version of the compiler, and what it compiles for: other code is other counts.
fn compiler() -> Result<String, Fault> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(&rustc).arg("-vV").output().map_err(Fault::io(rustc))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let value = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    match (value("release:"), value("host:")) {
        (Some(release), Some(host)) => Ok(format!("{release} {host}")),
        _ => Err(Fault::Unreadable("rustc does not say its release and its host".into())),
    }
}

fn has_valgrind() -> bool {
    let asked = Command::new("valgrind").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    asked.is_ok_and(|status| status.success())
}

/// The instructions of one call of each operation.
fn count(root: &Path) -> Result<Counts, Fault> {
    let program = build(root)?;
    OPERATIONS.iter().map(|(name, calls)| Ok(((*name).to_owned(), one(&program, name, *calls)?))).collect()
}

/// The program that is counted.
fn build(root: &Path) -> Result<PathBuf, Fault> {
    let mut build = step::cargo(root);
    build.args(["build", "--release", "--package", "regrant-benches", "--bin", "counted"]);
    step::run("build counted", &mut build)?;
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    Ok(target.join("release/counted"))
}

/// The instructions of one call, outside the block function of SHA-256.
fn one(program: &Path, operation: &str, calls: u64) -> Result<u64, Fault> {
    let costs = callgrind_of(program, operation, calls)?;
    let outside = costs.iter().filter(|(function, _)| !is_sha(function)).map(|(_, cost)| cost);
    match outside.sum::<u64>() / calls {
        0 => Err(Fault::Unreadable(format!("{operation}: nothing was counted"))),
        count => Ok(count),
    }
}

/// The instructions of each function, of all calls.
fn callgrind_of(program: &Path, operation: &str, calls: u64) -> Result<Counts, Fault> {
    let out = program.with_extension("callgrind");
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--collect-atstart=no", "--toggle-collect=*counted_section*", "--quiet"]);
    command.arg(format!("--callgrind-out-file={}", out.display()));
    command.arg(program).args([operation, &calls.to_string()]);
    let status = command.stdout(Stdio::null()).status().map_err(Fault::io("valgrind"))?;
    if !status.success() {
        return Err(Fault::Step("valgrind"));
    }
    let text = fs::read_to_string(&out).map_err(Fault::io(&out))?;
    callgrind::self_costs(&text).ok_or_else(|| Fault::Unreadable("callgrind's output".into()))
}

/// The block function of SHA-256, whatever the processor offers for it.
fn is_sha(function: &str) -> bool {
    function.contains("sha2::") && function.contains("compress")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compiler_without_counts_is_a_failure_that_says_how_to_renew_them() {
        let all = || BTreeMap::from([("1.95.0 x".to_owned(), Counts::from([("parse".to_owned(), 4)]))]);
        assert_eq!(kept_for(all(), "1.95.0 x".to_owned()).unwrap(), Counts::from([("parse".to_owned(), 4)]));
        let told = kept_for(all(), "1.96.0 x".to_owned()).unwrap_err().to_string();
        assert!(told.contains("1.96.0 x") && told.contains("cargo xtask instructions --renew"), "{told}");
    }

    #[test]
    fn only_the_block_function_is_left_out() {
        assert!(is_sha("sha2::sha256::compress256") && is_sha("sha2::sha256::soft::compress"));
        assert!(!is_sha("regrant::digest::Digest::of") && !is_sha("<sha2::Sha256 as digest::Update>::update"));
    }
}
