//! PromQL over scraped samples, as Prometheus answers it: the same functions, the same extrapolation, the same matching
//! of vectors, the same staleness. Ranges are left-open, `(t - range, t]`, as in Prometheus 3. `promql-parser` reads the
//! text; what this evaluator does not know is refused before anything runs, with its place in the text.
//!
//! Left out: native histograms, `start()` and `end()`, calendar and trigonometric functions, and everything that
//! Prometheus calls experimental.
//!
//! ```text
//! text -> scan, diagnose (places)  +  promql-parser  -> lower -> Expr      query.rs
//! Expr -> evaluate -> Track: one series, a value for each step of the grid  evaluate.rs
//!           select (samples) · rate, over_time, regression (ranges) · aggregate, rank · binary, set · functions
//! ```

mod diagnose;
mod evaluate;
mod expr;
mod failed;
mod functions;
mod grid;
mod labels;
mod lower;
mod matcher;
mod points;
mod query;
mod refused;
mod select;
mod value;

pub use evaluate::{Settings, instant, instant_with, range, range_with};
pub use failed::Failed;
pub use query::{Kind, Query};
pub use refused::Refused;
pub use value::{Labels, Row, Sample, Value};
