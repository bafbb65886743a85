//! What the tests of this crate share.
#![allow(dead_code, clippy::unwrap_used, reason = "each test uses a part, and fails by a panic")]

use std::sync::OnceLock;

use regrant_postgres::{Options, PostgresStore};
use tokio::runtime::Runtime;

/// The runtime of all stores of a test binary.
pub(crate) fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| Runtime::new().unwrap())
}

/// Opens a store as a node does that starts.
pub(crate) fn open(options: Options) -> PostgresStore {
    runtime().block_on(PostgresStore::open(options)).unwrap()
}

/// The usual options, with few connections: many stores share the server of a test binary.
pub(crate) fn options(url: &str) -> Options {
    let mut options = Options::new(url).unwrap();
    options.connections = 2;
    options
}
