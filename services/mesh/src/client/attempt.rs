//! One attempt: its span, its headers, its counter. The layers around it are in [`super::layers`].

use std::sync::OnceLock;
use std::time::Duration;

use bytes::Bytes;
use http::response::Parts;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri};
use resilience::budget::BudgetKind;
use resilience::pool::Priority;
use resilience::retry::Time;
use tonic::{Code, Status};

use crate::client::connection::{Lost, Peer};
use crate::client::edge::Refusal;
use crate::client::layers::bulkhead::Place;
use crate::client::layers::{Exchange, Next};
use crate::client::pushback;
use crate::client::{Answer, Connections, Failure, FailureKind};
use crate::headers;
use crate::trace::{self, Onset, Span};

/// What is sent, as often as it takes.
pub(crate) struct Template {
    pub(crate) method: Method,
    pub(crate) path: PathAndQuery,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// One attempt: its span, and what is counted of it.
pub(crate) struct Attempt<'a> {
    call: &'a Exchange<'a>,
    span: Span,
    began: Onset,
    breaker: Option<&'static str>,
    resends: u32,
    /// To whom it was sent.
    peer: OnceLock<Peer>,
    /// Not if it was too late to try.
    counts: bool,
    end: End,
}

/// Makes one attempt: the layers around it, and the wire.
pub(super) async fn begin(next: Next<'_>) -> Result<Answer, Failure> {
    let Exchange { edge, ctx, recorder, policy, .. } = next.call;
    let left = ctx.remaining();
    // With `propagate` the callee is told the call's own time as well, and begins nothing below its floor.
    let given = if policy.propagate { next.left() } else { left };
    let late = Time { left: given, floor: policy.floor }.is_over_after(Duration::ZERO);
    let attempt = Attempt {
        call: next.call,
        span: recorder.client(edge.name, ctx.span()),
        began: Onset { policy: ctx.policy().version, left, waited: Duration::ZERO },
        breaker: edge.breaker.state(),
        resends: next.resends,
        peer: OnceLock::new(),
        counts: !late,
        end: End::Cancelled,
    };
    let rest = Next { attempt: Some(&attempt), ..next };
    let result = match left {
        _ if late => {
            edge.count_refusal(Refusal::Deadline);
            Err(Failure::too_late())
        }
        _ => rest.run().await,
    };
    if policy.retry.budget.on().is_some_and(|budget| budget.kind == BudgetKind::Tokens) {
        edge.budget.settle(&policy.retry, &result, edge.now());
    }
    attempt.end(match &result {
        Ok(_) => End::Ok,
        Err(failure) => End::of(failure),
    });
    result
}

/// Sends it, and waits for the whole answer, up to the deadline of the request or the end of the call's own time. That
/// timer is the innermost: to the layers around it a callee that is silent until then has failed, where an attempt that
/// was dropped says nothing.
pub(super) async fn send(next: Next<'_>) -> Result<Answer, Failure> {
    // What was refused before here has asked nothing of the callee, so it earns no retry.
    if next.resends == 0 && next.call.policy.retry.budget.on().is_some() {
        next.call.edge.budget.deposit(next.call.edge.now());
    }
    let end = match (next.call.ctx.ends(), next.until) {
        (Some(end), until) if until.is_none_or(|until| end < until.at) => {
            Some((end, "no answer before the deadline"))
        }
        (_, Some(until)) if until.outside => Some((until.at, until.said)),
        // The attempt's own timer ends it; one is enough.
        _ => None,
    };
    match end {
        Some((end, said)) => {
            let late = |_| Err(Failure::timeout(said));
            tokio::time::timeout_at(end, ask(next)).await.unwrap_or_else(late)
        }
        None => ask(next).await,
    }
}

async fn ask(next: Next<'_>) -> Result<Answer, Failure> {
    let attempt = next.attempt.expect("an attempt begins before it is sent");
    let Exchange { edge, connections, template, .. } = next.call;
    let _place = (!next.placed).then(|| Place::count(edge));
    let chosen = next.peer.cloned().or_else(|| connections.in_turn());
    let Some(peer) = chosen else { return Err(Failure::unreachable()) };
    let peer = attempt.peer.get_or_init(|| peer);
    exchange(connections, peer, template.build(&next, &attempt.span), template.body.clone()).await
}

async fn exchange(
    connections: &Connections,
    peer: &Peer,
    request: Request<()>,
    body: Bytes,
) -> Result<Answer, Failure> {
    let answer = connections.send(peer, request, body).await.map_err(|lost| match lost {
        Lost::Unreachable => Failure::unreachable(),
        Lost::Broken => Failure::new(FailureKind::Broken, Status::unavailable("connection broke")),
    })?;
    let trailing = answer.trailers.as_ref().and_then(Status::from_header_map);
    let failure = match trailing.or_else(|| Status::from_header_map(&answer.head.headers)) {
        Some(said) if said.code() == Code::Ok => None,
        Some(said) => Some(Failure::answered(said)),
        None => of_http(&answer.head),
    };
    failure.map_or(Ok(answer), Err)
}

/// A failure that plain HTTP answered. A "no" (4xx) is an answer.
fn of_http(head: &Parts) -> Option<Failure> {
    let said = match head.status {
        StatusCode::SERVICE_UNAVAILABLE => pushback::hear(Status::unavailable("answered 503"), &head.headers),
        StatusCode::TOO_MANY_REQUESTS => {
            pushback::hear(Status::resource_exhausted("answered 429"), &head.headers)
        }
        StatusCode::GATEWAY_TIMEOUT => Status::deadline_exceeded("answered 504"),
        other if other.is_server_error() => Status::internal(format!("answered {}", other.as_u16())),
        _ => return None,
    };
    Some(Failure::answered(said))
}

impl Template {
    fn build(&self, next: &Next<'_>, span: &Span) -> Request<()> {
        let ctx = next.call.ctx;
        let mut request = Request::new(());
        *request.method_mut() = self.method.clone();
        *request.version_mut() = http::Version::HTTP_2;
        *request.uri_mut() = self.uri();
        *request.headers_mut() = self.headers.clone();
        let headers = request.headers_mut();
        headers.insert(headers::TRACEPARENT, once(trace::traceparent(span.context())));
        if let Some(told) = next.told() {
            headers.insert(headers::GRPC_TIMEOUT, once(headers::grpc_timeout(told)));
        }
        if let Some(remaining) = ctx.user_remaining() {
            headers.insert(headers::USER_DEADLINE, once(millis(remaining)));
        }
        if next.resends > 0 {
            headers.insert(headers::PREVIOUS_ATTEMPTS, HeaderValue::from(next.resends));
        }
        if ctx.priority() == Priority::Background {
            headers.insert(headers::PRIORITY, HeaderValue::from_static("background"));
        } else if let Some(standing) = ctx.standing() {
            headers.insert(headers::PRIORITY, headers::standing(standing));
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

impl Attempt<'_> {
    fn end(mut self, end: End) {
        self.end = end;
    }
}

/// Counts it and describes its span, also if it is dropped half-way.
impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        let (outcome, failed) = match std::mem::replace(&mut self.end, End::Ok) {
            End::Ok => ("ok", None),
            End::Failed { outcome, kind, said } => (outcome, Some((kind, said))),
            End::Cancelled => ("cancelled", Some(("cancelled", String::new()))),
        };
        if self.counts {
            self.call.edge.count_attempt(outcome);
        }
        if !self.span.matters(failed.is_some()) {
            return;
        }
        self.span.began_with(&self.began);
        self.span.concerns(self.call.ctx.order());
        if self.resends > 0 {
            self.span.set("http.request.resend_count", i64::from(self.resends));
        }
        if let Some(peer) = self.peer.get() {
            self.span.set("peer.instance", peer.name().to_owned());
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
