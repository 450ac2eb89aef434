//! The workers: start a job under the policy in force, run it to its end (or
//! to the end that a policy sets), count it, and start the next.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::Full;
use resilience::Snapshot;
use resilience::policy::Cancel;
use resilience::pool::{Offer, Pool, Priority, Start, Ticket};
use tokio::sync::Notify;
use tokio::time::Instant;
use tonic::{Code, Status};
use tower::{Service, ServiceExt as _};

use crate::context::Ctx;
use crate::metrics::ServerMetrics;
use crate::policy::LivePolicy;
use crate::server::job::Job;
use crate::server::overflow::{Fill, Overflow};
use crate::server::protocol::Protocol;
use crate::status;
use crate::trace::{Onset, Recorder, Span};

/// What a worker runs: a tower service that cannot fail, a copy for each job.
pub(crate) trait Handler<B>:
    Service<Request<Full<Bytes>>, Response = Response<B>, Error = Infallible, Future: Send>
    + Clone
    + Send
    + Sync
    + 'static
{
}

impl<S, B> Handler<B> for S where
    S: Service<Request<Full<Bytes>>, Response = Response<B>, Error = Infallible, Future: Send>
        + Clone
        + Send
        + Sync
        + 'static
{
}

/// The worker pool of a service, with the handler that its workers run.
pub(crate) struct Workers<S, B> {
    handler: S,
    pub(crate) protocol: Protocol<B>,
    policy: LivePolicy,
    recorder: Recorder,
    metrics: ServerMetrics,
    epoch: Instant,
    pool: Mutex<Pool<Box<Job<B>>>>,
    counted: Mutex<Counted>,
    queued: Notify,
    overflow: Overflow,
}

/// Up to when, and with how many workers, the busy time has been counted.
#[derive(Default)]
struct Counted {
    until: Duration,
    busy: u32,
}

/// What became of an offered job that was not refused.
pub(crate) enum Admitted {
    /// It runs, or its refusal is on its way to the caller.
    Started,
    Queued(Box<dyn Place>),
}

/// A place in the queue, given up when dropped if the policy cancels queued work.
pub(crate) trait Place: Send {
    /// The job has been answered; there is nothing to give up.
    fn keep(self: Box<Self>);
}

impl<S, B> Workers<S, B>
where
    S: Handler<B>,
    B: Body + Send + 'static,
{
    pub(crate) fn start(
        policy: LivePolicy,
        recorder: Recorder,
        handler: S,
        protocol: Protocol<B>,
        metrics: ServerMetrics,
    ) -> Arc<Self> {
        let workers = Arc::new(Self {
            handler,
            protocol,
            recorder,
            metrics,
            epoch: Instant::now(),
            pool: Mutex::new(Pool::new(&policy.load().server)),
            policy: policy.clone(),
            counted: Mutex::default(),
            queued: Notify::new(),
            overflow: Overflow::default(),
        });
        let configured = Arc::clone(&workers);
        policy.on_change(move |policy| configured.configure(policy));
        tokio::spawn(Arc::clone(&workers).expire_queued());
        workers
    }

    pub(crate) fn policy(&self) -> Arc<Snapshot> {
        self.policy.load()
    }

    pub(crate) fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    /// Starts, queues or refuses a job.
    pub(crate) fn offer(self: &Arc<Self>, job: Box<Job<B>>) -> Admitted {
        let (class, priority) = (job.class, job.priority);
        let offer = self.pool().offer(self.now(), job, class, priority);
        let admitted = match offer {
            Offer::Start(start) => {
                self.run(start);
                Admitted::Started
            }
            Offer::Queued(ticket) => {
                self.queued.notify_one();
                Admitted::Queued(Box::new(QueuePlace { workers: Arc::clone(self), ticket: Some(ticket) }))
            }
            Offer::Full(mut job) => {
                self.overflow.refused(self.now(), || self.fill(), job.span.context().trace_id());
                self.describe(&mut job.span, self.policy().version, Duration::ZERO, None);
                self.refuse(job, "queue_full", Code::ResourceExhausted, "queue is full");
                self.show();
                return Admitted::Started;
            }
        };
        self.overflow.passed(|| self.now());
        self.show();
        admitted
    }

    /// Gives a job to a worker of its own.
    fn run(self: &Arc<Self>, start: Start<Box<Job<B>>>) {
        let worker = Arc::clone(self);
        tokio::spawn(async move {
            let _busy = Busy { workers: Arc::clone(&worker), class: start.class };
            worker.work(start.item, start.waited).await;
        });
    }

    async fn work(&self, mut job: Box<Job<B>>, waited: Duration) {
        let policy = self.policy();
        let started = Instant::now();
        self.metrics.queue_wait.observe(waited.as_secs_f64());
        if policy.server.cancel != Cancel::Off && job.abandoned() {
            return self.abandon(job, policy.version, waited);
        }
        // The edge's deadline counts from the arrival, under the policy of now.
        let at_edge =
            policy.deadline.filter(|_| self.protocol.edge).map(|limit| started + limit - waited.min(limit));
        job.deadline = [job.deadline, at_edge].into_iter().flatten().min();
        if let Some(deadline) = job.deadline {
            let remaining = deadline.saturating_duration_since(started);
            self.metrics.deadline_remaining.observe(remaining.as_secs_f64());
            if remaining.is_zero() {
                self.describe(&mut job.span, policy.version, waited, Some(remaining));
                self.metrics.deadline_expired.with_label_values(&["queue"]).inc();
                return self.refuse(
                    job,
                    "deadline",
                    Code::DeadlineExceeded,
                    "the deadline passed in the queue",
                );
            }
        }
        let user_deadline = job.user_deadline;
        self.handle(job, policy, started, waited).await;
        self.count_waste(started, user_deadline);
    }

    /// Runs the handler to its end, or to the end that the policy sets.
    async fn handle(&self, job: Box<Job<B>>, policy: Arc<Snapshot>, started: Instant, waited: Duration) {
        let Job { head, body, class, priority, deadline, user_deadline, mut span, mut reply, .. } = *job;
        let cancel = policy.server.cancel;
        let onset = Onset {
            policy: policy.version,
            left: deadline.map(|deadline| deadline.saturating_duration_since(started)),
            waited,
        };
        let ctx = Ctx::new(policy, deadline, user_deadline, span.context().clone(), priority);
        let mut request = Request::from_parts(head, Full::new(body));
        request.extensions_mut().insert(ctx.clone());
        let handler = self.handler.clone().oneshot(request);
        let response = tokio::select! {
            answered = handler => {
                let Ok(response) = answered;
                response
            }
            () = passed(deadline) => {
                self.metrics.deadline_expired.with_label_values(&["run"]).inc();
                (self.protocol.refuse)(Status::deadline_exceeded("the deadline passed"))
            }
            () = reply.closed(), if cancel == Cancel::All => {
                (self.protocol.refuse)(Status::cancelled("the caller has left"))
            }
        };
        let code = (self.protocol.code)(&response);
        let duration = self.metrics.duration.with_label_values(&[class, code]);
        duration.observe(started.elapsed().as_secs_f64());
        let failed = self.protocol.failed(&response);
        if span.matters(failed) {
            span.began_with(&onset);
            span.concerns(ctx.order());
            self.answered(&mut span, code);
            if failed {
                span.fail(self.protocol.said(&response));
            }
        }
        if reply.send(response).is_err() {
            self.metrics.abandoned.inc();
        }
    }

    /// Answers a job that no worker ran.
    fn refuse(&self, mut job: Box<Job<B>>, reason: &'static str, code: Code, why: &'static str) {
        self.metrics.shed(reason, priority_name(job.priority));
        job.span.fail(why);
        let response = (self.protocol.refuse)(status::not_done(Status::new(code, why)));
        let code = (self.protocol.code)(&response);
        self.metrics.duration.with_label_values(&[job.class, code]).observe(0.0);
        self.answered(&mut job.span, code);
        let _ = job.reply.send(response);
    }

    /// Drops a job whose caller has left before a worker had it. Its span says where the time went: the caller's own
    /// says no more than that it gave up.
    fn abandon(&self, mut job: Box<Job<B>>, policy: u64, waited: Duration) {
        self.metrics.shed("abandoned", priority_name(job.priority));
        self.describe(&mut job.span, policy, waited, None);
        job.span.fail("the caller has left");
    }

    /// What the span of a job that is about to be refused would have begun with.
    fn describe(&self, span: &mut Span, policy: u64, waited: Duration, left: Option<Duration>) {
        span.waited_with(&Onset { policy, left, waited });
    }

    fn answered(&self, span: &mut Span, code: &'static str) {
        if self.protocol.edge {
            span.set("http.response.status_code", code.parse().unwrap_or(0_i64));
        } else {
            span.set("rpc.response.status_code", code);
        }
    }

    /// Worker-seconds after the user had left, whatever the policy.
    fn count_waste(&self, started: Instant, user_deadline: Option<Instant>) {
        if let Some(left) = user_deadline {
            let wasted = Instant::now().saturating_duration_since(left.max(started));
            self.metrics.wasted.inc_by(wasted.as_secs_f64());
        }
    }

    fn configure(self: &Arc<Self>, policy: &Snapshot) {
        if policy.server.cancel != Cancel::Off {
            // Whoever left while nothing was cancelled is still in the queue.
            let abandoned = self.pool().take_all(|job| job.abandoned());
            for job in abandoned {
                let waited = job.span.age();
                self.abandon(job, policy.version, waited);
            }
        }
        let starts = self.pool().configure(self.now(), &policy.server);
        for start in starts {
            self.run(start);
        }
        self.show();
        self.queued.notify_one();
    }

    /// Refuses those who waited longer than the policy's `queue.wait`.
    async fn expire_queued(self: Arc<Self>) {
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
                    let version = self.policy().version;
                    for mut expired in expired {
                        self.describe(&mut expired.item.span, version, expired.waited, None);
                        self.refuse(
                            expired.item,
                            "queue_wait",
                            Code::Unavailable,
                            "waited too long in the queue",
                        );
                    }
                    self.show();
                }
            }
        }
    }

    fn show(&self) {
        let pool = self.pool();
        self.count_busy(pool.busy());
        self.metrics.busy.set(i64::from(pool.busy()));
        self.metrics.limit.set(i64::from(pool.workers()));
        self.metrics.depth.set(i64::try_from(pool.queued()).unwrap_or(i64::MAX));
        self.metrics.capacity.set(i64::from(pool.queue_limit()));
    }

    /// Adds the busy time since the last change of the pool.
    fn count_busy(&self, busy: u32) {
        let now = self.now();
        let mut counted = self.counted.lock().expect("no panic while busy time is counted");
        let passed = now.saturating_sub(counted.until);
        self.metrics.busy_seconds.inc_by(passed.as_secs_f64() * f64::from(counted.busy));
        *counted = Counted { until: now, busy };
    }

    fn now(&self) -> Duration {
        self.epoch.elapsed()
    }

    fn fill(&self) -> Fill {
        let pool = self.pool();
        Fill {
            workers: pool.workers(),
            busy: pool.busy(),
            queued: pool.queued(),
            capacity: pool.queue_limit(),
        }
    }

    fn pool(&self) -> MutexGuard<'_, Pool<Box<Job<B>>>> {
        self.pool.lock().expect("no panic in the pool's accounting")
    }
}

/// Waits for an instant; for ever when there is none.
async fn passed(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

fn priority_name(priority: Priority) -> &'static str {
    match priority {
        Priority::Normal => "normal",
        Priority::Background => "background",
    }
}

/// A busy worker. Freed when dropped, so also by a handler that panics.
struct Busy<S, B>
where
    S: Handler<B>,
    B: Body + Send + 'static,
{
    workers: Arc<Workers<S, B>>,
    class: Arc<str>,
}

impl<S, B> Drop for Busy<S, B>
where
    S: Handler<B>,
    B: Body + Send + 'static,
{
    fn drop(&mut self) {
        let starts = self.workers.pool().finish(self.workers.now(), &self.class);
        for start in starts {
            self.workers.run(start);
        }
        self.workers.show();
    }
}

struct QueuePlace<S, B>
where
    S: Handler<B>,
    B: Body + Send + 'static,
{
    workers: Arc<Workers<S, B>>,
    ticket: Option<Ticket>,
}

impl<S, B> Place for QueuePlace<S, B>
where
    S: Handler<B>,
    B: Body + Send + 'static,
{
    fn keep(mut self: Box<Self>) {
        self.ticket = None;
    }
}

impl<S, B> Drop for QueuePlace<S, B>
where
    S: Handler<B>,
    B: Body + Send + 'static,
{
    fn drop(&mut self) {
        let Some(ticket) = self.ticket.take() else { return };
        let policy = self.workers.policy();
        if policy.server.cancel == Cancel::Off {
            return;
        }
        let abandoned = self.workers.pool().take(ticket);
        if let Some(job) = abandoned {
            let waited = job.span.age();
            self.workers.abandon(job, policy.version, waited);
        }
        self.workers.show();
    }
}

#[cfg(test)]
mod tests;
