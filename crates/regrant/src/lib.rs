//! An embeddable OAuth 2.0 grant engine: every grant one record, every request one load and one compare-and-swap.
