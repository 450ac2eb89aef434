//! The report as one HTML file that needs nothing beside it: it opens offline, prints, and reads without a script.
//! Words and pictures are made of the scorecard and its story alone, by these files; the markup is in `templates/`,
//! which escape whatever they are given.

pub(super) mod criteria;
mod draw;
pub(super) mod numbers;
mod page;
mod render;
mod safety;
pub(super) mod summary;
mod words;

pub(crate) use page::page;
