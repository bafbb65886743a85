//! Moving the log into the file, beside the writer.

use rusqlite::Connection;

use super::Counter;
use crate::error::Error;

/// The most passes beside those who write.
const PASSES: usize = 12;

/// So few frames are moved while everybody waits.
const FEW: usize = 64;

/// What the thread does until the store is gone.
pub(super) fn serve(counter: &Counter, connection: &Connection) {
    let log = counter.file.log();
    while log.wait() {
        // Where it fails, no commit is lost: it is in the log. The next try comes when the log has grown, and from some
        // length on those who commit try as well.
        drop(checkpoint(counter, connection));
        log.moved();
    }
}

/// Moves all of the log, so that it begins anew with the next commit.
///
/// A pass moves what was there when it began, so each one leaves less. It waits for the disk only if nobody committed while
/// it copied: the second short one in a row most likely did. What is left then is moved while nobody writes.
fn checkpoint(counter: &Counter, connection: &Connection) -> Result<(), Error> {
    let mut short = 0;
    for _ in 0..PASSES {
        let left = counter.file.log().pass(connection)?;
        short = if left <= FEW { short + 1 } else { 0 };
        if short == 2 {
            break;
        }
    }
    let _turn = counter.reserved();
    counter.file.log().pass(connection).map(drop)
}
