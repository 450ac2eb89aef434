//! The call that broke first, by a vote of the outage's traces. Each failing trace names its own first broken edge; a
//! service that only refuses is explained by what held its workers, which other traces show.
//!
//! ```text
//! 80 traces: cart -> order (refused)   5: order -> payment (queued)   15: payment -> bank (slow)
//!            ^ most of them, and order -----^ breaks, and payment --------^ breaks: this one
//! ```

use std::collections::BTreeMap;

use evidence::traces::{How, TraceId, first_broken_edge};
use resilience::policy::topology::EDGES;

use super::Edge;
use super::seen::Seen;
use crate::case::Case;
use crate::finding::{percent, round};
use crate::moments::Span;

/// Fewer traces than this below a broken service are a coincidence.
const FEWEST: u64 = 3;
/// The same as a share of those that name the edge above.
const LEAST_SHARE: f64 = 0.15;
/// Who comes in from outside, in the words of the traces and in ours.
const USER: (&str, &str) = ("its user", "users");

const QUEUED: &str = "queued";
const FAILED: &str = "failed";

#[derive(Debug, Clone, Default)]
struct Votes {
    traces: u64,
    how: BTreeMap<&'static str, u64>,
    example: Option<TraceId>,
}

impl Votes {
    /// What was wrong with the call in most of its traces.
    fn mostly(&self) -> Option<&'static str> {
        self.how.iter().max_by_key(|(_, traces)| **traces).map(|(how, _)| *how)
    }
}

/// The votes of the traces that began in a span.
struct Poll {
    span: Span,
    votes: BTreeMap<Named, Votes>,
}

type Named = (String, String);

/// `None` if no failing trace is there.
pub(super) fn first(case: &Case<'_>, seen: &Seen) -> Option<Edge> {
    let poll = [seen.full, seen.span, case.moments.outage()?]
        .into_iter()
        .map(|span| Poll::of(case, span))
        .find(|poll| poll.traces() >= FEWEST)?;
    let (named, found) = poll.votes.iter().max_by_key(|(_, votes)| votes.traces)?;
    let (mut edge, mut found) = (named.clone(), found.clone());
    let mut told = vec![poll.told(case, &edge, &found)];
    // What held the workers was sent before the refusals that it explains: the ramp is looked at as well.
    let whole = Poll::of(case, Span { from: seen.span.from.min(poll.span.from), to: poll.span.to });
    // Nothing of the shop calls its own callers, so this ends.
    while let Some((below, votes)) = deeper(&whole.votes, &edge, &found) {
        (edge, found) = (below.clone(), votes.clone());
        told.push(whole.told(case, &edge, &found));
    }
    let all = if told.len() > 1 { whole.traces() } else { poll.traces() };
    let example = found.example.map(|id| format!(", as trace {id}")).unwrap_or_default();
    Some(Edge {
        caller: edge.0,
        callee: edge.1,
        share: round(found.traces as f64 / all as f64),
        traces: found.traces,
        of: all,
        explains: (told.len() > 1).then(|| format!("{}->{}", named.0, named.1)),
        evidence: format!("spans.jsonl: {}{example}", told.join("; ")),
    })
}

impl Poll {
    fn of(case: &Case<'_>, span: Span) -> Poll {
        let mut votes: BTreeMap<Named, Votes> = BTreeMap::new();
        // A request that was still on when somebody acted may have failed by the act.
        let acted = case.moments.first_action.filter(|acted| *acted >= span.to).unwrap_or(u64::MAX);
        for trace in &case.recording.traces {
            let Some(root) = trace.spans.first() else { continue };
            let at = case.moments.on_clock(root.start_unix_ns / 1_000_000);
            let ended = case.moments.on_clock(root.end_unix_ns / 1_000_000);
            if at < span.from || at >= span.to || ended > acted {
                continue;
            }
            let Some(broken) = first_broken_edge(trace) else { continue };
            let caller = if broken.caller == USER.0 { USER.1.to_owned() } else { broken.caller };
            let votes = votes.entry((caller, broken.callee)).or_default();
            votes.traces += 1;
            *votes.how.entry(words(broken.how)).or_default() += 1;
            votes.example.get_or_insert(trace.id);
        }
        Poll { span, votes }
    }

    /// Failing and slow traces.
    fn traces(&self) -> u64 {
        self.votes.values().map(|votes| votes.traces).sum()
    }

    fn told(&self, case: &Case<'_>, edge: &Named, votes: &Votes) -> String {
        format!(
            "{} -> {} {} in {} of {} failing or slow traces, {}",
            edge.0,
            edge.1,
            votes.mostly().unwrap_or("broken"),
            percent(votes.traces as f64 / self.traces() as f64),
            self.traces(),
            case.moments.name(self.span)
        )
    }
}

/// What its callee broke by, if enough traces show it: some call of the callee, or of whom it calls. Only who waited in
/// its queue, or was refused by it, asks for that; a call that was given up, or is slow, is the end of it.
fn deeper<'v>(
    votes: &'v BTreeMap<Named, Votes>,
    above: &Named,
    found: &Votes,
) -> Option<(&'v Named, &'v Votes)> {
    if !matches!(found.mostly(), Some(QUEUED | FAILED)) {
        return None;
    }
    let least = (found.traces as f64 * LEAST_SHARE).max(FEWEST as f64);
    let below = below(&above.1);
    let deeper = votes.iter().filter(|(edge, votes)| {
        *edge != above && below.contains(&edge.0.as_str()) && votes.traces as f64 >= least
    });
    deeper.max_by_key(|(_, votes)| votes.traces)
}

/// A service and all that its calls come to.
fn below(service: &str) -> Vec<&str> {
    let mut below = vec![service];
    let mut next = 0;
    while let Some(caller) = below.get(next).copied() {
        let callees = EDGES.iter().filter(|(from, to)| *from == caller && !below.contains(to));
        let callees: Vec<&str> = callees.map(|(_, to)| *to).collect();
        below.extend(callees);
        next += 1;
    }
    below
}

fn words(how: How) -> &'static str {
    match how {
        How::Slow => "slow",
        How::Queued => QUEUED,
        How::GaveUp => "given up",
        How::Failed => FAILED,
        How::NotSent => "not sent",
        How::Unreachable => "unreachable",
    }
}

#[cfg(test)]
mod tests {
    use evidence::traces::{Kind, Span as Told, Trace};
    use serde_json::json;

    use super::*;
    use crate::testbed::{Bed, span};

    fn failing(mut span: Told) -> Told {
        span.error = true;
        span.attributes = json!({"error.type": "answered"}).as_object().cloned().unwrap();
        span
    }

    /// Order refuses.
    fn refused(id: u128, at: u64) -> Trace {
        let spans = vec![
            failing(span(id, 1, 0, "cart", "Checkout", Kind::Server, (at, at + 20))),
            failing(span(id, 2, 1, "cart", "order.Checkout", Kind::Client, (at, at + 10))),
            failing(span(id, 3, 2, "order", "Checkout", Kind::Server, (at, at + 10))),
        ];
        Trace::new(TraceId(id), spans)
    }

    /// Order waits for payment, and payment for the bank.
    fn waiting(id: u128, at: u64) -> Trace {
        let spans = vec![
            span(id, 1, 0, "order", "Checkout", Kind::Server, (at, at + 3_000)),
            span(id, 2, 1, "order", "payment.Charge", Kind::Client, (at, at + 3_000)),
            span(id, 3, 2, "payment", "Charge", Kind::Server, (at, at + 3_000)),
            span(id, 4, 3, "payment", "bank.charge", Kind::Client, (at, at + 3_000)),
        ];
        Trace::new(TraceId(id), spans)
    }

    /// Payment's workers are waited for in vain.
    fn queued(id: u128, at: u64) -> Trace {
        let mut at_payment = span(id, 3, 2, "payment", "Charge", Kind::Server, (at, at + 2_000));
        at_payment.attributes = json!({"queue.wait_ms": 1_999.0}).as_object().cloned().unwrap();
        let spans = vec![
            span(id, 1, 0, "order", "Checkout", Kind::Server, (at, at + 2_000)),
            span(id, 2, 1, "order", "payment.Charge", Kind::Client, (at, at + 2_000)),
            at_payment,
        ];
        Trace::new(TraceId(id), spans)
    }

    fn found(traces: Vec<Trace>) -> Option<Edge> {
        let mut bed = Bed::never_recovered();
        bed.traces = traces;
        let recording = bed.recording();
        let case = Case::new(&recording, bed.plan());
        first(&case, &Seen::of(&case).unwrap())
    }

    #[test]
    fn a_service_that_refuses_is_explained_by_what_holds_its_workers() {
        let mut traces: Vec<Trace> = (1..80).map(|id| refused(id, 9_000 + id as u64)).collect();
        traces.extend((100..105).map(|id| queued(id, 9_000)));
        traces.extend((200..215).map(|id| waiting(id, 9_000)));
        let edge = found(traces).unwrap();
        assert_eq!(
            (edge.caller.as_str(), edge.callee.as_str(), edge.traces),
            ("payment", "bank", 15),
            "{edge:?}"
        );
        assert_eq!((edge.of, edge.explains.as_deref()), (99, Some("cart->order")));
        assert!(edge.evidence.contains("cart -> order failed in 79.8 %"), "{edge:?}");
    }

    #[test]
    fn a_call_that_was_given_up_needs_no_explanation() {
        let given_up = |id: u128| {
            let mut attempt =
                failing(span(id, 2, 1, "order", "payment.Charge", Kind::Client, (9_000, 9_500)));
            attempt.attributes = json!({"error.type": "timeout"}).as_object().cloned().unwrap();
            let server = failing(span(id, 1, 0, "order", "Checkout", Kind::Server, (9_000, 9_500)));
            Trace::new(TraceId(id), vec![server, attempt])
        };
        let mut traces: Vec<Trace> = (1..20).map(given_up).collect();
        traces.extend((100..110).map(|id| waiting(id, 9_000)));
        let edge = found(traces).unwrap();
        assert_eq!((edge.callee.as_str(), edge.of, edge.explains), ("payment", 29, None));
    }

    #[test]
    fn one_trace_below_is_a_coincidence() {
        let mut traces: Vec<Trace> = (1..80).map(|id| refused(id, 9_000)).collect();
        traces.push(waiting(100, 9_000));
        assert_eq!(found(traces).map(|edge| edge.callee).as_deref(), Some("order"));
    }

    #[test]
    fn a_request_that_was_still_on_at_the_first_act_says_nothing() {
        let mut bed = Bed::recovered();
        bed.traces = (1..20).map(|id| waiting(id, 8_000)).collect();
        bed.traces.extend((100..105).map(|id| queued(id, 7_500)));
        let recording = bed.recording();
        let case = Case::new(&recording, bed.plan());
        let edge = first(&case, &Seen::of(&case).unwrap()).unwrap();
        assert_eq!((edge.callee.as_str(), edge.traces), ("payment", 5), "{edge:?}");
    }

    #[test]
    fn traces_of_another_time_say_nothing() {
        assert_eq!(found((1..80).map(|id| waiting(id, 1_000)).collect()), None);
        assert_eq!(found(Vec::new()), None);
    }
}
