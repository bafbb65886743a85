//! `regrant demo`: a throw-away server, spoken to in every dialect over real HTTP, each answer checked.
//!
//! The server is the one that `regrant serve` runs, over SQLite in a temporary folder; the tokens come from what
//! `regrant grant issue` does beside it, on the same file. Tokens and secrets are shown, because none of them outlives
//! the demonstration.

mod call;
mod expect;
mod partner_json;
mod payu;
mod rfc6749;
mod stage;
mod wire;
mod wso2;

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::time::Instant;

use tokio::sync::oneshot;

use self::stage::Stage;
use crate::config::{Config, Overrides};
use crate::fault::Fault;
use crate::server::Server;

const CONFIG: &str = include_str!("demo.toml");

/// Runs the demonstration.
///
/// # Errors
/// Something could not be started, or an answer was not the expected one.
pub fn run() -> Result<(), Fault> {
    let started = Instant::now();
    let folder = tempfile::tempdir().map_err(|error| Fault::caused("a temporary folder cannot be made", &error))?;
    let file = folder.path().join("demo.toml");
    std::fs::write(&file, CONFIG).map_err(|error| Fault::caused("the configuration cannot be written", &error))?;
    let config = Config::load(&file, &Overrides::default())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|error| Fault::caused("the runtime cannot be started", &error))?;
    let server = runtime.block_on(Server::bind(config))?;
    let address = server.address();
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = runtime.spawn(server.run(async {
        // An error here is the end of the demonstration as well.
        let _ = stopped.await;
    }));
    let played = play(io::stdout().lock(), address, &file, started);
    // The server may have ended by itself; then there is nobody left to tell.
    let _ = stop.send(());
    runtime.block_on(serving).map_err(|error| Fault::caused("the server broke", &error))?;
    played
}

/// All dialects, one after the other.
fn play(out: impl Write, address: SocketAddr, file: &Path, started: Instant) -> Result<(), Fault> {
    let mut stage = Stage::new(out, address, file);
    stage.say(&format!("a server on http://{address}, over sqlite in {}", parent(file)))?;
    rfc6749::play(&mut stage)?;
    payu::play(&mut stage)?;
    partner_json::play(&mut stage)?;
    wso2::play(&mut stage)?;
    stage.finish(started.elapsed())
}

fn parent(file: &Path) -> String {
    file.parent().unwrap_or(file).display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_of_the_demonstration_is_valid() {
        let config = Config::parse(Path::new("demo.toml"), CONFIG, &Overrides::default()).unwrap();
        assert_eq!(config.mounts.len(), 4);
    }
}
