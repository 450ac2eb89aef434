//! The bank's own latency, healthy: a flag, evenly spread by its jitter.

use std::time::Duration;

use fault::{Path, Region, draw};

use crate::flags::Flags;

/// The latency of this call. A function of (seed, kind of call, key, attempt) and of the region, which the draw does
/// not know: a call that is slow for its kind in one region is so in the other.
pub(crate) fn own(
    flags: &Flags,
    (path, region): (Path, Region),
    seed: u64,
    key: &str,
    attempt: u32,
) -> Duration {
    let (typical, what) = match (path, region) {
        (Path::Lookup, Region::Second) => (flags.second_lookup_latency, "lookup"),
        (Path::Lookup, _) => (flags.lookup_latency, "lookup"),
        (_, Region::Second) => (flags.second_latency.unwrap_or(flags.latency), "charge"),
        (_, _) => (flags.latency, "charge"),
    };
    let unit = draw::unit(seed, &format!("bank:{what}:{attempt}"), key);
    typical.get().mul_f64(1.0 + flags.jitter * (2.0 * unit - 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHARGE: (Path, Region) = (Path::Charge, Region::Main);

    #[test]
    fn latencies_spread_evenly_around_the_flag() {
        let flags = Flags::default();
        let draws: Vec<f64> =
            (0..10_000).map(|i| own(&flags, CHARGE, 7, &format!("o7-{i}"), 0).as_secs_f64()).collect();
        let mean = draws.iter().sum::<f64>() / draws.len() as f64;
        assert!((mean - 0.1).abs() < 0.0005, "mean {mean}");
        assert!(draws.iter().all(|draw| (0.095..=0.105).contains(draw)));
    }

    #[test]
    fn a_call_has_the_same_latency_in_every_run() {
        let flags = Flags::default();
        let draw = |seed, attempt| own(&flags, CHARGE, seed, "o7-1", attempt);
        assert_eq!(draw(7, 0), draw(7, 0));
        assert_ne!(draw(7, 0), draw(8, 0));
        assert_ne!(draw(7, 0), draw(7, 1));
    }

    #[test]
    fn the_second_region_has_latencies_of_its_own() {
        let flags =
            Flags { jitter: 0.0, second_latency: Some(fault::Span::from_millis(180)), ..Flags::default() };
        let millis = |path| own(&flags, (path, Region::Second), 7, "o7-1", 0).as_millis();
        assert_eq!((millis(Path::Charge), millis(Path::Lookup)), (180, 20));
        assert_eq!(own(&flags, CHARGE, 7, "o7-1", 0).as_millis(), 100);
    }

    #[test]
    fn without_jitter_the_latency_is_exact() {
        let flags = Flags { jitter: 0.0, ..Flags::default() };
        assert_eq!(own(&flags, (Path::Lookup, Region::Main), 7, "o7-1", 0), Duration::from_millis(10));
    }
}
