//! The controller: the one process that knows the whole lab. It tells every process its peers and its policy, plays
//! drills, applies faults, collects the evidence and closes the books; it takes part in no request of the shop.
//!
//! Left out: what a fault does (`bank`), what a policy does (`mesh`), what a verdict is (`grader`), where processes run
//! (`platform`).

pub mod answers;
pub mod api;
pub mod grading;

mod actions;
mod adopt;
mod alerts;
mod away;
mod bank;
mod board;
mod book;
mod causes;
mod control;
mod directory;
mod events;
mod faults;
mod fleet;
mod footprint;
mod gauges;
mod http;
mod incident;
mod join;
mod journal;
mod lab;
mod ledgers;
mod live;
mod load;
mod logs;
mod open_book;
mod otlp;
mod policy_store;
mod prometheus;
mod ready;
mod records;
mod reveal;
mod run;
mod samples;
mod scraper;
mod seal;
mod serve;
mod span_budget;
pub mod traces;
mod web;
mod words;

pub use alerts::rules;
pub use away::{AwayFlags, PlatformName};
pub use prometheus::Address as PrometheusAddress;
pub use serve::{ServeFlags, serve};
