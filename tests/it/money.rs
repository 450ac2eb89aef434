//! Processes are killed in the middle of a checkout storm, under the layered policy. When all is settled, every charge
//! at the bank has one confirmed order, and every confirmed order one charge: by the books, not by the grader.

use std::time::Duration;

use serde_json::{Value, json};
use tests::ledgers::{Audit, Books};
use tests::site::{DRILL, SOON};
use tests::{Lab, Role, processes, program, repo, until};

/// Big enough for a dozen checkouts under way at any moment.
const SCALE: &str = "1/4";
/// States that an order does not stay in.
const OPEN: [&str; 4] = ["reserved", "charging", "pending", "unknown"];
/// Everybody on the way of the money.
const VICTIMS: [&str; 5] = ["order", "payment", "bank", "inventory", "cart"];
/// Each more than once, since a restart may do well only on a book that is empty.
const KILLS: usize = 20;
const SETTLED: Duration = Duration::from_secs(60);

/// The policy that the planted candidate `layered` puts in force, for a lab of this scale.
fn layered(lab: &Lab) -> Value {
    let folder = repo::drill(DRILL).display().to_string();
    let line = [
        "plan",
        &folder,
        "--variant",
        "smoke",
        "--candidate",
        "layered",
        "--scale",
        SCALE,
        "--output",
        "json",
    ];
    let plan = program::say(&lab.scratch, &line).expect(0).json();
    let steps = plan["candidate"]["steps"].as_array().expect("a candidate has steps").clone();
    let patch = steps.iter().find_map(|step| step.pointer("/action/policy/patch"));
    patch.expect("layered changes the policy").clone()
}

/// Kills a service and waits until another process is there in its place.
fn kill(lab: &Lab, service: &str) {
    let victim = lab.member(service);
    processes::kill(victim.pid);
    until(&format!("{service} is back"), SOON, || {
        let now = lab.member(service);
        if now.state == "up" && now.pid != victim.pid { Ok(()) } else { Err(format!("{now:?}")) }
    });
}

fn settled(lab: &Lab) {
    until("every order is settled", SETTLED, || {
        let admin = lab.member("order").admin;
        let mut open = Vec::new();
        for state in OPEN {
            let count = lab.metric(&admin, "lab_orders_open", &[("state", state)])?;
            if count != 0.0 {
                open.push(format!("{state} {count}"));
            }
        }
        if open.is_empty() { Ok(()) } else { Err(open.join(", ")) }
    });
}

#[test]
fn a_service_killed_in_a_checkout_storm_costs_nobody_money() {
    let lab = Lab::up(&["--variant", "smoke", "--scale", SCALE]);
    let change = json!({"patch": layered(&lab), "reason": "what is killed must lose no money"});
    let _ = lab.ask(Role::Candidate, "PATCH", "/api/policy", Some(change)).expect(200);
    lab.sell(100.0);
    for round in 0..KILLS {
        kill(&lab, VICTIMS[round % VICTIMS.len()]);
        // The storm goes on, over the new process.
        lab.sell(100.0);
    }
    // No more load, and time for what is pending.
    let _ = lab.ask(Role::Operator, "POST", "/api/halt", None).expect(200);
    settled(&lab);
    let books = Books::fetch(&lab);
    assert!(books.orders.len() > 600, "that was no storm: {} orders", books.orders.len());
    assert_eq!(
        books.audit(),
        Audit::default(),
        "of {} orders, {} charges",
        books.orders.len(),
        books.charges.len()
    );
}
