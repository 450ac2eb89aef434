//! What is wrong with who began it. What a caller could not tell apart from the truth earns half: an answer that is
//! lost looks like a failure, and what is frozen looks slow. Contradictions earn nothing.

use crate::truth::{MechanismKind, RootKind};

use super::super::claims::Claims;
use super::{Found, HALF, Held, service, word};

pub(super) fn judge(held: Held<'_>) -> Found {
    let roots = held.roots();
    let recorded: Vec<String> =
        roots.iter().map(|root| format!("{} is {}", root.component, word(root.kind))).collect();
    let evidence: Vec<&str> = roots.iter().map(|root| root.evidence.as_str()).collect();
    let found = |share: f64, claimed: String, why: &str| Found {
        share,
        claimed,
        recorded: recorded.join("; "),
        why: why.to_owned(),
        evidence: evidence.join("; "),
    };
    if held.metastable() {
        let circle = [MechanismKind::Metastable, MechanismKind::RetryAmplification];
        let named: Vec<String> =
            circle.iter().filter(|kind| held.claims.mechanisms.contains(kind)).map(word).collect();
        if !named.is_empty() {
            return found(
                1.0,
                named.join(", "),
                "what keeps the shop down is a loop of its own, and that was said",
            );
        }
    }
    let named = held.claims.causes.iter().find_map(|claimed| Some((claimed, held.root_of(claimed)?)));
    let Some((claimed, root)) = named else {
        return found(0.0, String::new(), "without who began it, what is wrong with them cannot be right");
    };
    let said = said_of(held.claims, claimed, &root.component);
    let words =
        said.iter().map(|kinds| kinds.iter().map(word).collect::<Vec<_>>().join(" or ")).collect::<Vec<_>>();
    let fits = said.iter().any(|kinds| kinds.contains(&root.kind));
    let near = said.iter().any(|kinds| kinds.iter().any(|kind| looks_like(*kind, root.kind)));
    let contradicts = said
        .iter()
        .filter(|kinds| !kinds.iter().any(|kind| *kind == root.kind || looks_like(*kind, root.kind)));
    let (share, why) = match (fits, near, contradicts.count()) {
        (_, _, 2..) => (0.0, "kinds that exclude each other were said of it, which says none of them"),
        (true, _, 1) => (HALF, "it is that, and something else was said of it as well"),
        (true, _, _) if held.metastable() => {
            (HALF, "that is what set it off; what keeps the shop down is a loop of its own")
        }
        (true, _, _) => (1.0, "that is what was done to it"),
        (false, true, _) => (HALF, "it looks so from outside; the recording shows what it was"),
        (false, false, 0) => (0.0, "it was not said what is wrong with it"),
        (false, false, _) => (0.0, "the recording shows something else"),
    };
    found(share, words.join(", "), why)
}

/// Each of the kinds said of somebody, once.
fn said_of(claims: &Claims, claimed: &str, component: &str) -> Vec<&'static [RootKind]> {
    let about = |who: &str| who == claimed || who == component || service(component) == Some(who);
    let of_them = |(who, kinds): &(Option<String>, &'static [RootKind])| {
        who.as_deref().filter(|who| about(who)).map(|_| *kinds)
    };
    let mut said: Vec<&'static [RootKind]> = claims.faults.iter().filter_map(of_them).collect();
    // Said of nobody, it can only be meant of the one who is called the cause.
    if said.is_empty() && claims.causes.len() == 1 {
        said = claims.faults.iter().filter(|(who, _)| who.is_none()).map(|(_, kinds)| *kinds).collect();
    }
    said.sort_unstable();
    said.dedup();
    said
}

/// Whether `said` is what `truth` looks like to its caller.
fn looks_like(said: RootKind, truth: RootKind) -> bool {
    use RootKind::{AnswerLost, Failing, Frozen, Killed, RateLimited, Slow, Starved, WrongAnswer};
    matches!(
        (said, truth),
        (Failing, AnswerLost | Killed | WrongAnswer | RateLimited)
            | (Slow, Frozen | Starved)
            | (Frozen, Slow)
            | (Starved, Slow)
    )
}
