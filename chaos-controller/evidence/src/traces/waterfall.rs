//! A trace as rows, one a hop: the caller's attempts and what the callee recorded of them are one row, so that eleven
//! spans are six lines. Retries are folded, also those below retries (three times three is `x9`: the amplification is
//! in the number). Every span is in exactly one row; what came without its parent has a row at the left.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::broken::{BrokenEdge, first_broken_edge};
use super::critical::{Doing, critical_path};
use super::span::{Kind, SpanId, Trace, TraceId};
use super::tree::{Call, Tree};

/// A trace, ready to be drawn. Times are nanoseconds from the start of the trace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Waterfall {
    /// Its id.
    pub trace: TraceId,
    /// When it starts, nanoseconds of Unix time.
    pub start_unix_ns: u64,
    /// Until the last span ends, which may be long after the user left.
    pub extent_ns: u64,
    /// What the user waited; `None` if the root did not come.
    pub took_ns: Option<u64>,
    /// Whether the request failed.
    pub error: bool,
    /// Spans that came.
    pub spans: usize,
    /// Spans whose parent did not come.
    pub orphans: usize,
    /// The order that it is about, if it says so.
    pub order: Option<String>,
    /// Nanoseconds of the critical path by what they went to, the longest first: a service at work, its queue, a pause
    /// before another try, a service that has not told.
    pub critical: Vec<(String, u64)>,
    /// Which call broke first.
    pub broken: Option<BrokenEdge>,
    /// The rows, from above.
    pub rows: Vec<Row>,
}

/// One hop.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Calls above it.
    pub depth: usize,
    /// The first span of it.
    pub span: SpanId,
    /// Who called; `None` where nobody is known to have.
    pub caller: Option<String>,
    /// Who was called.
    pub service: String,
    /// What was asked for.
    pub operation: String,
    /// Start.
    pub start_ns: u64,
    /// From the first attempt to the end of the last, as the caller saw it.
    pub took_ns: u64,
    /// Each attempt, as the caller saw it; of a row without a caller, the one span.
    pub attempts: Vec<Stretch>,
    /// The callee's side of the attempts, the wait for a worker included.
    pub served: Vec<Stretch>,
    /// Waits for a worker.
    pub queued: Vec<Stretch>,
    /// Sum of the waits.
    pub queue_ns: u64,
    /// Stretches of the critical path in which this row itself was at work, or in a queue.
    pub critical: Vec<Stretch>,
    /// Waits between attempts, and after the last when the time was over before the next.
    #[serde(default)]
    pub pauses: Vec<Stretch>,
    /// Attempts of which the callee has not told anything.
    #[serde(default)]
    pub untold: Vec<Stretch>,
    /// When its deadline is.
    pub deadline_ns: Option<u64>,
    /// Whether it failed in the end.
    pub error: bool,
    /// Its code, or the kind of its failure.
    pub status: Option<String>,
    /// What was said of the failure.
    pub message: String,
    /// State of the caller's breaker when the last attempt began.
    pub breaker: Option<String>,
    /// Version of the policy that it ran under.
    pub policy: Option<i64>,
    /// The parent of the first span did not come.
    pub orphan: bool,
    /// The callee's side did not come, though something was sent.
    pub silent: bool,
    /// Spans in this row.
    pub spans: usize,
}

/// A part of the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stretch {
    /// Start.
    pub from_ns: u64,
    /// End.
    pub to_ns: u64,
    /// Whether it failed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub error: bool,
}

/// The rows of a trace.
#[must_use]
pub fn waterfall(trace: &Trace) -> Waterfall {
    let tree = Tree::of(trace);
    let start = trace.spans.iter().map(|span| span.start_unix_ns).min().unwrap_or_default();
    let end = trace.spans.iter().map(|span| span.end_unix_ns).max().unwrap_or_default();
    let mut critical: BTreeMap<usize, Vec<Stretch>> = BTreeMap::new();
    let mut shares: BTreeMap<String, u64> = BTreeMap::new();
    for segment in critical_path(trace) {
        let (from_ns, to_ns) = (segment.from_ns.saturating_sub(start), segment.to_ns.saturating_sub(start));
        let service = &trace.spans[segment.span].service;
        let what = match segment.doing {
            Doing::Work => service.clone(),
            Doing::Queued => format!("{service}'s queue"),
            Doing::Pause => format!("{service}'s waits to retry {}", tree.callee(segment.span)),
            Doing::Untold => format!("{}, which has not told", tree.callee(segment.span)),
        };
        if matches!(segment.doing, Doing::Work | Doing::Queued) {
            critical.entry(segment.span).or_default().push(Stretch { from_ns, to_ns, error: false });
        }
        *shares.entry(what).or_default() += to_ns - from_ns;
    }
    let mut drawing = Drawing { tree: &tree, start, critical, rows: Vec::new() };
    for root in &tree.roots {
        drawing.any(&[*root], 0);
    }
    let rows = drawing.rows;
    let root = tree.roots.first().map(|root| &trace.spans[*root]).filter(|root| root.parent.is_none());
    let mut shares: Vec<(String, u64)> = shares.into_iter().collect();
    shares.sort_by_key(|(_, ns)| std::cmp::Reverse(*ns));
    Waterfall {
        trace: trace.id,
        start_unix_ns: start,
        extent_ns: end.saturating_sub(start),
        took_ns: root.map(super::span::Span::took_ns),
        error: root.map_or_else(|| trace.spans.iter().any(|span| span.error), |root| root.error),
        spans: trace.spans.len(),
        orphans: rows.iter().filter(|row| row.orphan).count(),
        order: trace.spans.iter().find_map(|span| span.text("order.id")).map(str::to_owned),
        critical: shares,
        broken: first_broken_edge(trace),
        rows,
    }
}

struct Drawing<'a> {
    tree: &'a Tree<'a>,
    start: u64,
    critical: BTreeMap<usize, Vec<Stretch>>,
    rows: Vec<Row>,
}

impl Drawing<'_> {
    /// Spans of one name that belong in one row: attempts, or one span that is none.
    fn any(&mut self, spans: &[usize], depth: usize) {
        if self.tree.spans[spans[0]].kind == Kind::Client {
            let served: Vec<usize> = spans.iter().filter_map(|attempt| self.tree.served(*attempt)).collect();
            self.hop(spans, &served, depth);
            let besides = |child: &usize| !served.contains(child);
            let others: Vec<usize> =
                spans.iter().flat_map(|span| self.tree.children(*span)).copied().filter(besides).collect();
            self.below(&served, depth + 1);
            for other in others {
                self.any(&[other], depth + 1);
            }
        } else {
            self.hop(&[], spans, depth);
            self.below(spans, depth + 1);
        }
    }

    /// What serving spans caused. Below one span its calls stand apart; below the attempts of one call, the calls of
    /// one name are one row.
    fn below(&mut self, served: &[usize], depth: usize) {
        let mut groups: Vec<Vec<usize>> = Vec::new();
        for span in served {
            for Call { attempts } in self.tree.calls(*span) {
                let name = &self.tree.spans[attempts[0]].name;
                let same = |group: &&mut Vec<usize>| self.tree.spans[group[0]].name == *name;
                match groups.iter_mut().find(same) {
                    Some(group) if served.len() > 1 => group.extend(attempts),
                    _ => groups.push(attempts),
                }
            }
            let own = self.tree.children(*span).iter().copied();
            groups.extend(
                own.filter(|child| self.tree.spans[*child].kind != Kind::Client).map(|child| vec![child]),
            );
        }
        groups.sort_by_key(|group| self.tree.spans[group[0]].start_unix_ns);
        for group in groups {
            self.any(&group, depth);
        }
    }

    /// Where the callers of these attempts waited before the next.
    fn pauses(&self, attempts: &[usize]) -> Vec<Stretch> {
        let spans = self.tree.spans;
        let mut callers: Vec<SpanId> = attempts.iter().filter_map(|place| spans[*place].parent).collect();
        callers.dedup();
        let callers = (0..spans.len()).filter(|place| callers.contains(&spans[*place].span));
        let pauses = callers.flat_map(|place| self.tree.pauses(place));
        let own = pauses.filter(|(_, _, attempt)| attempts.contains(attempt));
        let stretch =
            |(from, to, _)| Stretch { from_ns: from - self.start, to_ns: to - self.start, error: false };
        own.map(stretch).collect()
    }

    fn hop(&mut self, attempts: &[usize], served: &[usize], depth: usize) {
        let spans = self.tree.spans;
        let own: Vec<usize> = attempts.iter().chain(served).copied().collect();
        let seen = if attempts.is_empty() { served } else { attempts };
        let (first, last) = (&spans[seen[0]], &spans[seen[seen.len() - 1]]);
        let answered = served.last().map(|served| &spans[*served]);
        let stretch = |place: &usize| {
            let span = &spans[*place];
            Stretch {
                from_ns: span.start_unix_ns - self.start,
                to_ns: span.end_unix_ns.saturating_sub(self.start),
                error: span.error,
            }
        };
        let queued: Vec<Stretch> = served
            .iter()
            .map(|place| (stretch(place), spans[*place].queue_ns()))
            .filter(|(_, wait)| *wait > 0)
            .map(|(served, wait)| Stretch { to_ns: served.from_ns + wait, ..served })
            .collect();
        let untold =
            attempts.iter().filter(|place| self.tree.untold(**place)).map(stretch).collect::<Vec<_>>();
        let mut pauses = self.pauses(attempts);
        pauses.sort_by_key(|pause| pause.from_ns);
        let mut critical: Vec<Stretch> =
            own.iter().filter_map(|place| self.critical.remove(place)).flatten().collect();
        critical.sort_by_key(|stretch| stretch.from_ns);
        critical.dedup_by(|next, before| {
            let touch = next.from_ns == before.to_ns;
            before.to_ns = if touch { next.to_ns } else { before.to_ns };
            touch
        });
        let kind = last.text("error.type").filter(|_| last.error && last.kind == Kind::Client);
        let status =
            kind.map(str::to_owned).filter(|kind| !matches!(kind.as_str(), "answered" | "unavailable"));
        let ended = seen.iter().map(|place| spans[*place].end_unix_ns).max().unwrap_or_default();
        // What was left when the call went out; of a server, when its worker began.
        let left = |span: &super::span::Span, after: u64| {
            let ms = u64::try_from(span.number("deadline.remaining_ms")?).ok()?;
            Some(
                (span.start_unix_ns - self.start)
                    .saturating_add(after)
                    .saturating_add(ms.saturating_mul(1_000_000)),
            )
        };
        let row = Row {
            depth,
            span: first.span,
            caller: (!attempts.is_empty()).then(|| first.service.clone()),
            service: match attempts {
                [] => first.service.clone(),
                [.., last] => {
                    answered.map_or_else(|| self.tree.callee(*last), |served| served.service.clone())
                }
            },
            operation: answered
                .map_or_else(
                    || first.called().map_or(first.name.as_str(), |(_, method)| method),
                    |served| served.name.as_str(),
                )
                .to_owned(),
            start_ns: first.start_unix_ns - self.start,
            took_ns: ended.saturating_sub(first.start_unix_ns),
            attempts: seen.iter().map(stretch).collect(),
            served: served.iter().map(stretch).collect(),
            queue_ns: queued.iter().map(|wait| wait.to_ns - wait.from_ns).sum(),
            queued,
            critical,
            pauses,
            untold,
            deadline_ns: left(first, if attempts.is_empty() { first.queue_ns() } else { 0 })
                .or_else(|| answered.and_then(|served| left(served, served.queue_ns()))),
            error: last.error,
            status: status
                .or_else(|| answered.and_then(super::span::Span::status))
                .or_else(|| last.status())
                .or_else(|| kind.map(str::to_owned)),
            message: if last.error { last.message.clone() } else { String::new() },
            breaker: last.text("breaker.state").map(str::to_owned),
            policy: [answered, Some(last)]
                .into_iter()
                .flatten()
                .find_map(|span| span.number("policy.version")),
            orphan: depth == 0 && first.parent.is_some(),
            silent: !attempts.is_empty() && answered.is_none() && kind != Some("rejected"),
            spans: own.len(),
        };
        self.rows.push(row);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testbed::{checkout, client, incident, server, trace};
    use super::*;

    fn drawn(spans: Vec<super::super::span::Span>) -> Waterfall {
        let fall = waterfall(&trace(spans));
        let covered: usize = fall.rows.iter().map(|row| row.spans).sum();
        assert_eq!(covered, fall.spans, "a span is hidden: {:?}", fall.rows);
        fall
    }

    fn lines(fall: &Waterfall) -> Vec<String> {
        let line = |row: &Row| {
            format!("{}{} {} x{}", " ".repeat(row.depth), row.service, row.operation, row.attempts.len())
        };
        fall.rows.iter().map(line).collect()
    }

    #[test]
    fn eleven_spans_are_six_hops() {
        let fall = drawn(checkout(1));
        assert_eq!(
            lines(&fall),
            [
                "frontend /api/checkout x1",
                " cart Checkout x1",
                "  order Checkout x1",
                "   inventory Reserve x1",
                "   payment Charge x1",
                "    bank POST /charges x1"
            ]
        );
        assert_eq!((fall.took_ns, fall.orphans), (Some(110_000_000), 0));
        assert_eq!(fall.order.as_deref(), Some("o7-0-41"));
        assert_eq!(fall.critical[0].0, "bank");
        assert_eq!((fall.rows[3].critical.len(), fall.rows[5].critical.len()), (1, 1));
    }

    #[test]
    fn work_that_nobody_waits_for_is_drawn_to_its_end() {
        let fall = drawn(incident(1));
        assert_eq!((fall.took_ns, fall.extent_ns), (Some(3_006_000_000), 30_008_000_000));
        let order = &fall.rows[2];
        assert_eq!((order.took_ns / 1_000_000, order.served[0].to_ns / 1_000_000), (3_000, 30_008));
        assert_eq!((order.error, order.status.as_deref()), (true, Some("timeout")));
    }

    #[test]
    fn retries_fold_and_so_do_those_below_them() {
        let mut spans = vec![server(1, 1, 0, "order", "Checkout", 0, 1_000)];
        for n in 0..3_u64 {
            let (call, start) = (10 + n, n * 300);
            spans.push(
                client(1, call, 1, "order", "payment.Charge", start, start + 250)
                    .with("http.request.resend_count", n)
                    .failing("timeout", ""),
            );
            spans.push(
                server(1, 20 + n, call, "payment", "Charge", start, start + 240).with("queue.wait_ms", 5),
            );
            for m in 0..3 {
                let at = start + m * 50;
                spans.push(
                    client(1, 30 + n * 3 + m, 20 + n, "payment", "bank.charge", at, at + 40)
                        .with("http.request.resend_count", m),
                );
            }
        }
        let fall = drawn(spans);
        assert_eq!(lines(&fall), ["order Checkout x1", " payment Charge x3", "  bank charge x9"]);
        assert_eq!((fall.rows[1].queue_ns, fall.rows[2].silent), (15_000_000, true));
    }

    #[test]
    fn what_came_without_its_parent_is_shown_as_such() {
        let lost = |span: &super::super::span::Span| span.span.0 != 4;
        let fall = drawn(checkout(1).into_iter().filter(lost).collect());
        assert_eq!(fall.orphans, 1);
        let orphan = fall.rows.iter().find(|row| row.orphan).unwrap();
        assert_eq!((orphan.depth, orphan.service.as_str()), (0, "order"));
        let without_root = drawn(checkout(1).into_iter().skip(1).collect());
        assert_eq!((without_root.took_ns, without_root.orphans), (None, 1));
    }

    #[test]
    fn a_deadline_counts_from_where_it_was_looked_at() {
        let mut spans = checkout(1);
        spans[8] = spans[8].clone().with("queue.wait_ms", 20).with("deadline.remaining_ms", 400);
        let fall = drawn(spans);
        let payment = fall.rows.iter().find(|row| row.service == "payment").unwrap();
        assert_eq!(payment.deadline_ns, Some((7 + 20 + 400) * 1_000_000));
    }

    #[test]
    fn a_pause_between_tries_and_a_silent_callee_are_neither_s_work() {
        let attempt = |span, start: u64, n: u32| {
            client(1, span, 1, "cart", "order.Checkout", start, start + 1)
                .with("http.request.resend_count", n)
                .failing("unavailable", "queue is full")
        };
        let root = server(1, 1, 0, "cart", "Checkout", 0, 10_000).failing("DEADLINE_EXCEEDED", "");
        let fall = drawn(vec![root, attempt(2, 0, 0), attempt(3, 1_000, 1), attempt(4, 7_000, 2)]);
        assert_eq!(fall.critical[0], ("cart's waits to retry order".to_owned(), 9_997_000_000));
        assert_eq!((fall.rows[1].pauses.len(), fall.rows[1].untold.len()), (3, 3));
        assert!(fall.rows.iter().all(|row| row.critical.is_empty()), "{:?}", fall.rows);
        let told = |span: &super::super::span::Span| span.span.0 < 5;
        let fall = drawn(incident(1).into_iter().filter(told).collect());
        assert_eq!(fall.critical[0].0, "order, which has not told");
    }
}
