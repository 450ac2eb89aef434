//! Who was called the cause and is not. To name a victim as a link of the chain is right and costs nothing. Who is only
//! one of several that nothing else was said to have caused was not called the cause.

use crate::finding::round;

use super::super::Point;
use super::super::lexicon::ELSEWHERE;
use super::{BLAME, Held, listed};

/// What each one costs.
const EACH: f64 = 0.15;
/// What all together cost at most.
const MOST: f64 = 0.30;

pub(super) fn judge(held: Held<'_>) -> (Point, Vec<String>) {
    let found = held.claims.causes.iter().any(|claimed| held.root_of(claimed).is_some());
    let counts = !held.truth.roots.is_empty() && (held.claims.explicit || !found);
    let wrong = if counts { held.wrong() } else { Vec::new() };
    let failed: Vec<String> = held
        .truth
        .propagation
        .iter()
        .filter(|link| wrong.contains(&link.service.as_str()))
        .map(|link| {
            format!("{} failed {:+.1} s after the cause: {}", link.service, link.seconds, link.symptom)
        })
        .collect();
    let why = match (wrong.as_slice(), failed.as_slice()) {
        ([], _) => "no victim was called the cause".to_owned(),
        ([ELSEWHERE], _) => "nothing outside the shop and the bank was touched".to_owned(),
        (wrong, []) => format!("nothing was done to {}", listed(wrong)),
        (wrong, _) => {
            format!("nothing was done to {}, and what failed there failed because of another", listed(wrong))
        }
    };
    let point = Point {
        name: BLAME.to_owned(),
        worth: -MOST,
        // From zero, which is not minus zero.
        got: round(0.0 - (EACH * wrong.len() as f64).min(MOST)),
        claimed: listed(&wrong),
        recorded: failed.join("; "),
        why,
        evidence: if failed.is_empty() { String::new() } else { "scorecard: cascade".to_owned() },
    };
    (point, wrong.into_iter().filter(|name| *name != ELSEWHERE).map(str::to_owned).collect())
}
