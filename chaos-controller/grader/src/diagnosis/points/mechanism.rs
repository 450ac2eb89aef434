//! What made an outage of it. The strongest of the recorded ones is enough, and so are any two; one of the weaker ones
//! earns half. One that the recording does not show is forgiven, because people tell more than they must; each
//! further one thins what the right ones earn.

use crate::truth::MechanismKind;

use super::{Found, HALF, Held, listed, word};

pub(super) fn judge(held: Held<'_>) -> Found {
    let recorded = &held.truth.mechanisms;
    let said = &held.claims.mechanisms;
    let right: Vec<MechanismKind> = said.iter().copied().filter(|kind| held.records(*kind)).collect();
    let unseen: Vec<String> = said.iter().filter(|kind| !held.records(**kind)).map(word).collect();
    let strongest = recorded.first().is_some_and(|first| said.contains(&first.kind));
    let base = match right.len() {
        0 => 0.0,
        1 if !strongest => HALF,
        _ => 1.0,
    };
    let thinned = right.len() as f64 / (right.len() + unseen.len().saturating_sub(1)).max(1) as f64;
    let names: Vec<String> = right.iter().map(word).collect();
    let why = match (right.is_empty(), unseen.len()) {
        (true, 0) => "it was not said how the cause became an outage".to_owned(),
        (true, _) => format!("the recording does not show {}", listed(&unseen)),
        (false, 2..) => format!(
            "recorded: {}; not recorded: {}, and claims that miss thin those that hit",
            listed(&names),
            listed(&unseen)
        ),
        (false, _) if base < 1.0 => format!("recorded: {}, and stronger ones were not named", listed(&names)),
        (false, _) => format!("recorded: {}", listed(&names)),
    };
    let evidence = recorded.iter().find(|one| right.contains(&one.kind)).or(recorded.first());
    Found {
        share: base * thinned,
        claimed: said.iter().map(word).collect::<Vec<_>>().join(", "),
        recorded: recorded
            .iter()
            .map(|one| format!("{} at {}: {}", word(one.kind), one.at, one.what))
            .collect::<Vec<_>>()
            .join("; "),
        why,
        evidence: evidence.map(|one| one.evidence.clone()).unwrap_or_default(),
    }
}
