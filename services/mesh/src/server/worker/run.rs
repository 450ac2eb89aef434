//! One job in the hands of a worker, from its start to its answer.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderValue, Request};
use http_body::Body;
use http_body_util::Full;
use resilience::Snapshot;
use resilience::concurrency::Outcome;
use resilience::deadline::Late;
use resilience::policy::Cancel;
use resilience::pool::{Refusal, Start};
use tokio::time::Instant;
use tonic::Status;
use tower::ServiceExt as _;

use super::guard::Busy;
use super::{Handler, Workers};
use crate::context::Ctx;
use crate::headers;
use crate::server::job::Job;
use crate::trace::Onset;

impl<S, B> Workers<S, B>
where
    S: Handler<B>,
    B: Body + Send + 'static,
{
    /// Gives a job to a worker of its own.
    pub(super) fn run(self: &Arc<Self>, start: Start<Box<Job<B>>>) {
        let worker = Arc::clone(self);
        tokio::spawn(async move {
            let mut busy = Busy::new(Arc::clone(&worker), start.class);
            busy.outcome = worker.work(start.item, start.waited).await;
        });
    }

    async fn work(&self, mut job: Box<Job<B>>, waited: Duration) -> Outcome {
        let policy = self.policy();
        let started = Instant::now();
        self.metrics.queue_wait.observe(waited.as_secs_f64());
        if policy.server.cancel != Cancel::Off && job.abandoned() {
            self.abandon(job, policy.version, waited);
            return Outcome::Failed;
        }
        job.deadline = self.due(&job, &policy, started, waited);
        if let Some(deadline) = job.deadline {
            let left = deadline.saturating_duration_since(started);
            // The pool has looked; it may have passed on the way from there to here.
            if policy.server.deadline.refuses(left, || None) == Some(Late::Passed) {
                self.answer_unrun(job, Refusal::Deadline(Late::Passed), waited);
                return Outcome::Failed;
            }
            self.metrics.deadline_left_at_start.observe(left.as_secs_f64());
        }
        let user_deadline = job.user_deadline;
        let outcome = self.handle(job, policy, started, waited).await;
        self.count_waste(started, user_deadline);
        outcome
    }

    /// When the work of a job must have ended. The edge's deadline counts from the arrival, under the policy of now.
    pub(super) fn due(
        &self,
        job: &Job<B>,
        policy: &Snapshot,
        now: Instant,
        waited: Duration,
    ) -> Option<Instant> {
        let at_edge =
            policy.deadline.filter(|_| self.protocol.edge).map(|limit| now + limit - waited.min(limit));
        [job.deadline, at_edge].into_iter().flatten().min()
    }

    /// Runs the handler to its end, or to the end that the policy sets.
    async fn handle(
        &self,
        job: Box<Job<B>>,
        policy: Arc<Snapshot>,
        started: Instant,
        waited: Duration,
    ) -> Outcome {
        let importance = job.importance();
        let Job { head, body, class, priority, deadline, user_deadline, mut span, mut reply, .. } = *job;
        let cancel = policy.server.cancel;
        let rules = policy.server.deadline;
        let left = deadline.map(|deadline| deadline.saturating_duration_since(started));
        let onset = Onset { policy: policy.version, left, waited };
        let ctx = Ctx::new(policy, deadline, user_deadline, span.context().clone(), priority)
            .stamped(head.extensions.get().copied());
        let mut request = Request::from_parts(head, Full::new(body));
        request.extensions_mut().insert(ctx.clone());
        let handler = self.handler.clone().oneshot(request);
        let (mut response, cut) = tokio::select! {
            // The handler first: its calls end at the same moment, and must say so before they are dropped. Who is not
            // heard has not failed, and no breaker would ever open for a callee that hangs.
            biased;
            answered = handler => {
                let Ok(response) = answered;
                (response, None)
            }
            () = passed(deadline.filter(|_| rules.ends_running())) => {
                self.metrics.deadline_expired.with_label_values(&["run"]).inc();
                ((self.protocol.refuse)(Status::deadline_exceeded("the deadline passed")), Some(Outcome::TimedOut))
            }
            () = reply.closed(), if cancel == Cancel::All => {
                self.metrics.shed("cancelled", importance);
                ((self.protocol.refuse)(Status::cancelled("the caller has left")), Some(Outcome::GivenUp))
            }
        };
        let took = started.elapsed();
        if ctx.is_stale() {
            response.headers_mut().insert(headers::STALE, HeaderValue::from_static("1"));
        }
        let code = (self.protocol.code)(&response);
        let duration = self.metrics.duration.with_label_values(&[class, code]);
        duration.observe(took.as_secs_f64());
        let failed = self.protocol.failed(&response);
        let whole = cut.is_none();
        if whole && !failed && rules.expected.is_on() {
            self.pool().learn(class, took, left);
        }
        if let Some(left) = left {
            let left = left.saturating_sub(took);
            self.metrics.deadline_left_at_reply.observe(left.as_secs_f64());
            if whole && left.is_zero() {
                self.metrics.deadline_expired.with_label_values(&["reply"]).inc();
            }
        }
        if span.matters(failed) {
            span.began_with(&onset);
            span.concerns(ctx.order());
            if ctx.is_stale() {
                span.set("stale", true);
            }
            self.answered(&mut span, code);
            if failed {
                span.fail(self.protocol.said(&response));
            }
        }
        // What was cut off in time was not done for nobody.
        if reply.send(response).is_err() && whole {
            self.metrics.abandoned.inc();
        }
        cut.unwrap_or(match code {
            "DEADLINE_EXCEEDED" | "CANCELLED" | "504" => Outcome::TimedOut,
            _ if failed => Outcome::Failed,
            _ => Outcome::Answered,
        })
    }

    /// Worker-seconds after the user had left, whatever the policy.
    fn count_waste(&self, started: Instant, user_deadline: Option<Instant>) {
        if let Some(left) = user_deadline {
            let wasted = Instant::now().saturating_duration_since(left.max(started));
            self.metrics.wasted.inc_by(wasted.as_secs_f64());
        }
    }
}

/// Waits for an instant; for ever when there is none.
async fn passed(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
