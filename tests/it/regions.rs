//! A bank in two regions: a share of the charges goes to the second, an order in one region is not charged in the other
//! as well, and a sick main region is left by a change of the policy alone.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::ledgers::{Audit, Books};
use tests::site::{DRILL, SOON};
use tests::{Lab, Role, Scratch, repo, until};

const ONE_REGION: &str = "bank: {latency: 100ms, jitter: 0.05, lookup_latency: 10ms}";
const SECOND: &str = "second_region: {latency: 180ms, fee_cents: 30}";
/// Enough for a share of a fifth to be known to about 7 %.
const CALLS: f64 = 300.0;
/// A policy is in force everywhere within a second.
const STILL: Duration = Duration::from_secs(1);

/// The shipped drill with a second region.
fn two_regions(scratch: &Scratch) -> PathBuf {
    let drill = repo::read(&repo::drill(DRILL).join("drill.yaml"));
    let declared = format!("{}, {SECOND}}}", ONE_REGION.trim_end_matches('}'));
    assert!(drill.contains(ONE_REGION), "the drill's bank is written otherwise");
    let file = scratch.write(&format!("{DRILL}/drill.yaml"), &drill.replace(ONE_REGION, &declared));
    file.parent().expect("it is in a folder").to_owned()
}

fn shift(lab: &Lab, share: f64) {
    let to = json!({"shift": {"second": share}});
    let patch = json!({"services": {"payment": {"calls": {"bank.charge": to, "bank.lookup": to}}}});
    let change = json!({"patch": patch, "reason": "to the other region", "author": "ada"});
    let _ = lab.ask(Role::Candidate, "PATCH", "/api/policy", Some(change)).expect(200);
}

/// Charges that payment asked a region for.
fn asked(lab: &Lab, target: &str) -> f64 {
    let labels = [("target", target), ("method", "charge")];
    lab.metric(&lab.member("payment").admin, "lab_client_attempts_total", &labels).unwrap_or_default()
}

/// Those that it did.
fn charged(lab: &Lab, target: &str) -> f64 {
    let labels = [("target", target), ("method", "charge"), ("outcome", "ok")];
    lab.metric(&lab.member("payment").admin, "lab_client_attempts_total", &labels).unwrap_or_default()
}

/// The charges that it was asked for, once those that were under way are counted: it has not grown for longer than a change takes to be in force.
fn stands_still(lab: &Lab, target: &str) -> f64 {
    let told = Instant::now();
    let mut last = (asked(lab, target), told);
    let asked = until("nobody asks the region any more", Duration::from_secs(30), || {
        let now = asked(lab, target);
        if now != last.0 {
            last = (now, Instant::now());
        }
        match last.1.elapsed() {
            still if still >= STILL => Ok(now),
            still => Err(format!("{now} for {still:?}")),
        }
    });
    // A second, and a call that was under way, on a machine with other work.
    assert!(last.1 < told + 2 * STILL, "asked for another {:?}", last.1 - told);
    asked
}

/// I36, live.
#[test]
fn a_share_of_the_charges_goes_to_the_second_region_which_outlives_the_first() {
    let scratch = Scratch::new();
    let lab = Lab::of(&two_regions(&scratch), &["--scale", "1/4"]);
    lab.sell(10.0);
    assert_eq!(asked(&lab, "bank@second"), 0.0);

    shift(&lab, 0.2);
    let before = asked(&lab, "bank");
    let both = || (asked(&lab, "bank") - before, asked(&lab, "bank@second"));
    until("some hundred charges are asked for", Duration::from_secs(30), || match both() {
        (main, second) if main + second >= CALLS => Ok(()),
        (main, second) => Err(format!("{main} + {second}")),
    });
    let (main, second) = both();
    let (n, share) = (main + second, 0.2);
    let sigma = (n * share * (1.0_f64 - share)).sqrt();
    // One more sigma than I36 allows of a draw: a few calls were on their way between the two readings.
    assert!((second - n * share).abs() <= 4.0 * sigma, "{second} of {n}");

    shift(&lab, 0.0);
    let then = stands_still(&lab, "bank@second");
    lab.sell(50.0);
    assert_eq!(asked(&lab, "bank@second"), then, "a weight of nothing");

    // The main region answers nobody from here on.
    shift(&lab, 1.0);
    let fault = json!({"target": "bank", "id": "sick", "spec": {"effect": {"error": {"status": 503}}, "path": "all"}});
    let _ = lab.ask(Role::Operator, "POST", "/api/faults", Some(fault)).expect(200);
    let answered = || charged(&lab, "bank@second");
    let before = answered();
    until("the second region charges", Duration::from_secs(30), || match answered() - before {
        charged if charged >= 100.0 => Ok(()),
        charged => Err(format!("{charged} of 100")),
    });
    let known = answered();
    // An operator can make the other one sick as well, if he says so.
    let other = json!({"effect": {"error": {"status": 503}}, "region": "second"});
    let fault = json!({"target": "bank", "id": "too", "spec": other});
    let _ = lab.ask(Role::Operator, "POST", "/api/faults", Some(fault)).expect(200);
    let refused = asked(&lab, "bank@second");
    until("the second region is asked in vain", SOON, || {
        let labels = [("target", "bank@second"), ("outcome", "error")];
        match lab.metric(&lab.member("payment").admin, "lab_client_attempts_total", &labels) {
            Ok(failed) if failed > 0.0 => Ok(()),
            other => Err(format!("{other:?} of {refused}")),
        }
    });

    let _ = lab.ask(Role::Operator, "POST", "/api/halt", None).expect(200);
    let books = Books::fetch(&lab);
    let dear = books.charges.iter().filter(|charge| charge["region"] == "second").count();
    assert!(
        dear as f64 >= known && known >= 100.0,
        "{dear} of {} charges are of the second region, which answered {known}",
        books.charges.len()
    );
    let Audit { double, .. } = books.audit();
    assert_eq!(double, Vec::<String>::new(), "an order was charged in both");
}

#[test]
fn a_lab_with_one_region_refuses_what_needs_two() {
    let lab = Lab::up(&["--scale", "1/10", "--no-load"]);
    let patch = json!({"services": {"payment": {"calls": {"bank.charge": {"shift": {"second": 0.2}}}}}});
    let change = json!({"patch": patch, "reason": "there is none"});
    let refused = lab.ask(Role::Candidate, "PATCH", "/api/policy", Some(change)).expect(422).json();
    let path = "services.payment.calls.bank.charge.shift.second";
    assert!(refused.to_string().contains(path), "{refused}");
    let spec = json!({"effect": {"error": {"status": 503}}, "region": "second"});
    let fault = json!({"target": "bank", "id": "nowhere", "spec": spec});
    let refused: Value = lab.ask(Role::Operator, "POST", "/api/faults", Some(fault)).expect(422).json();
    assert!(refused.to_string().contains("no second region"), "{refused}");
}
