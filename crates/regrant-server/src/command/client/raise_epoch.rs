//! `regrant client raise-epoch`

use serde_json::json;

use super::Table;
use crate::cli::ClientIdArgs;
use crate::fault::Fault;
use crate::output;

/// Prints `{"client_id":…,"grant_epoch":n}`. Exit code 1 where there is no such client.
pub(in crate::command) fn run(arguments: &ClientIdArgs) -> Result<(), Fault> {
    let table = Table::open(arguments)?;
    let raised = table.clients.raise_epoch(&table.id).map_err(|error| table.fault(&error))?;
    let epoch = raised.ok_or_else(|| table.missing())?;
    output::json(&json!({ "client_id": table.id, "grant_epoch": epoch }))
}
