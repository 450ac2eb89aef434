//! Users who want nothing of the sick part fail, because a pool on their way is held by those who do.

use drill::Journey;

use super::super::seen::Seen;
use super::{Found, MechanismKind, mechanism, pool_exhausted};
use crate::case::Case;
use crate::finding::percent;
use crate::moments::Span;
use crate::truth::{Root, RootKind};

/// Bad answers of a journey, at worst. The half, as the marks of the cascade have it.
const LEAST_SHARE: f64 = 0.5;

/// What a journey passes, callers before callees.
pub(super) fn way(journey: Journey) -> &'static [&'static str] {
    match journey {
        Journey::Home => &["frontend", "search", "inventory", "account", "cart"],
        Journey::Search => &["frontend", "search", "inventory"],
        Journey::Account => &["frontend", "account"],
        Journey::PrepareCheckout => &["frontend", "cart", "order", "payment"],
        Journey::Checkout => &["frontend", "cart", "order", "inventory", "payment", "bank"],
    }
}

pub(super) fn find(case: &Case<'_>, seen: &Seen, roots: &[Root]) -> Vec<Found> {
    let sick: Vec<&str> = roots
        .iter()
        .filter(|root| root.kind != RootKind::Surge)
        .map(|root| service(&root.component))
        .collect();
    let outside = |journey: &&Journey| !way(**journey).iter().any(|service| sick.contains(service));
    let mut found: Vec<(&str, Vec<String>, f64)> = Vec::new();
    for journey in case.log.journeys.iter().filter(outside).filter(|_| !sick.is_empty()) {
        let Some(share) = worst(case, *journey, seen.span).filter(|share| *share >= LEAST_SHARE) else {
            continue;
        };
        let full = |service: &&&str| pool_exhausted::full(case, service, seen.span).is_some();
        // The deepest full pool on the way: those above it wait for it.
        let Some(pool) = way(*journey).iter().rev().find(full) else { continue };
        let told = format!("{journey} ({})", percent(share));
        match found.iter_mut().find(|(known, _, _)| known == pool) {
            Some((_, journeys, most)) => {
                journeys.push(told);
                *most = most.max(share);
            }
            None => found.push((pool, vec![told], share)),
        }
    }
    let told = |(pool, journeys, share): (&str, Vec<String>, f64)| {
        let what = format!(
            "{pool}: {} (bad answers, at worst) need nothing of {}, and share its workers with what does",
            journeys.join(", "),
            sick.join(", "),
        );
        let evidence = format!(
            "requests.bin: bad answers in the worst {} s, {}; samples.bin: lab_workers_busy of {pool} at its limit",
            case.plan.windows.length.as_secs_f64(),
            case.moments.name(seen.span)
        );
        (share, mechanism(MechanismKind::SharedPool, pool, what, evidence))
    };
    found.into_iter().map(told).collect()
}

/// `payment` of `payment-1`.
fn service(component: &str) -> &str {
    match component.rsplit_once('-') {
        Some((service, number)) if number.bytes().all(|byte| byte.is_ascii_digit()) => service,
        _ => component,
    }
}

/// The highest share of bad answers of a journey in any window of the span.
fn worst(case: &Case<'_>, journey: Journey, span: Span) -> Option<f64> {
    let length = crate::moments::millis(case.plan.windows.length).max(1);
    let windows = (span.from..span.to).step_by(length as usize).map(|from| Span { from, to: from + length });
    let share = |window: Span| {
        let tallies = case.log.tallies(window);
        let tally = tallies.into_iter().find(|(of, _)| *of == journey)?.1;
        Some(1.0 - tally.share()?)
    };
    windows.filter(|window| window.to <= span.to).filter_map(share).reduce(f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testbed::Bed;
    use crate::truth::{Mechanism, roots::roots};

    fn found(bed: &Bed) -> Vec<Mechanism> {
        let recording = bed.recording();
        let case = Case::new(&recording, bed.plan());
        let found = find(&case, &Seen::of(&case).unwrap(), &roots(&case));
        found.into_iter().map(|(_, mechanism)| mechanism).collect()
    }

    #[test]
    fn preparing_a_checkout_fails_in_the_pool_that_charges_hold() {
        let found = found(&Bed::never_recovered());
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].at, "payment");
        assert!(found[0].what.contains("prepare_checkout (100 %)"), "{found:?}");
        assert!(!found[0].what.contains(" checkout ("), "{found:?}");
    }

    #[test]
    fn users_who_are_answered_share_nothing_that_matters() {
        assert!(found(&Bed::well("nothing", None)).is_empty());
    }

    #[test]
    fn without_samples_no_pool_is_known() {
        let mut bed = Bed::never_recovered();
        bed.unscraped.push("payment");
        assert!(found(&bed).is_empty());
    }

    #[test]
    fn an_instance_belongs_to_its_service() {
        assert_eq!((service("payment-1"), service("bank")), ("payment", "bank"));
    }
}
