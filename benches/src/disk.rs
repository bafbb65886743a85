//! The disk that durable stores are measured on: what it is, and what one wait for it takes.

use std::error::Error;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use crate::{Results, median};

/// File systems that lose everything with the power.
const VOLATILE: [&str; 2] = ["tmpfs", "ramfs"];

/// Whether a file system of this name only looks durable.
pub fn is_volatile(file_system: &str) -> bool {
    VOLATILE.contains(&file_system)
}

/// Notes the file system of a folder as `PART/filesystem`, and the median of some bare `fdatasync` calls, each after an
/// append of one page, as `PART/fdatasync`. Says it loudly where the folder is in memory.
///
/// # Errors
/// The folder cannot be written to, or the results cannot.
pub fn describe(results: &mut Results, part: &str, folder: &Path, times: usize) -> Result<(), Box<dyn Error>> {
    let file_system = file_system(folder)?;
    if is_volatile(&file_system) {
        shout(part, &file_system);
    }
    results.text(&format!("{part}/filesystem"), &file_system)?;
    results.figure(&format!("{part}/fdatasync"), "s", fdatasync(folder, times)?)
}

#[expect(clippy::print_stderr, reason = "nobody shall overlook it")]
fn shout(part: &str, file_system: &str) {
    eprintln!("\n*** NOT DURABLE: the files of {part} are on {file_system}. Set TMPDIR to a folder on a disk. ***\n");
}

fn file_system(folder: &Path) -> Result<String, Box<dyn Error>> {
    let output = Command::new("stat").args(["-f", "-c", "%T"]).arg(folder).output()?;
    let name = String::from_utf8(output.stdout)?.trim().to_owned();
    Ok(if name.is_empty() { "unknown".to_owned() } else { name })
}

/// The median of the seconds of a bare append with its `fdatasync`.
fn fdatasync(folder: &Path, times: usize) -> Result<f64, Box<dyn Error>> {
    let path = folder.join("fdatasync");
    let mut file = File::create(&path)?;
    let mut seconds = Vec::new();
    for _ in 0..times {
        file.write_all(&[1; 4096])?;
        let begin = Instant::now();
        file.sync_data()?;
        seconds.push(begin.elapsed().as_secs_f64());
    }
    std::fs::remove_file(path)?;
    Ok(median(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_a_file_system_and_memory_is_not_durable() {
        let folder = std::env::temp_dir();
        assert!(!file_system(&folder).unwrap().is_empty() && fdatasync(&folder, 3).unwrap() > 0.0);
        assert!(is_volatile("tmpfs") && is_volatile("ramfs") && !is_volatile("ext2/ext3"));
    }
}
