//! What the bank is told beyond what every process is told.

use clap::Args;
use fault::Span;

/// Flags of the bank.
#[derive(Clone, Copy, Debug, Args)]
pub struct Flags {
    /// Time from receiving a charge until its answer, the ledger's write included
    #[arg(long, env = "FIREDRILL_BANK_LATENCY", default_value = "100ms")]
    pub latency: Span,
    /// Share by which a latency varies, up and down: 0.05 makes 100ms one of 95 to 105
    #[arg(long, env = "FIREDRILL_BANK_JITTER", default_value_t = 0.05, value_parser = share)]
    pub jitter: f64,
    /// Time from receiving a question about charges until its answer
    #[arg(long, env = "FIREDRILL_BANK_LOOKUP_LATENCY", default_value = "10ms")]
    pub lookup_latency: Span,
    /// Opens a second region, whose charges take this long: the same book behind another port
    #[arg(long, env = "FIREDRILL_BANK_SECOND_LATENCY")]
    pub second_latency: Option<Span>,
    /// The second region's answer to a question about charges
    #[arg(long, env = "FIREDRILL_BANK_SECOND_LOOKUP_LATENCY", default_value = "20ms")]
    pub second_lookup_latency: Span,
}

impl Default for Flags {
    fn default() -> Self {
        Self {
            latency: Span::from_millis(100),
            jitter: 0.05,
            lookup_latency: Span::from_millis(10),
            second_latency: None,
            second_lookup_latency: Span::from_millis(20),
        }
    }
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err("expected a share from 0 to 1".to_owned()),
    }
}
