//! What is shipped under `drills/` holds: every variant, every candidate, the arithmetic between them.

use serde_json::json;

use super::*;

const PLANTED: [&str; 11] = [
    "add-timeouts",
    "double-charger",
    "fail-everything",
    "flush-only",
    "layered",
    "nothing",
    "raise-limits",
    "rate-limit",
    "restart-everything",
    "scale-to-zero",
    "timeout-400ms",
];

#[test]
fn the_shipped_drill_and_all_its_candidates_are_sound() {
    let sources = drill("bank-slowdown");
    if let Err(problems) = check(&sources) {
        panic!("{}", problems.render(false));
    }
    assert_eq!(sources.candidates.keys().map(String::as_str).collect::<Vec<_>>(), PLANTED);
    assert_eq!(variants(&sources), ["default", "smoke", "full"]);
}

#[test]
fn a_complete_validator_accepts_the_shipped_files() {
    let sources = drill("bank-slowdown");
    let accepts = |schema: &Value, source: &Source| {
        let validator = jsonschema::validator_for(schema).unwrap();
        let file = value(source);
        let errors: Vec<String> =
            validator.iter_errors(&file).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{}: {errors:#?}", source.name);
    };
    accepts(drill_schema(), &sources.drill);
    accepts(answer_schema(), sources.answer.as_ref().unwrap());
    for candidate in sources.candidates.values() {
        accepts(candidate_schema(), candidate);
    }
}

#[test]
fn the_default_timeline_is_the_one_in_the_design() {
    let plan = planned("default", Some("layered"), "1");
    assert_eq!(plan.baseline.length, 20 * SECOND);
    assert_eq!(plan.heal_at(), 140 * SECOND);
    assert_eq!(plan.replay_at(), 160 * SECOND);
    assert_eq!(plan.handover, Some(80 * SECOND));
    assert_eq!(plan.load.journeys.iter().map(|j| j.rate).sum::<f64>(), 900.0);
    assert_eq!(plan.load.journeys.len(), 5);
    assert_eq!(plan.faults[0].id, "slow-bank");
    assert_eq!(plan.required.len(), 9);
    assert_eq!(
        plan.hints.iter().map(|h| h.level.as_str()).collect::<Vec<_>>(),
        ["nudge", "direction", "partial", "full"]
    );
    let naive = &plan.policy["services"];
    assert_eq!(naive["order"]["server"]["workers"], 1047);
    assert_eq!(naive["cart"]["calls"]["order.Checkout"]["total_timeout"], "10s");
}

#[test]
fn smoke_is_an_overlay_that_ends_within_ninety_seconds() {
    let plan = planned("smoke", Some("layered"), "1");
    assert!(plan.longest() <= 90 * SECOND, "{:?}", plan.longest());
    assert_eq!(plan.heal_at(), 36 * SECOND);
    assert_eq!(plan.load.patience, 2 * SECOND);
    assert!(plan.load.journeys.iter().all(|j| j.slo_latency < plan.load.patience));
    let naive = &plan.policy["services"];
    assert_eq!(naive["payment"]["server"]["workers"], 200, "what smoke does not say stays");
    let patience = &naive["cart"]["calls"]["order.Checkout"];
    assert_eq!(patience["retry"]["max_retries"], 5);
    assert_eq!(patience["retry"]["on"], json!(["unavailable"]));
    assert_eq!(plan.faults[0].spec.ramp.as_ref().unwrap().over.0, 12 * SECOND);
    assert_eq!(plan.windows.count, 5);
    assert_eq!(plan.windows.length, SECOND);
    let acts = plan.candidate.unwrap().steps.into_iter().filter(|s| !matches!(s.action, Action::Said(_)));
    assert_eq!(acts.map(|s| s.at.as_secs()).collect::<Vec<_>>(), [22, 33]);
}

#[test]
fn scale_changes_rates_and_places_and_never_times() {
    let whole = planned("default", Some("layered"), "1");
    let tenth = planned("default", Some("layered"), "1/10");
    assert_eq!(tenth.load.journeys[4].rate, 45.0);
    assert_eq!(tenth.policy["services"]["payment"]["server"]["workers"], 20);
    assert_eq!(tenth.policy["services"]["order"]["server"]["workers"], 105);
    let bound = |plan: &Plan| {
        let path = "services.payment.server.workers";
        plan.safe_bounds.iter().find(|b| b.path == path).unwrap().max
    };
    assert_eq!((bound(&whole), bound(&tenth)), (Some(400.0), Some(40.0)));
    let steps = &tenth.candidate.as_ref().unwrap().steps;
    let patch = steps.iter().find_map(|step| match &step.action {
        Action::Policy { patch, .. } => Some(patch),
        _ => None,
    });
    let patch = patch.expect("layered changes the policy");
    assert_eq!(patch["services"]["order"]["settler"]["rate"], 60.0);
    assert_eq!(patch["services"]["payment"]["server"]["bulkheads"]["Charge"], 15);
    let call = &patch["services"]["payment"]["calls"]["bank.charge"];
    assert_eq!(call["attempt_timeout"], "400ms");
    assert_eq!(call["breaker"]["window"], 100);
    // All that is left, once what may differ is taken out, must be the same.
    let rest = |mut plan: Plan| {
        plan.scale = Scale::ONE;
        plan.policy = Value::Null;
        plan.safe_bounds.clear();
        plan.load.journeys.iter_mut().for_each(|j| j.rate = 0.0);
        plan.candidate = None;
        plan
    };
    assert_eq!(rest(whole), rest(tenth));
}

#[test]
fn every_planted_candidate_says_the_verdict_it_must_get() {
    let sources = drill("bank-slowdown");
    for name in PLANTED {
        let expect = expectation(&sources, name, "smoke").unwrap();
        assert_eq!(expect.exit == 0, name == "layered", "{name}");
        assert!(!expect.criteria.is_empty(), "{name}");
    }
    assert_eq!(expectation(&sources, "nobody", "smoke"), None);
}

#[test]
fn the_answer_is_scaled_with_the_pools_it_speaks_of() {
    let sources = drill("bank-slowdown");
    let plateau = |variant: &str, scale: &str| {
        let answer = answer(&sources, variant, scale.parse().unwrap()).unwrap().unwrap();
        let plateau = answer.plateau.unwrap();
        (plateau.payment_busy, plateau.payment_queued, plateau.charges_per_second_max)
    };
    assert_eq!(plateau("default", "1"), (200.0, 847.0, 8.0));
    assert_eq!(plateau("default", "1/10"), (20.0, 85.0, 0.8));
    assert_eq!(plateau("smoke", "1"), (200.0, 400.0, 80.0));
}

#[test]
fn a_choice_that_does_not_exist_is_told_what_does() {
    let sources = drill("bank-slowdown");
    let error = plan(&sources, &choice("smok", None, "1")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "drill.yaml:1:1: there is no variant `smok`; allowed: default, smoke, full; \
         hint: did you mean `smoke`?"
    );
    let error = plan(&sources, &choice("smoke", Some("layerd"), "1")).unwrap_err();
    assert!(error.to_string().contains("did you mean `layered`?"), "{error}");
}

#[test]
fn a_seed_can_be_chosen() {
    let choice = Choice { seed: Some(7), mode: Mode::Gate, ..Choice::default() };
    let plan = plan(&drill("bank-slowdown"), &choice).unwrap();
    assert_eq!((plan.seed, plan.mode), (7, Mode::Gate));
    assert_eq!(planned("default", None, "1").seed, 1);
}

/// The only drill with more than one of a service: its instances, its targets, its arithmetic.
#[test]
fn lost_instance_starts_with_three_payments_and_loses_two_of_them_in_turn() {
    let sources = drill("lost-instance");
    if let Err(problems) = check(&sources) {
        panic!("{}", problems.render(false));
    }
    let planned = |variant: &str, scale: &str| {
        plan(&sources, &choice(variant, Some("ejection"), scale)).unwrap_or_else(|p| panic!("{p}"))
    };
    for variant in ["default", "smoke"] {
        for scale in ["1", "1/10"] {
            let plan = planned(variant, scale);
            assert_eq!(plan.instances, BTreeMap::from([("payment".to_owned(), 3)]), "instances do not scale");
            let targets: Vec<&str> = plan.faults.iter().map(|fault| fault.target.as_str()).collect();
            assert_eq!((targets, plan.replay.target.as_str()), (vec!["payment-2", "payment-1"], "payment-1"));
            let saved = serde_json::to_string(&plan).unwrap();
            assert_eq!(serde_json::from_str::<Plan>(&saved).unwrap(), plan);
        }
    }
    assert!(planned("smoke", "1").longest() <= 90 * SECOND);
    // Two of three are enough: capacity is not what is missing.
    let plan = planned("default", "1");
    let workers = plan.policy["services"]["payment"]["server"]["workers"].as_f64().unwrap();
    assert!(plan.load.journeys[4].rate * plan.bank.latency.as_secs_f64() < workers);
}
