//! `regrant serve`: the token server.

use crate::cli::ServeArgs;
use crate::config::{Config, Overrides};
use crate::fault::Fault;
use crate::server::Server;
use crate::{journal, output, signals};

/// Runs until SIGTERM or SIGINT.
pub(super) fn run(arguments: ServeArgs) -> Result<(), Fault> {
    journal::start();
    let overrides = Overrides { listen: arguments.listen, store: arguments.store };
    let config = Config::load(&arguments.config.config, &overrides)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Fault::caused("the runtime cannot be started", &error))?;
    runtime.block_on(async {
        // Before the line that says it listens: whoever reads that may send a signal at once.
        let stop = signals::stop().map_err(|error| Fault::caused("signals cannot be awaited", &error))?;
        let server = Server::bind(config).await?;
        output::line(format_args!("listening on http://{}", server.address()))?;
        server.run(stop).await;
        Ok(())
    })
}
