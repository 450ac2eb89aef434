//! Where a lever reaches: a timeout on the wrong call leaves the cascade as it was.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;
use resilience::policy::topology;

use super::Lever::{self, *};

/// Levers that sit at a place of the shop; the others work wherever they are.
const PLACED: [Lever; 8] = [Timeout, Breaker, Bulkhead, RetryLimit, ShortQueue, NewestFirst, Codel, Eject];

/// Whether a sentence that pulls `lever` pulls it where it reaches `at`: a service, or an edge as `order->payment`.
/// One that names no place is taken to mean the right one.
pub(in crate::postmortem) fn reaches(lever: Lever, text: &str, at: &str) -> bool {
    if !PLACED.contains(&lever) {
        return true;
    }
    let places = places(text);
    places.is_empty() || places.iter().any(|place| near(at).contains(place))
}

/// The parts of the shop that a sentence speaks of. Their names are common words, so a word counts only where a place
/// stands: after a preposition, before "service" or "'s", or at an arrow.
fn places(text: &str) -> BTreeSet<&'static str> {
    static FORM: LazyLock<Regex> = LazyLock::new(|| {
        let names: Vec<&str> = services().collect();
        let names = names.join("|");
        Regex::new(&format!(
            r"(?i)\b(?:on|at|of|from|for|to|into|between|and|the|in|calls?|->|→)\s*`?(?P<a>{names})\b|\b(?P<b>{names})(?:'s|\s+(?:service|pool|client|call|calls)\b|\s*(?:->|→|\.))"
        ))
        .expect("names make a regular expression")
    });
    let text = text.to_lowercase().replace("in order to", "").replace("in order that", "");
    let found = FORM.captures_iter(&text).filter_map(|found| {
        let name = found.name("a").or(found.name("b"))?.as_str();
        services().find(|service| *service == name)
    });
    found.collect()
}

fn services() -> impl Iterator<Item = &'static str> {
    topology::SERVICES.iter().map(|(service, _)| *service).chain([topology::BANK.0])
}

/// Where a lever can reach a mechanism: its place, whoever calls it, and everything that it waits for.
fn near(at: &str) -> BTreeSet<&'static str> {
    let ends: Vec<&str> = at.split("->").map(str::trim).collect();
    let mut below: BTreeSet<&'static str> = services().filter(|service| ends.contains(service)).collect();
    // Downwards until nothing is added: the shop's calls have no cycle, but this does not need to know.
    while let Some((_, callee)) =
        topology::EDGES.iter().find(|(caller, callee)| below.contains(caller) && !below.contains(callee))
    {
        below.insert(callee);
    }
    if ends.len() == 1 {
        below.extend(topology::callers(at));
    }
    if below.is_empty() { services().collect() } else { below }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lever_elsewhere_reaches_nothing_here() {
        assert!(reaches(Timeout, "a timeout on payment's call to the bank", "payment"));
        assert!(
            reaches(Timeout, "a timeout on payment -> bank", "cart"),
            "whoever waits above is freed as well"
        );
        assert!(reaches(Timeout, "bound every wait, in order to free workers", "payment"));
        assert!(!reaches(Timeout, "a timeout on search's call to inventory", "payment"));
        assert!(!reaches(RetryLimit, "no retries at the frontend", "order->payment"));
        assert!(reaches(Deadline, "a deadline at the frontend", "payment"));
    }
}
