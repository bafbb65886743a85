//! Benchmarks of regrant; see `benches/`.
