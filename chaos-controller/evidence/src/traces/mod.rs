//! Traces: the model of a span, a store that stays within its bounds, and what a person reads out of a trace: where
//! its time went, which call broke first, and a waterfall. PURE: spans in, answers out.
//!
//! Left out: sampling (`process`), the wire they arrive on (`controller`), how a waterfall is drawn (the command line).

mod broken;
mod critical;
mod groups;
mod otlp;
mod packed;
mod recorded;
mod scan;
mod search;
mod span;
mod store;
#[cfg(test)]
mod testbed;
mod tree;
mod verdict;
mod waterfall;

pub use broken::{BrokenEdge, How, Wait, first_broken_edge};
pub use critical::{Doing, Segment, critical_path};
pub use groups::Group;
pub use otlp::to_otlp;
pub use recorded::{Recorded, read_lines};
pub use scan::{Chosen, Scan};
pub use search::{Found, Search, Slowest, Summary};
pub use span::{Event, Kind, Span, SpanId, Trace, TraceId};
pub use store::{Bounds, Kept, Store};
pub use waterfall::{Row, Stretch, Waterfall, waterfall};
