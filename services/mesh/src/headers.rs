//! The headers that travel with a request. Durations, never instants: the
//! clocks of two machines differ.

use std::sync::OnceLock;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use resilience::shed::{COHORTS, Class, Standing};

/// The deadline that a hop must keep (gRPC's own).
pub(crate) const GRPC_TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");
/// How long the user will still wait. Carried for measuring, whatever the policy.
pub(crate) const USER_DEADLINE: HeaderName = HeaderName::from_static("x-lab-user-deadline-ms");
/// How the request stands among others: `high.12`, or `background` for work that yields to everything else.
pub(crate) const PRIORITY: HeaderName = HeaderName::from_static("x-priority");
/// How often this was tried before (gRPC's own, proposal A6).
pub(crate) const PREVIOUS_ATTEMPTS: HeaderName = HeaderName::from_static("grpc-previous-rpc-attempts");
/// A part of the answer is older than the question.
pub(crate) const STALE: HeaderName = HeaderName::from_static("x-stale");
/// W3C trace context.
pub(crate) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// Longest value that gRPC allows: eight digits and a unit.
const MOST_DIGITS: u128 = 99_999_999;

/// `d` as gRPC writes it, in the finest unit that fits.
pub(crate) fn grpc_timeout(d: Duration) -> HeaderValue {
    let text = if d.as_micros() <= MOST_DIGITS {
        format!("{}u", d.as_micros())
    } else if d.as_millis() <= MOST_DIGITS {
        format!("{}m", d.as_millis())
    } else {
        format!("{}S", u128::from(d.as_secs()).min(MOST_DIGITS))
    };
    HeaderValue::try_from(text).expect("digits and a letter")
}

/// A standing as it travels. There are few of them, so the connection's header table learns them all.
pub(crate) fn standing(standing: Standing) -> HeaderValue {
    static VALUES: OnceLock<Vec<HeaderValue>> = OnceLock::new();
    let values = VALUES.get_or_init(|| {
        let all =
            Class::ALL.iter().flat_map(|class| (0..COHORTS).map(|cohort| Standing::new(*class, cohort)));
        let words =
            all.map(|standing| HeaderValue::try_from(standing.to_string()).expect("letters, digits, a dot"));
        words.collect()
    });
    values[standing.class as usize * usize::from(COHORTS) + usize::from(standing.cohort)].clone()
}

/// Reads a `grpc-timeout`; anything malformed counts as absent.
pub(crate) fn parse_grpc_timeout(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(GRPC_TIMEOUT)?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.len() > MOST_DIGITS.ilog10() as usize + 1 {
        return None;
    }
    let number: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(number.checked_mul(3_600)?)),
        "M" => Some(Duration::from_secs(number.checked_mul(60)?)),
        "S" => Some(Duration::from_secs(number)),
        "m" => Some(Duration::from_millis(number)),
        "u" => Some(Duration::from_micros(number)),
        "n" => Some(Duration::from_nanos(number)),
        _ => None,
    }
}

/// Reads a whole number of milliseconds.
pub(crate) fn parse_millis(headers: &HeaderMap, name: &HeaderName) -> Option<Duration> {
    let text = headers.get(name)?.to_str().ok()?;
    text.parse().ok().map(Duration::from_millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(value: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(GRPC_TIMEOUT, HeaderValue::from_static(value));
        headers
    }

    #[test]
    fn a_timeout_survives_the_wire() {
        for d in [Duration::from_micros(1), Duration::from_millis(1_000), Duration::from_secs(3_600)] {
            let mut headers = HeaderMap::new();
            headers.insert(GRPC_TIMEOUT, grpc_timeout(d));
            assert_eq!(parse_grpc_timeout(&headers), Some(d));
        }
    }

    #[test]
    fn a_timeout_never_has_more_than_eight_digits() {
        let longest = grpc_timeout(Duration::from_secs(u64::MAX / 2));
        assert!(longest.len() <= 9);
    }

    #[test]
    fn a_malformed_timeout_counts_as_absent() {
        for value in ["", "5", "m", "5x", "-5S", "1.5S", "123456789S"] {
            assert_eq!(parse_grpc_timeout(&with(value)), None, "{value}");
        }
    }
}
