//! The drill, live: the outage happens as it was told, and every planted candidate gets the verdict that it must get.
//! At the drill's own rates for the three that `make test` must show, at a tenth for the others.

use tests::played::full;
use tests::{Played, Playing, Turn, in_lanes, repo};

use crate::regrade;

/// Played at the drill's own rates.
const FULL: [&str; 3] = ["nothing", "layered", "double-charger"];
/// Whose run is graded again.
const REGRADED: &str = "flush-only";
/// Labs at a tenth that the machine bears side by side.
const LANES: usize = 3;

fn as_expected(candidate: &'static str) {
    let expected = drill::expectation(&repo::sources(tests::site::DRILL), candidate, "smoke");
    let differences =
        full(candidate).differences(&expected.expect("a planted candidate says what it must get"));
    assert!(differences.is_empty(), "{candidate}: {}", differences.join("; "));
}

#[test]
fn nothing_fails_and_the_outage_climbs_from_the_bank_to_the_page() {
    as_expected("nothing");
    let run = full("nothing");
    let cascade = run.card["cascade"].as_array().expect("a scorecard tells the cascade");
    let order: Vec<&str> = cascade.iter().filter_map(|broken| broken["service"].as_str()).collect();
    assert_eq!(order, ["payment", "order", "cart", "frontend"], "{cascade:?}");
    let seconds: Vec<f64> = cascade.iter().filter_map(|broken| broken["seconds"].as_f64()).collect();
    assert!(seconds.is_sorted() && seconds.len() == 4 && seconds[0] > 0.0, "{cascade:?}");
    assert_eq!(run.status("goodput"), "fail");
}

#[test]
fn the_outage_has_the_numbers_that_were_worked_out_before() {
    let run = full("nothing");
    assert_eq!(run.number("/measures/payment_workers_busy_max"), 200.0);
    // Order's 600 callers less the 200 that are served.
    let queued = run.number("/measures/payment_queue_depth_max");
    assert!((350.0..=400.0).contains(&queued), "{queued} queued at payment");
    // 200 workers, 3 s each, and at most a fifth more.
    let charges = run.number("/measures/payment_throughput_rps");
    assert!((40.0..=80.0).contains(&charges), "{charges} charges/s");
    assert!(run.number("/measures/order_503_share_max") >= 0.9);
    // Latency alone makes nobody try again: order has no timer, and the bank answers.
    let attempts = run.number("/measures/amplification/order->payment");
    assert!(attempts < 1.05, "{attempts} attempts per call from order to payment");
    let law = run.number("/measures/littles_law/error_share");
    assert!(law.abs() < 0.03, "busy = rate x latency is off by {law}");
}

#[test]
fn nothing_loses_no_money_and_leaves_nothing_behind() {
    let run = full("nothing");
    assert_eq!((run.number("/money/lost"), run.number("/money/double")), (0.0, 0.0), "{}", run.card["money"]);
    assert_eq!(run.card["residue"].as_array().map(Vec::len), Some(0), "{}", run.card["residue"]);
    for dose in run.card["dose"].as_array().expect("a scorecard tells the doses") {
        assert_ne!(dose["within"], false, "{dose}");
        assert!(dose["error_min_us"].as_f64() >= Some(0.0), "an answer was early: {dose}");
    }
}

#[test]
fn the_page_is_there_then_blank_then_there_again() {
    let run = full("nothing");
    let between = |from: u64, to: u64| {
        let looks = run.page.iter().filter(|look| (from..to).contains(&look.unix_ms));
        looks.map(|look| look.status).collect::<Vec<_>>()
    };
    let [baseline, fault, recover, clear, settle] =
        ["baseline", "inject", "recover", "clear", "settle"].map(|phase| run.phase_unix_ms(phase));

    let before = between(baseline, fault);
    assert!(before.len() > 5 && before.iter().all(|status| *status == Some(200)), "before: {before:?}");
    let during = between(recover, clear);
    let served = during.iter().filter(|status| **status == Some(200)).count();
    assert!(during.len() > 3 && served * 10 <= during.len(), "during: {during:?}");
    let unserved = during.iter().filter(|status| **status != Some(200));
    let kinds = [None, Some(502), Some(503), Some(504)];
    assert!(unserved.clone().all(|status| kinds.contains(status)), "during: {during:?}");
    let after = between(settle, u64::MAX);
    assert!(after.contains(&Some(200)), "after: {after:?}");
}

#[test]
fn layered_survives_and_everybody_has_paid_once() {
    as_expected("layered");
    let run = full("layered");
    for name in ["lost", "double", "pending"] {
        assert_eq!(run.number(&format!("/money/{name}")), 0.0, "{}", run.card["money"]);
    }
    let criteria = run.card["criteria"].as_array().expect("a scorecard has criteria");
    assert!(criteria.iter().all(|criterion| criterion["status"] == "pass"), "{criteria:?}");
    assert_eq!(run.card["verdict"], "pass");
    // What can be seen in a run of the people's side is an expert's; the postmortem comes after it.
    let rows = run.card["rating"]["rubric"].as_array().expect("a scorecard has the rubric");
    let marks: Vec<&str> = rows.iter().filter_map(|row| row["machine"].as_str()).collect();
    assert_eq!(marks, ["expert"; 3], "{rows:?}");
}

#[test]
fn the_double_charger_fails_for_its_money() {
    as_expected("double-charger");
    let run = full("double-charger");
    assert!(run.number("/money/double") > 0.0, "{}", run.card["money"]);
}

#[test]
fn one_seed_is_one_schedule() {
    let hashes = FULL.map(|candidate| full(candidate).card["schedule_hash"].clone());
    assert!(hashes[0].as_str().is_some_and(|hash| hash.len() == 64), "{hashes:?}");
    assert!(hashes.iter().all(|hash| *hash == hashes[0]), "{hashes:?}");
    let journaled = full("nothing").journal[0].text("schedule_hash").to_owned();
    assert_eq!(hashes[0], journaled);
}

/// I4: a timeout that is shorter than workers / rate = 444 ms leaves payment room, and a longer one none. A person's
/// timeouts do nothing before they are set, so the last 10 s of the fault are looked at.
fn busy(candidate: &str, run: &Played) -> Option<String> {
    let workers = 200.0 * 0.1;
    let query = r#"sum(rate(lab_workers_busy_seconds_total{service="payment"}[10s]))"#;
    let busy = || run.ask(query, run.moment("fault_cleared", "slow-bank"));
    let (right, busy) = match candidate {
        "timeout-400ms" => (busy() <= 0.95 * workers, busy()),
        "add-timeouts" => (busy() >= 0.99 * workers, busy()),
        _ => return None,
    };
    (!right).then(|| format!("{busy} of {workers} workers of payment were busy"))
}

#[test]
fn every_other_planted_candidate_gets_its_verdict_at_a_tenth() {
    let sources = repo::sources(tests::site::DRILL);
    let others: Vec<&str> =
        sources.candidates.keys().map(String::as_str).filter(|name| !FULL.contains(name)).collect();
    assert_eq!(others.len(), 8, "{others:?}");
    let _turn = Turn::take();
    let wrong = in_lanes(LANES, others, |candidate| {
        let expected = drill::expectation(&sources, candidate, "smoke")
            .expect("a planted candidate says what it must get");
        let run = Playing::start(candidate, "1/10", &[]).finish(false);
        let mut wrong = run.differences(&expected);
        wrong.extend(busy(candidate, &run));
        if candidate == REGRADED {
            let (dir, exit) = (run.dir.as_deref(), run.said.code.unwrap_or_default());
            wrong.extend(dir.map_or(vec!["no folder".to_owned()], |dir| regrade::wrong(dir, exit)));
        }
        wrong.iter_mut().for_each(|difference| *difference = format!("{candidate}: {difference}"));
        wrong
    });
    let wrong: Vec<String> = wrong.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
