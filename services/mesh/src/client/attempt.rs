//! One attempt: breaker, bulkhead, the attempt's timer, the wire.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri};
use resilience::Call;
use resilience::breaker::Outcome;
use resilience::pool::Priority;
use tokio::time::Instant;
use tonic::{Code, Status};

use crate::client::connection::Lost;
use crate::client::edge::{Edge, Pass};
use crate::client::{Answer, Connections, Failure, FailureKind};
use crate::context::Ctx;
use crate::headers;
use crate::trace::{self, Onset, Span};

/// What is sent, as often as it takes.
pub(crate) struct Template {
    pub(crate) method: Method,
    pub(crate) path: PathAndQuery,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// Makes one attempt; `resends` counts those before it.
pub(crate) async fn attempt(
    edge: &Arc<Edge>,
    connections: &Connections,
    call: &Call,
    template: &Template,
    ctx: &Ctx,
    span: Span,
    resends: u32,
) -> Result<Answer, Failure> {
    let left = ctx.remaining();
    let late = left.is_some_and(|left| left.is_zero());
    let started = Onset { policy: ctx.policy().version, left, waited: Duration::ZERO };
    let breaker = edge.breaker_state();
    let told = Told { edge, span, ctx, started, breaker, resends, counts: !late, end: End::Cancelled };
    if late {
        let failure = Failure::too_late();
        told.end(End::of(&failure));
        return Err(failure);
    }
    let result = admitted(edge, connections, call, template, ctx, &told.span, resends).await;
    told.end(match &result {
        Ok(_) => End::Ok,
        Err(failure) => End::of(failure),
    });
    result
}

async fn admitted(
    edge: &Arc<Edge>,
    connections: &Connections,
    call: &Call,
    template: &Template,
    ctx: &Ctx,
    span: &Span,
    resends: u32,
) -> Result<Answer, Failure> {
    let pass = match &call.breaker {
        Some(_) => edge.breaker(ctx.span().trace_id())?,
        None => None,
    };
    let slow_after = call.breaker.as_ref().and_then(|rules| rules.slow_call_duration);
    // A refusal of the bulkhead is no verdict on the callee: the dropped pass
    // gives its permit back.
    let _place = edge.bulkhead()?;
    // In an outage ten thousand attempts wait for seconds. Boxed, each layer
    // around holds a pointer instead of room for a copy of its own.
    let exchange = Box::pin(exchange(connections, template.build(ctx, span, resends), template.body.clone()));
    match pass {
        None => timed(call, ctx, exchange).await,
        Some(pass) => watched(pass, slow_after, timed(call, ctx, exchange)).await,
    }
}

/// Tells the breaker how it went; a slow attempt at the moment it gets slow,
/// because at 30 s of latency its end is news from half a minute ago.
async fn watched(
    mut pass: Pass,
    slow_after: Option<Duration>,
    attempt: impl Future<Output = Result<Answer, Failure>>,
) -> Result<Answer, Failure> {
    let mut attempt = std::pin::pin!(attempt);
    let result = match slow_after {
        Some(threshold) => match tokio::time::timeout(threshold, &mut attempt).await {
            Ok(result) => result,
            Err(_slow) => {
                pass.slow();
                attempt.await
            }
        },
        None => attempt.await,
    };
    pass.record(match &result {
        Ok(_) => Outcome::Success,
        Err(failure) if failure.is_the_callees() => Outcome::Failure,
        Err(_) => Outcome::Ignored,
    });
    result
}

/// Gives the attempt its own time, or what is left of the deadline.
async fn timed(
    call: &Call,
    ctx: &Ctx,
    exchange: impl Future<Output = Result<Answer, Failure>>,
) -> Result<Answer, Failure> {
    let limit = [call.attempt_timeout, ctx.remaining()].into_iter().flatten().min();
    match limit {
        None => exchange.await,
        Some(limit) => tokio::time::timeout(limit, exchange)
            .await
            .unwrap_or_else(|_| Err(Failure::timeout("no answer in time"))),
    }
}

async fn exchange(connections: &Connections, request: Request<()>, body: Bytes) -> Result<Answer, Failure> {
    let answer = connections.send(request, body).await.map_err(|lost| match lost {
        Lost::Unreachable => Failure::unreachable(),
        Lost::Broken => Failure::new(FailureKind::Broken, Status::unavailable("connection broke")),
    })?;
    let trailing = answer.trailers.as_ref().and_then(Status::from_header_map);
    let failure = match trailing.or_else(|| Status::from_header_map(&answer.head.headers)) {
        Some(said) if said.code() == Code::Ok => None,
        Some(said) => Some(Failure::answered(said)),
        None => of_http(answer.head.status),
    };
    failure.map_or(Ok(answer), Err)
}

/// A failure that plain HTTP answered. A "no" (4xx) is an answer.
fn of_http(answered: StatusCode) -> Option<Failure> {
    let said = match answered {
        StatusCode::SERVICE_UNAVAILABLE => Status::unavailable("answered 503"),
        StatusCode::TOO_MANY_REQUESTS => Status::resource_exhausted("answered 429"),
        StatusCode::GATEWAY_TIMEOUT => Status::deadline_exceeded("answered 504"),
        other if other.is_server_error() => Status::internal(format!("answered {}", other.as_u16())),
        _ => return None,
    };
    Some(Failure::answered(said))
}

impl Template {
    fn build(&self, ctx: &Ctx, span: &Span, resends: u32) -> Request<()> {
        let mut request = Request::new(());
        *request.method_mut() = self.method.clone();
        *request.version_mut() = http::Version::HTTP_2;
        *request.uri_mut() = self.uri();
        *request.headers_mut() = self.headers.clone();
        let headers = request.headers_mut();
        headers.insert(headers::TRACEPARENT, once(trace::traceparent(span.context())));
        if let Some(remaining) = ctx.remaining() {
            headers.insert(headers::GRPC_TIMEOUT, once(headers::grpc_timeout(remaining)));
        }
        if let Some(remaining) = ctx.user_remaining() {
            headers.insert(headers::USER_DEADLINE, once(millis(remaining)));
        }
        if resends > 0 {
            headers.insert(headers::PREVIOUS_ATTEMPTS, HeaderValue::from(resends));
        }
        if ctx.priority() == Priority::Background {
            headers.insert(headers::PRIORITY, HeaderValue::from_static("background"));
        }
        request
    }

    /// HTTP/2 wants an authority; the connection is chosen already, so any will do.
    fn uri(&self) -> Uri {
        let mut parts = http::uri::Parts::default();
        parts.scheme = Some(Scheme::HTTP);
        parts.authority = Some(Authority::from_static("shop"));
        parts.path_and_query = Some(self.path.clone());
        Uri::from_parts(parts).expect("scheme, authority and path are there")
    }
}

/// A value that never comes again: "sensitive" is how HPACK is told not to make
/// room for it in its table, at both ends.
fn once(mut value: HeaderValue) -> HeaderValue {
    value.set_sensitive(true);
    value
}

fn millis(d: Duration) -> HeaderValue {
    HeaderValue::from(u64::try_from(d.as_millis()).unwrap_or(u64::MAX))
}

/// Counts an attempt and describes its span, also of one that is dropped half-way.
struct Told<'a> {
    edge: &'a Edge,
    span: Span,
    ctx: &'a Ctx,
    started: Onset,
    breaker: Option<&'static str>,
    resends: u32,
    /// Not if it was too late to try.
    counts: bool,
    end: End,
}

/// How an attempt ended.
enum End {
    Ok,
    Failed {
        outcome: &'static str,
        kind: &'static str,
        said: String,
    },
    /// Nobody waits for it any more: the call's time was over, or the caller has left.
    Cancelled,
}

impl End {
    fn of(failure: &Failure) -> Self {
        let said = failure.status.message().to_owned();
        Self::Failed { outcome: failure.outcome(), kind: failure.kind.name(), said }
    }
}

impl Told<'_> {
    fn end(mut self, end: End) {
        self.end = end;
    }
}

impl Drop for Told<'_> {
    fn drop(&mut self) {
        let (outcome, failed) = match std::mem::replace(&mut self.end, End::Ok) {
            End::Ok => ("ok", None),
            End::Failed { outcome, kind, said } => (outcome, Some((kind, said))),
            End::Cancelled => ("cancelled", Some(("cancelled", String::new()))),
        };
        if self.counts {
            self.edge.count_attempt(outcome);
        }
        if !self.span.matters(failed.is_some()) {
            return;
        }
        self.span.began_with(&self.started);
        self.span.concerns(self.ctx.order());
        if self.resends > 0 {
            self.span.set("http.request.resend_count", i64::from(self.resends));
        }
        if let Some(state) = self.breaker {
            self.span.set("breaker.state", state);
        }
        if let Some((kind, said)) = failed {
            self.span.set("error.type", kind);
            self.span.fail(said);
        }
    }
}

/// The same for a call with all of its attempts.
pub(crate) struct CountedCall<'a> {
    edge: &'a Edge,
    began: Instant,
    outcome: &'static str,
}

impl<'a> CountedCall<'a> {
    pub(crate) fn begin(edge: &'a Edge) -> Self {
        Self { edge, began: Instant::now(), outcome: "cancelled" }
    }

    pub(crate) fn end(mut self, outcome: &'static str) {
        self.outcome = outcome;
    }
}

impl Drop for CountedCall<'_> {
    fn drop(&mut self) {
        self.edge.count_call(self.outcome, self.began.elapsed());
    }
}
