//! The tasks of this workspace, run as `cargo xtask TASK`. Never published.
//!
//! - `test [-- ARGS]` provides what the tests need and runs `cargo test --workspace ARGS`.
//! - `no-std` proves that the core links without the standard library.
//! - `instructions [--renew | --profile]` counts the instructions of the hot path, and holds them to `benches/instructions.toml`.
//! - `house` checks the rules of the house that no lint of the compiler knows.
//!
//! Every task prints its steps and exits with a failure if any of them fails.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool talks on its terminal")]

mod fault;
mod house;
mod instructions;
mod no_std;
mod postgres;
mod step;
mod test;

use std::env;
use std::path::PathBuf;
use std::process::ExitCode;

use fault::Fault;

const USAGE: &str = "\
usage: cargo xtask TASK

tasks:
  test [-- ARGS]  provide what the tests need, then run `cargo test --workspace ARGS`
  no-std          prove that the core links without the standard library
  house           check the rules of the house over the source tree
  instructions    count instructions under callgrind, and hold them to benches/instructions.toml;
                  with --renew, write what was counted into that file; with --profile, say where they go";

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    match run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("xtask: {fault}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &[String]) -> Result<(), Fault> {
    let Some((task, rest)) = args.split_first() else {
        return Err(Fault::Usage);
    };
    let root = root()?;
    match (task.as_str(), rest) {
        ("test", rest) => test::run(&root, rest),
        ("no-std", []) => no_std::run(&root),
        ("house", []) => house::run(&root),
        ("instructions", []) => instructions::run(&root),
        ("instructions", [renew]) if renew == "--renew" => instructions::renew(&root),
        ("instructions", [profile]) if profile == "--profile" => instructions::profile(&root),
        ("help" | "--help" | "-h", _) => {
            println!("{USAGE}");
            Ok(())
        }
        _ => Err(Fault::Usage),
    }
}

/// The root of the checkout. This crate lives at `crates/xtask`, so it is two levels up.
fn root() -> Result<PathBuf, Fault> {
    let manifest = env::var_os("CARGO_MANIFEST_DIR").ok_or(Fault::NotUnderCargo)?;
    let root = PathBuf::from(manifest).ancestors().nth(2).map(PathBuf::from);
    root.ok_or(Fault::NotUnderCargo)
}
