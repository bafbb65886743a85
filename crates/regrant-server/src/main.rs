//! The binary `regrant`.

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;
use clap::error::ErrorKind;
use regrant_server::cli::{Cli, one_line};
use regrant_server::command;

/// 0 done, 1 a fault while running, 2 bad usage or configuration.
fn main() -> ExitCode {
    let fault = match Cli::try_parse() {
        Ok(cli) => match command::run(cli.command) {
            Ok(()) => return ExitCode::SUCCESS,
            Err(fault) => (fault.to_string(), fault.exit_code()),
        },
        Err(asked) if matches!(asked.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            return if asked.print().is_ok() { ExitCode::SUCCESS } else { ExitCode::from(1) };
        }
        Err(error) if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            ("a command is missing, see regrant --help".to_owned(), 2)
        }
        Err(error) => (one_line(&error), 2),
    };
    // Where standard error is gone as well, the exit code still tells.
    let _ = writeln!(std::io::stderr(), "regrant: {}", fault.0);
    ExitCode::from(fault.1)
}
