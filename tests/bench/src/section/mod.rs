//! The sections of the measurement, one file each, in the order in which they run.

mod dose;
mod generator;
mod layers;
mod memory;
mod promql;
mod rates;
mod ready;
mod regrade;
mod saturated;
mod spans;

use crate::bench::Bench;

/// A group of figures that share a set-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Section {
    Ready,
    Saturated,
    Rates,
    Spans,
    Memory,
    Dose,
    Generator,
    Promql,
    Regrade,
    Layers,
}

impl Section {
    pub(crate) fn all() -> Vec<Self> {
        <Self as clap::ValueEnum>::value_variants().to_vec()
    }

    pub(crate) fn name(self) -> String {
        format!("{self:?}").to_lowercase()
    }

    pub(crate) fn about(self) -> &'static str {
        match self {
            Self::Ready => "from `up` until a checkout went through",
            Self::Saturated => "closed loop, 64 connections, bank at 0 ms, durable books, 10 % of traces",
            Self::Rates => "open loop, bank at 100 ms: CPU of a checkout, and latency over the bank's",
            Self::Spans => "what spans cost, by the share of traces that is kept",
            Self::Memory => "resident memory of all processes: idle, at the default rates, at the worst",
            Self::Dose => "error of an injected latency, by the client's clock and by the bank's record",
            Self::Generator => "the generator beside wrk and hey, against a server that does nothing",
            Self::Layers => "the policies around a call, each and all, in nanoseconds",
            Self::Promql => "60 grading queries over 45 minutes of samples",
            Self::Regrade => "the verdict of a recorded run again: the one that BENCH_RUN names",
        }
    }

    /// Measures it.
    ///
    /// # Errors
    /// What kept it from being measured.
    pub(crate) fn measure(self, bench: &mut Bench) -> anyhow::Result<()> {
        match self {
            Self::Ready => ready::measure(bench),
            Self::Saturated => saturated::measure(bench),
            Self::Rates => rates::measure(bench),
            Self::Spans => spans::measure(bench),
            Self::Memory => memory::measure(bench),
            Self::Dose => dose::measure(bench),
            Self::Generator => generator::measure(bench),
            Self::Promql => promql::measure(bench),
            Self::Regrade => regrade::measure(bench),
            Self::Layers => layers::measure(bench),
        }
    }
}
