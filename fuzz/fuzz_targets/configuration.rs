//! Any text as a configuration file: no panic, and what is refused names a place.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use regrant_server::config::{Config, Overrides};

fuzz_target!(|text: &str| {
    if let Err(problem) = Config::parse(Path::new("regrant.toml"), text, &Overrides::default()) {
        let told = problem.to_string();
        assert!(told.starts_with("regrant.toml") && !told.contains('\n'), "{told}");
    }
});
