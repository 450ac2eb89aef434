//! Stub, being built.
