//! `regrant check`: reads and validates the configuration file, and prints what would run.

use regrant_http::Mount;

use crate::cli::ConfigArg;
use crate::config::{Config, Overrides};
use crate::fault::Fault;
use crate::output;
use crate::server::dialect_name;

/// Exit code 0 where `serve` would start with this file, as far as the file alone can tell; 2 where it would not.
pub(super) fn run(arguments: &ConfigArg) -> Result<(), Fault> {
    let config = Config::load(&arguments.config, &Overrides::default())?;
    config.service(config.listen)?;
    output::line(format_args!("listen {}", config.listen))?;
    output::line(format_args!("store {}", config.store))?;
    for mount in &config.mounts {
        output::line(describe(mount))?;
    }
    for client in config.clients.iter() {
        let kind = if client.is_public() { "public" } else { "confidential" };
        let state = if client.enabled { "enabled" } else { "disabled" };
        output::line(format_args!("client {} {kind} {state}", client.id()))?;
    }
    Ok(())
}

fn describe(mount: &Mount) -> String {
    let endpoints = [
        ("token", Some(&mount.token)),
        ("revoke", mount.revoke.as_ref()),
        ("introspect", mount.introspect.as_ref()),
        ("resource", mount.resource.as_ref()),
    ];
    let endpoints = endpoints.iter().filter_map(|(name, path)| Some(format!(" {name} {}", path.as_ref()?.as_str())));
    format!("mount {}{}", dialect_name(&mount.dialect), endpoints.collect::<String>())
}
