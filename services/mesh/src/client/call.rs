//! A call with all of its attempts: kill switch, total timeout, retries.

use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use resilience::Call;
use resilience::retry::{self, Decision};

use crate::client::attempt::{CountedCall, Template, attempt};
use crate::client::edge::Edge;
use crate::client::{Answer, Connections, Failure};
use crate::context::Ctx;
use crate::hub::Mesh;
use crate::status;
use crate::trace::Span;

/// Calls the methods of one target. Cheap to clone.
#[derive(Clone)]
pub struct Caller {
    shared: Arc<Shared>,
}

struct Shared {
    target: &'static str,
    connections: Connections,
    mesh: Mesh,
    edges: Vec<Arc<Edge>>,
}

impl Caller {
    pub(crate) fn new(
        target: &'static str,
        methods: &[&'static str],
        connections: Connections,
        mesh: Mesh,
    ) -> Self {
        let edges: Vec<_> =
            methods.iter().map(|method| Arc::new(Edge::new(target, method, mesh.client_metrics()))).collect();
        let configured = edges.clone();
        mesh.policy().on_change(move |policy| {
            for edge in &configured {
                edge.configure(&policy.call(edge.target, edge.method));
            }
        });
        Self { shared: Arc::new(Shared { target, connections, mesh, edges }) }
    }

    /// Calls `method` with `request` in `ctx`, trying as often as the policy
    /// that the request is pinned to allows.
    ///
    /// # Errors
    /// The failure of the last attempt. Its mark "not done" is there only if
    /// no attempt can have done anything.
    ///
    /// # Panics
    /// When `method` was not named when the caller was made.
    pub async fn send(&self, method: &str, request: Request<Bytes>, ctx: &Ctx) -> Result<Answer, Failure> {
        let edge = self.shared.edges.iter().find(|edge| edge.method == method);
        let edge = edge.expect("a caller is made with the methods it calls");
        let call = ctx.policy().call(self.shared.target, method);
        let (head, body) = request.into_parts();
        let path = head.uri.path_and_query().cloned().expect("a request has a path");
        let template = Template { method: head.method, path, headers: head.headers, body };

        let counted = CountedCall::begin(edge);
        let result = match call.total_timeout {
            _ if !call.enabled => Err(Failure::rejected("switched off")),
            None => Box::pin(self.retried(edge, &call, &template, ctx)).await,
            Some(limit) => tokio::time::timeout(limit, Box::pin(self.retried(edge, &call, &template, ctx)))
                .await
                .unwrap_or_else(|_| Err(Failure::timeout("no answer in the total time"))),
        };
        counted.end(match &result {
            Ok(_) => "ok",
            Err(failure) => failure.outcome(),
        });
        result
    }

    async fn retried(
        &self,
        edge: &Arc<Edge>,
        call: &Call,
        template: &Template,
        ctx: &Ctx,
    ) -> Result<Answer, Failure> {
        edge.deposit();
        let mut retries = 0;
        let mut nothing_done = true;
        loop {
            let span = self.shared.mesh.recorder().client(edge.name, ctx.span());
            let draw = unit(&span, retries);
            let failure =
                match attempt(edge, &self.shared.connections, call, template, ctx, span, retries).await {
                    Ok(answer) => return Ok(answer),
                    Err(failure) => failure,
                };
            nothing_done &= status::surely_not_done(&failure.status);
            let left = ctx.remaining();
            let decision = edge.with_budget(|budget, now| {
                retry::next(&call.retry, retries, &failure.for_retry(), left, budget, now, draw)
            });
            let wait = match decision {
                Decision::After(wait) => wait,
                _ if nothing_done => return Err(failure),
                _ => return Err(failure.maybe_done()),
            };
            if !wait.is_zero() {
                tokio::time::sleep(wait).await;
            }
            retries += 1;
        }
    }
}

/// A draw for jitter, in `0..1`, from the span's own random id.
fn unit(span: &Span, retries: u32) -> f64 {
    let id = u64::from_be_bytes(span.context().span_id().to_bytes());
    let mixed = (id ^ u64::from(retries)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed >> 11) as f64 / (1_u64 << 53) as f64
}
