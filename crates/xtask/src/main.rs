//! The tasks of the regrant workspace.

fn main() {}
