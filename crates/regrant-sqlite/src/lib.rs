//! A durable SQLite store for regrant.
