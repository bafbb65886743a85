//! `regrant purge`: deletes the records of ended grants.

use regrant::GrantManagement as _;
use serde_json::json;

use crate::cli::PurgeArgs;
use crate::config::{Config, Overrides};
use crate::fault::Fault;
use crate::store::{self, Shared};
use crate::{clock, output};

/// How many records go in one transaction, so that a server beside is never held up for long.
const BATCH: usize = 256;

/// Prints `{"purged":n}`.
pub(super) fn run(arguments: &PurgeArgs) -> Result<(), Fault> {
    let config = Config::load(&arguments.config.config, &Overrides::default())?;
    let grants = Shared::open(&config)?;
    let before = clock::now().before(arguments.margin.0);
    let mut purged = 0;
    loop {
        let batch = grants.purge(before, BATCH).map_err(|error| store::fault(&config, &error))?;
        purged += batch;
        if batch < BATCH {
            return output::json(&json!({ "purged": purged }));
        }
    }
}
