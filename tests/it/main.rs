//! The whole lab, tested as one. `make test` builds the program first and names it in `FIREDRILL_BIN`.
//!
//! ```text
//! tidy, layers, stack, manifests   the repository: no lab is started
//! cli            bad input: nothing may be started
//! lab, money, regions, lease, metrics, traces, alerts, seeing, swap   labs that live for some seconds
//! docker         containers on an engine of the test's own: the same verdicts, and each fault of containers
//! faults         each fault measured from outside, and gone afterwards
//! prometheus     a run that is recorded from the real Prometheus, with the configuration that is shipped
//! promql         what a lab was seen to do, asked of us and of the real Prometheus
//! drills, conditions, invariants, sharing   drills from their baseline to their verdict
//! regrade        the verdict again, of one of them
//! dashboards     what dashboards and alerts ask for, of two of them and of a lab with every policy on
//! report         what a browser makes of the reports of two of them
//! compare        the same two side by side
//! ```
//! Whole-lab tests take turns.

mod alerts;
mod cli;
mod compare;
mod conditions;
mod dashboards;
mod docker;
mod drills;
mod faults;
mod instances;
mod invariants;
mod lab;
mod layers;
mod lease;
mod manifests;
mod metrics;
mod money;
mod prometheus;
mod promql;
mod regions;
mod regrade;
mod report;
mod seeing;
mod sharing;
mod stack;
mod swap;
mod tidy;
mod traces;
