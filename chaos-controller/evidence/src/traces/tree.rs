//! Who caused whom. Spans whose parent did not come (unsampled, lost, still running) stand as roots of their own,
//! marked, so that nothing of a trace is hidden. Attempts of one call are found together here.
//!
//! A callee that has not told (it still runs, or its span was not kept) leaves its own calls without a parent. They are
//! below some attempt that nothing came of; by time it is guessed which, for questions of time only.

use std::collections::HashMap;

use super::span::{Kind, Span, SpanId, Trace};

/// The spans of a trace by cause; spans are named by their index in the trace.
pub(super) struct Tree<'a> {
    pub(super) spans: &'a [Span],
    children: Vec<Vec<usize>>,
    /// The root first if it came, then every span whose parent did not, by start.
    pub(super) roots: Vec<usize>,
    /// Roots that are likely below an attempt whose callee has not told, by that attempt.
    adopted: HashMap<usize, Vec<usize>>,
}

/// One call with all of its attempts, in the order they were sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Call {
    pub(super) attempts: Vec<usize>,
}

impl<'a> Tree<'a> {
    pub(super) fn of(trace: &'a Trace) -> Self {
        let spans = &trace.spans[..];
        let places: HashMap<SpanId, usize> =
            spans.iter().enumerate().map(|(place, span)| (span.span, place)).collect();
        let mut children = vec![Vec::new(); spans.len()];
        let mut roots = Vec::new();
        for (place, span) in spans.iter().enumerate() {
            match span.parent.and_then(|parent| places.get(&parent)) {
                // A span that is its own ancestor would never be reached; only ids from outside the lab do that.
                Some(parent) if !leads_to(spans, &places, *parent, place) => children[*parent].push(place),
                _ => roots.push(place),
            }
        }
        roots.sort_by_key(|root| (spans[*root].parent.is_some(), spans[*root].start_unix_ns));
        let mut tree = Self { spans, children, roots, adopted: HashMap::new() };
        tree.adopt();
        tree
    }

    /// Finds an attempt for each span whose parent did not come: the last to start before it, of those that nothing
    /// came of and that were still on. Only from trees before its own, so that none is its own ancestor.
    fn adopt(&mut self) {
        let mut untold: Vec<usize> = Vec::new();
        for root in self.roots.clone() {
            let span = &self.spans[root];
            let open = |attempt: &&usize| {
                let attempt = &self.spans[**attempt];
                attempt.start_unix_ns <= span.start_unix_ns && span.start_unix_ns < attempt.end_unix_ns
            };
            let latest = untold.iter().filter(open).max_by_key(|attempt| self.spans[**attempt].start_unix_ns);
            if let Some(attempt) = latest.copied().filter(|_| span.parent.is_some()) {
                self.adopted.entry(attempt).or_default().push(root);
            }
            let mut left = vec![root];
            while let Some(place) = left.pop() {
                untold.extend(Some(place).filter(|place| self.untold(*place)));
                left.extend(&self.children[place]);
            }
        }
    }

    /// Whether something was sent and nothing came from whom it was sent to.
    pub(super) fn untold(&self, attempt: usize) -> bool {
        let span = &self.spans[attempt];
        let kind = span.text("error.type").unwrap_or_default();
        span.kind == Kind::Client
            && self.served(attempt).is_none()
            && !matches!(kind, "rejected" | "unreachable" | "broken")
    }

    /// What is likely below an attempt whose callee has not told.
    pub(super) fn adopted(&self, attempt: usize) -> &[usize] {
        self.adopted.get(&attempt).map_or(&[], Vec::as_slice)
    }

    /// Calls from the top down to a span, its own included.
    pub(super) fn depth(&self, span: usize) -> usize {
        let places: HashMap<SpanId, usize> =
            self.spans.iter().enumerate().map(|(place, span)| (span.span, place)).collect();
        let mut at = Some(span);
        let mut depth = 0;
        for _ in 0..self.spans.len() {
            let Some(span) = at.map(|place| &self.spans[place]) else { break };
            depth += usize::from(span.kind == Kind::Client);
            at = span.parent.and_then(|parent| places.get(&parent)).copied();
        }
        depth
    }

    /// Between the attempts of one call nothing is done but wait: from, to, and the attempt before. So it is after the
    /// last one when the time was over before the next.
    pub(super) fn pauses(&self, span: usize) -> Vec<(u64, u64, usize)> {
        let own = &self.spans[span];
        let calls = self.calls(span);
        let mut pauses = Vec::new();
        for Call { attempts } in &calls {
            for pair in attempts.windows(2) {
                pauses.push((self.spans[pair[0]].end_unix_ns, self.spans[pair[1]].start_unix_ns, pair[0]));
            }
            let last = attempts[attempts.len() - 1];
            let ended = self.spans[last].end_unix_ns;
            let again = attempts.len() > 1 || own.status().as_deref() == Some("DEADLINE_EXCEEDED");
            let busy = calls.iter().any(|call| {
                let next = &self.spans[call.attempts[call.attempts.len() - 1]];
                next.end_unix_ns > ended
            });
            if own.error && self.spans[last].error && again && !busy {
                pauses.push((ended, own.end_unix_ns, last));
            }
        }
        pauses.retain(|(from, to, _)| from < to);
        pauses
    }

    /// What a span caused, by start.
    pub(super) fn children(&self, span: usize) -> &[usize] {
        &self.children[span]
    }

    /// The calls that a span made, each with its attempts. A resend belongs to the last call of its name before it.
    pub(super) fn calls(&self, span: usize) -> Vec<Call> {
        let mut calls: Vec<Call> = Vec::new();
        for child in
            self.children(span).iter().copied().filter(|child| self.spans[*child].kind == Kind::Client)
        {
            let attempt = &self.spans[child];
            let same = |call: &&mut Call| self.spans[call.attempts[0]].name == attempt.name;
            match calls.iter_mut().rev().find(same) {
                Some(call) if attempt.resends() > 0 => call.attempts.push(child),
                _ => calls.push(Call { attempts: vec![child] }),
            }
        }
        calls
    }

    /// What the callee recorded of an attempt.
    pub(super) fn served(&self, attempt: usize) -> Option<usize> {
        self.children(attempt).iter().copied().find(|child| self.spans[*child].kind == Kind::Server)
    }

    /// Who was called: the service that answered, or the name that the call has.
    pub(super) fn callee(&self, attempt: usize) -> String {
        let served = self.served(attempt).map(|served| self.spans[served].service.clone());
        let span = &self.spans[attempt];
        served.or_else(|| Some(span.called()?.0.to_owned())).unwrap_or_else(|| span.name.clone())
    }
}

/// Whether `from`'s ancestors include `to`.
fn leads_to(spans: &[Span], places: &HashMap<SpanId, usize>, from: usize, to: usize) -> bool {
    let mut at = from;
    // No trace is deeper than it has spans.
    for _ in 0..spans.len() {
        if at == to {
            return true;
        }
        match spans[at].parent.and_then(|parent| places.get(&parent)) {
            Some(parent) => at = *parent,
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::super::testbed::{checkout, client, server, trace};
    use super::*;

    #[test]
    fn spans_in_any_order_make_one_tree() {
        let mut spans = checkout(1);
        spans.reverse();
        let trace = trace(spans);
        let tree = Tree::of(&trace);
        assert_eq!(tree.roots.len(), 1);
        assert_eq!(tree.spans[tree.roots[0]].service, "frontend");
    }

    #[test]
    fn a_span_whose_parent_never_came_stands_by_itself() {
        let spans = checkout(1).into_iter().filter(|span| span.span != SpanId(4)).collect();
        let trace = trace(spans);
        let tree = Tree::of(&trace);
        let names: Vec<_> = tree.roots.iter().map(|root| tree.spans[*root].service.as_str()).collect();
        assert_eq!(names, ["frontend", "order"]);
    }

    #[test]
    fn attempts_of_one_call_are_together_and_two_calls_are_not() {
        let resend = |span, start| client(1, span, 1, "order", "payment.Charge", start, start + 5);
        let trace = trace(vec![
            server(1, 1, 0, "order", "Checkout", 0, 100),
            resend(2, 1),
            resend(3, 10).with("http.request.resend_count", 1),
            resend(4, 20).with("http.request.resend_count", 2),
            resend(5, 40),
        ]);
        let tree = Tree::of(&trace);
        let attempts: Vec<usize> = tree.calls(tree.roots[0]).iter().map(|call| call.attempts.len()).collect();
        assert_eq!(attempts, [3, 1]);
    }

    #[test]
    fn spans_that_name_each_other_as_parents_are_still_shown() {
        let trace = trace(vec![server(1, 1, 2, "a", "x", 0, 10), server(1, 2, 1, "b", "y", 1, 9)]);
        let tree = Tree::of(&trace);
        assert!(!tree.roots.is_empty());
        let reached = tree.roots.iter().map(|root| 1 + tree.children(*root).len()).sum::<usize>();
        assert_eq!(reached, 2);
    }
}
