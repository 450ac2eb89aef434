//! The workers: a job is offered to the pool, which says what starts, what
//! waits and what is refused; here it is carried out.
//!
//! Running a job is in `run`, answering one that never runs in `refuse`, what
//! gives a worker or a place back in `guard`, and the gauges in `load`.

mod guard;
mod learned;
mod load;
mod refuse;
mod run;

use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::Full;
use resilience::Snapshot;
use resilience::policy::Cancel;
use resilience::pool::{Offer, Pool, Turn};
use tokio::sync::Notify;
use tokio::time::Instant;
use tower::Service;

use crate::metrics::ServerMetrics;
use crate::policy::LivePolicy;
use crate::server::job::Job;
use crate::server::overflow::Overflow;
use crate::server::protocol::Protocol;
use crate::trace::Recorder;
pub(crate) use guard::Place;
use guard::QueuePlace;
use learned::Learned;
use load::Counted;

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
    learned: Learned,
    queued: Notify,
    overflow: Overflow,
}

/// What became of an offered job that was not refused.
pub(crate) enum Admitted {
    /// It runs, or its refusal is on its way to the caller.
    Started,
    Queued(Box<dyn Place>),
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
            learned: Learned::new(metrics.concurrency.clone()),
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
        let deadline = job.deadline.map(|deadline| deadline.saturating_duration_since(self.epoch));
        self.limit_to(self.learned.passed(self.now()));
        let (offer, expires) = {
            let mut pool = self.pool();
            (pool.offer(self.now(), job, class, priority, deadline), pool.expires())
        };
        let admitted = match offer {
            Offer::Start(start) => {
                self.run(start);
                Admitted::Started
            }
            Offer::Queued(ticket) => {
                if expires {
                    self.queued.notify_one();
                }
                Admitted::Queued(Box::new(QueuePlace::new(Arc::clone(self), ticket)))
            }
            Offer::Refused(refused) => {
                self.refuse(refused);
                self.show();
                return Admitted::Started;
            }
        };
        self.overflow.passed(|| self.now());
        self.show();
        admitted
    }

    /// Carries out what the pool decided.
    fn obey(self: &Arc<Self>, turn: Turn<Box<Job<B>>>) {
        for start in turn.starts {
            self.run(start);
        }
        for refused in turn.refused {
            self.refuse(refused);
        }
    }

    /// Tells the pool of a limit that was just learned.
    fn limit_to(self: &Arc<Self>, changed: Option<u32>) {
        if changed.is_some() {
            let turn = self.pool().set_concurrency(self.now(), changed);
            self.obey(turn);
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
        let now = self.now();
        let turn = self.pool().configure(now, &policy.server);
        self.obey(turn);
        let limit = self.learned.configure(policy.server.concurrency.as_ref(), now);
        let turn = self.pool().set_concurrency(now, limit);
        self.obey(turn);
        self.show();
        self.queued.notify_one();
    }

    fn now(&self) -> Duration {
        self.epoch.elapsed()
    }

    fn pool(&self) -> MutexGuard<'_, Pool<Box<Job<B>>>> {
        self.pool.lock().expect("no panic in the pool's accounting")
    }
}

#[cfg(test)]
mod tests;
