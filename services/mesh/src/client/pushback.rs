//! What a callee says about trying again: gRPC's `grpc-retry-pushback-ms` (proposal A6) and HTTP's `Retry-After`. It knows
//! better than any backoff of ours, so its word is kept to exactly.

use std::time::Duration;

use http::HeaderMap;
use http::header::RETRY_AFTER;
use tonic::Status;

use crate::status::PUSHBACK;

/// The callee's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pushback {
    /// Not before this time has passed.
    After(Duration),
    Never,
}

/// The word in a status. One that cannot be read is a "never", as A6 has it.
pub(crate) fn of(status: &Status) -> Option<Pushback> {
    let said = status.metadata().get(PUSHBACK)?;
    let millis = said.to_str().ok().and_then(|text| text.parse().ok());
    Some(millis.map_or(Pushback::Never, |millis| Pushback::After(Duration::from_millis(millis))))
}

/// What an HTTP answer says, as gRPC would: whole seconds. The other form, a date, would need clocks that agree, and
/// counts as nothing said.
pub(crate) fn hear(mut status: Status, headers: &HeaderMap) -> Status {
    let said = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    if let Some(seconds) = said.and_then(|text| text.trim().parse::<u64>().ok()) {
        status.metadata_mut().insert(PUSHBACK, seconds.saturating_mul(1_000).into());
    }
    status
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn said(pushback: &'static str) -> Option<Pushback> {
        let mut status = Status::unavailable("come again");
        status.metadata_mut().insert(PUSHBACK, pushback.parse().unwrap());
        of(&status)
    }

    #[test]
    fn a_pushback_is_a_wait_or_a_no() {
        assert_eq!(of(&Status::unavailable("no word")), None);
        assert_eq!(said("0"), Some(Pushback::After(Duration::ZERO)));
        assert_eq!(said("250"), Some(Pushback::After(Duration::from_millis(250))));
        for no in ["-1", "-250", "", "soon", "1.5"] {
            assert_eq!(said(no), Some(Pushback::Never), "{no:?}");
        }
    }

    #[test]
    fn retry_after_is_whole_seconds_and_a_date_is_not_heard() {
        let heard = |value: &'static str| {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(value))]);
            of(&hear(Status::unavailable("503"), &headers))
        };
        assert_eq!(heard("2"), Some(Pushback::After(Duration::from_secs(2))));
        for nothing in ["Wed, 21 Oct 2015 07:28:00 GMT", "-2", "1.5", ""] {
            assert_eq!(heard(nothing), None, "{nothing:?}");
        }
        assert_eq!(of(&hear(Status::unavailable("503"), &HeaderMap::new())), None);
    }
}
