//! Black-box vectors, and soon conformance suites, for hosts and stores of regrant.
