//! The critical path: the chain of spans that the end of a request waited for. To shorten anything else changes
//! nothing for the user.
//!
//! The algorithm is that of Uber's CRISP (Zhang, Ramanathan, Raj, Parwal, Sherwood, Chabbi: "CRISP: Critical Path
//! Analysis of Large-Scale Microservice Architectures", USENIX ATC 2022), which Jaeger's UI draws too: walk back from
//! the end of the root; whenever a child ends there, the path was in the child, the one that finished last; between
//! its children the span itself was at work. What a child did after its parent had ended (a caller who gave up) was
//! waited for by nobody and is cut off.
//!
//! Not all time between children is work: a server's request waits for a worker, a client sleeps between attempts, and
//! of a callee that has not told nobody knows what it did. Each stretch says which it is.

use super::span::Trace;
use super::tree::Tree;

/// What a stretch of time was spent on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Doing {
    /// The span's own work.
    Work,
    /// A request waited for a worker.
    Queued,
    /// A caller waited before it tried again.
    Pause,
    /// A caller waited for a callee that has not told what it did.
    Untold,
}

/// A stretch of the critical path that belongs to one span and to none below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// Index of the span in the trace; of a pause, the attempt before it.
    pub span: usize,
    /// What was done.
    pub doing: Doing,
    /// From, nanoseconds of Unix time.
    pub from_ns: u64,
    /// To, the same.
    pub to_ns: u64,
}

/// The critical path of a trace from its start to its end, without gaps. If the root did not come, that of the
/// longest span without a parent.
#[must_use]
pub fn critical_path(trace: &Trace) -> Vec<Segment> {
    let tree = Tree::of(trace);
    let Some(root) = start(&tree) else { return Vec::new() };
    let mut backwards = Vec::new();
    let span = &tree.spans[root];
    walk(&tree, root, span.start_unix_ns, span.end_unix_ns, &mut backwards);
    backwards.reverse();
    backwards
}

/// The span that the path is the path of.
pub(super) fn start(tree: &Tree<'_>) -> Option<usize> {
    let root = tree.roots.first().copied().filter(|root| tree.spans[*root].parent.is_none());
    root.or_else(|| tree.roots.iter().copied().max_by_key(|root| tree.spans[*root].took_ns()))
}

/// Adds what was critical in `span` between two instants, the latest first.
fn walk(tree: &Tree<'_>, span: usize, from_ns: u64, to_ns: u64, path: &mut Vec<Segment>) {
    let mut at = to_ns;
    let mut children = [tree.children(span), tree.adopted(span)].concat();
    // The last to finish first; of those that outlast their parent, the last to start is as good as any.
    let end = |child: &usize| tree.spans[*child].end_unix_ns.min(to_ns);
    children.sort_by_key(|child| std::cmp::Reverse((end(child), tree.spans[*child].start_unix_ns)));
    for child in children {
        let (began, ended) = (tree.spans[child].start_unix_ns.max(from_ns), end(&child).min(at));
        // Side by side with one that finished later: nobody waited for it.
        if end(&child) > at || began >= ended {
            continue;
        }
        note(tree, span, ended, at, path);
        walk(tree, child, began, ended, path);
        at = began;
    }
    note(tree, span, from_ns, at, path);
}

/// Adds what a span did itself between two instants, the latest first.
fn note(tree: &Tree<'_>, span: usize, from_ns: u64, to_ns: u64, path: &mut Vec<Segment>) {
    let mut add = |span: usize, doing: Doing, from_ns: u64, to_ns: u64| {
        if from_ns < to_ns {
            path.push(Segment { span, doing, from_ns, to_ns });
        }
    };
    if tree.untold(span) {
        return add(span, Doing::Untold, from_ns, to_ns);
    }
    let own = &tree.spans[span];
    let mut idle: Vec<(u64, u64, usize, Doing)> =
        tree.pauses(span).into_iter().map(|(from, to, attempt)| (from, to, attempt, Doing::Pause)).collect();
    idle.push((own.start_unix_ns, own.start_unix_ns + own.queue_ns(), span, Doing::Queued));
    idle.sort_by_key(|(_, to, _, _)| std::cmp::Reverse(*to));
    let mut at = to_ns;
    for (from, to, owner, doing) in idle {
        let (from, to) = (from.max(from_ns), to.min(at));
        if from < to {
            add(span, Doing::Work, to, at);
            add(owner, doing, from, to);
            at = from;
        }
    }
    add(span, Doing::Work, from_ns, at);
}

#[cfg(test)]
mod tests {
    use super::super::testbed::{checkout, client, incident, server, trace};
    use super::*;

    /// Names and whole milliseconds of the path.
    fn path(spans: Vec<super::super::span::Span>) -> Vec<(String, u64)> {
        let trace = trace(spans);
        let path = critical_path(&trace);
        path.iter().map(|s| (trace.spans[s.span].name.clone(), (s.to_ns - s.from_ns) / 1_000_000)).collect()
    }

    #[test]
    fn the_path_covers_the_request_without_gaps() {
        for spans in [checkout(1), incident(1)] {
            let trace = trace(spans);
            let path = critical_path(&trace);
            let root = &trace.spans[0];
            assert_eq!(path[0].from_ns, root.start_unix_ns);
            assert_eq!(path.last().unwrap().to_ns, root.end_unix_ns);
            assert!(path.windows(2).all(|pair| pair[0].to_ns == pair[1].from_ns), "{path:?}");
        }
    }

    #[test]
    fn most_of_a_checkout_is_the_bank() {
        let (name, ms) = path(checkout(1)).into_iter().max_by_key(|(_, ms)| *ms).unwrap();
        assert_eq!((name.as_str(), ms), ("POST /charges", 97));
    }

    #[test]
    fn of_two_calls_side_by_side_the_one_that_ends_last_is_critical() {
        let names = path(vec![
            server(1, 1, 0, "order", "Checkout", 0, 100),
            client(1, 2, 1, "order", "inventory.Reserve", 10, 50),
            client(1, 3, 1, "order", "payment.Charge", 10, 90),
        ]);
        let expected = [("Checkout", 10), ("payment.Charge", 80), ("Checkout", 10)];
        assert_eq!(names, expected.map(|(name, ms)| (name.to_owned(), ms)));
    }

    #[test]
    fn retries_one_after_the_other_are_all_critical() {
        let names = path(vec![
            server(1, 1, 0, "order", "Checkout", 0, 100),
            client(1, 2, 1, "order", "payment.Charge", 0, 40),
            client(1, 3, 1, "order", "payment.Charge", 50, 100),
        ]);
        assert_eq!(names.iter().map(|(_, ms)| *ms).collect::<Vec<_>>(), [40, 10, 50]);
    }

    #[test]
    fn work_that_outlasts_its_caller_is_cut_where_the_caller_left() {
        let path = path(incident(1));
        let total: u64 = path.iter().map(|(_, ms)| ms).sum();
        assert_eq!(total, 3_006);
        assert!(path.iter().any(|(name, ms)| name == "POST /charges" && *ms > 2_900), "{path:?}");
    }

    /// What most of the time went to, with whole milliseconds.
    fn most(spans: Vec<super::super::span::Span>) -> (Doing, String, u64) {
        let trace = trace(spans);
        let path = critical_path(&trace);
        let longest = path.iter().max_by_key(|s| s.to_ns - s.from_ns).unwrap();
        let name = trace.spans[longest.span].name.clone();
        (longest.doing, name, (longest.to_ns - longest.from_ns) / 1_000_000)
    }

    #[test]
    fn a_callee_that_has_not_told_is_no_work_of_its_caller() {
        let told = |span: &super::super::span::Span| span.span.0 < 5;
        let spans = incident(1).into_iter().filter(told).collect();
        assert_eq!(most(spans), (Doing::Untold, "order.Checkout".to_owned(), 3_000));
    }

    #[test]
    fn time_between_attempts_is_a_pause_and_so_is_that_after_the_last() {
        let attempt = |span, start: u64, n: u32| {
            client(1, span, 1, "cart", "order.Checkout", start, start + 1)
                .with("http.request.resend_count", n)
                .failing("unreachable", "")
        };
        let root = server(1, 1, 0, "cart", "Checkout", 0, 10_000).failing("DEADLINE_EXCEEDED", "");
        let spans = vec![root, attempt(2, 0, 0), attempt(3, 1_000, 1), attempt(4, 7_000, 2)];
        let trace = trace(spans.clone());
        let path = critical_path(&trace);
        let paused = path.iter().filter(|s| s.doing == Doing::Pause).map(|s| s.to_ns - s.from_ns);
        assert_eq!(paused.sum::<u64>() / 1_000_000, 9_997);
        assert_eq!(most(spans), (Doing::Pause, "order.Checkout".to_owned(), 5_999));
    }

    #[test]
    fn a_wait_for_a_worker_is_no_work() {
        let spans = vec![server(1, 1, 0, "frontend", "/", 0, 4_900).with("queue.wait_ms", 4_899)];
        assert_eq!(most(spans), (Doing::Queued, "/".to_owned(), 4_899));
    }

    #[test]
    fn what_came_from_below_a_silent_call_takes_its_share() {
        let spans = vec![
            server(1, 1, 0, "frontend", "/api/checkout", 0, 6_718),
            client(1, 2, 1, "frontend", "cart.Checkout", 0, 6_718),
            server(1, 4, 3, "payment", "Charge", 1_393, 6_717).with("queue.wait_ms", 3_905),
        ];
        assert_eq!(most(spans), (Doing::Queued, "Charge".to_owned(), 3_905));
    }
}
