//! Seconds after the fault's start, as every report tells times and as they are typed: `12s`, `+12.3 s`, `-5s`, `1m30s`.

use std::str::FromStr;
use std::time::Duration;

/// A moment of a run, in milliseconds after the fault's start; negative before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SinceFault(i64);

impl SinceFault {
    /// Milliseconds since the start of the run; what is before that is at it.
    pub(crate) fn on_run(self, fault_ms: u64) -> u64 {
        fault_ms.saturating_add_signed(self.0)
    }
}

/// A moment of the run's clock, in seconds after the fault's start.
pub(crate) fn seconds(t_us: u64, fault_ms: u64) -> f64 {
    (t_us as f64 - fault_ms as f64 * 1e3) / 1e6
}

impl FromStr for SinceFault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let (sign, length) = match text.strip_prefix('-') {
            Some(length) => (-1, length),
            None => (1, text.strip_prefix('+').unwrap_or(text)),
        };
        let wrong = || format!("`{text}` is no time: `12s`, `12.3s`, `1m30s`, or `-5s` for before the fault");
        // humantime knows no fractions, and reports tell tenths.
        let plain = length.trim_end_matches('s').trim_end().parse().ok();
        let length = match plain.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()) {
            Some(length) => length,
            None => humantime::parse_duration(length).map_err(|_| wrong())?,
        };
        let ms = i64::try_from((length.as_secs_f64() * 1e3).round() as u128).map_err(|_| wrong())?;
        Ok(SinceFault(sign * ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_reports_write_them() {
        for (text, on_run_ms) in [
            ("12s", 32_000),
            ("12.3s", 32_300),
            ("+12.3 s", 32_300),
            ("0", 20_000),
            ("-5s", 15_000),
            ("-0.5", 19_500),
            ("1m30s", 110_000),
            ("-1m", 0),
            ("250ms", 20_250),
        ] {
            let read = text.parse::<SinceFault>().map(|since| since.on_run(20_000));
            assert_eq!(read, Ok(on_run_ms), "{text}");
        }
        for text in ["", "s", "soon", "--5s", "1:30", "inf", "nan"] {
            assert!(text.parse::<SinceFault>().is_err(), "{text}");
        }
    }

    #[test]
    fn what_was_before_the_fault_is_negative() {
        assert_eq!((seconds(15_500_000, 20_000), seconds(20_000_000, 20_000)), (-4.5, 0.0));
    }
}
