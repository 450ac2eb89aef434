//! How it climbed. Each step from one failing service to the next earns its part; a step the wrong way costs as much. A
//! step is right if it follows the recorded times or the calls, callee before caller: which of two neighbours crosses
//! its threshold a second earlier is chance. The bank may be in the list, and counts for nothing.

use super::{Found, HALF, Held};

/// Callees before callers, on the way of a checkout.
const CLIMB: [&str; 4] = ["payment", "order", "cart", "frontend"];

pub(super) fn judge(held: Held<'_>) -> Found {
    let recorded: Vec<&str> = held.truth.propagation.iter().map(|link| link.service.as_str()).collect();
    let claimed: Vec<&str> = held.claims.climb.iter().map(|name| service(name)).collect();
    let named: Vec<&str> = claimed.iter().copied().filter(|name| recorded.contains(name)).collect();
    let strangers = if held.claims.listed_climb { claimed.len() - named.len() } else { 0 };
    let steps = recorded.len().saturating_sub(1).max(1) as f64;
    let up = |pair: &&[&str]| follows(&recorded, pair) || follows(&CLIMB, pair);
    let right = named.windows(2).filter(up).count();
    let back = named.len().saturating_sub(1) - right;
    let (share, why) = match (recorded.len(), named.len()) {
        (1, 1..) => ((1.0 - strangers as f64).max(0.0), "the one that failed was named".to_owned()),
        (_, 0 | 1) if held.claims.climbs => {
            (HALF, "that it climbed to the callers was said, and not in which order".to_owned())
        }
        (_, 0 | 1) => (0.0, "it was not said who failed after whom".to_owned()),
        (all, named) => {
            let share = ((right as f64 - back as f64 - strangers as f64) / steps).clamp(0.0, 1.0);
            let why = match (back, strangers) {
                (0, 0) if named == all => "that is the order in which they failed".to_owned(),
                (0, 0) => format!("{named} of the {all} that failed are in their order"),
                (0, _) => "services that did not fail are in the list".to_owned(),
                (back, _) if right == 0 => format!(
                    "{back} of its steps go the wrong way: trouble climbs from who is called to who calls"
                ),
                (back, _) => format!("{right} of its steps are right, {back} go the wrong way"),
            };
            (share, why)
        }
    };
    let shown: Vec<String> = held
        .truth
        .propagation
        .iter()
        .map(|link| format!("{} ({}, {:+.1} s)", link.service, link.symptom, link.seconds))
        .collect();
    let first = held.truth.first_broken_edge.as_ref().map(|edge| {
        let trace = edge.evidence.rsplit_once("as trace ").map(|(_, trace)| format!(", as trace {trace}"));
        format!("; first broken: {} -> {}{}", edge.caller, edge.callee, trace.unwrap_or_default())
    });
    Found {
        share,
        claimed: if claimed.is_empty() && held.claims.climbs {
            "the callers".to_owned()
        } else {
            claimed.join(", ")
        },
        recorded: shown.join(", "),
        why,
        evidence: format!("scorecard: cascade{}", first.unwrap_or_default()),
    }
}

fn service(name: &str) -> &str {
    super::service(name).unwrap_or(name)
}

fn follows(order: &[&str], pair: &[&str]) -> bool {
    let at = |name: &str| order.iter().position(|one| *one == name);
    matches!((at(pair[0]), at(pair[1])), (Some(first), Some(second)) if first < second)
}
