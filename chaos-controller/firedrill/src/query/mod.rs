//! Asking the samples: of which moment, how a refused query is shown, and how an answer is. All of it is pure; where
//! the samples come from is the command's.

mod labels;
mod metrics;
mod moment;
mod refused;
mod render;

pub(crate) use labels::{grouped_by, missing as missing_labels};
pub(crate) use metrics::list as list_metrics;
pub(crate) use moment::{Moment, clock_time};
pub(crate) use refused::show as show_refused;
pub(crate) use render::{csv, text};
