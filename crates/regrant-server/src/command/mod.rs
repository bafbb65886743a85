//! The commands, one file each.

mod check;
pub mod client;
pub mod grant;
mod purge;
mod secret;
mod serve;

use crate::cli::{ClientCommand, Command, GrantCommand};
use crate::demo;
use crate::fault::Fault;

/// Carries a command out.
///
/// # Errors
/// What went wrong, and whose turn it is.
pub fn run(command: Command) -> Result<(), Fault> {
    match command {
        Command::Demo => demo::run(),
        Command::Serve(arguments) => serve::run(arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Grant(GrantCommand::Issue(arguments)) => grant::issue::run(&arguments),
        Command::Grant(GrantCommand::List(arguments)) => grant::list::run(&arguments),
        Command::Grant(GrantCommand::Show(arguments)) => grant::show::run(&arguments),
        Command::Grant(GrantCommand::Revoke(arguments)) => grant::revoke::run(&arguments),
        Command::Purge(arguments) => purge::run(&arguments),
        Command::Client(ClientCommand::Add(arguments)) => client::add::run(&arguments),
        Command::Client(ClientCommand::List(arguments)) => client::list::run(&arguments),
        Command::Client(ClientCommand::Disable(arguments)) => client::disable::run(&arguments),
        Command::Client(ClientCommand::RotateSecret(arguments)) => client::rotate_secret::run(&arguments),
        Command::Client(ClientCommand::RaiseEpoch(arguments)) => client::raise_epoch::run(&arguments),
        Command::Secret => secret::run(),
    }
}
