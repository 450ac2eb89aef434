//! Watching a run: the controller's events become lines that a person likes to
//! read, on stderr. Everything but `stream` and `screen` is pure.

pub(crate) mod cascade;
pub(crate) mod narrate;
pub(crate) mod pulse;
pub(crate) mod screen;
pub(crate) mod stream;
pub(crate) mod told;
