//! Three traces that show it: one in health, one of the outage, one after. Chosen among those that the recording keeps,
//! by rules and not by taste, so that the same recording shows the same three.

use std::collections::BTreeMap;

use evidence::kind;
use evidence::traces::{Trace, Waterfall, first_broken_edge, waterfall};
use serde::{Deserialize, Serialize};

use crate::case::Case;
use crate::finding::round;
use crate::moments::Span;
use crate::recovery::Search;
use crate::truth::Truth;

/// A trace, and why it is shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Exemplar {
    /// `before`, `outage`, `after`.
    pub when: String,
    pub why: String,
    /// When it began, after the fault's start.
    pub seconds: f64,
    pub fall: Waterfall,
}

/// A request of a user, seen from its start.
struct Seen<'a> {
    t_ms: u64,
    failed: bool,
    buys: bool,
    trace: &'a Trace,
}

pub(super) fn choose(case: &Case<'_>, truth: &Truth) -> Vec<Exemplar> {
    let seen = seen(case);
    let (Some(fault), end) = (case.moments.fault, case.moments.end) else { return Vec::new() };
    let acted = case.moments.first_action.filter(|at| *at > fault);
    let outage = Span { from: fault, to: acted.or(case.moments.heal).unwrap_or(end) };
    let recovered = match &case.search {
        Search::Recovered(recovery) => Some(recovery.windows.from),
        _ => case.moments.heal,
    };
    let within = |span: Span| seen.iter().filter(move |one| (span.from..span.to).contains(&one.t_ms));
    let well = |span: Span| typical(within(span).filter(|one| !one.failed));
    let mut found = Vec::new();
    let mut show = |when: &str, why: &str, one: Option<&Seen<'_>>| {
        found.extend(one.map(|one| Exemplar {
            when: when.to_owned(),
            why: why.to_owned(),
            seconds: round(case.moments.seconds(one.t_ms)),
            fall: waterfall(one.trace),
        }));
    };
    show("before", "a checkout in health, before the fault", well(Span { from: 0, to: fault }));
    let failed = failing(within(outage).filter(|one| one.failed), truth);
    show("outage", "a checkout that failed while the trigger was on and nobody had acted", failed);
    if let Some(from) = recovered {
        let (to, why) = match (&case.search, case.moments.heal) {
            (Search::Recovered(_), Some(heal)) if heal > from => {
                (heal, "a checkout once the shop had recovered, with the trigger still on")
            }
            (Search::Recovered(_), _) => (end, "a checkout once the shop had recovered"),
            _ => (end, "a checkout when the trigger was gone; until then the shop had not recovered"),
        };
        show("after", why, well(Span { from, to }));
    }
    found
}

fn seen<'a>(case: &Case<'a>) -> Vec<Seen<'a>> {
    let started = case.recording.entries(kind::RUN_STARTED).next();
    let wall_ms = started.and_then(|entry| entry.number("wall_unix_ms")).unwrap_or_default() as u64;
    let of_user = |trace: &'a Trace| {
        let root = trace.spans.iter().find(|span| span.parent.is_none() && span.service == "frontend")?;
        Some(Seen {
            t_ms: (root.start_unix_ns / 1_000_000).checked_sub(wall_ms)?,
            failed: root.error,
            buys: root.name.contains("checkout"),
            trace,
        })
    };
    case.recording.traces.iter().filter_map(of_user).collect()
}

/// What most of them look like: a checkout before all others, of the most frequent size, and the first of equals.
fn typical<'a>(seen: impl Iterator<Item = &'a Seen<'a>>) -> Option<&'a Seen<'a>> {
    let mut sizes: BTreeMap<(bool, usize), Vec<&Seen<'_>>> = BTreeMap::new();
    for one in seen {
        sizes.entry((one.buys, one.trace.spans.len())).or_default().push(one);
    }
    let (_, most) = sizes.into_iter().max_by_key(|((buys, _), alike)| (*buys, alike.len()))?;
    most.into_iter().min_by_key(|one| (one.t_ms, one.trace.id))
}

/// One that failed by the call which broke first, seen to its end; else the one that tells most.
fn failing<'a>(seen: impl Iterator<Item = &'a Seen<'a>>, truth: &Truth) -> Option<&'a Seen<'a>> {
    let rank = |one: &&Seen<'_>| {
        let broken = first_broken_edge(one.trace);
        let first = truth.first_broken_edge.as_ref().zip(broken.as_ref());
        let by_first =
            first.is_some_and(|(first, edge)| first.caller == edge.caller && first.callee == edge.callee);
        let untold = broken.is_none_or(|edge| edge.untold.is_some());
        (!one.buys, !by_first, untold, std::cmp::Reverse(one.trace.spans.len()), one.t_ms, one.trace.id)
    };
    seen.min_by_key(rank)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testbed::Bed;

    #[test]
    fn without_traces_nothing_is_shown() {
        let bed = Bed::recovered();
        let recording = bed.recording();
        assert_eq!(choose(&Case::new(&recording, bed.plan()), &Truth::default()), []);
    }
}
