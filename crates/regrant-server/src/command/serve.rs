//! `regrant serve`: the token server.

use std::time::Duration;

use crate::cli::ServeArgs;
use crate::config::{Config, Overrides};
use crate::fault::Fault;
use crate::server::Server;
use crate::{journal, output, signals};

/// How long what is left may take to end.
const LEAVING: Duration = Duration::from_secs(1);

/// Runs until SIGTERM or SIGINT.
pub(super) fn run(arguments: ServeArgs) -> Result<(), Fault> {
    journal::start();
    let overrides = Overrides { listen: arguments.listen, store: arguments.store };
    let config = Config::load(&arguments.config.config, &overrides)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Fault::caused("the runtime cannot be started", &error))?;
    let served = runtime.block_on(async {
        // Before the line that says it listens: whoever reads that may send a signal at once.
        let stop = signals::stop().map_err(|error| Fault::caused("signals cannot be awaited", &error))?;
        let server = Server::bind(config).await?;
        output::line(format_args!("listening on http://{}", server.address()))?;
        server.run(stop).await;
        Ok(())
    });
    // Whatever a disk that hangs still holds ends with the process: who said stop does not wait for it.
    runtime.shutdown_timeout(LEAVING);
    served
}
