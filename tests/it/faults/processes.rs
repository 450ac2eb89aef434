//! The faults of processes, as the kernel and the shop's users see them.

use std::time::Duration;

use serde_json::{Value, json};
use tests::http::Ask;
use tests::site::{Member, SOON};
use tests::{Lab, Role, until};

use super::{add, clear, print, row, until_over};

/// A word of `/proc/<pid>/stat`: the state.
fn state(pid: u32) -> String {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let fields = stat.rsplit_once(") ").map(|(_, fields)| fields);
    fields.and_then(|fields| fields.split(' ').next()).unwrap_or("gone").to_owned()
}

/// The processors that a process may run on, as the kernel writes them.
fn processors(pid: u32) -> String {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
    line.unwrap_or("gone").trim().to_owned()
}

fn guard(lab: &Lab, method: &'static str, path: &str, body: Value) -> Value {
    let (url, token) = (lab.text("/guard/url"), lab.token(Role::Operator));
    Ask::new(method, &url, path).token(&token).body(body).send().expect("the guard answers").json()
}

fn until_clean(lab: &Lab) {
    until("nothing is left on the processes", SOON, || {
        match guard(lab, "GET", "/faults/residue", json!({})) {
            left if left == json!([]) => Ok(()),
            left => Err(left.to_string()),
        }
    });
}

fn is_up(lab: &Lab, service: &str) -> Member {
    until(&format!("{service} is up"), SOON, || {
        let member = lab.member(service);
        if member.state == "up" { Ok(member) } else { Err(format!("{member:?}")) }
    })
}

fn rss_mib(lab: &Lab, instance: &str) -> f64 {
    let processes = guard(lab, "GET", "/processes", json!({}));
    let found = processes.as_array().into_iter().flatten().find(|process| process["instance"] == instance);
    found.and_then(|process| process["rss_kib"].as_f64()).unwrap_or_default() / 1024.0
}

fn sells(lab: &Lab) {
    until("the shop sells", SOON, || {
        let patience = Duration::from_secs(2);
        let checkout = Ask::post(&lab.frontend(), "/api/checkout").patience(patience).send()?;
        if checkout.status == 200 { Ok(()) } else { Err(format!("{} {}", checkout.status, checkout.body)) }
    });
}

#[test]
fn each_fault_of_a_process_does_what_it_says_and_leaves_nothing() {
    let lab = Lab::up(&["--scale", "1/10", "--no-load"]);
    let mut rows = Vec::new();

    // Frozen: stopped, silent, lost; and back where it was.
    let payment = lab.member("payment");
    add(&lab, "freeze", "payment-0 --freeze");
    until("payment is stopped", SOON, || match state(payment.pid).as_str() {
        "T" => Ok(()),
        state => Err(state.to_owned()),
    });
    let short = Duration::from_millis(700);
    let checkout = Ask::post(&lab.frontend(), "/api/checkout").patience(short).send();
    assert!(checkout.is_err(), "a shop whose payment is frozen answered: {checkout:?}");
    until("payment is lost", SOON, || match lab.member("payment").state {
        state if state == "lost" => Ok(()),
        state => Err(state),
    });
    let fault = clear(&lab, "freeze");
    assert_ne!(state(payment.pid), "T", "payment is still stopped");
    assert_eq!(fault["dose"]["within"], true, "{fault}");
    assert_eq!(is_up(&lab, "payment").pid, payment.pid, "a thaw is no restart");
    rows.push(row(&fault));
    sells(&lab);

    // Nobody renews this one, and it ends where it acts.
    let lone =
        json!({"id": "lone", "target": "payment", "spec": {"effect": {"freeze": {}}, "lease": "500ms"}});
    assert_eq!(guard(&lab, "POST", "/faults", lone)["change"], "applied");
    until("payment is stopped", SOON, || match state(payment.pid).as_str() {
        "T" => Ok(()),
        state => Err(state.to_owned()),
    });
    assert_eq!(until_over(&lab, "lone")["reason"], "expired");
    assert_ne!(state(payment.pid), "T", "payment outlives its lease");

    // Killed: gone at once, and started again by the guard.
    let inventory = lab.member("inventory");
    add(&lab, "kill", "inventory --kill --for 1s");
    until("inventory is another process", SOON, || {
        let now = lab.member("inventory");
        if now.pid != inventory.pid && now.state == "up" { Ok(()) } else { Err(format!("{now:?}")) }
    });
    let fault = until_over(&lab, "kill");
    assert_eq!((&fault["dose"]["delivered"], &fault["hits"]), (&json!(1.0), &json!(1)), "{fault}");
    rows.push(row(&fault));

    // A crash loop: lives of one length.
    add(&lab, "restart-loop", "search-0 --restart-loop 700ms");
    let restarts = || {
        let processes = guard(&lab, "GET", "/processes", json!({}));
        let of = processes.as_array().into_iter().flatten().find(|process| process["instance"] == "search-0");
        of.and_then(|process| process["restarts"].as_u64()).unwrap_or_default()
    };
    until("search was killed three times", SOON, || match restarts() {
        count if count >= 3 => Ok(()),
        count => Err(count.to_string()),
    });
    let fault = clear(&lab, "restart-loop");
    let life = fault["dose"]["delivered"].as_f64().unwrap_or_default();
    assert!(life >= 700.0, "killed before its time: {fault}");
    rows.push(row(&fault));
    is_up(&lab, "search");

    // Starved: on one processor, with a neighbour that wants most of it.
    let account = lab.member("account");
    let before = processors(account.pid);
    add(&lab, "cpu-burn", "account --cpu-burn 0.6");
    until("account is on one processor", SOON, || match processors(account.pid) {
        one if one.parse::<u32>().is_ok() => Ok(()),
        more => Err(more),
    });
    until("a second of a processor is burned", SOON, || {
        let list = super::list(&lab);
        let there = list["faults"][0]["applied_for_ms"].as_u64().unwrap_or_default() >= 2_000;
        if there { Ok(()) } else { Err(list.to_string()) }
    });
    let fault = clear(&lab, "cpu-burn");
    let burned = fault["dose"]["delivered"].as_f64().unwrap_or_default();
    // Never more than was asked for; less, if others want the machine too.
    assert!(burned > 0.02 && burned <= 0.66, "{fault}");
    rows.push(row(&fault));
    until_clean(&lab);
    assert_eq!(processors(account.pid), before, "account is still confined");

    // Fattened: in the lab's own figures.
    let lean = rss_mib(&lab, "cart-0");
    add(&lab, "memory-growth", "cart --memory-growth 60MiB --over 1s");
    until("cart has grown by 60 MiB", SOON, || match rss_mib(&lab, "cart-0") {
        now if now >= lean + 58.0 => Ok(()),
        now => Err(format!("{lean} MiB, then {now} MiB")),
    });
    until("the dose is that of the end", SOON, || {
        let list = super::list(&lab);
        let dose = &list["faults"][0]["dose"];
        if dose["requested"].as_f64() == Some(60.0) { Ok(()) } else { Err(list.to_string()) }
    });
    let fault = clear(&lab, "memory-growth");
    assert_eq!(fault["dose"]["within"], true, "{fault}");
    rows.push(row(&fault));
    assert!(rss_mib(&lab, "cart-0") < lean + 30.0, "cart is still fat");

    until_clean(&lab);
    sells(&lab);
    print(&rows);
}
