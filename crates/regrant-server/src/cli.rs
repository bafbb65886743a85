//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::config::Span;

/// An OAuth 2.0 token server over one engine: refresh tokens with rotation, retry and replay detection.
#[derive(Debug, Parser)]
#[command(name = "regrant", version, about, disable_help_subcommand = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the binary can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start a throw-away server, speak every dialect to it, and check each answer
    Demo,
    /// Run the token server
    Serve(ServeArgs),
    /// Read and validate the configuration file, and print what would run
    Check(ConfigArg),
    /// Issue, look at and end grants
    #[command(subcommand)]
    Grant(GrantCommand),
    /// Delete the records of ended grants
    Purge(PurgeArgs),
    /// Manage the clients of the store's own table
    #[command(subcommand)]
    Client(ClientCommand),
    /// Print a fresh client secret and the line for the configuration file
    Secret,
}

/// The configuration file.
#[derive(Debug, Clone, Args)]
pub struct ConfigArg {
    /// The configuration file
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
}

/// `regrant serve`
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// Where the configuration is.
    #[command(flatten)]
    pub config: ConfigArg,
    /// Listen here instead of where the file says
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<SocketAddr>,
    /// Use this store instead of the file's; a relative path is relative to the working directory
    #[arg(long, value_name = "URL")]
    pub store: Option<String>,
}

/// `regrant purge`
#[derive(Debug, Args)]
pub struct PurgeArgs {
    /// Where the configuration is.
    #[command(flatten)]
    pub config: ConfigArg,
    /// Spare what ended less than this ago
    #[arg(long, value_name = "SPAN", default_value = "0s")]
    pub margin: Span,
}

/// `regrant grant …`
#[derive(Debug, Subcommand)]
pub enum GrantCommand {
    /// Start a grant and print its tokens, once
    Issue(IssueArgs),
    /// List grants, ended ones included
    List(ListArgs),
    /// Show one grant
    Show(ShowArgs),
    /// End one grant, or all of a client or of a subject
    Revoke(RevokeArgs),
}

/// `regrant grant issue`
#[derive(Debug, Args)]
pub struct IssueArgs {
    /// Where the configuration is.
    #[command(flatten)]
    pub config: ConfigArg,
    /// The client that gets the tokens
    #[arg(long, value_name = "ID")]
    pub client: String,
    /// Whom the grant speaks for
    #[arg(long, value_name = "S")]
    pub subject: Option<String>,
    /// The scope, tokens separated by one space
    #[arg(long, value_name = "SCOPE", default_value = "")]
    pub scope: String,
    /// A member of the grant of your own; may be given several times
    #[arg(long = "attribute", value_name = "KEY=VALUE", value_parser = parse_pair)]
    pub attributes: Vec<(String, String)>,
}

/// `regrant grant list`
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Where the configuration is.
    #[command(flatten)]
    pub config: ConfigArg,
    /// Only the grants of this client
    #[arg(long, value_name = "ID")]
    pub client: Option<String>,
    /// Only the grants of this subject
    #[arg(long, value_name = "S")]
    pub subject: Option<String>,
    /// Print one array of JSON
    #[arg(long)]
    pub json: bool,
}

/// `regrant grant show`
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// Where the configuration is.
    #[command(flatten)]
    pub config: ConfigArg,
    /// The id of the grant, 32 hex digits
    #[arg(value_name = "ID")]
    pub id: String,
    /// Print one object of JSON
    #[arg(long)]
    pub json: bool,
}

/// `regrant grant revoke`
#[derive(Debug, Args)]
pub struct RevokeArgs {
    /// Where the configuration is.
    #[command(flatten)]
    pub config: ConfigArg,
    /// Which grants.
    #[command(flatten)]
    pub target: RevokeTarget,
}

/// Which grants are ended: exactly one of the three.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct RevokeTarget {
    /// One grant
    #[arg(long, value_name = "ID")]
    pub id: Option<String>,
    /// All grants of a client
    #[arg(long, value_name = "ID")]
    pub client: Option<String>,
    /// All grants of a subject
    #[arg(long, value_name = "S")]
    pub subject: Option<String>,
}

/// `regrant client …`
#[derive(Debug, Subcommand)]
pub enum ClientCommand {
    /// Register a client and print its secret, once
    Add(ClientAddArgs),
    /// List the clients of the table
    List(ClientListArgs),
    /// Switch a client off; its tokens are inactive from then on
    Disable(ClientIdArgs),
    /// Give a client a new secret and print it, once
    RotateSecret(RotateSecretArgs),
    /// End every grant of a client that was made before now
    RaiseEpoch(ClientIdArgs),
}

/// One client of the table.
#[derive(Debug, Args)]
pub struct ClientIdArgs {
    /// Where the configuration is.
    #[command(flatten)]
    pub config: ConfigArg,
    /// The client
    #[arg(long, alias = "client", value_name = "ID")]
    pub id: String,
}

/// `regrant client add`
#[derive(Debug, Args)]
pub struct ClientAddArgs {
    /// Which client.
    #[command(flatten)]
    pub client: ClientIdArgs,
    /// A client without a secret
    #[arg(long, conflicts_with = "authentication")]
    pub public: bool,
    /// How the client sends its secret; may be given several times, both if absent
    #[arg(long, value_enum, value_name = "METHOD")]
    pub authentication: Vec<MethodName>,
    /// A grant that it may use; may be given several times
    #[arg(long = "grant", value_name = "TYPE", default_values = ["refresh_token"], value_parser = NonEmptyStringValueParser::new())]
    pub grants: Vec<String>,
    /// What it may ask for, tokens separated by one space
    #[arg(long, value_name = "SCOPE", default_value = "")]
    pub scope: String,
    /// Whose tokens it may introspect
    #[arg(long, value_enum, value_name = "WHOSE", default_value = "own")]
    pub introspect: IntrospectName,
    /// A key of the policy, for this client alone; may be given several times
    #[arg(long = "policy", value_name = "KEY=VALUE", value_parser = parse_pair)]
    pub policy: Vec<(String, String)>,
}

/// `regrant client list`
#[derive(Debug, Args)]
pub struct ClientListArgs {
    /// Where the configuration is.
    #[command(flatten)]
    pub config: ConfigArg,
    /// Print one array of JSON
    #[arg(long)]
    pub json: bool,
}

/// `regrant client rotate-secret`
#[derive(Debug, Args)]
pub struct RotateSecretArgs {
    /// Which client.
    #[command(flatten)]
    pub client: ClientIdArgs,
    /// For how long the secrets before the new one go on working
    #[arg(long, value_name = "SPAN", default_value = "1d")]
    pub overlap: Span,
}

/// The ways to send a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum MethodName {
    /// In the `Authorization` header.
    ClientSecretBasic,
    /// In the form.
    ClientSecretPost,
}

/// Whose tokens a client may introspect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum IntrospectName {
    /// Its own.
    Own,
    /// Everybody's: a resource server.
    Any,
    /// Nobody's.
    None,
}

fn parse_pair(text: &str) -> Result<(String, String), &'static str> {
    let (key, value) = text.split_once('=').ok_or("expected KEY=VALUE")?;
    Ok((key.to_owned(), value.to_owned()))
}

/// The one line that stands for an error of the parser: without the usage and the tips that follow it.
pub fn one_line(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let head = text.split("\n\n").next().unwrap_or_default();
    let head = head.strip_prefix("error: ").unwrap_or(head);
    head.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_definition_holds_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn an_error_is_one_line() {
        for arguments in [
            &["regrant", "serve"][..],
            &["regrant", "fly"],
            &["regrant", "grant", "revoke", "--config", "x"],
            &["regrant", "grant", "revoke", "--config", "x", "--id", "a", "--client", "b"],
            &["regrant", "purge", "--config", "x", "--margin", "soon"],
        ] {
            let line = one_line(&Cli::try_parse_from(arguments).unwrap_err());
            assert!(!line.is_empty() && !line.contains('\n') && !line.contains("Usage"), "{line}");
        }
    }
}
