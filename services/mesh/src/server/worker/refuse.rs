//! Jobs that no worker runs: refused by the pool, or left by their callers.

use std::sync::Arc;
use std::time::Duration;

use http_body::Body;
use resilience::deadline::Late;
use resilience::pool::{Refusal, Refused};
use tokio::time::Instant;
use tonic::{Code, Status};

use super::{Handler, Workers};
use crate::server::door;
use crate::server::job::Job;
use crate::status;
use crate::trace::{Onset, Span};

impl<S, B> Workers<S, B>
where
    S: Handler<B>,
    B: Body + Send + 'static,
{
    /// Answers what the pool does not start.
    pub(super) fn refuse(&self, refused: Refused<Box<Job<B>>>) {
        let Refused { item: job, why, waited, .. } = refused;
        if why == Refusal::Full {
            self.overflow.refused(self.now(), || self.fill(), job.span.context().trace_id());
        }
        self.answer_unrun(job, why, waited);
    }

    /// Answers a job that no worker ran.
    pub(super) fn answer_unrun(&self, mut job: Box<Job<B>>, why: Refusal, waited: Duration) {
        self.metrics.shed(why.name(), job.importance());
        let policy = self.policy();
        let mut left = None;
        if let Refusal::Deadline(_) = why {
            self.metrics.deadline_expired.with_label_values(&["queue"]).inc();
            let now = Instant::now();
            left = self.due(&job, &policy, now, waited).map(|due| due.saturating_duration_since(now));
            self.metrics.deadline_left_at_start.observe(left.unwrap_or_default().as_secs_f64());
        }
        self.describe(&mut job.span, policy.version, waited, left);
        let (code, said) = said(why);
        self.answer(job, status::not_done(Status::new(code, said)));
    }

    /// Answers a job that was refused at the door.
    pub(crate) fn turn_away(&self, mut job: Box<Job<B>>, refused: door::Refused) {
        self.metrics.shed(refused.reason, job.importance());
        self.describe(&mut job.span, self.policy().version, Duration::ZERO, None);
        self.answer(job, refused.status);
    }

    fn answer(&self, mut job: Box<Job<B>>, status: Status) {
        job.span.fail(status.message().to_owned());
        let response = (self.protocol.refuse)(status);
        let code = (self.protocol.code)(&response);
        self.metrics.duration.with_label_values(&[job.class, code]).observe(0.0);
        self.answered(&mut job.span, code);
        let _ = job.reply.send(response);
    }

    /// Drops a job whose caller has left before a worker had it. Its span says where the time went: the caller's own
    /// says no more than that it gave up.
    pub(super) fn abandon(&self, mut job: Box<Job<B>>, policy: u64, waited: Duration) {
        self.metrics.shed("abandoned", job.importance());
        self.describe(&mut job.span, policy, waited, None);
        job.span.fail("the caller has left");
    }

    /// What the span of a job that is about to be refused would have begun with.
    pub(super) fn describe(&self, span: &mut Span, policy: u64, waited: Duration, left: Option<Duration>) {
        span.waited_with(&Onset { policy, left, waited });
    }

    pub(super) fn answered(&self, span: &mut Span, code: &'static str) {
        if self.protocol.edge {
            span.set("http.response.status_code", code.parse().unwrap_or(0_i64));
        } else {
            span.set("rpc.response.status_code", code);
        }
    }

    /// Refuses those who waited longer than the policy's `queue.wait`.
    pub(super) async fn expire_queued(self: Arc<Self>) {
        loop {
            let next = self.pool().next_expiry();
            match next {
                None => self.queued.notified().await,
                Some(at) => {
                    tokio::select! {
                        () = tokio::time::sleep(at.saturating_sub(self.now())) => {}
                        // A new policy may be less patient.
                        () = self.queued.notified() => continue,
                    }
                    let expired = self.pool().drop_expired(self.now());
                    expired.into_iter().for_each(|refused| self.refuse(refused));
                    self.show();
                }
            }
        }
    }
}

/// What a caller hears. A full queue is not marked "do not retry": it may have room a moment later.
fn said(why: Refusal) -> (Code, &'static str) {
    match why {
        Refusal::Full => (Code::ResourceExhausted, "queue is full"),
        Refusal::Codel => (Code::ResourceExhausted, "waited too long in an overloaded queue"),
        Refusal::Wait => (Code::Unavailable, "waited too long in the queue"),
        Refusal::Deadline(Late::Passed) => (Code::DeadlineExceeded, "the deadline passed in the queue"),
        Refusal::Deadline(Late::Floor | Late::Expected) => {
            (Code::DeadlineExceeded, "too little is left until the deadline")
        }
    }
}
