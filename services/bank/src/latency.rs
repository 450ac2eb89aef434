//! The bank's own latency, healthy: a flag, evenly spread by its jitter.

use std::time::Duration;

use fault::{Path, draw};

use crate::flags::Flags;

/// The latency of this call. A function of (seed, kind of call, key, attempt).
pub(crate) fn own(flags: &Flags, path: Path, seed: u64, key: &str, attempt: u32) -> Duration {
    let (typical, what) = match path {
        Path::Lookup => (flags.lookup_latency, "lookup"),
        Path::Charge | Path::All => (flags.latency, "charge"),
    };
    let unit = draw::unit(seed, &format!("bank:{what}:{attempt}"), key);
    typical.get().mul_f64(1.0 + flags.jitter * (2.0 * unit - 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latencies_spread_evenly_around_the_flag() {
        let flags = Flags::default();
        let draws: Vec<f64> =
            (0..10_000).map(|i| own(&flags, Path::Charge, 7, &format!("o7-{i}"), 0).as_secs_f64()).collect();
        let mean = draws.iter().sum::<f64>() / draws.len() as f64;
        assert!((mean - 0.1).abs() < 0.0005, "mean {mean}");
        assert!(draws.iter().all(|draw| (0.095..=0.105).contains(draw)));
    }

    #[test]
    fn a_call_has_the_same_latency_in_every_run() {
        let flags = Flags::default();
        let draw = |seed, attempt| own(&flags, Path::Charge, seed, "o7-1", attempt);
        assert_eq!(draw(7, 0), draw(7, 0));
        assert_ne!(draw(7, 0), draw(8, 0));
        assert_ne!(draw(7, 0), draw(7, 1));
    }

    #[test]
    fn without_jitter_the_latency_is_exact() {
        let flags = Flags { jitter: 0.0, ..Flags::default() };
        assert_eq!(own(&flags, Path::Lookup, 7, "o7-1", 0), Duration::from_millis(10));
    }
}
