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
//!
//! A queue is not the end of it: whoever waited in it may have been let in at last, and then shows what all the workers
//! before it were held by. Where a callee has not told, the answer is one so far, and says so.

use serde::{Deserialize, Serialize};

use super::critical;
use super::span::{Kind, SpanId, Trace};
use super::tree::{Call, Tree};

/// A request that took so long is worth a diagnosis though it did not fail: as the sampling rule has it.
pub(super) const SLOW_NS: u64 = 1_000_000_000;
/// Where users come in; who calls others without a parent is no user.
pub(super) const ENTRY: &str = "frontend";
const UNKNOWN: &str = "its caller";

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
    /// Calls between the user and the callee.
    #[serde(default)]
    pub depth: usize,
    /// The wait for a worker that the caller's own request had before it called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Wait>,
    /// Who has not told yet, though it may know better: still running, or not kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub untold: Option<String>,
}

/// A wait for a worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Wait {
    /// What waited.
    pub operation: String,
    /// How long, in nanoseconds.
    pub took_ns: u64,
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
    Some(below(&tree, from, span.end_unix_ns).unwrap_or_else(|| own(&tree, from)))
}

/// A span that nothing below it explains.
fn own(tree: &Tree<'_>, place: usize) -> BrokenEdge {
    let span = &tree.spans[place];
    let queued = mostly(span.queue_ns(), span.took_ns());
    BrokenEdge {
        caller: caller(tree, place),
        callee: span.service.clone(),
        operation: span.name.clone(),
        how: match (queued, span.error) {
            (true, _) => How::Queued,
            (false, true) => How::Failed,
            (false, false) => How::Slow,
        },
        took_ns: if queued { span.queue_ns() } else { span.took_ns() },
        attempts: 1,
        status: span.error.then(|| span.status()).flatten(),
        message: span.message.clone(),
        span: span.span,
        depth: tree.depth(place),
        before: None,
        untold: None,
    }
}

/// Who called a span at the top: where users come in it is a user, a parent that did not come is somebody.
fn caller(tree: &Tree<'_>, span: usize) -> String {
    let span = &tree.spans[span];
    let parent = span.parent.and_then(|id| tree.spans.iter().find(|other| other.span == id));
    match (span.parent, parent) {
        (None, _) if span.service == ENTRY => "its user".to_owned(),
        (Some(_), Some(parent)) => parent.service.clone(),
        _ => UNKNOWN.to_owned(),
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
    let whole = |call: &Call| last(call).end_unix_ns.saturating_sub(first(call).start_unix_ns);
    let waited = until.saturating_sub(served.start_unix_ns);
    let queued = served.queue_ns().min(waited);
    let waiting = calls.iter().filter(|call| last(call).end_unix_ns >= until && served.end_unix_ns > until);
    let failed = calls.iter().filter(|call| last(call).error && last(call).end_unix_ns <= until);
    let long = |call: &Call| last(call).end_unix_ns.min(until).saturating_sub(first(call).start_unix_ns);
    let failed = failed.max_by_key(|call| last(call).end_unix_ns);
    let held = |call: &&Call| {
        mostly(long(call), waited) || long(call) >= SLOW_NS && mostly(long(call), waited - queued)
    };
    // A caller that gave up meets the callee in the middle of something.
    let found = waiting
        .max_by_key(|call| long(call))
        .or(failed)
        .or_else(|| calls.iter().filter(held).max_by_key(|call| long(call)));
    // A server that failed by itself is not excused by a call that merely took its time.
    let excused = |call: &&Call| {
        served.error && served.end_unix_ns <= until && !last(call).error && long(call) < SLOW_NS
    };
    // After a long queue there was no time left for a call, however well it went.
    let hurried = |call: &&Call| {
        let given_up = matches!(last(call).text("error.type"), Some("timeout" | "cancelled"));
        mostly(queued, waited) && whole(call) < SLOW_NS && (!last(call).error || given_up)
    };
    let found = found.filter(|call| !excused(call) && !hurried(call)).cloned().map(|call| (call, until));
    // Its caller had left when it came out of the queue: what it did then holds the workers all the same.
    let late = || {
        let calls = tree.calls(span).into_iter().filter(|call| whole(call) >= SLOW_NS);
        let longest = calls.filter(|_| mostly(queued, waited)).max_by_key(whole);
        longest.map(|call| (call, u64::MAX))
    };
    let (call, until) = found.or_else(late)?;
    let mut edge = into(tree, &call, until);
    if served.queue_ns() >= SLOW_NS && call.attempts.iter().any(|place| tree.spans[*place].span == edge.span)
    {
        edge.before = Some(Wait { operation: served.name.clone(), took_ns: served.queue_ns() });
    }
    Some(edge)
}

/// What is known of a call whose callee has not told, from those that it called.
fn guessed(tree: &Tree<'_>, attempt: usize) -> Option<BrokenEdge> {
    let long = |place: &usize| tree.spans[*place].took_ns();
    let sick = |place: &usize| long(place) >= SLOW_NS || mostly(long(place), long(&attempt));
    let place = tree.adopted(attempt).iter().copied().filter(sick).max_by_key(long)?;
    if tree.spans[place].kind == Kind::Client {
        return Some(into(tree, &Call { attempts: vec![place] }, u64::MAX));
    }
    Some(below(tree, place, tree.spans[place].end_unix_ns).unwrap_or_else(|| own(tree, place)))
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
    let silent = tree.untold(place).then(|| tree.callee(place));
    if let Some(deeper) = silent.as_ref().and_then(|_| guessed(tree, place)) {
        return BrokenEdge { untold: silent, depth: deeper.depth + tree.depth(place), ..deeper };
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
            // `answered` is the kind of a failure whose code only the callee would have told.
            attempt.error.then(|| attempt.status().unwrap_or_else(|| kind.replace("answered", ""))),
            Some(&attempt.message),
        ),
    };
    let took_ns = attempt.end_unix_ns.saturating_sub(first.start_unix_ns);
    let open = matches!(how, How::Slow | How::GaveUp) || how == How::Failed && took_ns >= SLOW_NS;
    BrokenEdge {
        caller: attempt.service.clone(),
        callee: tree.callee(place),
        operation: attempt.called().map_or(attempt.name.as_str(), |(_, method)| method).to_owned(),
        how,
        took_ns: if how == How::Queued { queued } else { took_ns },
        attempts: call.attempts.len() as u32,
        status: status.filter(|status| !status.is_empty()),
        message: message.cloned().unwrap_or_default(),
        span: attempt.span,
        depth: tree.depth(place),
        before: None,
        untold: silent.filter(|_| open),
    }
}

fn mostly(part: u64, whole: u64) -> bool {
    part > 0 && part.saturating_mul(2) >= whole
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
        assert_eq!(
            text,
            "order gave up on payment, which has not told: no answer to Charge in 1.2 s and 3 attempts"
        );
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

    /// As recorded: cart gives up after 10.6 s, payment's worker is free after 11.7 s, and the bank takes 6.6 s.
    fn queue_then_bank() -> Vec<super::super::span::Span> {
        vec![
            server(1, 1, 0, "frontend", "/api/checkout", 0, 10_588).failing("504", ""),
            client(1, 2, 1, "frontend", "cart.Checkout", 587, 10_588).failing("answered", "no answer"),
            server(1, 3, 2, "cart", "Checkout", 588, 10_588).failing("DEADLINE_EXCEEDED", "no answer"),
            client(1, 4, 3, "cart", "order.Checkout", 588, 10_588).failing("cancelled", ""),
            server(1, 5, 4, "order", "Checkout", 588, 19_569).with("queue.wait_ms", 693),
            client(1, 6, 5, "order", "payment.Charge", 1_283, 19_569),
            server(1, 7, 6, "payment", "Charge", 1_283, 19_568).with("queue.wait_ms", 11_665),
            client(1, 8, 7, "payment", "bank.charge", 12_949, 19_568),
            server(1, 9, 8, "bank", "POST /charges", 12_949, 19_568),
        ]
    }

    #[test]
    fn a_queue_before_a_slow_callee_is_that_callee_s() {
        assert_eq!(
            words(queue_then_bank()),
            "payment waits for bank (6.6 s); before that Charge waited 11.7 s for a worker"
        );
        let edge = first_broken_edge(&trace(queue_then_bank())).unwrap();
        assert_eq!(edge.brief(), "payment waits for bank 6.6 s, queue 11.7 s");
        assert_eq!((edge.kind().as_str(), edge.depth), ("payment waits for bank", 4));
    }

    #[test]
    fn a_queue_before_a_quick_callee_is_the_queue_s() {
        let mut spans = queue_then_bank();
        for span in &mut spans[4..] {
            span.end_unix_ns = span.end_unix_ns.min(spans_end(&span.clone(), 13_000));
        }
        assert_eq!(words(spans), "order waits in payment's queue: Charge had no worker for 9.3 s");
    }

    fn spans_end(span: &super::super::span::Span, ms: u64) -> u64 {
        span.end_unix_ns / 100_000_000_000 * 100_000_000_000 + ms * 1_000_000
    }

    #[test]
    fn while_a_callee_has_not_told_the_answer_is_one_so_far() {
        let spans: Vec<_> = queue_then_bank().into_iter().filter(|span| span.span.0 < 5).collect();
        let edge = first_broken_edge(&trace(spans)).unwrap();
        assert_eq!(
            edge.to_string(),
            "cart gave up on order, which has not told: no answer to Checkout in 10.0 s"
        );
        assert_eq!(edge.brief(), "so far: cart gave up on order 10.0 s");
    }

    #[test]
    fn what_came_from_below_a_silent_callee_is_looked_at() {
        let spans = queue_then_bank().into_iter().filter(|span| ![3, 4, 5, 6].contains(&span.span.0));
        let edge = first_broken_edge(&trace(spans.collect())).unwrap();
        assert_eq!(edge.untold.as_deref(), Some("cart"));
        assert!(edge.to_string().starts_with("payment waits for bank (6.6 s); before that"), "{edge}");
    }

    #[test]
    fn a_request_that_waits_where_users_come_in_is_in_that_queue() {
        let spans = vec![
            server(1, 1, 0, "frontend", "/", 0, 4_900).with("queue.wait_ms", 4_899),
            client(1, 2, 1, "frontend", "account.Get", 4_899, 4_900),
        ];
        assert_eq!(words(spans), "its user waits in frontend's queue: / had no worker for 4.9 s");
    }

    #[test]
    fn who_calls_the_bank_without_a_parent_is_no_user() {
        let spans = vec![server(1, 1, 0, "bank", "POST /charges", 0, 30_000)];
        assert_eq!(words(spans), "its caller waits for bank: POST /charges took 30.0 s");
    }
}
