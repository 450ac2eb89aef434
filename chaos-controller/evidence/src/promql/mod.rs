//! PromQL over scraped samples, as Prometheus answers it: the same functions, the same extrapolation, the same matching
//! of vectors, the same staleness. Ranges are left-open, `(t - range, t]`, as in Prometheus 3. `promql-parser` reads the
//! text; what this evaluator does not know is refused before anything runs, with its place in the text.
//!
//! Left out: native histograms, `start()` and `end()`, calendar and trigonometric functions, and everything that
//! Prometheus calls experimental.
//!
//! ```text
//! text -> scan, diagnose (places)  +  promql-parser  -> lower -> Expr      query.rs
//! Expr -> walk -> Track: one series, a value for each step of the grid         walk.rs, evaluate.rs
//!   select (samples) · roll: rate, statistics, regression (ranges) · aggregate, rank · binary, set · map, histogram
//! ```

mod aggregate;
mod binary;
mod budget;
mod diagnose;
mod evaluate;
mod expr;
mod failed;
mod functions;
mod grid;
mod histogram;
mod labels;
#[cfg(test)]
mod limits;
mod lower;
mod map;
mod matcher;
mod merge;
mod op;
mod points;
mod query;
mod rank;
mod rate;
mod refused;
mod regression;
mod relabel;
mod roll;
mod scan;
mod seen;
mod select;
mod set;
mod statistics;
mod sum;
mod syntax;
mod value;
mod walk;

pub use evaluate::{Settings, instant, instant_with, range, range_with};
pub use failed::Failed;
pub use query::{Kind, Query};
pub use rate::Extrapolation;
pub use refused::Refused;
pub use seen::Seen;
pub use value::{Labels, Row, Sample, Value};
