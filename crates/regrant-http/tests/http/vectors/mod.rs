//! The black-box vectors, played in process: a clock that moves on demand, and no socket.

mod host;
mod registry;

use regrant_testkit::{corpus, run_all};

use self::host::InProcess;

#[test]
fn every_vector_holds() {
    let vectors = corpus::vectors().unwrap();
    let report = run_all(&InProcess, &vectors);
    assert_eq!(report.failed(), 0, "{report}");
    // The one that needs a socket is all that may be skipped.
    assert_eq!(report.skipped(), 1, "{report}");
}
