//! The reference host of regrant: the binary regrant.
