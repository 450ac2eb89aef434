//! The drill whose outage outlives its trigger: that its files say what the physics needs.

use super::*;

fn storm(variant: &str, candidate: Option<&str>, scale: &str) -> Plan {
    plan(&drill("retry-storm"), &choice(variant, candidate, scale))
        .unwrap_or_else(|problems| panic!("{problems}"))
}

/// The number at a path of a policy.
fn number(policy: &Value, pointer: &str) -> f64 {
    policy.pointer(pointer).and_then(Value::as_f64).unwrap_or_else(|| panic!("{pointer} in {policy}"))
}

/// Attempts of a shop that fails outnumber what payment can do; a call waits longer than its caller; order is wide enough.
#[test]
fn the_storm_has_its_margins_at_every_scale_and_variant() {
    for variant in ["default", "smoke", "from-start"] {
        for scale in ["1", "1/4", "1/10"] {
            let plan = storm(variant, Some("nothing"), scale);
            let of = plan.scale.as_f64();
            let checkouts =
                plan.load.journeys.iter().find(|load| load.journey == Journey::Checkout).unwrap().rate;
            let workers = number(&plan.policy, "/services/payment/server/workers");
            let capacity = workers / plan.bank.latency.as_secs_f64();
            assert!(4.0 * checkouts >= 1.15 * capacity, "{variant} {scale}: {checkouts} of {capacity}");
            let timeout = 0.25;
            assert!(number(&plan.policy, "/services/payment/server/queue/limit") / capacity > 4.0 * timeout);
            let order = number(&plan.policy, "/services/order/server/workers");
            assert!(order > 2.0 * 2_000.0 * of * timeout, "{variant} {scale}: {order}");
        }
    }
}

#[test]
fn the_storm_is_judged_once_the_calls_of_the_stall_are_over_and_before_the_handover() {
    for variant in ["default", "smoke"] {
        let plan = storm(variant, Some("budget"), "1/10");
        let aftermath = plan.aftermath.as_ref().unwrap();
        let state = aftermath.metastable.as_ref().unwrap();
        let stall = fault::median(&plan.faults[0].spec, Duration::ZERO).unwrap();
        assert!(state.from > stall, "{variant}");
        let handover = plan.handover.unwrap();
        assert_eq!(plan.heal_at() + state.to, handover, "{variant}");
        assert_eq!(plan.candidate.as_ref().unwrap().steps[0].at, handover, "{variant}");
        assert_eq!(plan.replay_at(), handover + aftermath.within + plan.proving() + plan.clear);
        assert_eq!(plan.settle_limit, aftermath.within + plan.proving(), "{variant}");
    }
    assert_eq!(storm("from-start", None, "1").aftermath.unwrap().metastable, None);
}
