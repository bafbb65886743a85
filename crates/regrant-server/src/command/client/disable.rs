//! `regrant client disable`

use serde_json::json;

use super::Table;
use crate::cli::ClientIdArgs;
use crate::fault::Fault;
use crate::output;

/// Prints `{"client_id":…,"enabled":false}`. Exit code 1 where there is no such client.
pub(in crate::command) fn run(arguments: &ClientIdArgs) -> Result<(), Fault> {
    let table = Table::open(arguments)?;
    if !table.clients.set_enabled(&table.id, false).map_err(|error| table.fault(&error))? {
        return Err(table.missing());
    }
    output::json(&json!({ "client_id": table.id, "enabled": false }))
}
