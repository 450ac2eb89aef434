//! What made an outage of it. One that stands by itself is enough, and so is whichever the recording shows strongest, and
//! so are any two; one that follows from others (retries, late queues, wasted work, shared workers) earns half. One that the recording does not show is forgiven, because people tell more than they must; each
//! further one thins what the right ones earn.

use crate::truth::{Mechanism, MechanismKind};

use super::{Found, HALF, Held, listed, word};

/// So many kinds are shown with their figures.
const SHOWN: usize = 2;

pub(super) fn judge(held: Held<'_>) -> Found {
    let recorded = &held.truth.mechanisms;
    let said = &held.claims.mechanisms;
    let right: Vec<MechanismKind> = said.iter().copied().filter(|kind| held.records(*kind)).collect();
    let unseen: Vec<String> = said.iter().filter(|kind| !held.records(**kind)).map(word).collect();
    let strongest = recorded.first().map(|one| one.kind);
    let enough = right.iter().any(|kind| !follows(*kind) || Some(*kind) == strongest);
    let base = match right.len() {
        0 => 0.0,
        1 if !enough => HALF,
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
        (false, _) if base < 1.0 => {
            format!("recorded: {}, and what it follows from was not named", listed(&names))
        }
        (false, _) => format!("recorded: {}", listed(&names)),
    };
    let evidence = recorded.iter().find(|one| right.contains(&one.kind)).or(recorded.first());
    Found {
        share: base * thinned,
        claimed: said.iter().map(word).collect::<Vec<_>>().join(", "),
        recorded: shown(recorded),
        why,
        evidence: evidence.map(|one| one.evidence.clone()).unwrap_or_default(),
    }
}

/// Whether it comes about by another one, and tells little without it.
fn follows(kind: MechanismKind) -> bool {
    use MechanismKind::{LateQueue, RetryAmplification, SharedPool, WastedWork};
    matches!(kind, RetryAmplification | LateQueue | WastedWork | SharedPool)
}

/// The recorded kinds, the strongest first.
fn kinds(recorded: &[Mechanism]) -> Vec<MechanismKind> {
    let mut kinds: Vec<MechanismKind> = Vec::new();
    for one in recorded {
        if !kinds.contains(&one.kind) {
            kinds.push(one.kind);
        }
    }
    kinds
}

/// The strongest of the first kinds in its own words, and the other kinds by name.
fn shown(recorded: &[Mechanism]) -> String {
    let kinds = kinds(recorded);
    let first = kinds.iter().take(SHOWN).filter_map(|kind| recorded.iter().find(|one| one.kind == *kind));
    let mut shown: Vec<String> = first.map(|one| format!("{} ({})", word(one.kind), one.what)).collect();
    if kinds.len() > SHOWN {
        let names: Vec<String> = kinds.iter().skip(SHOWN).map(word).collect();
        shown.push(format!("besides {}", listed(&names)));
    }
    shown.join("; ")
}
