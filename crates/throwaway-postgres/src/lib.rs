//! `PostgreSQL` servers for tests, made from the binaries of this machine and gone with the test binary.
//!
//! One server serves all tests of a binary, and each test takes a database of its own:
//!
//! ```no_run
//! let url = throwaway_postgres::fresh_database();
//! // postgres://postgres@127.0.0.1:41234/t1
//! ```
//!
//! A test about servers themselves starts its own [`Server`], gives it a standby, kills it, promotes the standby.
//!
//! Nothing survives a test binary, however it ends: each server belongs to a shell, its *keeper*, which waits on a pipe that this
//! process holds. When the pipe closes, be it by `drop`, by `exit` or by `SIGKILL`, the keeper stops the server and
//! removes its directory.
//!
//! `PostgreSQL` refuses to run as root. Where the tests do, the server runs as `postgres`, or else as `nobody`.
//!
//! It is a tool for tests: the servers trust whoever can reach them on loopback, and do not sync to the disk. Do not
//! use it for anything else.

mod account;
mod binaries;
mod fault;
mod keeper;
mod server;

use std::sync::OnceLock;

pub use fault::Fault;
pub use server::{Server, free_port};

/// The URL of a new, empty database on the one server of this test binary. It is started at the first call.
///
/// # Panics
/// With one line, if there is no server: it says what to install.
pub fn fresh_database() -> String {
    let server = shared();
    server.database().map_or_else(|fault| give_up(&fault), |name| server.url(&name))
}

/// The one server of this test binary. It is started at the first call.
///
/// # Panics
/// With one line, if there is no server: it says what to install.
pub fn shared() -> &'static Server {
    static SHARED: OnceLock<Result<Server, Fault>> = OnceLock::new();
    SHARED.get_or_init(|| Server::start(&[])).as_ref().unwrap_or_else(give_up)
}

#[expect(clippy::panic, reason = "a test that cannot have its server fails; it is never skipped")]
fn give_up<T>(fault: &Fault) -> T {
    panic!("{fault}")
}
