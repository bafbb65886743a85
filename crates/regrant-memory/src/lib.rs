//! A sharded in-process store for regrant.
