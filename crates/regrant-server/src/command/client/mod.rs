//! `regrant client …`: the clients of the store's own table.

pub(super) mod add;
pub(super) mod disable;
pub(super) mod list;
pub(super) mod raise_epoch;
pub(super) mod rotate_secret;

use regrant::{ClientId, ClientStore as _};

use crate::cli::ClientIdArgs;
use crate::config::{Config, Overrides};
use crate::fault::Fault;
use crate::store::{self, Shared, SharedClients, StoreError};

/// A command on one client of the table.
struct Table {
    config: Config,
    clients: SharedClients,
    id: ClientId,
}

impl Table {
    fn open(arguments: &ClientIdArgs) -> Result<Self, Fault> {
        let id = ClientId::parse(&arguments.id).map_err(|error| Fault::usage(format_args!("--id: {error}")))?;
        let config = Config::load(&arguments.config.config, &Overrides::default())?;
        let clients = Shared::open(&config)?.clients(config.policy);
        let table = Self { config, clients, id };
        table.refuse_client_of_file()?;
        Ok(table)
    }

    /// The file comes before the table: a change of the table would change nothing.
    fn refuse_client_of_file(&self) -> Result<(), Fault> {
        match self.config.clients.client(&self.id) {
            Ok(None) => Ok(()),
            Ok(Some(_)) => Err(Fault::usage(format_args!(
                "client {:?} stands in the configuration file, expected one of the table: change the file instead",
                self.id.as_str()
            ))),
        }
    }

    fn fault(&self, error: &StoreError) -> Fault {
        store::fault(&self.config, error)
    }

    fn missing(&self) -> Fault {
        Fault::running(format_args!("there is no client {:?} in the table", self.id.as_str()))
    }
}
