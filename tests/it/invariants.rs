//! What is promised of the policies in a whole lab: each promise measured in the recording of a run that was made for it,
//! with the policy in force before the bank gets sick. The other invariants are unit tests beside the policies.

use std::collections::BTreeMap;

use evidence::requests::JOURNEYS;
use evidence::{Outcome, Recording, Request};
use tests::site::DRILL;
use tests::{Played, Playing, Site, Turn, in_lanes, repo};

/// Of the drills' rates, that labs may run side by side.
const SCALE: f64 = 0.1;

/// Plays the smoke variant of a drill, changed as told, by a candidate of `tests/data/invariants`.
fn played(drill: &str, candidate: &str, change: impl Fn(String) -> String) -> Played {
    let site = Site::new();
    let text = change(repo::read(&repo::drill(drill).join("drill.yaml")));
    let file = site.scratch.write(&format!("{drill}/drill.yaml"), &text);
    let data = repo::root().join("tests/data/invariants").join(format!("{candidate}.yaml"));
    let _ = site.scratch.write(&format!("{drill}/candidates/{candidate}.yaml"), &repo::read(&data));
    let folder = file.parent().expect("it is in a folder").to_owned();
    let run = Playing::start_at(site, &folder, candidate, "1/10", &[]).finish(false);
    assert!(
        matches!(run.said.code, Some(0 | 99)),
        "it proves nothing: {}\n{}",
        run.card["reason"],
        run.said.stderr
    );
    run
}

/// The users' requests.
fn recording(run: &Played) -> Recording {
    let dir = run.dir.as_ref().expect("a run has a folder");
    let read = |name: &str| std::fs::read(dir.join(name)).expect("a run has its files");
    let files = ["journal.jsonl", "requests.bin"].map(|name| (name.to_owned(), read(name)));
    Recording::open(BTreeMap::from(files)).expect("a sound journal")
}

/// I10: with a budget of 20 % and ten a second order asks payment for at most a quarter more than users do. Before that, a
/// budget that has seen ten good seconds spends what it has saved in them, once. And no storm is left when the bank is
/// well again.
fn a_retry_budget_bounds_a_storm() {
    let run = played("retry-storm", "retry-budget", |drill| drill);
    let (begins, ends) = (run.moment("fault_applied", "replay"), run.moment("fault_cleared", "replay"));
    let attempts = r#"sum(lab_client_attempts_total{service="order",target="payment",method="Charge"})"#;
    let per_second = |from: f64| (run.ask(attempts, from + 10.0) - run.ask(attempts, from)) / 10.0;
    let (users, ratio, reserve) = (600.0 * SCALE, 0.2, 10.0 * SCALE);
    let saved = ratio * users + reserve;
    let first = per_second(begins);
    // A scrape is up to a second old.
    assert!(first <= (1.0 + ratio) * users + reserve + saved + users / 10.0, "{first} attempts/s at first");
    assert!(first > 1.1 * users, "hardly anything was tried again: {first} attempts/s");
    let later = per_second(begins + 11.0);
    assert!(later <= 1.25 * users, "{later} attempts/s for {users} checkouts/s");
    // 3 s of stall here and 10 s in the default variant, where 60 s are allowed.
    let good = r#"sum(increase(lab_user_requests_total{journey="checkout",outcome="ok"}[3s]))
        / sum(increase(lab_user_requests_total{journey="checkout"}[3s]))"#;
    let share = run.ask(good, ends + 18.0);
    assert!(share >= 0.95, "{share} of the checkouts are served 15 s after the stall");
}

/// I15: a breaker lets through what it takes to open it, what was sent before the first result, and the probes of each
/// wait; it is closed a second after the first wait in which the bank is well.
fn a_breaker_bounds_what_reaches_a_sick_bank() {
    let run = played(DRILL, "breaker", |drill| drill);
    let (begins, ends) = (run.moment("fault_applied", "replay"), run.moment("fault_cleared", "replay"));
    let (wait, probes, timeout) = (1.0, 10.0, 0.4);
    let calls = r#"sum(lab_client_attempts_total{target="bank",method="charge",outcome!="rejected"})"#;
    let sent = run.ask(calls, ends) - run.ask(calls, begins);
    let seconds = ends - begins;
    let rate = 450.0 * SCALE;
    // A scrape is up to a second old: of the time before, when the bank was well.
    let most = 100.0 + rate * timeout + probes * (seconds / wait) + rate;
    assert!(sent <= most && most < rate * seconds, "{sent} calls in {seconds} s, {most} allowed");
    let tried = r#"sum(lab_breaker_transitions_total{target="bank",method="charge",to="half_open"})"#;
    let waits = run.ask(tried, ends) - run.ask(tried, begins);
    assert!((2.0..=seconds / wait).contains(&waits), "{waits} times half-open in {seconds} s");
    let closed = r#"sum(lab_breaker_state{target="bank",method="charge",state="closed"})"#;
    assert_eq!(run.ask(closed, ends), 0.0, "it is open while the bank is sick");
    assert_eq!(run.ask(closed, ends + wait + 1.0 + 1.0), 1.0, "a scrape after a wait and a second");
}

/// I18: behind bulkheads a journey that does not need the bank is served as if it were well, while payment is full.
fn what_shares_nothing_with_the_bank_does_not_notice() {
    let index = "search: {index_latency: 200ms}";
    let run =
        played(DRILL, "compartments", |drill| drill.replacen("\nbank:", &format!("\n{index}\nbank:"), 1));
    let recording = recording(&run);
    let search = JOURNEYS.iter().position(|name| *name == "search").expect("there is such a journey");
    let served = |from: f64, to: f64| {
        let within = |request: &&Request| {
            usize::from(request.journey) == search && (from..to).contains(&(request.intended_us as f64 / 1e6))
        };
        let requests: Vec<_> = recording.requests.iter().filter(within).collect();
        let good = requests.iter().filter(|request| request.outcome == Outcome::Ok).count();
        let mut latencies: Vec<u64> = requests.iter().map(|request| request.latency_us).collect();
        latencies.sort_unstable();
        // Of some hundred requests a p99 is the machine's worst moment; the twentieth is the shop's.
        let p95 = latencies[latencies.len() * 95 / 100] as f64 / 1e3;
        (good as f64 / requests.len() as f64, p95)
    };
    let (begins, ends) = (run.moment("fault_applied", "slow-bank"), run.moment("fault_cleared", "slow-bank"));
    let busy = r#"min_over_time(sum(lab_workers_busy{service="payment"})[10s:1s])"#;
    assert_eq!(run.ask(busy, ends), 200.0 * SCALE, "payment is full");
    let ((well, well_p95), (sick, sick_p95)) = (served(begins - 6.0, begins), served(ends - 20.0, ends));
    assert!((sick / well - 1.0).abs() <= 0.05, "{sick} of the searches, {well} before");
    assert!((sick_p95 / well_p95 - 1.0).abs() <= 0.05, "p95 {sick_p95} ms, {well_p95} ms before");
}

#[test]
fn the_promises_hold_in_a_whole_lab() {
    let _turn = Turn::take();
    let promises = [
        a_retry_budget_bounds_a_storm,
        a_breaker_bounds_what_reaches_a_sick_bank,
        what_shares_nothing_with_the_bank_does_not_notice,
    ];
    let _ = in_lanes(3, promises, |promise: fn()| promise());
}
