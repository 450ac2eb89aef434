//! What a job holds: a place in the queue, then a worker. Given back when
//! dropped, so also by a handler that panics.

use std::sync::Arc;

use http_body::Body;
use resilience::concurrency::{Outcome, Permit};
use resilience::policy::Cancel;
use resilience::pool::Ticket;

use super::{Handler, Workers};

/// A place in the queue, given up when dropped if the policy cancels queued work.
pub(crate) trait Place: Send {
    /// The job has been answered; there is nothing to give up.
    fn keep(self: Box<Self>);
}

/// A busy worker.
pub(super) struct Busy<S, B>
where
    S: Handler<B>,
    B: Body + Send + 'static,
{
    workers: Arc<Workers<S, B>>,
    class: Arc<str>,
    permit: Option<Permit>,
    /// How the run ended, for what is learned of it. A panic is a failure.
    pub(super) outcome: Outcome,
}

impl<S, B> Busy<S, B>
where
    S: Handler<B>,
    B: Body + Send + 'static,
{
    pub(super) fn new(workers: Arc<Workers<S, B>>, class: Arc<str>) -> Self {
        let permit = workers.learned.begin(workers.now());
        Self { workers, class, permit, outcome: Outcome::Failed }
    }
}

impl<S, B> Drop for Busy<S, B>
where
    S: Handler<B>,
    B: Body + Send + 'static,
{
    fn drop(&mut self) {
        let changed =
            self.workers.learned.end(self.permit.take(), &self.class, self.workers.now(), self.outcome);
        self.workers.limit_to(changed);
        let turn = self.workers.pool().finish(self.workers.now(), &self.class);
        self.workers.obey(turn);
        self.workers.show();
    }
}

/// A waiting job's place.
pub(super) struct QueuePlace<S, B>
where
    S: Handler<B>,
    B: Body + Send + 'static,
{
    workers: Arc<Workers<S, B>>,
    ticket: Option<Ticket>,
}

impl<S, B> QueuePlace<S, B>
where
    S: Handler<B>,
    B: Body + Send + 'static,
{
    pub(super) fn new(workers: Arc<Workers<S, B>>, ticket: Ticket) -> Self {
        Self { workers, ticket: Some(ticket) }
    }
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
