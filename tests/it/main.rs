//! The whole lab, tested as one. `make test` builds the program first and names it in `FIREDRILL_BIN`.
//!
//! ```text
//! tidy, layers   the repository: no process is started
//! cli            bad input: nothing may be started
//! lab, money, lease, metrics   labs that live for some seconds
//! faults         each fault measured from outside, and gone afterwards
//! drills         drills from their baseline to their verdict
//! ```
//! Whole-lab tests take turns.

mod cli;
mod drills;
mod faults;
mod lab;
mod layers;
mod lease;
mod metrics;
mod money;
mod tidy;
