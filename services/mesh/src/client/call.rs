//! A call with all of its attempts: the kill switch, and then the layers that are on.

use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use process::Endpoints;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::client::attempt::Template;
use crate::client::edge::{Edge, Refusal};
use crate::client::layers::{Exchange, Next, fallback};
use crate::client::shift::Regions;
use crate::client::{Answer, Failure};
use crate::context::Ctx;
use crate::headers;
use crate::hub::Mesh;

/// Calls the methods of one target. Cheap to clone.
#[derive(Clone)]
pub struct Caller {
    shared: Arc<Shared>,
}

struct Shared {
    target: &'static str,
    mesh: Mesh,
    regions: Arc<Regions>,
}

impl Caller {
    pub(crate) fn new(
        target: &'static str,
        methods: &[&'static str],
        endpoints: watch::Receiver<Arc<Endpoints>>,
        mesh: Mesh,
    ) -> Self {
        let regions = Arc::new(Regions::new(target, methods, endpoints, mesh.client_metrics()));
        let configured = Arc::clone(&regions);
        mesh.policy().on_change(move |policy| configured.configure(policy));
        Self { shared: Arc::new(Shared { target, mesh, regions }) }
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
        let call = ctx.policy().call(self.shared.target, method);
        let region = self.shared.regions.of(&call, ctx);
        let (edge, connections) = (region.edge(method), &region.connections);
        let (head, body) = request.into_parts();
        let path = head.uri.path_and_query().cloned().expect("a request has a path");
        let template = Template { method: head.method, path, headers: head.headers, body };

        let counted = Counted::begin(edge);
        let recorder = self.shared.mesh.recorder();
        let exchange = Exchange { edge, connections, recorder, policy: &call, template: &template, ctx };
        let result = if call.enabled {
            Next::new(&exchange).run().await
        } else {
            fallback::instead_of(&exchange, edge.refuse(Refusal::SwitchedOff))
        };
        if ctx.policy().may_be_stale
            && result.as_ref().is_ok_and(|answer| answer.head.headers.contains_key(headers::STALE))
        {
            ctx.mark_stale();
        }
        counted.end(match &result {
            Ok(_) => "ok",
            Err(failure) => failure.outcome(),
        });
        result
    }
}

/// Counts a call with all of its attempts, also one that is dropped half-way.
struct Counted<'a> {
    edge: &'a Edge,
    began: Instant,
    outcome: &'static str,
}

impl<'a> Counted<'a> {
    fn begin(edge: &'a Edge) -> Self {
        Self { edge, began: Instant::now(), outcome: "cancelled" }
    }

    fn end(mut self, outcome: &'static str) {
        self.outcome = outcome;
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.edge.count_call(self.outcome, self.began.elapsed());
    }
}
