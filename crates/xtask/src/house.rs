//! `cargo xtask house`: the rules that no lint of the compiler knows.
//!
//! The limits are those of the house style: small files, small functions, nothing unfinished,
//! no way to panic outside tests, arrows that point down only, and no trace of one machine.

mod arrows;
mod functions;
mod rules;
mod source;

use std::path::Path;

use crate::fault::Fault;

/// Prints every broken rule as `path:line: what is wrong`.
///
/// # Errors
///
/// [`Fault::House`] if any rule is broken, [`Fault::Io`] if the tree cannot be read.
pub(crate) fn run(root: &Path) -> Result<(), Fault> {
    let files = source::read_tree(root)?;
    let mut broken: Vec<String> = files.iter().flat_map(rules::broken).collect();
    broken.extend(arrows::broken(root)?);
    for line in &broken {
        println!("{line}");
    }
    if broken.is_empty() {
        println!("xtask: house: ok, {} files", files.len());
        Ok(())
    } else {
        Err(Fault::House(broken.len()))
    }
}
