//! gRPC statuses as the lab reads them: their names, the two marks that travel
//! with a failure, and what a status is to a caller.
//!
//! A failure says two more things than its code: whether the work was surely
//! *not done* (else it may have been, and money has to be looked for), and
//! whether the caller must *not retry* (a breaker, a limit or a shed spoke).

use std::time::Duration;

use http::{HeaderMap, HeaderName};
use tonic::metadata::MetadataMap;
use tonic::{Code, Status};

/// gRPC's own way to forbid a retry (proposal A6): a negative pushback.
pub(crate) const PUSHBACK: &str = "grpc-retry-pushback-ms";
const NOT_DONE: &str = "x-not-done";
/// The refusal is a rate limit's.
const RATE_LIMITED: &str = "x-rate-limited";

/// A failure whose work was surely not done.
#[must_use]
pub fn not_done(mut status: Status) -> Status {
    let done = tonic::metadata::MetadataValue::from_static("1");
    status.metadata_mut().insert(NOT_DONE, done);
    status
}

/// The caller must not try this again.
pub(crate) fn do_not_retry(mut status: Status) -> Status {
    let stop = tonic::metadata::MetadataValue::from_static("-1");
    status.metadata_mut().insert(PUSHBACK, stop);
    status
}

/// A rate limit of ours spoke: come again after `wait`. gRPC's word for it is the pushback; HTTP's is 429.
pub(crate) fn rate_limited(wait: Duration) -> Status {
    let mut status = not_done(Status::resource_exhausted("rate limit"));
    // Rounded up: whoever comes a moment too soon is refused again.
    let millis = u64::try_from(wait.as_micros().div_ceil(1_000)).unwrap_or(u64::MAX).max(1);
    status.metadata_mut().insert(PUSHBACK, millis.into());
    status.metadata_mut().insert(RATE_LIMITED, tonic::metadata::MetadataValue::from_static("1"));
    status
}

/// How long to wait, if this refusal is that of our own rate limit: a callee's reaches our caller as what it is to us,
/// a callee that has no room.
#[must_use]
pub fn retry_after(status: &Status) -> Option<Duration> {
    status.metadata().get(RATE_LIMITED)?;
    let millis = status.metadata().get(PUSHBACK)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_millis(millis))
}

/// A business "no": final, and nothing was done.
#[must_use]
pub fn decline(why: &'static str) -> Status {
    do_not_retry(not_done(Status::failed_precondition(why)))
}

/// Something of our own is not there; nothing was done.
#[must_use]
pub fn unavailable(why: &'static str) -> Status {
    not_done(Status::unavailable(why))
}

/// Whether the work behind a failure was surely not done.
#[must_use]
pub fn surely_not_done(status: &Status) -> bool {
    status.metadata().get(NOT_DONE).is_some()
}

pub(crate) fn forbids_retry(metadata: &MetadataMap) -> bool {
    metadata.get(PUSHBACK).is_some_and(|value| value.to_str().is_ok_and(|text| text.parse::<u64>().is_err()))
}

/// Hands on, from a failed call, the marks that its caller must hear too.
pub(crate) fn with_marks(status: Status, not_retryable: bool, nothing_done: bool) -> Status {
    let status = if not_retryable { do_not_retry(status) } else { status };
    if nothing_done { not_done(status) } else { status }
}

/// The code in an answer's headers or trailers; absent means OK there.
pub(crate) fn code_in(headers: &HeaderMap) -> Option<Code> {
    let value = headers.get(HeaderName::from_static("grpc-status"))?;
    Some(Code::from_bytes(value.as_bytes()))
}

/// The code's name on metrics and spans.
pub(crate) fn name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

/// A callee's failure as our own answer: its code as it is, its marks heard.
#[must_use]
pub fn pass_up(status: &Status) -> Status {
    let plain = Status::new(status.code(), status.message());
    with_marks(plain, forbids_retry(status.metadata()), surely_not_done(status))
}
