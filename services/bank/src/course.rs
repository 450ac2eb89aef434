//! The course of one call, from receipt to answer.
//!
//! ```text
//! receipt -> commit ----(until receipt + latency)----> answer
//!                  \--(hang: until let go, or the caller has left)
//! ```
//!
//! A task of its own: a caller who leaves takes nothing back, and the bank's
//! work goes on to its end, as it does at any bank. It keeps only what it
//! needs, since thousands may be under way.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use bytes::Bytes;
use fault::{Outcome, Path, Region, Span, WrongAmount};
use process::Timer;
use serde_json::json;
use tokio::sync::oneshot;

use crate::effects::{self, Drops};
use crate::faults::{Faults, Treatment};
use crate::flags::Flags;
use crate::latency;
use crate::ledger::Ledger;
use crate::metrics::Metrics;
use crate::record::{Hit, Money};
use crate::trace;

/// What every call needs of the bank.
pub(crate) struct Bank {
    pub(crate) flags: Flags,
    pub(crate) faults: Faults,
    pub(crate) ledger: Ledger,
    pub(crate) metrics: Metrics,
    pub(crate) timer: Timer,
    /// The lab's seed; 0 before a controller has said one.
    pub(crate) seed: Box<dyn Fn() -> u64 + Send + Sync>,
    pub(crate) recorder: trace::Recorder,
    /// Zero of the clock that faults and leases are on.
    pub(crate) start: Instant,
}

/// One call: what its draws are named by, and when it came.
pub(crate) struct Call {
    pub(crate) path: Path,
    /// Where it came in.
    pub(crate) region: Region,
    pub(crate) key: String,
    pub(crate) attempt: u32,
    pub(crate) received: Instant,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Bytes,
    /// What was asked for and what was charged, if this call charged.
    pub(crate) money: Option<Money>,
    /// Seconds after which the caller may come again.
    pub(crate) retry_after: Option<u64>,
    pub(crate) manner: Manner,
}

/// How an answer leaves.
pub(crate) enum Manner {
    Whole,
    Dripping(Drops),
    /// Not at all.
    BrokenOff,
}

/// The status recorded where the caller left before there was an answer.
const CALLER_LEFT: u16 = 499;

impl Bank {
    pub(crate) fn now(&self) -> Duration {
        self.start.elapsed()
    }

    /// Starts the course of a call. `act` is what it asks for; it is not run if
    /// a fault refuses the call. A call without a `span` (a dry run) is not seen
    /// in the metrics either: they would show anybody when this bank is probed.
    pub(crate) fn take<F, A>(
        self: Arc<Self>,
        call: Call,
        mut span: Option<trace::Span>,
        act: F,
    ) -> oneshot::Receiver<Answer>
    where
        F: FnOnce(Option<WrongAmount>) -> A + Send + 'static,
        A: Future<Output = Answer> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let active = span.is_some().then(|| self.metrics.active());
        tokio::spawn(async move {
            let status = self.course(&call, act, answer).await;
            if let Some(span) = &mut span {
                self.metrics.answered(status, call.received.elapsed());
                span.answered(&call.key, status);
            }
            drop(active);
        });
        answered
    }

    async fn course<F, A>(&self, call: &Call, act: F, mut answer: oneshot::Sender<Answer>) -> u16
    where
        F: FnOnce(Option<WrongAmount>) -> A,
        A: Future<Output = Answer>,
    {
        let seed = (self.seed)();
        let since_start = call.received.saturating_duration_since(self.start);
        let Treatment { latency, outcome } = self.faults.treatment(since_start, seed, call);
        let hangs = matches!(outcome, Some((Outcome::Hang(_), _)));
        let (result, hit) = match outcome {
            Some((outcome, hit)) => effects::answer(outcome, hit, &self.timer, act).await,
            None => (act(None).await, None),
        };
        match &latency {
            Some((requested, hit)) => self.deliver(call, *requested, hit).await,
            None => {
                let own = latency::own(&self.flags, (call.path, call.region), seed, &call.key, call.attempt);
                self.timer.sleep_until(call.received + own).await;
            }
        }
        if let Some(hit) = hit.as_ref().filter(|_| hangs) {
            tokio::select! {
                () = hit.let_go() => hit.aborted(),
                () = answer.closed() => {}
            }
        }
        let hits = latency.iter().map(|(_, hit)| hit).chain(hit.iter());
        // Of an exchange that broke off the bank knows no more than that its caller is gone.
        let status = if result.is_broken_off() { CALLER_LEFT } else { result.status.as_u16() };
        if answer.send(result).is_ok() {
            return status;
        }
        hits.for_each(Hit::abandoned);
        CALLER_LEFT
    }

    /// Waits out an injected latency, or until the call is let go.
    async fn deliver(&self, call: &Call, requested: Duration, hit: &Hit) {
        tokio::select! {
            biased;
            () = self.timer.sleep_until(call.received + requested) => {
                hit.delivered(requested, call.received.elapsed());
            }
            () = hit.let_go() => hit.aborted(),
        }
    }
}

impl Answer {
    pub(crate) fn json(status: StatusCode, body: &impl serde::Serialize) -> Self {
        let body = serde_json::to_vec(body).expect("answers are plain maps, lists and strings");
        Self { status, body: body.into(), money: None, retry_after: None, manner: Manner::Whole }
    }

    /// The same, and when to come again, in the whole seconds that the header has.
    pub(crate) fn retry_after(mut self, after: Option<Span>) -> Self {
        self.retry_after = after.map(|after| after.get().as_secs_f64().ceil() as u64);
        self
    }

    pub(crate) fn dripping(mut self, drops: Drops) -> Self {
        self.manner = Manner::Dripping(drops);
        self
    }

    /// No answer: the exchange ends without one.
    pub(crate) fn broken_off() -> Self {
        Self { manner: Manner::BrokenOff, ..Self::failure(500) }
    }

    fn is_broken_off(&self) -> bool {
        matches!(self.manner, Manner::BrokenOff)
    }

    /// What a failing bank says, which is not why.
    pub(crate) fn failure(status: u16) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self::json(status, &json!({"error": "the bank could not answer"}))
    }

    pub(crate) fn refusal(why: &str) -> Self {
        Self::json(StatusCode::BAD_REQUEST, &json!({"error": why}))
    }
}
