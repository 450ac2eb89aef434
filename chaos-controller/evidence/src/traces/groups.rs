//! Many traces in a few lines: how many broke where. A list of the newest shows what is newest, which in an outage are
//! the refusals of services that a full queue has reached; where it began is in the count.

use serde::{Deserialize, Serialize};

use super::broken::{How, first_broken_edge};
use super::span::{Trace, TraceId};

/// Of the requests that broke, one in so many makes a group frequent.
const FREQUENT: usize = 50;

/// Traces that broke at the same place in the same way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// In words, such as `payment waits for bank`.
    pub broken: String,
    /// Who called.
    pub caller: String,
    /// Who was called.
    pub callee: String,
    /// What was wrong.
    pub how: How,
    /// Calls between the user and the callee.
    pub depth: usize,
    /// Traces.
    pub count: usize,
    /// Of these, those that came without their first span.
    pub rootless: usize,
    /// Whether a callee on the way has not told, so that this may not be the end of it.
    pub so_far: bool,
    /// The callee had no room.
    pub refused: bool,
    /// The newest of them; with its first span, if there is one.
    pub example: TraceId,
}

/// The groups of these traces, each with whether its first span came, newest first. The frequent ones come first, the
/// deepest of them before the others; then the rest by their count; what is not known to its end, and what only
/// fragments show, is last.
pub(super) fn groups(traces: impl Iterator<Item = (Trace, bool)>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (trace, rooted) in traces {
        let Some(edge) = first_broken_edge(&trace) else { continue };
        let (broken, so_far) = (edge.kind(), edge.untold.is_some());
        let known = groups.iter_mut().find(|group| group.broken == broken && group.so_far == so_far);
        match known {
            Some(group) => {
                group.count += 1;
                group.rootless += usize::from(!rooted);
                group.depth = group.depth.max(edge.depth);
            }
            None => groups.push(Group {
                refused: edge.refused(),
                broken,
                caller: edge.caller,
                callee: edge.callee,
                how: edge.how,
                depth: edge.depth,
                count: 1,
                rootless: usize::from(!rooted),
                so_far,
                example: trace.id,
            }),
        }
    }
    let rooted = |group: &Group| group.count - group.rootless;
    let whole: usize = groups.iter().map(rooted).sum();
    groups.sort_by_key(|group| {
        let frequent = rooted(group) * FREQUENT >= whole && rooted(group) > 0;
        let depth = if frequent { group.depth } else { 0 };
        std::cmp::Reverse((rooted(group) > 0 && !group.so_far, frequent, depth, rooted(group), group.count))
    });
    groups
}

#[cfg(test)]
mod tests {
    use super::super::testbed::{checkout, client, incident, server, trace};
    use super::*;

    fn refused(id: u128, rooted: bool) -> (Trace, bool) {
        let call = client(id, 2, 1, "cart", "order.Checkout", 1, 2).failing("unavailable", "queue is full");
        let root = server(id, 1, 0, "cart", "Checkout", 0, 3).failing("UNAVAILABLE", "");
        (trace(if rooted { vec![root, call] } else { vec![call] }), rooted)
    }

    fn told(traces: Vec<(Trace, bool)>) -> Vec<(String, usize)> {
        groups(traces.into_iter()).into_iter().map(|group| (group.broken, group.count)).collect()
    }

    #[test]
    fn the_frequent_come_first_and_of_these_the_deepest() {
        let mut traces: Vec<(Trace, bool)> = (0..9).map(|id| refused(id, id < 5)).collect();
        traces.extend((10..14).map(|id| (trace(incident(id)), true)));
        traces.push((trace(checkout(20)), true));
        let all = told(traces);
        assert_eq!(
            all,
            [("payment waits for bank".to_owned(), 4), ("refused: order's queue is full".to_owned(), 9)]
        );
    }

    #[test]
    fn what_only_fragments_show_is_last() {
        let mut traces: Vec<(Trace, bool)> = (0..50).map(|id| refused(id, false)).collect();
        traces.push((trace(incident(60)), true));
        assert_eq!(told(traces)[0].0, "payment waits for bank");
    }

    #[test]
    fn an_answer_so_far_is_no_other_s_company() {
        let cut = incident(2).into_iter().filter(|span| span.span.0 < 5).collect();
        let all = groups([(trace(cut), true), (trace(incident(1)), true)].into_iter());
        assert_eq!(all.iter().map(|group| group.so_far).collect::<Vec<_>>(), [false, true]);
        assert_eq!((all[0].depth, all[1].broken.as_str()), (4, "cart gave up on order"));
    }
}
