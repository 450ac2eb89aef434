//! What differs between serving gRPC and serving HTTP: the names of methods,
//! how a refusal is written, and what an answer is called on a metric.

use http::{Response, StatusCode};
use prometheus::HistogramVec;
use resilience::shed::Class;
use tonic::{Code, Status};

use crate::{metrics, status};

/// How a service speaks. Made by [`Protocol::grpc`] or [`Protocol::http`].
pub struct Protocol<B> {
    /// Path and class (method or route) of everything served; the rest is `other`.
    classes: Vec<(&'static str, &'static str)>,
    pub(crate) refuse: fn(Status) -> Response<B>,
    pub(crate) code: fn(&Response<B>) -> &'static str,
    failed: fn(&Response<B>) -> bool,
    said: fn(&Response<B>) -> String,
    duration: fn() -> prometheus::Result<HistogramVec>,
    /// True where users come in: the edge sets the deadline.
    pub(crate) edge: bool,
    /// What a request is for, by its route; only known where users come in.
    pub(crate) rank: Option<fn(&str) -> Class>,
}

/// Everything that is not served by name.
const OTHER: &str = "other";

impl Protocol<tonic::body::Body> {
    /// gRPC with these methods, named by their last path segment.
    #[must_use]
    pub fn grpc(methods: &[&'static str]) -> Self {
        Self {
            classes: methods.iter().map(|method| (*method, *method)).collect(),
            refuse: |status| status.into_http(),
            code: |response| status::name(status::code_in(response.headers()).unwrap_or(Code::Ok)),
            failed: |response| {
                let code = status::code_in(response.headers()).unwrap_or(Code::Ok);
                reads_as_5xx(code)
            },
            said: |response| {
                let status = Status::from_header_map(response.headers());
                status.map_or_else(String::new, |status| status.message().to_owned())
            },
            duration: metrics::grpc_duration,
            edge: false,
            rank: None,
        }
    }
}

impl Protocol<axum::body::Body> {
    /// HTTP with these routes; `refuse` writes a refusal for the user's eyes.
    #[must_use]
    pub fn http(routes: &[&'static str], refuse: fn(Status) -> Response<axum::body::Body>) -> Self {
        Self {
            classes: routes.iter().map(|route| (*route, *route)).collect(),
            refuse,
            code: |response| code_name(response.status()),
            failed: |response| response.status().is_server_error(),
            // A page says nothing but its status.
            said: |_| String::new(),
            duration: metrics::http_duration,
            edge: true,
            rank: None,
        }
    }

    /// The same, with requests stamped by what they are for.
    #[must_use]
    pub fn ranked(mut self, rank: fn(&str) -> Class) -> Self {
        self.rank = Some(rank);
        self
    }
}

impl<B> Protocol<B> {
    /// The class of a request: its bulkhead, and its name on metrics and spans.
    pub(crate) fn class(&self, path: &str) -> &'static str {
        let wanted = if self.edge { path } else { path.rsplit('/').next().unwrap_or_default() };
        let found = self.classes.iter().find(|(name, _)| *name == wanted);
        found.map_or(OTHER, |(_, class)| class)
    }

    pub(crate) fn duration(&self) -> prometheus::Result<HistogramVec> {
        (self.duration)()
    }

    /// A failure of ours, as opposed to a "no" to the caller's mistake.
    pub(crate) fn failed(&self, response: &Response<B>) -> bool {
        (self.failed)(response)
    }

    /// The words of a failure.
    pub(crate) fn said(&self, response: &Response<B>) -> String {
        (self.said)(response)
    }
}

/// Whether HTTP would say 5xx: as the semantic conventions have it for servers,
/// and with them the codes that the lab reads as 503 and 504.
fn reads_as_5xx(code: Code) -> bool {
    match code {
        Code::Unknown
        | Code::DeadlineExceeded
        | Code::Unimplemented
        | Code::Internal
        | Code::Unavailable
        | Code::DataLoss
        | Code::ResourceExhausted
        | Code::Cancelled => true,
        Code::Ok
        | Code::InvalidArgument
        | Code::NotFound
        | Code::AlreadyExists
        | Code::PermissionDenied
        | Code::FailedPrecondition
        | Code::Aborted
        | Code::OutOfRange
        | Code::Unauthenticated => false,
    }
}

/// The status code as a label, without an allocation for those that we answer.
fn code_name(code: StatusCode) -> &'static str {
    match code.as_u16() {
        200 => "200",
        201 => "201",
        202 => "202",
        204 => "204",
        304 => "304",
        400 => "400",
        402 => "402",
        404 => "404",
        405 => "405",
        409 => "409",
        422 => "422",
        429 => "429",
        500 => "500",
        502 => "502",
        503 => "503",
        504 => "504",
        _ => "other",
    }
}
