//! `regrant grant show`

use regrant::TokenStore as _;

use super::view::GrantView;
use crate::cli::ShowArgs;
use crate::config::{Config, Overrides};
use crate::fault::Fault;
use crate::store::{self, Shared};
use crate::{clock, output};

/// Prints one grant. Exit code 1 where there is none of that id.
pub(in crate::command) fn run(arguments: &ShowArgs) -> Result<(), Fault> {
    let id = super::grant_id(&arguments.id)?;
    let config = Config::load(&arguments.config.config, &Overrides::default())?;
    let grants = Shared::open(&config)?;
    let grant = grants.load(&id).map_err(|error| store::fault(&config, &error))?;
    let grant = grant.ok_or_else(|| Fault::running("there is no grant of that id"))?;
    let view = GrantView::new(&grant, clock::now());
    if arguments.json {
        return output::json(&view);
    }
    output::line(serde_json::to_string_pretty(&view).map_err(Fault::running)?)
}
