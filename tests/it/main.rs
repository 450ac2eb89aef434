//! The whole lab, tested as one. `make test` builds the program first and names it in `FIREDRILL_BIN`.
//!
//! ```text
//! tidy, layers   the repository: no process is started
//! cli            bad input: nothing may be started
//! lab, money, lease, metrics, traces, alerts   labs that live for some seconds
//! drills, conditions   drills from their baseline to their verdict
//! ```
//! Whole-lab tests take turns.

mod alerts;
mod cli;
mod conditions;
mod drills;
mod lab;
mod layers;
mod lease;
mod metrics;
mod money;
mod seeing;
mod tidy;
mod traces;
