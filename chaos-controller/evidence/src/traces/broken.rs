//! The first broken edge: of all that failed or waited in a trace, the deepest call that the failures above descend
//! from. An outage is shown where users are (frontend 504, cart 504, order 503); it waits somewhere else.
//!
//! ```text
//! frontend --504--> cart --gave up at 3 s--> order -> payment -> bank ............ 30 s
//!                                              ^ what was it doing at 3 s?   ^ and it?   -> payment -> bank
//! ```
//!
//! From the root down: into the call whose failure ended last before the span's own; where a caller gave up, into
//! what the callee was waiting for *at that moment*, however well it ended half a minute later. A request that did not
//! fail and was slow is followed into the call that took most of it.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::critical;
use super::span::{Kind, SpanId, Trace};
use super::tree::{Call, Tree};

/// A request that took so long is worth a diagnosis though it did not fail: as the sampling rule has it.
const SLOW_NS: u64 = 1_000_000_000;

/// A call, and what was wrong with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BrokenEdge {
    /// Who called; `its user` where users come in.
    pub caller: String,
    /// Who was called.
    pub callee: String,
    /// What was asked for.
    pub operation: String,
    /// What was wrong.
    pub how: How,
    /// Nanoseconds from the first attempt to the end of the last; for a queue, those spent in it.
    pub took_ns: u64,
    /// Attempts.
    pub attempts: u32,
    /// The code, or the kind of failure, if there was one.
    pub status: Option<String>,
    /// What was said of it; empty if nothing.
    pub message: String,
    /// The span that shows it: the last attempt, or the callee's own.
    pub span: SpanId,
}

/// What can be wrong with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// The callee answers, late.
    Slow,
    /// It waited in the callee's queue for a worker.
    Queued,
    /// The caller gave up before there was an answer.
    GaveUp,
    /// The callee answered with a failure of its own making.
    Failed,
    /// Nothing was sent: breaker, bulkhead or kill switch.
    NotSent,
    /// No connection, or a broken one.
    Unreachable,
}

/// The first broken edge of a trace that failed, was slow, or hid a failure behind a fallback or a retry; `None` for a
/// trace that is well.
#[must_use]
pub fn first_broken_edge(trace: &Trace) -> Option<BrokenEdge> {
    let tree = Tree::of(trace);
    let root = critical::start(&tree)?;
    let sick = |span: usize| tree.spans[span].error || tree.spans[span].took_ns() >= SLOW_NS;
    // Hidden from the user is not hidden from us: then from the first failure, from above.
    let from = if sick(root) { root } else { (0..tree.spans.len()).find(|span| tree.spans[*span].error)? };
    let span = &tree.spans[from];
    if span.kind == Kind::Client {
        return Some(into(&tree, &Call { attempts: vec![from] }, u64::MAX));
    }
    Some(below(&tree, from, span.end_unix_ns).unwrap_or_else(|| BrokenEdge {
        caller: caller(&tree, from),
        callee: span.service.clone(),
        operation: span.name.clone(),
        how: if !span.error {
            How::Slow
        } else if mostly(span.queue_ns(), span.took_ns()) {
            How::Queued
        } else {
            How::Failed
        },
        took_ns: span.took_ns(),
        attempts: 1,
        status: span.error.then(|| span.status()).flatten(),
        message: span.message.clone(),
        span: span.span,
    }))
}

/// Who called a span at the top: nobody we know is a user, a parent that did not come is somebody.
fn caller(tree: &Tree<'_>, span: usize) -> String {
    let span = &tree.spans[span];
    let parent = span.parent.and_then(|id| tree.spans.iter().find(|other| other.span == id));
    match (span.parent, parent) {
        (None, _) => "its user".to_owned(),
        (Some(_), Some(parent)) => parent.service.clone(),
        (Some(_), None) => "an unknown caller".to_owned(),
    }
}

/// The call of a serving span that it failed by, or was waiting for at `until`.
fn below(tree: &Tree<'_>, span: usize, until: u64) -> Option<BrokenEdge> {
    let served = &tree.spans[span];
    let until = until.min(served.end_unix_ns);
    let calls: Vec<Call> = tree
        .calls(span)
        .into_iter()
        .filter_map(|mut call| {
            call.attempts.retain(|attempt| tree.spans[*attempt].start_unix_ns < until);
            (!call.attempts.is_empty()).then_some(call)
        })
        .collect();
    let last = |call: &Call| &tree.spans[call.attempts[call.attempts.len() - 1]];
    let first = |call: &Call| &tree.spans[call.attempts[0]];
    let waiting = calls.iter().filter(|call| last(call).end_unix_ns >= until && served.end_unix_ns > until);
    let failed = calls.iter().filter(|call| last(call).error && last(call).end_unix_ns <= until);
    let long = |call: &&Call| last(call).end_unix_ns.min(until).saturating_sub(first(call).start_unix_ns);
    let failed = failed.max_by_key(|call| last(call).end_unix_ns);
    // A caller that gave up meets the callee in the middle of something.
    let found = waiting.max_by_key(long).or(failed).or_else(|| {
        calls.iter().filter(|call| mostly(long(call), until - served.start_unix_ns)).max_by_key(long)
    });
    // A server that failed by itself is not excused by a call that merely took its time.
    let excused = |call: &&Call| {
        served.error && served.end_unix_ns <= until && !last(call).error && long(call) < SLOW_NS
    };
    found.filter(|call| !excused(call)).map(|call| into(tree, call, until))
}

/// This call, or what broke below it.
fn into(tree: &Tree<'_>, call: &Call, until: u64) -> BrokenEdge {
    let place = call.attempts[call.attempts.len() - 1];
    let attempt = &tree.spans[place];
    let first = &tree.spans[call.attempts[0]];
    let until = attempt.end_unix_ns.min(until);
    let served = tree.served(place);
    if let Some(deeper) = served.and_then(|served| below(tree, served, until)) {
        return deeper;
    }
    let callee = served.map(|served| &tree.spans[served]);
    let kind = attempt.text("error.type").unwrap_or_default();
    let waited = until.saturating_sub(attempt.start_unix_ns);
    let queued = callee.map_or(0, |callee| callee.queue_ns().min(waited));
    let failed_there = callee.is_some_and(|callee| callee.error && callee.end_unix_ns <= until);
    let how = match kind {
        "rejected" => How::NotSent,
        "unreachable" | "broken" => How::Unreachable,
        _ if mostly(queued, waited) => How::Queued,
        _ if failed_there => How::Failed,
        "timeout" | "cancelled" => How::GaveUp,
        // Recordings without the kind of failure: a callee that was still at it says as much.
        "" if attempt.error && callee.is_some_and(|callee| callee.end_unix_ns > attempt.end_unix_ns) => {
            How::GaveUp
        }
        _ if attempt.error => How::Failed,
        _ => How::Slow,
    };
    let (status, message) = match callee.filter(|_| failed_there) {
        Some(callee) => {
            (callee.status(), [&callee.message, &attempt.message].into_iter().find(|m| !m.is_empty()))
        }
        None => (
            attempt.error.then(|| attempt.status().unwrap_or_else(|| kind.to_owned())),
            Some(&attempt.message),
        ),
    };
    BrokenEdge {
        caller: attempt.service.clone(),
        callee: tree.callee(place),
        operation: attempt.called().map_or(attempt.name.as_str(), |(_, method)| method).to_owned(),
        how,
        took_ns: if how == How::Queued {
            queued
        } else {
            attempt.end_unix_ns.saturating_sub(first.start_unix_ns)
        },
        attempts: call.attempts.len() as u32,
        status: status.filter(|status| !status.is_empty()),
        message: message.cloned().unwrap_or_default(),
        span: attempt.span,
    }
}

fn mostly(part: u64, whole: u64) -> bool {
    part > 0 && part.saturating_mul(2) >= whole
}

impl fmt::Display for BrokenEdge {
    /// One sentence, such as `payment waits for bank: charge took 30.0 s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { caller, callee, operation, .. } = self;
        let took = short(self.took_ns);
        let tries =
            if self.attempts > 1 { format!(" and {} attempts", self.attempts) } else { String::new() };
        let said = if self.message.is_empty() { String::new() } else { format!(": {}", self.message) };
        match (self.how, self.status.as_deref()) {
            (How::Slow, _) => write!(f, "{caller} waits for {callee}: {operation} took {took}{tries}"),
            (How::Queued, _) => {
                write!(f, "{caller} waits in {callee}'s queue: {operation} had no worker for {took}{tries}")
            }
            (How::GaveUp, _) => {
                write!(f, "{caller} gave up on {callee}: no answer to {operation} in {took}{tries}")
            }
            (How::Failed, Some(status)) => {
                write!(f, "{callee} answered {caller} with {status}{said} ({operation}, after {took}{tries})")
            }
            (How::Failed, None) => {
                write!(f, "{callee} failed {caller}{said} ({operation}, after {took}{tries})")
            }
            (How::NotSent, _) => write!(f, "{caller} did not call {callee}{said} ({operation})"),
            (How::Unreachable, _) => {
                write!(f, "{caller} could not reach {callee}{said} ({operation}, after {took}{tries})")
            }
        }
    }
}

/// `30.0 s`, `412 ms`, `0.3 ms`.
fn short(ns: u64) -> String {
    let took = Duration::from_nanos(ns);
    match took.as_secs_f64() {
        s if s >= 1.0 => format!("{s:.1} s"),
        s if s >= 0.01 => format!("{:.0} ms", s * 1e3),
        s => format!("{:.1} ms", s * 1e3),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testbed::{checkout, client, incident, server, trace};
    use super::*;

    fn words(spans: Vec<super::super::span::Span>) -> String {
        first_broken_edge(&trace(spans)).map_or_else(|| "well".to_owned(), |edge| edge.to_string())
    }

    /// Order calls payment, `name` says with what attempt and what payment recorded.
    fn order_calls_payment(
        attempt: super::super::span::Span,
        served: Option<super::super::span::Span>,
    ) -> String {
        let end = (attempt.end_unix_ns % 100_000_000_000) / 1_000_000;
        let root = server(1, 1, 0, "order", "Checkout", 0, end.max(1) + 1).failing("UNAVAILABLE", "");
        words([root, attempt].into_iter().chain(served).collect())
    }

    #[test]
    fn a_clean_checkout_is_well() {
        assert_eq!(words(checkout(1)), "well");
    }

    #[test]
    fn the_incident_is_the_bank_and_not_where_it_is_shown() {
        assert_eq!(words(incident(1)), "payment waits for bank: charge took 30.0 s");
    }

    #[test]
    fn a_slow_request_that_ends_well_waits_somewhere_too() {
        let mut spans = incident(1);
        for span in &mut spans {
            span.error = false;
            span.end_unix_ns = span
                .end_unix_ns
                .max(span.start_unix_ns + 30_000_000_000 * u64::from(span.span.0 != 6 && span.span.0 != 7));
        }
        assert_eq!(words(spans), "payment waits for bank: charge took 30.0 s");
    }

    #[test]
    fn what_waits_in_a_queue_is_the_queue_s() {
        let attempt =
            client(1, 2, 1, "order", "payment.Charge", 1, 2_000).failing("timeout", "no answer in time");
        let served = server(1, 3, 2, "payment", "Charge", 2, 9_000).with("queue.wait_ms", 6_000);
        assert_eq!(
            order_calls_payment(attempt, Some(served)),
            "order waits in payment's queue: Charge had no worker for 2.0 s"
        );
    }

    #[test]
    fn a_refusal_names_who_refused() {
        let attempt =
            client(1, 2, 1, "order", "payment.Charge", 1, 3).failing("unavailable", "queue is full");
        let served = server(1, 3, 2, "payment", "Charge", 2, 2)
            .failing("RESOURCE_EXHAUSTED", "queue is full")
            .with("rpc.response.status_code", "RESOURCE_EXHAUSTED");
        assert_eq!(
            order_calls_payment(attempt, Some(served)),
            "payment answered order with RESOURCE_EXHAUSTED: queue is full (Charge, after 2.0 ms)"
        );
    }

    #[test]
    fn an_open_breaker_is_a_call_not_sent() {
        let attempt = client(1, 2, 1, "payment", "bank.charge", 1, 1).failing("rejected", "breaker is open");
        assert_eq!(order_calls_payment(attempt, None), "payment did not call bank: breaker is open (charge)");
    }

    #[test]
    fn retries_that_all_timed_out_are_counted() {
        let attempt = |span, start: u64, n: u32| {
            client(1, span, 1, "order", "payment.Charge", start, start + 400)
                .failing("timeout", "no answer in time")
                .with("http.request.resend_count", n)
        };
        let root = server(1, 1, 0, "order", "Checkout", 0, 1_300).failing("DEADLINE_EXCEEDED", "");
        let text = words(vec![root, attempt(2, 0, 0), attempt(3, 410, 1), attempt(4, 830, 2)]);
        assert_eq!(text, "order gave up on payment: no answer to Charge in 1.2 s and 3 attempts");
    }

    #[test]
    fn a_failure_that_a_fallback_hid_is_still_found() {
        let mut spans = checkout(1);
        spans[9] = client(1, 10, 9, "payment", "bank.charge", 7, 407).failing("timeout", "no answer in time");
        spans.remove(10);
        assert!(words(spans).starts_with("payment gave up on bank"));
    }

    #[test]
    fn a_root_that_failed_by_itself_is_the_users_edge() {
        let root = server(1, 1, 0, "frontend", "/api/checkout", 0, 1)
            .failing("503", "")
            .with("http.response.status_code", "503");
        assert_eq!(words(vec![root]), "frontend answered its user with 503 (/api/checkout, after 1.0 ms)");
    }
}
