//! What is left of the way to the wire.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use resilience::Call;
use resilience::layers::Layer;
use tokio::time::Instant;

use super::balance::Tried;
use super::{
    attempt_timeout, balance, breaker, bulkhead, concurrency, fallback, hedge, retry, throttle, total_timeout,
};
use crate::client::attempt::{self, Attempt, Template};
use crate::client::connection::Peer;
use crate::client::edge::Edge;
use crate::client::{Answer, Connections, Failure};
use crate::context::Ctx;
use crate::trace::Recorder;

/// One call on its way: the same for all of its attempts.
pub(crate) struct Exchange<'a> {
    pub(crate) edge: &'a Arc<Edge>,
    pub(crate) connections: &'a Connections,
    pub(crate) recorder: &'a Recorder,
    pub(crate) policy: &'a Call,
    pub(crate) template: &'a Template,
    pub(crate) ctx: &'a Ctx,
}

/// The layers that are still to be passed, and what those that were passed have decided. A copy is another attempt.
#[derive(Clone, Copy)]
pub(crate) struct Next<'a> {
    pub(crate) call: &'a Exchange<'a>,
    pub(in crate::client) outer: &'a [Layer],
    pub(in crate::client) inner: &'a [Layer],
    /// The attempt that this is a part of, once it has begun.
    pub(crate) attempt: Option<&'a Attempt<'a>>,
    /// Attempts of the call before this one.
    pub(crate) resends: u32,
    /// Whether a layer above holds this call's place in the bulkhead.
    pub(crate) placed: bool,
    /// The instance to ask; none = in turn.
    pub(crate) peer: Option<&'a Peer>,
    /// The instances that a layer above has asked already.
    pub(in crate::client) tried: Option<&'a Tried>,
    /// The timer above that gives up first.
    pub(in crate::client) until: Option<Until>,
}

/// A timer of this call.
#[derive(Clone, Copy)]
pub(in crate::client) struct Until {
    pub(in crate::client) at: Instant,
    /// What it says then.
    pub(in crate::client) said: &'static str,
    /// It stands around the attempts, and would drop the one that is out without a word.
    pub(in crate::client) outside: bool,
}

/// What a layer answers with. Boxed: in an outage ten thousand of them wait, and each layer then holds a pointer instead
/// of room for a copy of what is below it.
pub(crate) type Answering<'a> = Pin<Box<dyn Future<Output = Result<Answer, Failure>> + Send + 'a>>;

impl<'a> Next<'a> {
    pub(crate) fn new(call: &'a Exchange<'a>) -> Self {
        let stack = &call.policy.stack;
        let (outer, inner) = (stack.outer.as_slice(), stack.inner.as_slice());
        Self {
            call,
            outer,
            inner,
            attempt: None,
            resends: 0,
            placed: false,
            peer: None,
            tried: None,
            until: None,
        }
    }

    /// Passes the next layer, and so all of them.
    pub(crate) fn run(self) -> Answering<'a> {
        if let Some((layer, outer)) = self.outer.split_first() {
            return Next { outer, ..self }.pass(*layer);
        }
        if self.attempt.is_none() {
            return Box::pin(attempt::begin(self));
        }
        match self.inner.split_first() {
            Some((layer, inner)) => Next { inner, ..self }.pass(*layer),
            None => Box::pin(attempt::send(self)),
        }
    }

    fn pass(self, layer: Layer) -> Answering<'a> {
        match layer {
            Layer::TotalTimeout => Box::pin(total_timeout::layer(self)),
            Layer::Retry => Box::pin(retry::layer(self)),
            Layer::Breaker => Box::pin(breaker::layer(self)),
            Layer::Bulkhead => Box::pin(bulkhead::layer(self)),
            Layer::AttemptTimeout => Box::pin(attempt_timeout::layer(self)),
            Layer::Throttle => Box::pin(throttle::layer(self)),
            Layer::Concurrency => Box::pin(concurrency::layer(self)),
            Layer::Hedge => Box::pin(hedge::layer(self)),
            Layer::Balance => Box::pin(balance::layer(self)),
            Layer::Fallback => Box::pin(fallback::layer(self)),
        }
    }

    /// The rest, given up after `limit`.
    pub(crate) async fn within(mut self, limit: Duration, what: &'static str) -> Result<Answer, Failure> {
        let end = Instant::now() + limit;
        if self.until.is_none_or(|until| end < until.at) {
            self.until = Some(Until { at: end, said: what, outside: self.attempt.is_none() });
        }
        tokio::time::timeout_at(end, self.run()).await.unwrap_or_else(|_| Err(Failure::timeout(what)))
    }

    /// What is left of the deadline that this service keeps, and of the timers above.
    pub(crate) fn left(&self) -> Option<Duration> {
        [self.call.ctx.remaining(), self.ours()].into_iter().flatten().min()
    }

    /// What is left of the timers above.
    pub(crate) fn ours(&self) -> Option<Duration> {
        self.until.map(|until| until.at.saturating_duration_since(Instant::now()))
    }

    /// Whether the time of the whole call is over: the deadline's, or that of a timer around its attempts.
    pub(crate) fn is_over(&self) -> bool {
        let outside = self.until.filter(|until| until.outside).map(|until| until.at);
        self.call.ctx.remaining().is_some_and(|left| left.is_zero())
            || outside.is_some_and(|at| at <= Instant::now())
    }

    /// How long the callee is told that it has: the request's deadline, and with `propagate` the timers of this call.
    pub(crate) fn told(&self) -> Option<Duration> {
        let ours = self.ours().filter(|_| self.call.policy.propagate);
        [self.call.ctx.told(), ours].into_iter().flatten().min()
    }
}

#[cfg(test)]
mod tests;
