//! What search is told beyond what every process is told.

use clap::Args;
use resilience::policy::Span;

/// Flags of search.
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct Flags {
    /// Time that the index takes to answer a query. The index is another machine's: whoever asks it waits, and works on
    /// nothing else meanwhile
    #[arg(long, env = "FIREDRILL_INDEX_LATENCY", default_value = "0s")]
    pub index_latency: Span,
}
