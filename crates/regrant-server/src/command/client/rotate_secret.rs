//! `regrant client rotate-secret`

use serde_json::json;

use super::Table;
use crate::cli::RotateSecretArgs;
use crate::command::secret;
use crate::fault::Fault;
use crate::{clock, output};

/// Prints `{"client_id":…,"client_secret":…}`. The secrets before it go on working for the overlap, so that every node
/// of the client can be given the new one in its turn. Exit code 1 where there is no such client.
pub(in crate::command) fn run(arguments: &RotateSecretArgs) -> Result<(), Fault> {
    let table = Table::open(&arguments.client)?;
    let fresh = secret::fresh()?;
    let now = clock::now();
    let rotated = table.clients.rotate_secret(&table.id, fresh.digest(), now, now.after(arguments.overlap.0));
    if !rotated.map_err(|error| table.fault(&error))? {
        return Err(table.missing());
    }
    output::json(&json!({ "client_id": table.id, "client_secret": fresh.expose_secret() }))
}
