//! One step of a task: a command that is printed, timed and judged.

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use crate::fault::Fault;

/// The cargo that started this task, so that a step never runs under another toolchain.
pub(crate) fn cargo(root: &Path) -> Command {
    let program = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(program);
    command.current_dir(root);
    command
}

/// Prints the command, runs it on this terminal, and prints how long it took.
///
/// # Errors
///
/// [`Fault::Step`] if the command ends with a failure, [`Fault::Io`] if it cannot be started.
pub(crate) fn run(name: &'static str, command: &mut Command) -> Result<(), Fault> {
    println!("xtask: {name}: {}", shown(command));
    let start = Instant::now();
    let status = command.status().map_err(Fault::io(command.get_program()))?;
    let seconds = start.elapsed().as_secs_f64();
    if status.success() {
        println!("xtask: {name}: ok, {seconds:.1} s");
        Ok(())
    } else {
        println!("xtask: {name}: FAILED, {status}, {seconds:.1} s");
        Err(Fault::Step(name))
    }
}

fn shown(command: &Command) -> String {
    let args: Vec<_> = command.get_args().map(OsStr::to_string_lossy).collect();
    let program = Path::new(command.get_program()).file_stem().unwrap_or_default().to_string_lossy();
    format!("{program} {}", args.join(" "))
}
