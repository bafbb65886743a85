//! What this process has written.

use std::fs;

use crate::Done;

/// The bytes that were given to the system to write, as Linux counts them. The memory that SQLite shares over the log is
/// not among them; neither are the pages that the disk wrote in their place.
pub(crate) fn so_far() -> Done<f64> {
    let counts = fs::read_to_string("/proc/self/io")?;
    let line = counts.lines().find_map(|line| line.strip_prefix("wchar: "));
    Ok(line.ok_or("no wchar in /proc/self/io")?.parse()?)
}
